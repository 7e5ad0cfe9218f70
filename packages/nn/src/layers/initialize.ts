import { type DType, type Shape, Tensor } from '@thetagrad/core';
import { argumentError, formatShape, sameShape } from '@thetagrad/core/backend';
import type { Generator } from '../generator.ts';
import type { Initializer } from '../init.ts';

/** What an initializer is to make, and from which keys. */
interface InitialValue {
  readonly generator: Generator;
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * Draws the initial value of a variable.
 * @throws {TypeError} if the initializer is not a function that returns a tensor.
 * @throws {RangeError} if its tensor has another shape.
 */
export function initialize(
  layer: string,
  option: string,
  initializer: Initializer,
  { generator, shape, dtype }: InitialValue,
): Tensor {
  if (typeof initializer !== 'function') {
    throw argumentError(layer, option, 'a function such as init.normal()', initializer, false);
  }
  const value = initializer(generator.next(), shape, dtype);
  if (!(value instanceof Tensor)) throw argumentError(layer, `what ${option} returns`, 'a tensor', value, false);
  if (sameShape(value.shape, shape)) return value.astype(dtype);
  throw new RangeError(
    `${layer}: ${option} must return a tensor of shape ${formatShape(shape)}, got ${formatShape(value.shape)}`,
  );
}
