import { random, type DType, type Key, type Shape, type Tensor } from '@thetagrad/core';

/** Uniform numbers in the open interval (0, 1), of 2²³ or 2⁵² equidistant values that are symmetric about ½. */
export function openUniform(key: Key, shape: Shape, dtype: DType): Tensor {
  const bits = dtype === 'float64' ? 52 : 23;
  return random
    .uniform(key, shape, { dtype })
    .mul(2 ** bits)
    .floor()
    .add(0.5)
    .mul(2 ** -bits);
}
