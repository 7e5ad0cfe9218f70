// Norms of vectors, and vectors of norm 1.
import { stopGradient, where, type Axis, type Tensor } from '@thetagrad/core';
import {
  argumentError,
  checkNonnegative,
  checkOptions,
  checkTensor,
  normalizeAxes,
  toFloat,
} from '@thetagrad/core/backend';
import { checkNotEmpty } from './lines.ts';

/** @throws {TypeError | RangeError} if the order is not a number ≥ 0. */
export function checkOrder(operation: string, p: number): number {
  if (typeof p === 'number' && p >= 0) return p;
  throw argumentError(operation, 'p', 'a number ≥ 0', p);
}

/**
 * (Σ |x|ᵖ)^(1/p) over axes, for orders from 0, the number of elements other than 0, to Infinity, the largest magnitude; also
 * where powers are out of the range of the dtype. The order and the axes must have been checked. Derivatives at 0 are 0.
 * @throws {RangeError} if there are no elements for Infinity.
 */
export function computeNorm(
  operation: string,
  x: Tensor,
  axes: readonly number[],
  p: number,
  keepdims: boolean,
): Tensor {
  if (p === Infinity) checkNotEmpty(operation, x, axes);
  const values = x.astype(toFloat(x.dtype));
  if (p === 1 || p === 2 || p === Infinity) return values.norm(axes, { ord: p, keepdims });
  if (p === 0) return values.astype('bool').sum(axes, { keepdims }).astype(values.dtype);
  if (values.size === 0) return values.norm(axes, { keepdims });
  const magnitudes = values.abs();
  // The scale cancels in the result, so that it needs no gradient.
  const largest = stopGradient(magnitudes.max(axes, { keepdims: true }));
  const scale = where(largest.greater(0).logicalAnd(largest.isfinite()), largest, 1);
  const total = magnitudes.div(scale).pow(p).sum(axes, { keepdims: true });
  const isZero = total.equal(0);
  const norm = isZero.where(0, isZero.where(1, total).pow(1 / p)).mul(scale);
  return keepdims || axes.length === 0 ? norm : norm.squeeze(axes);
}

export interface NormalizeOptions {
  /** The order of the norm, ≥ 0. Default: 2. */
  readonly p?: number;
  /** What norms below are raised to, so that a vector of 0 stays 0. Default: 1e-12. */
  readonly eps?: number;
}

/**
 * Divides vectors by their norm: x / max(‖x‖, eps) (PyTorch's `F.normalize`). int32 and bool become float32.
 * @param axis the axis or axes of a vector. Default: −1, where PyTorch has 1.
 * @throws {TypeError | RangeError} if `p` or `eps` is not a number ≥ 0.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * normalize(tensor([[3, 4], [0, 0]])); // tensor([[0.6, 0.8], [0.0, 0.0]])
 */
export function normalize(x: Tensor, axis: Axis = -1, options: NormalizeOptions = {}): Tensor {
  checkTensor('normalize', x);
  checkOptions('normalize', options, ['p', 'eps']);
  const { p = 2, eps = 1e-12 } = options;
  checkNonnegative('normalize', 'eps', eps);
  const axes = normalizeAxes('normalize', axis, x.ndim);
  const norm = computeNorm('normalize', x, axes, checkOrder('normalize', p), true);
  return x.div(norm.maximum(eps));
}
