// Statistics, norms and softmax, composed of reductions.
import { argumentError, checkOptions } from '../data/checks.ts';
import { toFloat } from '../data/dtype.ts';
import { broadcastShapes, formatShape, normalizeAxes, sameShape } from '../data/shape.ts';
import { checkTensor } from './define.ts';
import { stopGradient } from './identity.ts';
import { Tensor } from '../graph/tensor.ts';
import { countOf, divideSum, scaleSquares } from './range.ts';
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
 * @example
 * variance(tensor([1, 5])); // tensor(4)
 */
export function variance(x: Tensor, axis?: Axis, options: VarianceOptions = {}): Tensor {
  const { axes, divisor } = checkVariance('variance', x, axis, options);
  const squares = x.sub(x.mean(axes, { keepdims: true })).square();
  return divideSum(squares, axes, divisor, { keepdims: options.keepdims === true });
}

/**
 * The standard deviation over axes, √variance, also where the variance is out of the range of the dtype. int32 and bool
 * become float32. All derivatives are 0 where all elements are equal.
 * @param axis Default: all axes.
 * @throws {TypeError} if the correction is not a number.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * std(tensor([1, 5])); // tensor(2)
 */
export function std(x: Tensor, axis?: Axis, options: VarianceOptions = {}): Tensor {
  const { axes, divisor } = checkVariance('std', x, axis, options);
  // Of halves, since a deviation may be up to twice as large as the largest number.
  const half = x.mul(0.5);
  const { scaled, scale } = scaleSquares(half.sub(half.mean(axes, { keepdims: true })), axes);
  const root = rootOrZero(scaled.square().sum(axes, { keepdims: true }).div(divisor));
  return squeezeUnlessKept(root.div(scale).mul(2), axes, options);
}

function checkVariance(
  operation: string,
  x: Tensor,
  axis: Axis | undefined,
  options: VarianceOptions,
): { axes: readonly number[]; divisor: number } {
  checkTensor(operation, x);
  checkOptions(operation, options, ['keepdims', 'correction']);
  const { correction = 0 } = options;
  if (typeof correction !== 'number') {
    throw argumentError(operation, 'correction', 'a number', correction);
  }
  const axes = normalizeAxes(operation, axis, x.ndim);
  return { axes, divisor: Math.max(0, countOf(x, axes) - correction) };
}

export interface NormOptions extends ReduceOptions {
  /** The order: 1 (sum of magnitudes), 2 (Euclidean) or Infinity (largest magnitude). Default: 2. */
  readonly ord?: number;
}

/**
 * The vector norm over axes (NumPy's `linalg.vector_norm`), also where squares are out of the range of the dtype. int32 and
 * bool become float32. All derivatives at zero are 0.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice, `ord` is not 1, 2 or Infinity, or there are no elements for
 *   Infinity.
 * @example
 * norm(tensor([3, 4])); // tensor(5)
 */
export function norm(x: Tensor, axis?: Axis, options: NormOptions = {}): Tensor {
  checkTensor('norm', x);
  checkOptions('norm', options, ['keepdims', 'ord']);
  const { ord = 2, ...rest } = options;
  const axes = normalizeAxes('norm', axis, x.ndim);
  const values = x.astype(toFloat(x.dtype));
  if (ord === 1) return values.abs().sum(axes, rest);
  if (ord === Infinity) return values.abs().max(axes, rest);
  if (ord !== 2) throw argumentError('norm', 'ord', '1, 2 or Infinity', ord);
  const { scaled, scale } = scaleSquares(values, axes);
  const root = rootOrZero(scaled.square().sum(axes, { keepdims: true }));
  return squeezeUnlessKept(root.div(scale), axes, options);
}

/** √x, and 0 with derivatives 0 of every order where x is 0. */
function rootOrZero(x: Tensor): Tensor {
  const isZero = x.equal(0);
  return isZero.where(0, isZero.where(1, x).sqrt());
}

function squeezeUnlessKept(x: Tensor, axes: readonly number[], { keepdims }: ReduceOptions): Tensor {
  return keepdims || axes.length === 0 ? x : x.squeeze(axes);
}

/** The option of softmax and its kin. */
export interface MaskOptions {
  /** bool, broadcast to x: which elements take part (JAX's `where`). Default: all. */
  readonly where?: Tensor | undefined;
}

