// Operations that reorder or repeat elements.
import { concat, tensor, type Tensor } from '@thetagrad/core';
import {
  areIntegers,
  areNumbers,
  argumentError,
  at,
  checkInteger,
  checkOptions,
  checkTensor,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  sizeOf,
  type Shape,
} from '@thetagrad/core/backend';
import { sliceAxis } from './split.ts';
import { checkMinRank, spreadIntegers } from './tensors.ts';

/**
 * Shifts elements along axes; what leaves an axis at its end enters it at its start (NumPy's `roll`).
 * @param shift by how many places, negative ones toward the start: one integer, or one for each axis.
 * @param axis one axis or several. Default: none; elements are shifted in row-major order.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if a shift is not an integer, there are not as many as axes, or an axis is out of range or occurs twice.
 * @example
 * roll(tensor([1, 2, 3, 4]), 1); // tensor([4, 1, 2, 3])
 */
export function roll(x: Tensor, shift: number | readonly number[], axis?: number | readonly number[]): Tensor {
  checkTensor('roll', x);
  if (axis === undefined) {
    checkInteger('roll', 'shift without an axis', shift);
    return rollAxis(x.reshape([x.size]), shift, 0).reshape(x.shape);
  }
  const axes = orderedAxes('roll', axis, x.ndim);
  const shifts = spreadIntegers('roll', 'shift', shift, axes.length);
  return axes.reduce((rolled, each, i) => rollAxis(rolled, at(shifts, i), each), x);
}

/** Normalizes axes as core's `normalizeAxes`, in the order that they are given in; undefined is an error. */
function orderedAxes(operation: string, axes: number | readonly number[], rank: number): number[] {
  if (axes === undefined) throw argumentError(operation, 'axis', 'an integer or an array of integers', axes);
  normalizeAxes(operation, axes, rank);
  return (typeof axes === 'number' ? [axes] : axes).map((axis) => normalizeAxis(operation, axis, rank));
}

function rollAxis(x: Tensor, shift: number, axis: number): Tensor {
  const length = at(x.shape, axis);
  const start = length === 0 ? 0 : ((shift % length) + length) % length;
  if (start === 0) return x;
  return concat([sliceAxis(x, axis, [length - start]), sliceAxis(x, axis, [0, length - start])], axis);
}

/**
 * Rotates x by 90° in the plane of two axes, from the first toward the second (NumPy's `rot90`).
 * @param options `k`: how often, negative in the other direction. Default: 1. `axes`. Default: [0, 1].
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if `k` is not an integer, or the axes are not two different ones of x.
 * @example
 * rot90(tensor([[1, 2], [3, 4]])); // tensor([[2, 4], [1, 3]])
 */
export function rot90(
  x: Tensor,
  options: { readonly k?: number; readonly axes?: readonly [number, number] } = {},
): Tensor {
  checkTensor('rot90', x);
  checkOptions('rot90', options, ['k', 'axes']);
  const { k = 1, axes = [0, 1] } = options;
  checkInteger('rot90', 'k', k);
  if (!areNumbers(axes) || axes.length !== 2)
    throw argumentError('rot90', 'axes', 'a pair of axes', axes, areNumbers(axes));
  const [from, to] = axes.map((axis) => normalizeAxis('rot90', axis, x.ndim)) as [number, number];
  if (from === to) throw argumentError('rot90', 'axes', 'two different axes', axes, true);
  switch (((k % 4) + 4) % 4) {
    case 1:
      return x.flip(to).transpose(from, to);
    case 2:
      return x.flip([from, to]);
    case 3:
      return x.transpose(from, to).flip(to);
    default:
      return x;
  }
}

/**
 * Reverses the order of columns, axis 1 (NumPy's `fliplr`).
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if it has fewer than 2 axes.
 * @example
 * fliplr(tensor([[1, 2], [3, 4]])); // tensor([[2, 1], [4, 3]])
 */
export function fliplr(x: Tensor): Tensor {
  checkTensor('fliplr', x);
  checkMinRank('fliplr', x, 2);
  return x.flip(1);
}

/**
 * Reverses the order of rows, axis 0 (NumPy's `flipud`).
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if it is a scalar.
 * @example
 * flipud(tensor([[1, 2], [3, 4]])); // tensor([[3, 4], [1, 2]])
 */
export function flipud(x: Tensor): Tensor {
  checkTensor('flipud', x);
  checkMinRank('flipud', x, 1);
  return x.flip(0);
}

/**
 * Moves axes to other places; the others keep their order (NumPy's `moveaxis`).
 * @param source the axes to move, one or several.
 * @param destination where each of them is in the result.
 * @throws {TypeError} if x is not a tensor, or axes are neither numbers nor arrays.
 * @throws {RangeError} if an axis is out of range or occurs twice, or there are not as many destinations as sources.
 * @example
 * moveaxis(ones([2, 3, 4]), 0, -1).shape; // [3, 4, 2]
 */
