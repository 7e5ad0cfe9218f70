// Taking, inserting and repeating slices, and diagonals.
import { arange, concat, Tensor, type Shape, type TensorLike } from '@thetagrad/core';
import {
  argumentError,
  at,
  broadcastShapes,
  checkBoolean,
  checkInteger,
  checkOptions,
  checkShape,
  checkTensor,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  rowMajorStrides,
  sameShape,
  select,
  sizeOf,
  unknownValue,
} from '@thetagrad/core/backend';
import { fitUpdates } from '../indexing/update.ts';

/**
 * Takes the slices of x along an axis where a condition is true (NumPy's `compress`, with x first and along axis 0 by default).
 * @param condition booleans in an array, or a bool vector whose values are known; it may be shorter than the axis.
 * @param axis Default: 0.
 * @throws {TypeError} if x is not a tensor, or the condition is neither of these.
 * @throws {RangeError} if the axis is out of range, or the condition is not a vector or longer than the axis.
 * @throws {Error} if the values of the condition are not known.
 * @example
 * compress(tensor([[1, 2], [3, 4], [5, 6]]), [false, true]) // tensor([[3, 4]])
 */
export function compress(x: Tensor, condition: readonly boolean[] | Tensor, axis = 0): Tensor {
  checkTensor('compress', x);
  const isMask = condition instanceof Tensor && condition.dtype === 'bool';
  if (!isMask && !(Array.isArray(condition) && condition.every((each) => typeof each === 'boolean'))) {
    throw argumentError('compress', 'the condition', 'an array of booleans or a bool tensor', condition, false);
  }
  const axisIndex = normalizeAxis('compress', axis, x.ndim);
  const shape = condition instanceof Tensor ? condition.shape : [condition.length];
  const [length = 0] = shape;
  if (shape.length !== 1 || length > (x.shape[axisIndex] ?? 0)) {
    const [given, whole] = [formatShape(shape), formatShape(x.shape)];
    throw new RangeError(`compress: a condition of shape ${given} does not fit axis ${axisIndex} of ${whole}`);
  }
  const before = Array.from({ length: axisIndex }, () => ':' as const);
  // Rejects an empty array, whose dtype is unknown.
  if (length === 0) return select('compress', x, [...before, '0:0']);
  return select('compress', select('compress', x, [...before, `:${length}`]), [...before, condition]);
}

export interface TrimZerosOptions {
  /** At which ends: 'f' for the front, 'b' for the back. Default: 'fb', both. */
  readonly trim?: 'f' | 'b' | 'fb';
  /** The axis or axes along which slices of zeros are removed. Default: all. */
  readonly axis?: number | readonly number[];
}

/**
 * Removes the slices of zeros at the ends of x (NumPy's `trim_zeros`): the least box that has all elements other than 0; NaN is
 * other than 0. Asynchronous, as the shape depends on the values of x, which are read. The gradient is that of `slice`.
 * @throws {TypeError} if x is not a tensor, or an option or its value is unknown.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * trimZeros(tensor([0, 0, 1, 0, 2, 0])) // tensor([1, 0, 2])
 * trimZeros(tensor([0, 0, 1, 0, 2, 0]), { trim: 'b' }) // tensor([0, 0, 1, 0, 2])
 */
export async function trimZeros(x: Tensor, options: TrimZerosOptions = {}): Promise<Tensor> {
  checkTensor('trimZeros', x);
  checkOptions('trimZeros', options, ['trim', 'axis']);
  const { trim = 'fb' } = options;
  if (!['f', 'b', 'fb'].includes(trim)) throw unknownValue('trimZeros', 'trim', trim, "'f', 'b' or 'fb'");
  const axes = new Set(normalizeAxes('trimZeros', options.axis, x.ndim));
  const strides = rowMajorStrides(x.shape);
  const bounds = x.shape.map((length) => ({ first: length, last: -1 }));
  (await x.data()).forEach((value, position) => {
    if (value === 0) return;
    bounds.forEach((bound, axis) => {
      const index = Math.floor(position / (strides[axis] ?? 1)) % (x.shape[axis] ?? 1);
      bound.first = Math.min(bound.first, index);
      bound.last = Math.max(bound.last, index);
    });
  });
  return x.slice(
    bounds.map(({ first, last }, axis) => {
      if (!axes.has(axis)) return null;
      return [trim === 'b' ? 0 : first, trim === 'f' ? null : last + 1];
    }),
  );
}

/**
 * Fills a shape with the elements of x in row-major order, repeated as often as needed or cut off (NumPy's `resize`). The dtype
 * is that of x.
 * @param shape if it has elements, x must have some.
 * @throws {TypeError} if x is not a tensor, or the shape is not an array of numbers.
 * @throws {RangeError} if the shape is invalid, or x has no elements to fill it with.
 * @example
 * resize(tensor([1, 2, 3]), [2, 4]) // tensor([[1, 2, 3, 1], [2, 3, 1, 2]])
 */
export function resize(x: Tensor, shape: Shape): Tensor {
  checkTensor('resize', x);
  checkShape('resize', shape);
  const size = sizeOf(shape);
  if (size > 0 && x.size === 0) {
    throw new RangeError(
      `resize: x of shape ${formatShape(x.shape)} has no elements to fill ${formatShape(shape)} with`,
    );
  }
  if (size === x.size) return x.reshape(shape);
  const repeats = Math.ceil(size / Math.max(x.size, 1));
  const repeated = x.flatten().broadcastTo([repeats, x.size]).flatten();
  return repeated.slice([[0, size]]).reshape(shape);
}

