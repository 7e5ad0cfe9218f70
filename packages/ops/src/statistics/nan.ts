// Counts, and reductions that leave out NaN.
import {
  isFloatingPoint,
  where,
  type Axis,
  type CumulativeOptions,
  type ReduceOptions,
  type Tensor,
  type VarianceOptions,
} from '@thetagrad/core';
import {
  argumentError,
  at,
  checkOptions,
  checkTensor,
  normalizeAxes,
  normalizeAxis,
  normalizeLineAxis,
  toFloat,
} from '@thetagrad/core/backend';
import { checkNotEmpty } from './lines.ts';

/**
 * int32: the number of elements over axes that are not 0 (NumPy's `count_nonzero`). NaN is not 0.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * countNonzero(tensor([[1, 0], [3, 4]]), 1); // tensor([1, 2], int32)
 */
export function countNonzero(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  checkTensor('countNonzero', x);
  checkOptions('countNonzero', options, ['keepdims']);
  return x.astype('bool').sum(normalizeAxes('countNonzero', axis, x.ndim), options);
}

/**
 * The sum over axes of the elements that are not NaN (NumPy's `nansum`). bool becomes int32; int32 wraps around. The sum of no
 * elements is 0.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * nansum(tensor([1, NaN, 3])); // tensor(4)
 */
export function nansum(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  const axes = check('nansum', x, axis, options);
  return replaceNaN(x, 0).sum(axes, options);
}

/**
 * The product over axes of the elements that are not NaN (NumPy's `nanprod`). bool becomes int32; int32 wraps around. The product
 * of no elements is 1.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * nanprod(tensor([2, NaN, 3])); // tensor(6)
 */
export function nanprod(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  const axes = check('nanprod', x, axis, options);
  return replaceNaN(x, 1).prod(axes, options);
}

/**
 * The mean over axes of the elements that are not NaN (NumPy's `nanmean`); NaN if all are. int32 and bool become float32.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * nanmean(tensor([1, NaN, 3])); // tensor(2)
 */
export function nanmean(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  const axes = check('nanmean', x, axis, options);
  if (!isFloatingPoint(x.dtype)) return x.mean(axes, options);
  return scaledMean(replaceNaN(x, 0), axes, countNumbers(x, axes, options), options);
}

/**
 * The variance over axes of the elements that are not NaN, Σ (x − mean)² / (n − correction) for n of them (NumPy's `nanvar`).
 * NaN if there are no more than `correction`, or one is infinite. int32 and bool become float32.
 * @param axis Default: all axes.
 * @throws {TypeError} if the correction is not a number.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * nanvar(tensor([1, NaN, 3])); // tensor(1)
 */
export function nanvar(x: Tensor, axis?: Axis, options: VarianceOptions = {}): Tensor {
  const { deviations, axes, divisor } = deviate('nanvar', x, axis, options);
  return scaledMean(deviations.square(), axes, divisor, { keepdims: options.keepdims === true });
}

/**
 * The standard deviation over axes of the elements that are not NaN, √nanvar (NumPy's `nanstd`). Its gradient where all elements
 * are equal is 0. int32 and bool become float32.
 * @param axis Default: all axes.
 * @throws {TypeError} if the correction is not a number.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * nanstd(tensor([1, NaN, 3])); // tensor(1)
 */
export function nanstd(x: Tensor, axis?: Axis, options: VarianceOptions = {}): Tensor {
  const { deviations, axes, divisor } = deviate('nanstd', x, axis, options);
  // The norm is right where squares are out of range. Deviations of NaN are 0.
  return deviations.norm(axes, { keepdims: options.keepdims === true }).div(divisor.sqrt());
}

/**
 * The largest element over axes that is not NaN (NumPy's `nanmax`); NaN if all are. The gradient is divided evenly among ties.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice, or there are no elements to reduce.
 * @example
 * nanmax(tensor([1, NaN, 3])); // tensor(3)
 */
export function nanmax(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  const axes = check('nanmax', x, axis, options);
  checkNotEmpty('nanmax', x, axes);
  const largest = replaceNaN(x, -Infinity).max(axes, options);
  return markAllNaN(largest, x, axes, options);
}

/**
 * The smallest element over axes that is not NaN (NumPy's `nanmin`); NaN if all are. The gradient is divided evenly among ties.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice, or there are no elements to reduce.
 * @example
 * nanmin(tensor([1, NaN, 3])); // tensor(1)
 */
export function nanmin(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  const axes = check('nanmin', x, axis, options);
  checkNotEmpty('nanmin', x, axes);
  const smallest = replaceNaN(x, Infinity).min(axes, options);
  return markAllNaN(smallest, x, axes, options);
}

/**
 * int32: the index of the largest element along an axis that is not NaN (NumPy's `nanargmax`): the first of equals. −1 if all are
 * NaN, where NumPy throws.
 * @param axis Default: all axes; the index is then that of the flattened tensor.
 * @throws {RangeError} if the axis is out of range, or there are no elements to reduce.
 * @example
 * nanargmax(tensor([1, NaN, 3])); // tensor(2, int32)
 */