export function moveaxis(
  x: Tensor,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  checkTensor('moveaxis', x);
  const [from, to] = [orderedAxes('moveaxis', source, x.ndim), orderedAxes('moveaxis', destination, x.ndim)];
  if (from.length !== to.length) {
    throw argumentError('moveaxis', 'destination', `as many axes as source, ${from.length}`, destination, true);
  }
  const others = x.shape.map((_, axis) => axis).filter((axis) => !from.includes(axis));
  return x.permute(x.shape.map((_, axis) => (to.includes(axis) ? at(from, to.indexOf(axis)) : others.shift()!)));
}

/**
 * Replaces an axis by several (PyTorch's `unflatten`).
 * @param shape their sizes, whose product is that of the axis. One may be −1 and is inferred.
 * @throws {TypeError} if x is not a tensor, or the shape is not an array of numbers.
 * @throws {RangeError} if the axis is out of range, or the shape does not have its size.
 * @example
 * unflatten(tensor([1, 2, 3, 4]), 0, [2, -1]); // tensor([[1, 2], [3, 4]])
 */
export function unflatten(x: Tensor, axis: number, shape: Shape): Tensor {
  checkTensor('unflatten', x);
  const axisIndex = normalizeAxis('unflatten', axis, x.ndim);
  if (!areIntegers(shape, -1) || shape.length === 0) {
    throw argumentError('unflatten', 'shape', 'an array of integers ≥ 0 and at most one −1', shape, areNumbers(shape));
  }
  const length = at(x.shape, axisIndex);
  const known = sizeOf(shape.filter((size) => size !== -1));
  const sizes = shape.map((size) => (size === -1 ? length / known : size));
  if (shape.indexOf(-1) !== shape.lastIndexOf(-1) || !sizes.every(Number.isInteger) || sizeOf(sizes) !== length) {
    throw new RangeError(
      `unflatten: axis ${axisIndex} of ${formatShape(x.shape)} has ${length} elements and cannot become ${formatShape(shape)}`,
    );
  }
  return x.reshape([...x.shape.slice(0, axisIndex), ...sizes, ...x.shape.slice(axisIndex + 1)]);
}

/**
 * Repeats each element (NumPy's `repeat`, PyTorch's `repeat_interleave`): [a, b] twice is [a, a, b, b]. {@link tile} repeats
 * the whole.
 * @param repeats how often: one count for all elements, or one for each index of the axis.
 * @param axis along which axis. Default: none; x is flattened first.
 * @throws {TypeError} if x is not a tensor, or `repeats` is neither a number nor an array of numbers.
 * @throws {RangeError} if a count is not an integer ≥ 0, there are not as many as elements, or the axis is out of range.
 * @example
 * repeat(tensor([1, 2]), 2); // tensor([1, 1, 2, 2])
 * repeat(tensor([1, 2]), [1, 3]); // tensor([1, 2, 2, 2])
 */
export function repeat(x: Tensor, repeats: number | readonly number[], axis?: number): Tensor {
  checkTensor('repeat', x);
  if (axis === undefined) return repeat(x.reshape([x.size]), repeats, 0);
  const axisIndex = normalizeAxis('repeat', axis, x.ndim);
  const length = at(x.shape, axisIndex);
  if (typeof repeats === 'number') {
    checkInteger('repeat', 'repeats', repeats, { min: 0 });
    const repeated = x.expandDims(axisIndex + 1).broadcastTo(x.shape.toSpliced(axisIndex + 1, 0, repeats));
    return repeated.reshape(x.shape.with(axisIndex, length * repeats));
  }
  if (!areIntegers(repeats, 0) || repeats.length !== length) {
    const expected = `an integer ≥ 0, or an array of ${length} of them, one for each index of axis ${axisIndex}`;
    throw argumentError('repeat', 'repeats', expected, repeats, areNumbers(repeats));
  }
  const indices = repeats.flatMap((count, i) => Array.from({ length: count }, () => i));
  return x.take(tensor(Int32Array.from(indices)), axisIndex);
}

/**
 * Repeats x as a whole along its axes (NumPy's `tile`, PyTorch's `Tensor.repeat`): [a, b] twice is [a, b, a, b].
 * @param repeats how often along each axis. If there are more than axes, x gets leading axes of size 1; if there are fewer,
 *   they are for the last axes. A number is for the last axis.
 * @throws {TypeError} if x is not a tensor, or `repeats` is neither a number nor an array of numbers.
 * @throws {RangeError} if a count is not an integer ≥ 0.
 * @example
 * tile(tensor([1, 2]), 2); // tensor([1, 2, 1, 2])
 */
export function tile(x: Tensor, repeats: number | readonly number[]): Tensor {
  checkTensor('tile', x);
  const given = typeof repeats === 'number' ? [repeats] : repeats;
  if (!areIntegers(given, 0)) {
    throw argumentError('tile', 'repeats', 'an integer ≥ 0 or an array of them', repeats, areNumbers(given));
  }
  const rank = Math.max(given.length, x.ndim);
  const shape = [...Array.from({ length: rank - x.ndim }, () => 1), ...x.shape];
  const counts = [...Array.from({ length: rank - given.length }, () => 1), ...given];
  return x
    .reshape(shape.flatMap((length) => [1, length]))
    .broadcastTo(shape.flatMap((length, axis) => [at(counts, axis), length]))
    .reshape(shape.map((length, axis) => length * at(counts, axis)));
}
