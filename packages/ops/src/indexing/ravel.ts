// Indices of elements in a shape, as one number or one for each axis.
import { zeros, type Indices, type Shape, type Tensor } from '@thetagrad/core';
import {
  argumentError,
  broadcastShapes,
  checkInteger,
  checkOptions,
  checkShape,
  nameIndices,
  sizeOf,
  toIndices,
  unknownValue,
} from '@thetagrad/core/backend';

export interface RavelMultiIndexOptions {
  /**
   * What becomes of an index out of range: 'raise' makes it an error, and counts negative ones from the end; 'wrap' takes it
   * modulo the length of the axis, 'clip' moves it to the nearest end. Default: 'raise'.
   */
  readonly mode?: 'raise' | 'wrap' | 'clip';
}

/**
 * int32: the indices in row-major order of elements that are given by their indices on all axes (NumPy's `ravel_multi_index`).
 * @param indices for each axis of the shape int32, or integers in arrays, which broadcast together.
 * @throws {TypeError} if the indices are not an array of integers for each axis, or an option is unknown.
 * @throws {RangeError} if the shape has more than 2³¹ − 1 elements, indices do not broadcast, their number is not that of the axes, or one is out of range: of indices in a
 *   tensor at evaluation.
 * @example
 * ravelMultiIndex([[0, 1], [2, 0]], [2, 3]) // tensor([2, 3], int32)
 */
export function ravelMultiIndex(
  indices: readonly Indices[],
  shape: Shape,
  options: RavelMultiIndexOptions = {},
): Tensor {
  checkOptions('ravelMultiIndex', options, ['mode']);
  const { mode = 'raise' } = options;
  if (!['raise', 'wrap', 'clip'].includes(mode)) {
    throw unknownValue('ravelMultiIndex', 'mode', mode, `'raise', 'wrap' or 'clip'`);
  }
  checkSize('ravelMultiIndex', shape);
  if (!Array.isArray(indices) || indices.length !== shape.length) {
    const expected = `an array of indices for each of the ${shape.length} axes`;
    throw argumentError('ravelMultiIndex', 'indices', expected, indices, Array.isArray(indices));
  }
  const given = shape.map((length, axis) => {
    const ofAxis = toIndices('ravelMultiIndex', indices[axis] ?? [], mode === 'raise' ? { shape, axis } : undefined);
    if (mode === 'wrap') return ofAxis.mod(length);
    return mode === 'clip' ? ofAxis.clip(0, length - 1) : fromStart('ravelMultiIndex', ofAxis, shape, axis);
  });
  broadcastShapes('ravelMultiIndex', ...given.map((ofAxis) => ofAxis.shape));
  return given.reduce(
    (sum, ofAxis, axis) => sum.add(ofAxis.mul(sizeOf(shape.slice(axis + 1)))),
    zeros([], { dtype: 'int32' }),
  );
}

/**
 * int32: for each axis of a shape the indices of elements that are given by their indices in row-major order (NumPy's and
 * PyTorch's `unravel_index`).
 * @param indices int32, or integers in arrays; any shape. Negative ones count from the end.
 * @throws {TypeError} if the indices are not integers, or the shape is not an array of numbers.
 * @throws {RangeError} if the shape has more than 2³¹ − 1 elements, or an index is out of range: of indices in a tensor at
 *   evaluation.
 * @example
 * unravelIndex([2, 3], [2, 3]) // [tensor([0, 1], int32), tensor([2, 0], int32)]
 */
export function unravelIndex(indices: Indices, shape: Shape): Tensor[] {
  checkSize('unravelIndex', shape);
  const whole = { shape: [sizeOf(shape)], axis: 0 };
  let rest = fromStart('unravelIndex', toIndices('unravelIndex', indices, whole), whole.shape, 0);
  return shape.map((_, axis) => {
    const stride = sizeOf(shape.slice(axis + 1));
    const within = rest.mod(stride);
    const ofAxis = divideExactly(rest.sub(within), stride);
    rest = within;
    return ofAxis;
  });
}

function checkSize(operation: string, shape: Shape): void {
  checkShape(operation, shape);
  checkInteger(operation, 'the number of elements of the shape', sizeOf(shape), { max: 2 ** 31 - 1 });
}

/** Counts negative indices from the start. An index out of range is an error at evaluation. */
function fromStart(operation: string, indices: Tensor, shape: Shape, axis: number): Tensor {
  const { [axis]: length = 0 } = shape;
  // The zeros are one number in memory, which is read only where an index is in range.
  const line = indices.flatten();
  const checked = nameIndices(operation, zeros([length], { dtype: 'int32' }).takeAlongAxis(line), shape, axis);
  return line.less(0).where(line.add(length), line).add(checked).reshape(indices.shape);
}

/** The quotient of int32 multiples of a number, exact although quotients are float32. */
function divideExactly(multiples: Tensor, divisor: number): Tensor {
  const quotients = (x: Tensor): Tensor => x.div(divisor).round().astype('int32');
  const first = quotients(multiples);
  // What the first quotient misses is small, so that the second is exact.
  return first.add(quotients(multiples.sub(first.mul(divisor))));
}
