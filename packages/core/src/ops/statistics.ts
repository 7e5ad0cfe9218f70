// What networks and losses compose from reductions.
import { toFloat } from '../data/dtype.ts';
import { checkTensor } from './define.ts';
import { normalizeAxes } from '../data/shape.ts';
import { stopGradient } from './identity.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Axis, ReduceOptions } from './reduction.ts';

export interface VarianceOptions extends ReduceOptions {
  /** The divisor is n − correction: 0 (the default) for the population, 1 for the unbiased estimate of a sample. */
  readonly correction?: number;
}

/** The variance: the mean squared distance from the mean. Integers become float32. */
export function variance(x: Tensor, axis?: Axis, options: VarianceOptions = {}): Tensor {
  return varianceOf('variance', x, axis, options);
}

/** The standard deviation, √variance. Its gradient is infinite where all elements are equal. */
export function std(x: Tensor, axis?: Axis, options: VarianceOptions = {}): Tensor {
  return varianceOf('std', x, axis, options).sqrt();
}

function varianceOf(operation: string, x: Tensor, axis: Axis | undefined, options: VarianceOptions): Tensor {
  checkTensor(operation, x);
  const { correction = 0, ...rest } = options;
  if (typeof correction !== 'number') {
    throw new TypeError(`${operation}: the correction is a number, got ${String(correction)}`);
  }
  const axes = normalizeAxes(operation, axis, x.ndim);
  const count = axes.reduce((product, i) => product * x.shape[i]!, 1);
  const deviation = x.sub(x.mean(axes, { keepdims: true }));
  return deviation
    .square()
    .sum(axes, rest)
    .div(Math.max(0, count - correction));
}

export interface NormOptions extends ReduceOptions {
  /** 1: the sum of magnitudes; 2 (the default): Euclidean; Infinity: the largest magnitude. */
  readonly ord?: number;
}

/** The norm of the elements along the axes; integers become float32. The gradient of the norm of zeros is 0, at every order. */
export function norm(x: Tensor, axis?: Axis, options: NormOptions = {}): Tensor {
  checkTensor('norm', x);
  const { ord = 2, ...rest } = options;
  const axes = normalizeAxes('norm', axis, x.ndim);
  const values = x.astype(toFloat(x.dtype));
  if (ord === 1) return values.abs().sum(axes, rest);
  if (ord === Infinity) return values.abs().max(axes, rest);
  if (ord !== 2) throw new RangeError(`norm: ord must be 1, 2 or Infinity, got ${String(ord)}`);
  const squares = values.square().sum(axes, rest);
  const zero = squares.equal(0);
  return zero.where(0, zero.where(1, squares).sqrt());
}

/** log Σ exp(x), without overflow. −∞ for −∞ alone and for nothing. */
export function logsumexp(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  checkTensor('logsumexp', x);
  const axes = normalizeAxes('logsumexp', axis, x.ndim);
  const shift = finiteMax(x, axes);
  const result = x.sub(shift).exp().sum(axes, { keepdims: true }).log().add(shift);
  return options.keepdims || axes.length === 0 ? result : result.squeeze(axes);
}

/** exp(x) / Σ exp(x) along the axes (the last by default), without overflow. */
export function softmax(x: Tensor, axis: Axis = -1): Tensor {
  checkTensor('softmax', x);
  const exponentials = x.sub(finiteMax(x, normalizeAxes('softmax', axis, x.ndim))).exp();
  return exponentials.div(exponentials.sum(axis, { keepdims: true }));
}

/** x − log Σ exp(x) along the axes (the last by default), without overflow. */
export function logSoftmax(x: Tensor, axis: Axis = -1): Tensor {
  checkTensor('logSoftmax', x);
  const shifted = x.sub(finiteMax(x, normalizeAxes('logSoftmax', axis, x.ndim)));
  return shifted.sub(shifted.exp().sum(axis, { keepdims: true }).log());
}

/** The largest element as a constant shift: it cancels in the value, so no gradient needs to pass it. 0 for no elements. */
function finiteMax(x: Tensor, axes: readonly number[]): Tensor {
  if (x.size === 0) return x.sum(axes, { keepdims: true });
  const largest = stopGradient(x.max(axes, { keepdims: true }));
  return largest.isfinite().where(largest, 0);
}
