import type { Tensor } from '@thetagrad/core';

type Grads = Readonly<Record<string, Tensor>>;

/**
 * Gradients scaled down together so that their norm, as one long vector, is at most `max`; and that norm, a scalar, as
 * it was before. Smaller gradients stay as they are. As PyTorch's `clip_grad_norm_`.
 * @throws {RangeError} if there are no gradients, or `max` is not positive.
 */
export function clipByGlobalNorm(grads: Grads, max: number): { grads: Record<string, Tensor>; norm: Tensor } {
  checkPositive('clipByGlobalNorm', max);
  const squares = Object.values(grads).map((grad) => grad.square().sum());
  if (squares.length === 0) throw new RangeError('clipByGlobalNorm: there are no gradients');
  const norm = squares.reduce((total, square) => total.add(square)).sqrt();
  // The small number keeps a norm of 0 from dividing; it is PyTorch's.
  const scale = norm.add(1e-6).reciprocal().mul(max).minimum(1);
  return { grads: mapped(grads, (grad) => grad.mul(scale.astype(grad.dtype))), norm };
}

/**
 * Gradients with each element limited to ±`max`.
 * @throws {RangeError} if `max` is not positive.
 */
export function clipByValue(grads: Grads, max: number): Record<string, Tensor> {
  checkPositive('clipByValue', max);
  return mapped(grads, (grad) => grad.clip(-max, max));
}

function mapped(grads: Grads, f: (grad: Tensor) => Tensor): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(grads).map(([name, grad]) => [name, f(grad)]));
}

function checkPositive(operation: string, max: number): void {
  if (!(max > 0)) throw new RangeError(`${operation}: the largest value must be positive, got ${max}`);
}
