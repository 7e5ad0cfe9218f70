// Selected elements and their indices, along an axis.
import {
  arange,
  argmax,
  argmin,
  argsort,
  type Axis,
  type ReduceOptions,
  type ScanOptions,
  type Tensor,
  topk,
} from '@thetagrad/core';
import { at, checkInteger, checkOptions, checkTensor, normalizeAxes, normalizeAxis } from '@thetagrad/core/backend';
import { checkNotEmpty } from './lines.ts';

/** Elements, and the int32 indices at which they are. */
export interface ValuesAndIndices {
  readonly values: Tensor;
  readonly indices: Tensor;
}

/**
 * The largest element along an axis and its int32 index: the first of equals, or the first NaN (PyTorch's `max` with `dim`). The
 * gradient goes to the element at the index alone, where `max` divides it among equals.
 * @param axis Default: all axes; the index is then that of the flattened tensor.
 * @throws {RangeError} if the axis is out of range, or there are no elements to reduce.
 * @example
 * maxWithIndices(tensor([[1, 5], [7, 2]]), 1); // { values: tensor([5, 7]), indices: tensor([1, 0], int32) }
 */
export function maxWithIndices(x: Tensor, axis?: number, options: ReduceOptions = {}): ValuesAndIndices {
  return selectExtremum('maxWithIndices', argmax, x, axis, options);
}

/**
 * The smallest element along an axis and its int32 index: the first of equals, or the first NaN (PyTorch's `min` with `dim`).
 * The gradient goes to the element at the index alone, where `min` divides it among equals.
 * @param axis Default: all axes; the index is then that of the flattened tensor.
 * @throws {RangeError} if the axis is out of range, or there are no elements to reduce.
 * @example
 * minWithIndices(tensor([[1, 5], [7, 2]]), 1); // { values: tensor([1, 2]), indices: tensor([0, 1], int32) }
 */
export function minWithIndices(x: Tensor, axis?: number, options: ReduceOptions = {}): ValuesAndIndices {
  return selectExtremum('minWithIndices', argmin, x, axis, options);
}

function selectExtremum(
  operation: string,
  find: typeof argmax,
  x: Tensor,
  axis: number | undefined,
  options: ReduceOptions,
): ValuesAndIndices {
  checkTensor(operation, x);
  checkOptions(operation, options, ['keepdims']);
  const { keepdims = false } = options;
  if (axis === undefined) {
    checkNotEmpty(operation, x, normalizeAxes(operation, axis, x.ndim));
    const { values, indices } = selectAt(x.flatten(), find(x).reshape([1]), 0, false);
    const shape = keepdims ? x.shape.map(() => 1) : [];
    return { values: values.reshape(shape), indices: indices.reshape(shape) };
  }
  return onLines(x, (lines) => {
    const axisIndex = normalizeAxis(operation, axis, lines.ndim);
    checkNotEmpty(operation, lines, [axisIndex]);
    return selectAt(lines, find(lines, axisIndex, { keepdims: true }), axisIndex, keepdims);
  });
}

/** Applies a function along an axis, to a scalar as to a line of one element. */
function onLines(x: Tensor, f: (x: Tensor) => ValuesAndIndices): ValuesAndIndices {
  if (x.ndim > 0) return f(x);
  const { values, indices } = f(x.reshape([1]));
  return { values: values.reshape([]), indices: indices.reshape([]) };
}

/** Picks one element along an axis by indices whose axis has length 1. */
function selectAt(x: Tensor, indices: Tensor, axis: number, keepdims: boolean): ValuesAndIndices {
  const values = x.takeAlongAxis(indices, axis);
  return keepdims ? { values, indices } : { values: values.squeeze(axis), indices: indices.squeeze(axis) };
}

/**
 * The cumulative maximum along an axis, and the int32 index of each: the latest of equals, and of NaN once there is one
 * (PyTorch's `cummax`).
 * @param axis Default: −1.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * cummaxWithIndices(tensor([1, 3, 2, 4])); // { values: tensor([1, 3, 3, 4]), indices: tensor([0, 1, 1, 3], int32) }
 */
export function cummaxWithIndices(x: Tensor, axis = -1, options: ScanOptions = {}): ValuesAndIndices {
  checkTensor('cummaxWithIndices', x);
  return onLines(x, (lines) => trackExtremum('cummaxWithIndices', 'cummax', lines, axis, options));
}

/**
 * The cumulative minimum along an axis, and the int32 index of each: the latest of equals, and of NaN once there is one
 * (PyTorch's `cummin`).
 * @param axis Default: −1.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * cumminWithIndices(tensor([3, 1, 2, 0])); // { values: tensor([3, 1, 1, 0]), indices: tensor([0, 1, 1, 3], int32) }
 */
export function cumminWithIndices(x: Tensor, axis = -1, options: ScanOptions = {}): ValuesAndIndices {
  checkTensor('cumminWithIndices', x);
  return onLines(x, (lines) => trackExtremum('cumminWithIndices', 'cummin', lines, axis, options));
}