export function nanargmax(x: Tensor, axis?: number, options: ReduceOptions = {}): Tensor {
  const axes = check('nanargmax', x, axis, options);
  if (axis !== undefined) normalizeLineAxis('nanargmax', axis, x.ndim);
  checkNotEmpty('nanargmax', x, axes);
  return markAllNaN(replaceNaN(x, -Infinity).argmax(axis, options), x, axes, options);
}

/**
 * int32: the index of the smallest element along an axis that is not NaN (NumPy's `nanargmin`): the first of equals. −1 if all are
 * NaN, where NumPy throws.
 * @param axis Default: all axes; the index is then that of the flattened tensor.
 * @throws {RangeError} if the axis is out of range, or there are no elements to reduce.
 * @example
 * nanargmin(tensor([NaN, 1, 3])); // tensor(1, int32)
 */
export function nanargmin(x: Tensor, axis?: number, options: ReduceOptions = {}): Tensor {
  const axes = check('nanargmin', x, axis, options);
  if (axis !== undefined) normalizeLineAxis('nanargmin', axis, x.ndim);
  checkNotEmpty('nanargmin', x, axes);
  return markAllNaN(replaceNaN(x, Infinity).argmin(axis, options), x, axes, options);
}

/**
 * The cumulative sum along an axis in which NaN counts as 0 (NumPy's `nancumsum`), of x's shape. bool becomes int32; int32 wraps
 * around.
 * @param axis Default: −1.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * nancumsum(tensor([1, NaN, 3])); // tensor([1, 1, 4])
 */
export function nancumsum(x: Tensor, axis = -1, options: CumulativeOptions = {}): Tensor {
  checkTensor('nancumsum', x);
  checkOptions('nancumsum', options, ['reverse', 'exclusive']);
  const lines = replaceNaN(x.ndim > 0 ? x : x.reshape([1]), 0);
  return lines.cumsum(normalizeAxis('nancumsum', axis, lines.ndim), options).reshape(x.shape);
}

/**
 * The cumulative product along an axis in which NaN counts as 1 (NumPy's `nancumprod`), of x's shape. bool becomes int32; int32
 * wraps around.
 * @param axis Default: −1.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * nancumprod(tensor([2, NaN, 3])); // tensor([2, 2, 6])
 */
export function nancumprod(x: Tensor, axis = -1, options: CumulativeOptions = {}): Tensor {
  checkTensor('nancumprod', x);
  checkOptions('nancumprod', options, ['reverse', 'exclusive']);
  const lines = replaceNaN(x.ndim > 0 ? x : x.reshape([1]), 1);
  return lines.cumprod(normalizeAxis('nancumprod', axis, lines.ndim), options).reshape(x.shape);
}

function check(operation: string, x: Tensor, axis: Axis | undefined, options: ReduceOptions): number[] {
  checkTensor(operation, x);
  checkOptions(operation, options, ['keepdims']);
  return normalizeAxes(operation, axis, x.ndim);
}

function replaceNaN(x: Tensor, value: number): Tensor {
  return isFloatingPoint(x.dtype) ? where(x.isnan(), value, x) : x;
}

/** The number of elements that are not NaN, in x's dtype. */
function countNumbers(x: Tensor, axes: readonly number[], { keepdims = false }: ReduceOptions): Tensor {
  return x.isnan().logicalNot().sum(axes, { keepdims }).astype(x.dtype);
}

/** Sums and divides by a number for each result; by way of the mean where the sum overflows. */
function scaledMean(
  values: Tensor,
  axes: readonly number[],
  divisor: Tensor,
  { keepdims = false }: ReduceOptions,
): Tensor {
  const total = values.sum(axes, { keepdims });
  const count = axes.reduce((product, axis) => product * at(values.shape, axis), 1);
  if (count < 2) return total.div(divisor);
  const mean = values.mean(axes, { keepdims });
  return total.isfinite().where(total.div(divisor), mean.div(divisor.div(count)));
}

/** Marks results of NaN alone: extrema by NaN, indices by −1. */
function markAllNaN(result: Tensor, x: Tensor, axes: readonly number[], { keepdims = false }: ReduceOptions): Tensor {
  if (!isFloatingPoint(x.dtype)) return result;
  const mark = isFloatingPoint(result.dtype) ? NaN : -1;
  return x.isnan().all(axes, { keepdims }).where(mark, result);
}

function deviate(
  operation: string,
  x: Tensor,
  axis: Axis | undefined,
  options: VarianceOptions,
): { readonly deviations: Tensor; readonly axes: readonly number[]; readonly divisor: Tensor } {
  checkTensor(operation, x);
  checkOptions(operation, options, ['keepdims', 'correction']);
  const { correction = 0, keepdims = false } = options;
  if (typeof correction !== 'number') throw argumentError(operation, 'correction', 'a number', correction);
  const axes = normalizeAxes(operation, axis, x.ndim);
  const values = x.astype(toFloat(x.dtype));
  const mean = nanmean(values, axes, { keepdims: true });
  const degrees = countNumbers(values, axes, { keepdims }).sub(correction);
  return {
    deviations: where(values.isnan(), 0, values.sub(mean)),
    axes,
    divisor: degrees.greater(0).where(degrees, NaN),
  };
}
