import { vjp, type Tensor } from '@thetagrad/core';
import type { MakeTensor } from './values.ts';

/** The gradient of f at x for a cotangent. Adding 0 turns −0 to 0, since the order of a sum decides the sign of zeros. */
export function gradientOf(f: (x: Tensor) => Tensor, x: Tensor, makeCotangent: MakeTensor): Tensor {
  const { value, pullback } = vjp(f, x);
  return pullback(makeCotangent(value.shape))[0].add(0);
}
