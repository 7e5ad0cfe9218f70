// Statistics, norms and softmax, composed of reductions.
import { argumentError } from '../data/checks.ts';
import { toFloat } from '../data/dtype.ts';
import { checkTensor } from './define.ts';
import { at, normalizeAxes } from '../data/shape.ts';
import { stopGradient } from './identity.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Axis, ReduceOptions } from './reduction.ts';

export interface VarianceOptions extends ReduceOptions {
  /** The divisor is n − correction: 0 for the population, 1 for the unbiased estimate from a sample. Default: 0. */
  readonly correction?: number;
}

/**
 * The variance over axes, Σ (x − mean)² / (n − correction). int32 and bool become float32.
 * @param axis Default: all axes.
 * @throws {TypeError} if the correction is not a number.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 */
export function variance(x: Tensor, axis?: Axis, options: VarianceOptions = {}): Tensor {
  return computeVariance('variance', x, axis, options);
}

/**
 * The standard deviation over axes, √variance. int32 and bool become float32. The gradient is not finite where all elements
 * are equal.
 * @param axis Default: all axes.
 * @throws {TypeError} if the correction is not a number.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 */
export function std(x: Tensor, axis?: Axis, options: VarianceOptions = {}): Tensor {
  return computeVariance('std', x, axis, options).sqrt();
}

function computeVariance(operation: string, x: Tensor, axis: Axis | undefined, options: VarianceOptions): Tensor {
  checkTensor(operation, x);
  const { correction = 0, ...rest } = options;
  if (typeof correction !== 'number') {
    throw argumentError(operation, 'correction', 'a number', correction);
  }
  const axes = normalizeAxes(operation, axis, x.ndim);
  const count = axes.reduce((product, i) => product * at(x.shape, i), 1);
  const deviation = x.sub(x.mean(axes, { keepdims: true }));
  return deviation
    .square()
    .sum(axes, rest)
    .div(Math.max(0, count - correction));
}

export interface NormOptions extends ReduceOptions {
  /** The order: 1 (sum of magnitudes), 2 (Euclidean) or Infinity (largest magnitude). Default: 2. */
  readonly ord?: number;
}

/**
 * The vector norm over axes (NumPy's `linalg.vector_norm`). int32 and bool become float32. All derivatives at zero are 0.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice, `ord` is not 1, 2 or Infinity, or there are no elements for
 *   Infinity.
 */
export function norm(x: Tensor, axis?: Axis, options: NormOptions = {}): Tensor {
  checkTensor('norm', x);
  const { ord = 2, ...rest } = options;
  const axes = normalizeAxes('norm', axis, x.ndim);
  const values = x.astype(toFloat(x.dtype));
  if (ord === 1) return values.abs().sum(axes, rest);
  if (ord === Infinity) return values.abs().max(axes, rest);
  if (ord !== 2) throw argumentError('norm', 'ord', '1, 2 or Infinity', ord);
  const squares = values.square().sum(axes, rest);
  const isZero = squares.equal(0);
  return isZero.where(0, isZero.where(1, squares).sqrt());
}

/**
 * log Σ exp(x) over axes, without overflow. int32 and bool become float32. −∞ if all elements are −∞ or there are none.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 */
export function logsumexp(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  checkTensor('logsumexp', x);
  const axes = normalizeAxes('logsumexp', axis, x.ndim);
  const shift = finiteMax(x, axes);
  const result = x.sub(shift).exp().sum(axes, { keepdims: true }).log().add(shift);
  return options.keepdims || axes.length === 0 ? result : result.squeeze(axes);
}

/**
 * exp(x) / Σ exp(x) over axes, of x's shape, without overflow. int32 and bool become float32.
 * @param axis Default: −1.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 */
export function softmax(x: Tensor, axis: Axis = -1): Tensor {
  checkTensor('softmax', x);
  const exponentials = x.sub(finiteMax(x, normalizeAxes('softmax', axis, x.ndim))).exp();
  return exponentials.div(exponentials.sum(axis, { keepdims: true }));
}

/**
 * log softmax(x) = x − log Σ exp(x) over axes, of x's shape, without overflow. int32 and bool become float32.
 * @param axis Default: −1.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 */
export function logSoftmax(x: Tensor, axis: Axis = -1): Tensor {
  checkTensor('logSoftmax', x);
  const shifted = x.sub(finiteMax(x, normalizeAxes('logSoftmax', axis, x.ndim)));
  return shifted.sub(shifted.exp().sum(axis, { keepdims: true }).log());
}

/**
 * The largest element over axes if it is finite, else 0: a shift against overflow, which cancels in the result, so that it
 * needs no gradient.
 */
function finiteMax(x: Tensor, axes: readonly number[]): Tensor {
  if (x.size === 0) return x.sum(axes, { keepdims: true });
  const largest = stopGradient(x.max(axes, { keepdims: true }));
  return largest.isfinite().where(largest, 0);
}
