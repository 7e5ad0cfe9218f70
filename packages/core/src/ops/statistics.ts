// What networks and losses compose from reductions.
import { toFloat } from '../dtype.ts';
import { checkTensor } from '../primitives/define.ts';
import { normalizeAxes } from '../shape.ts';
import { stopGradient } from './movement.ts';
import type { Tensor } from '../tensor.ts';
import type { Axis, ReduceOptions } from './reduction.ts';

export interface VarianceOptions extends ReduceOptions {
  /** The divisor is n − correction: 0 (the default) for the population, 1 for the unbiased estimate of a sample. */
  readonly correction?: number;
}

/** The variance: the mean squared distance from the mean. Integers become float32. */
export function variance(x: Tensor, axis?: Axis, options: VarianceOptions = {}): Tensor {
  checkTensor('variance', x);
  const { correction = 0, ...rest } = options;
  const deviation = x.sub(x.mean(axis, { keepDims: true }));
  const total = deviation.square().sum(axis, rest);
  return total.div(Math.max(0, x.size / Math.max(1, total.size) - correction));
}

/** The standard deviation, √variance. Its gradient is infinite where all elements are equal. */
export function std(x: Tensor, axis?: Axis, options: VarianceOptions = {}): Tensor {
  checkTensor('std', x);
  return variance(x, axis, options).sqrt();
}

export interface NormOptions extends ReduceOptions {
  /** 1: the sum of magnitudes; 2 (the default): Euclidean; Infinity: the largest magnitude. */
  readonly ord?: number;
}

/** The norm of the elements along the axes; integers become float32. The gradient of the norm of zeros is 0, at every order. */
export function norm(x: Tensor, axis?: Axis, options: NormOptions = {}): Tensor {
  checkTensor('norm', x);
  const { ord = 2, ...rest } = options;
  const values = x.cast(toFloat(x.dtype));
  if (ord === 1) return values.abs().sum(axis, rest);
  if (ord === Infinity) return values.abs().max(axis, rest);
  if (ord !== 2) throw new RangeError(`norm: ord must be 1, 2 or Infinity, got ${String(ord)}`);
  const squares = values.square().sum(axis, rest);
  const zero = squares.equal(0);
  return zero.where(0, zero.where(1, squares).sqrt());
}

/** log Σ exp(x), without overflow. −∞ for −∞ alone and for nothing. */
export function logSumExp(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  checkTensor('logSumExp', x);
  const axes = normalizeAxes('logSumExp', axis, x.rank);
  const shift = finiteMax(x, axes);
  const result = x.sub(shift).exp().sum(axes, { keepDims: true }).log().add(shift);
  return options.keepDims || axes.length === 0 ? result : result.squeeze(axes);
}

/** exp(x) / Σ exp(x) along the axes (the last by default), without overflow. */
export function softmax(x: Tensor, axis: Axis = -1): Tensor {
  checkTensor('softmax', x);
  const exponentials = x.sub(finiteMax(x, normalizeAxes('softmax', axis, x.rank))).exp();
  return exponentials.div(exponentials.sum(axis, { keepDims: true }));
}

/** x − log Σ exp(x) along the axes (the last by default), without overflow. */
export function logSoftmax(x: Tensor, axis: Axis = -1): Tensor {
  checkTensor('logSoftmax', x);
  const shifted = x.sub(finiteMax(x, normalizeAxes('logSoftmax', axis, x.rank)));
  return shifted.sub(shifted.exp().sum(axis, { keepDims: true }).log());
}

/** The largest element as a constant shift: it cancels in the value, so no gradient needs to pass it. 0 for no elements. */
function finiteMax(x: Tensor, axes: readonly number[]): Tensor {
  if (x.size === 0) return x.sum(axes, { keepDims: true });
  const largest = stopGradient(x.max(axes, { keepDims: true }));
  return largest.isFinite().where(largest, 0);
}