/**
 * Returns x with slices inserted along an axis before those at indices (NumPy's `insert`, along axis 0 by default). The dtype is
 * that of x.
 * @param indices of x before the insertion: an integer, before which all values go, or one for each slice of the values. Negative
 *   ones count from the end; the length of the axis appends.
 * @param values a number or a tensor. It broadcasts to x's shape, in which the axis is replaced by that of the indices or,
 *   for an integer, by that of the values if they have x's rank, or by 1.
 * @param axis Default: 0.
 * @throws {TypeError} if x is not a tensor, the indices are not integers, or the dtype of the values does not fit x's.
 * @throws {RangeError} if the axis or an index is out of range, or the values do not broadcast.
 * @example
 * insert(tensor([1, 2, 3]), 1, tensor([8, 9])) // tensor([1, 8, 9, 2, 3])
 * insert(tensor([[1, 2], [3, 4]]), [0, 2], 0, 1) // tensor([[0, 1, 2, 0], [0, 3, 4, 0]])
 */
export function insert(x: Tensor, indices: number | readonly number[], values: TensorLike, axis = 0): Tensor {
  checkTensor('insert', x);
  const axisIndex = normalizeAxis('insert', axis, x.ndim);
  const length = at(x.shape, axisIndex);
  const inserted = fitUpdates('insert', values, x.dtype);
  const isSingle = typeof indices === 'number';
  if (!isSingle && !Array.isArray(indices)) {
    throw argumentError('insert', 'indices', 'an integer or an array of integers', indices);
  }
  const count = isSingle ? (inserted.ndim === x.ndim ? at(inserted.shape, axisIndex) : 1) : indices.length;
  const places = (isSingle ? new Array<number>(count).fill(indices) : indices).map((index) => {
    checkInteger('insert', 'an index', index, { min: -length, max: length });
    return index < 0 ? index + length : index;
  });
  const shape = x.shape.with(axisIndex, count);
  if (!sameShape(broadcastShapes('insert', inserted.shape, shape), shape)) {
    const [from, to] = [formatShape(inserted.shape), formatShape(shape)];
    throw new RangeError(`insert: values of shape ${from} do not broadcast to ${to}, the shape of ${count} slices`);
  }
  // Of equal places, the slices stay in order.
  const order = [...places.keys()].toSorted((a, b) => at(places, a) - at(places, b) || a - b);
  const sources: number[] = [];
  let next = 0;
  for (const slice of order) {
    while (next < at(places, slice)) sources.push(next++);
    sources.push(length + slice);
  }
  while (next < length) sources.push(next++);
  return concat([x, inserted.broadcastTo(shape)], axisIndex).take(Int32Array.from(sources), axisIndex);
}

/**
 * int32: for each axis the indices of the diagonal of a tensor with axes of length n (NumPy's `diag_indices`), for
 * `x.at(...indices)` and `atSet(x, indices, …)`.
 * @param n the length of each axis.
 * @param ndim the number of axes. Default: 2.
 * @throws {TypeError | RangeError} if n or ndim is not an integer ≥ 0.
 * @example
 * diagIndices(3) // [tensor([0, 1, 2], int32), tensor([0, 1, 2], int32)]
 */
export function diagIndices(n: number, ndim = 2): Tensor[] {
  checkInteger('diagIndices', 'n', n, { min: 0 });
  checkInteger('diagIndices', 'ndim', ndim, { min: 0 });
  return Array.from({ length: ndim }, () => arange(n, { dtype: 'int32' }));
}

export interface FillDiagonalOptions {
  /** Whether the diagonal of a matrix with more rows than columns starts again after each square. Default: false. */
  readonly wrap?: boolean;
}

/**
 * Returns x with a value on its main diagonal, where all indices are equal (NumPy's `fill_diagonal`, PyTorch's `fill_diagonal_`).
 * The dtype is that of x. `atSet(x, diagIndices(n), values)` sets different values.
 * @param x a matrix, or a tensor of more axes of equal length.
 * @param value a number, or a scalar tensor.
 * @throws {TypeError} if x is not a tensor, the dtype of the value does not fit x's, or an option is unknown.
 * @throws {RangeError} if x has fewer than two axes, or more than two of different lengths, or the value is not a scalar.
 * @example
 * fillDiagonal(zeros([2, 3]), 5) // tensor([[5, 0, 0], [0, 5, 0]])
 */
export function fillDiagonal(x: Tensor, value: TensorLike, options: FillDiagonalOptions = {}): Tensor {
  checkTensor('fillDiagonal', x);
  checkOptions('fillDiagonal', options, ['wrap']);
  const { wrap = false } = options;
  checkBoolean('fillDiagonal', 'wrap', wrap);
  const [rows = 0, columns = 0, ...others] = x.shape;
  if (x.ndim < 2 || (others.length > 0 && [columns, ...others].some((length) => length !== rows))) {
    const given = formatShape(x.shape);
    throw new RangeError(`fillDiagonal: x must be a matrix, or have more axes of equal length, got ${given}`);
  }
  const filling = fitUpdates('fillDiagonal', value, x.dtype);
  if (filling.ndim > 0) {
    const fix = 'use atSet(x, diagIndices(n), values)';
    throw new RangeError(`fillDiagonal: the value must be a scalar, got ${formatShape(filling.shape)}; ${fix}`);
  }
  const step = rowMajorStrides(x.shape).reduce((sum, stride) => sum + stride, 0);
  const place = arange(x.size, { dtype: 'int32' }).reshape(x.shape);
  const onDiagonal = place.mod(step).equal(0);
  const isWhole = wrap || others.length > 0;
  return (isWhole ? onDiagonal : onDiagonal.logicalAnd(place.less(columns * columns))).where(filling, x);
}