function trackExtremum(
  operation: string,
  scan: 'cummax' | 'cummin',
  x: Tensor,
  axis: number,
  options: ScanOptions,
): ValuesAndIndices {
  checkOptions(operation, options, ['reverse']);
  const axisIndex = normalizeAxis(operation, axis, x.ndim);
  const length = at(x.shape, axisIndex);
  const extrema = x[scan](axisIndex, options);
  const positions = arange(length, { dtype: 'int32' }).reshape(x.shape.map((_, i) => (i === axisIndex ? length : 1)));
  const attained = x.equal(extrema).logicalOr(x.isnan());
  const indices = options.reverse
    ? attained.where(positions, length).cummin(axisIndex, { reverse: true })
    : attained.where(positions, -1).cummax(axisIndex);
  return { values: x.takeAlongAxis(indices, axisIndex), indices };
}

/**
 * The k-th smallest element along an axis, and its int32 index (PyTorch's `kthvalue`). NaN counts as larger than all numbers;
 * among equals the first comes first.
 * @param k from 1 on.
 * @param axis Default: −1.
 * @throws {RangeError} if the axis is out of range, or k is not an integer from 1 to its length.
 * @example
 * kthvalue(tensor([5, 1, 4]), 2); // { values: tensor(4), indices: tensor(2, int32) }
 */
export function kthvalue(x: Tensor, k: number, axis = -1, options: ReduceOptions = {}): ValuesAndIndices {
  checkTensor('kthvalue', x);
  checkOptions('kthvalue', options, ['keepdims']);
  return onLines(x, (lines) => {
    const axisIndex = normalizeAxis('kthvalue', axis, lines.ndim);
    checkInteger('kthvalue', 'k', k, { min: 1, max: at(lines.shape, axisIndex) });
    const smallest = topk(lines, k, axisIndex, { largest: false }).indices;
    const indices = smallest.slice(lines.shape.map((_, i) => (i === axisIndex ? [k - 1, k] : null)));
    return selectAt(lines, indices, axisIndex, options.keepdims ?? false);
  });
}

/**
 * The most frequent element along an axis, the smallest of equally frequent ones, and the int32 index of its last occurrence
 * (PyTorch's `mode`). A NaN equals no other.
 * @param axis Default: −1.
 * @throws {RangeError} if the axis is out of range or has no elements.
 * @example
 * mode(tensor([3, 1, 3, 1, 3])); // { values: tensor(3), indices: tensor(4, int32) }
 */
export function mode(x: Tensor, axis = -1, options: ReduceOptions = {}): ValuesAndIndices {
  checkTensor('mode', x);
  checkOptions('mode', options, ['keepdims']);
  return onLines(x, (lines) => findMode(lines, normalizeAxis('mode', axis, lines.ndim), options.keepdims ?? false));
}

function findMode(x: Tensor, axis: number, keepdims: boolean): ValuesAndIndices {
  checkNotEmpty('mode', x, [axis]);
  const length = at(x.shape, axis);
  const order = argsort(x, axis);
  const sorted = x.takeAlongAxis(order, axis);
  const part = (from: number, to: number): Tensor =>
    sorted.slice(x.shape.map((_, i) => (i === axis ? [from, to] : null)));
  const startsRun = part(1, length)
    .notEqual(part(0, length - 1))
    .pad(
      x.shape.map((_, i) => (i === axis ? [1, 0] : [0, 0])),
      1,
    );
  const positions = arange(length, { dtype: 'int32' }).reshape(x.shape.map((_, i) => (i === axis ? length : 1)));
  // How many equal elements end at each: the first of the largest numbers is the end of the first of the longest runs.
  const counts = positions.sub(startsRun.where(positions, 0).cummax(axis));
  const end = counts.argmax(axis, { keepdims: true });
  return selectAt(x, order.takeAlongAxis(end, axis), axis, keepdims);
}

/**
 * The smallest and the largest element over axes, in x's dtype (PyTorch's `aminmax`); NaN if there is one. Gradients are divided
 * evenly among ties.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice, or there are no elements to reduce.
 * @example
 * aminmax(tensor([3, 1, 2])); // { min: tensor(1), max: tensor(3) }
 */
export function aminmax(
  x: Tensor,
  axis?: Axis,
  options: ReduceOptions = {},
): { readonly min: Tensor; readonly max: Tensor } {
  const axes = checkReduction('aminmax', x, axis, options);
  return { min: x.min(axes, options), max: x.max(axes, options) };
}

/**
 * The range of elements over axes, max − min, in x's dtype (NumPy's `ptp`, "peak to peak"); NaN if there is one. int32 wraps
 * around; bool becomes int32.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice, or there are no elements to reduce.
 * @example
 * ptp(tensor([[1, 5], [7, 2]]), 1); // tensor([4, 5])
 */
export function ptp(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  const axes = checkReduction('ptp', x, axis, options);
  return x.max(axes, options).sub(x.min(axes, options));
}

function checkReduction(operation: string, x: Tensor, axis: Axis | undefined, options: ReduceOptions): number[] {
  checkTensor(operation, x);
  checkOptions(operation, options, ['keepdims']);
  const axes = normalizeAxes(operation, axis, x.ndim);
  checkNotEmpty(operation, x, axes);
  return axes;
}
