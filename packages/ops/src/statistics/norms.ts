// Vector norms of any order.
import { stopGradient, where, type Axis, type ReduceOptions, type Tensor } from '@thetagrad/core';
import {
  argumentError,
  checkNonnegative,
  checkOptions,
  checkTensor,
  normalizeAxes,
  toFloat,
} from '@thetagrad/core/backend';
import { checkNotEmpty } from './lines.ts';

export interface VectorNormOptions extends ReduceOptions {
  /**
   * The order p of (Σ |x|ᵖ)^(1/p), any number: Infinity is the largest magnitude, −Infinity the smallest, 0 the number of
   * elements other than 0. Default: 2.
   */
  readonly ord?: number;
}

/**
 * The vector norm of any order over axes (NumPy's and PyTorch's `linalg.vector_norm`), also where powers are out of the range of
 * the dtype. int32 and bool become float32. Derivatives at elements that are 0 are 0.
 * @param axis Default: all axes.
 * @throws {TypeError | RangeError} if `ord` is not a number, or is NaN.
 * @throws {RangeError} if an axis is out of range or occurs twice, or there are no elements for an order that is negative or
 *   infinite.
 * @example
 * vectorNorm(tensor([3, 4])); // tensor(5)
 * vectorNorm(tensor([3, 4, 5]), 0, { ord: 3 }); // tensor(6)
 */
export function vectorNorm(x: Tensor, axis?: Axis, options: VectorNormOptions = {}): Tensor {
  checkTensor('vectorNorm', x);
  checkOptions('vectorNorm', options, ['keepdims', 'ord']);
  const { keepdims = false, ord = 2 } = options;
  const axes = normalizeAxes('vectorNorm', axis, x.ndim);
  return computeNorm('vectorNorm', x, axes, checkOrder('vectorNorm', 'ord', ord), keepdims);
}

/** @throws {TypeError | RangeError} if the order is not a number, or is NaN or, unless allowed, negative. */
export function checkOrder(operation: string, name: string, order: number, min: number = -Infinity): number {
  if (typeof order === 'number' && order >= min) return order;
  throw argumentError(operation, name, min === 0 ? 'a number ≥ 0' : 'a number', order);
}

/**
 * The norm over axes, which must have been checked.
 * @throws {RangeError} if there are no elements for an order that is negative or infinite.
 */
export function computeNorm(
  operation: string,
  x: Tensor,
  axes: readonly number[],
  ord: number,
  keepdims: boolean,
): Tensor {
  if (ord < 0 || ord === Infinity) checkNotEmpty(operation, x, axes);
  const values = x.astype(toFloat(x.dtype));
  if (ord === 1 || ord === 2 || ord === Infinity) return values.norm(axes, { ord, keepdims });
  const magnitudes = values.abs();
  if (ord === -Infinity) return magnitudes.min(axes, { keepdims });
  if (ord === 0) return values.astype('bool').sum(axes, { keepdims }).astype(values.dtype);
  if (values.size === 0 && ord > 0) return values.norm(axes, { keepdims });
  // The largest power is that of the largest magnitude for positive orders, of the smallest for negative ones.
  const dominant = stopGradient(
    ord > 0 ? magnitudes.max(axes, { keepdims: true }) : magnitudes.min(axes, { keepdims: true }),
  );
  const scale = where(dominant.greater(0).logicalAnd(dominant.isfinite()), dominant, 1);
  const total = magnitudes.div(scale).pow(ord).sum(axes, { keepdims: true });
  const isZero = total.equal(0);
  const norm = isZero.where(0, isZero.where(1, total).pow(1 / ord)).mul(scale);
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
  const norm = computeNorm('normalize', x, axes, checkOrder('normalize', 'p', p, 0), true);
  return x.div(norm.maximum(eps));
}