/**
 * log Σ exp(x) over axes, without overflow. int32 and bool become float32. −∞, with gradient 0, if all elements are −∞ or there
 * are none.
 * @param axis Default: all axes.
 * @throws {TypeError} if `where` is not a tensor of bool.
 * @throws {RangeError} if an axis is out of range or occurs twice, or `where` does not broadcast to x.
 * @example
 * logsumexp(tensor([-Infinity, 0, 0])); // tensor(0.6931)
 */
export function logsumexp(x: Tensor, axis?: Axis, options: ReduceOptions & MaskOptions = {}): Tensor {
  checkTensor('logsumexp', x);
  checkOptions('logsumexp', options, ['keepdims', 'where']);
  const axes = normalizeAxes('logsumexp', axis, x.ndim);
  const { values } = maskWithInfinity('logsumexp', x, options);
  const shift = finiteMax(values, axes);
  const result = values.sub(shift).exp().sum(axes, { keepdims: true }).log().add(shift);
  return squeezeUnlessKept(result, axes, options);
}

/**
 * exp(x) / Σ exp(x) over axes, of x's shape, without overflow. int32 and bool become float32. NaN where all elements are −∞.
 * With a mask, elements that do not take part are 0, and all are, with gradient 0, where none does.
 * @param axis Default: −1.
 * @throws {TypeError} if `where` is not a tensor of bool.
 * @throws {RangeError} if an axis is out of range or occurs twice, or `where` does not broadcast to x.
 * @example
 * softmax(tensor([0, 0, -Infinity])); // tensor([0.5, 0.5, 0.0])
 */
export function softmax(x: Tensor, axis: Axis = -1, options: MaskOptions = {}): Tensor {
  checkTensor('softmax', x);
  checkOptions('softmax', options, ['where']);
  const { values, mask } = maskWithInfinity('softmax', x, options);
  const exponentials = values.sub(finiteMax(values, normalizeAxes('softmax', axis, x.ndim))).exp();
  const total = exponentials.sum(axis, { keepdims: true });
  return mask ? exponentials.div(total.equal(0).where(1, total)) : exponentials.div(total);
}

/**
 * log softmax(x) = x − log Σ exp(x) over axes, of x's shape, without overflow. int32 and bool become float32. NaN where all
 * elements are −∞. With a mask, elements that do not take part are −∞.
 * @param axis Default: −1.
 * @throws {TypeError} if `where` is not a tensor of bool.
 * @throws {RangeError} if an axis is out of range or occurs twice, or `where` does not broadcast to x.
 * @example
 * logSoftmax(tensor([0, 0])); // tensor([-0.6931, -0.6931])
 */
export function logSoftmax(x: Tensor, axis: Axis = -1, options: MaskOptions = {}): Tensor {
  checkTensor('logSoftmax', x);
  checkOptions('logSoftmax', options, ['where']);
  const { values, mask } = maskWithInfinity('logSoftmax', x, options);
  const shifted = values.sub(finiteMax(values, normalizeAxes('logSoftmax', axis, x.ndim)));
  const total = shifted.exp().sum(axis, { keepdims: true });
  return shifted.sub((mask ? total.equal(0).where(1, total) : total).log());
}

/** Replaces what does not take part by −∞, whose exponential is 0. */
function maskWithInfinity(
  operation: string,
  x: Tensor,
  { where: mask }: MaskOptions,
): { values: Tensor; mask: Tensor | undefined } {
  if (mask === undefined) return { values: x, mask };
  if (!(mask instanceof Tensor) || mask.dtype !== 'bool') {
    throw argumentError(operation, 'where', 'a tensor of bool', mask);
  }
  if (!sameShape(broadcastShapes(operation, mask.shape, x.shape), x.shape)) {
    throw new RangeError(
      `${operation}: 'where' of shape ${formatShape(mask.shape)} does not broadcast to ${formatShape(x.shape)}`,
    );
  }
  return { values: mask.where(x.astype(toFloat(x.dtype)), -Infinity), mask };
}

/**
 * The largest element over axes if it is finite, else 0: a shift against overflow, which cancels in the result, so that it
 * needs no gradient.
 */
function finiteMax(x: Tensor, axes: readonly number[]): Tensor {
  if (x.size === 0) return x.sum(axes, { keepdims: true });
  // In floating point, so that the difference from it does not wrap around for int32.
  const largest = stopGradient(x.astype(toFloat(x.dtype)).max(axes, { keepdims: true }));
  return largest.isfinite().where(largest, 0);
}
