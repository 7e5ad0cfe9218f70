// Operations that cut a tensor along an axis.
import type { Range, Tensor } from '@thetagrad/core';
import {
  areIntegers,
  areNumbers,
  argumentError,
  at,
  checkInteger,
  checkTensor,
  formatShape,
  normalizeAxis,
} from '@thetagrad/core/backend';
import { checkMinRank } from './tensors.ts';

/** Slices one axis of x; bounds are clamped as in NumPy. */
export function sliceAxis(x: Tensor, axis: number, range: Range): Tensor {
  return x.slice(x.shape.map((_, i) => (i === axis ? range : null)));
}

/**
 * Splits x along an axis into at most `chunks` parts of equal length, of which the last may be shorter (PyTorch's `chunk`).
 * There are fewer parts if the axis has no more elements. An empty axis gives `chunks` empty parts.
 * @param axis Default: 0.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if `chunks` is not an integer ≥ 1, or the axis is out of range.
 * @example
 * chunk(tensor([1, 2, 3, 4, 5]), 3); // [tensor([1, 2]), tensor([3, 4]), tensor([5])]
 */
export function chunk(x: Tensor, chunks: number, axis = 0): Tensor[] {
  checkTensor('chunk', x);
  checkInteger('chunk', 'chunks', chunks, { min: 1 });
  const axisIndex = normalizeAxis('chunk', axis, x.ndim);
  const length = at(x.shape, axisIndex);
  const size = Math.ceil(length / chunks);
  const count = size === 0 ? chunks : Math.ceil(length / size);
  return Array.from({ length: count }, (_, i) => sliceAxis(x, axisIndex, [i * size, (i + 1) * size]));
}

/**
 * Splits x along an axis into parts of given lengths (PyTorch's `split` and `split_with_sizes`).
 * @param sizes the length of each part but the last, which has the rest; or the lengths of all parts, which add up to that of the axis.
 * @param axis Default: 0.
 * @throws {TypeError} if x is not a tensor, or the sizes are neither a number nor an array of numbers.
 * @throws {RangeError} if a size is not an integer ≥ 1, or ≥ 0 in an array, sizes do not add up, or the axis is out of range.
 * @example
 * splitWithSizes(tensor([1, 2, 3, 4, 5]), 2); // [tensor([1, 2]), tensor([3, 4]), tensor([5])]
 */
export function splitWithSizes(x: Tensor, sizes: number | readonly number[], axis = 0): Tensor[] {
  checkTensor('splitWithSizes', x);
  const axisIndex = normalizeAxis('splitWithSizes', axis, x.ndim);
  const length = at(x.shape, axisIndex);
  if (typeof sizes === 'number') {
    checkInteger('splitWithSizes', 'sizes', sizes, { min: 1 });
    const count = Math.max(1, Math.ceil(length / sizes));
    return Array.from({ length: count }, (_, i) => sliceAxis(x, axisIndex, [i * sizes, (i + 1) * sizes]));
  }
  if (!areIntegers(sizes, 0))
    throw argumentError('splitWithSizes', 'sizes', 'a number or an array of integers ≥ 0', sizes, areNumbers(sizes));
  let end = 0;
  const ends = sizes.map((size) => (end += size));
  if (end !== length) {
    throw new RangeError(
      `splitWithSizes: sizes add up to ${end}, but axis ${axisIndex} of ${formatShape(x.shape)} has length ${length}`,
    );
  }
  return ends.map((to, i) => sliceAxis(x, axisIndex, [to - at(sizes, i), to]));
}

/**
 * Splits x along an axis (PyTorch's `tensor_split`, NumPy's `array_split`).
 * @param sections the number of parts, whose lengths differ by at most 1, the longer ones first; or the indices at which to
 *   cut, of which negative ones count from the end. Two indices give three parts. (The numbers of core's `split` are lengths.)
 * @param axis Default: 0.
 * @throws {TypeError} if x is not a tensor, or the sections are neither a number nor an array of numbers.
 * @throws {RangeError} if the number of parts is not an integer ≥ 1, an index is not an integer, or the axis is out of range.
 * @example
 * tensorSplit(tensor([1, 2, 3, 4, 5]), [1, 3]); // [tensor([1]), tensor([2, 3]), tensor([4, 5])]
 */
export function tensorSplit(x: Tensor, sections: number | readonly number[], axis = 0): Tensor[] {
  checkTensor('tensorSplit', x);
  return splitAt('tensorSplit', x, sections, normalizeAxis('tensorSplit', axis, x.ndim));
}

/**
 * Splits x along its axis 1, or a vector along axis 0 (NumPy's `hsplit`).
 * @param sections the number of equal parts, or the indices at which to cut, see {@link tensorSplit}.
 * @throws {TypeError} if x is not a tensor, or the sections are neither a number nor an array of numbers.
 * @throws {RangeError} if x is a scalar or does not split into equal parts.
 * @example
 * hsplit(tensor([[1, 2], [3, 4]]), 2); // [tensor([[1], [3]]), tensor([[2], [4]])]
 */
export function hsplit(x: Tensor, sections: number | readonly number[]): Tensor[] {
  checkTensor('hsplit', x);
  return splitEqually('hsplit', x, sections, x.ndim === 1 ? 0 : 1, 1);
}

/**
 * Splits x along its axis 0 (NumPy's `vsplit`).
 * @param sections the number of equal parts, or the indices at which to cut, see {@link tensorSplit}.
 * @throws {TypeError} if x is not a tensor, or the sections are neither a number nor an array of numbers.
 * @throws {RangeError} if x has fewer than 2 axes or does not split into equal parts.
 * @example
 * vsplit(tensor([[1, 2], [3, 4]]), 2); // [tensor([[1, 2]]), tensor([[3, 4]])]
 */
export function vsplit(x: Tensor, sections: number | readonly number[]): Tensor[] {
  return splitEqually('vsplit', x, sections, 0, 2);
}

/**
 * Splits x along its axis 2 (NumPy's `dsplit`).
 * @param sections the number of equal parts, or the indices at which to cut, see {@link tensorSplit}.
 * @throws {TypeError} if x is not a tensor, or the sections are neither a number nor an array of numbers.
 * @throws {RangeError} if x has fewer than 3 axes or does not split into equal parts.
 * @example
 * dsplit(tensor([[[1, 2, 3]]]), [1]); // [tensor([[[1]]]), tensor([[[2, 3]]])]
 */
export function dsplit(x: Tensor, sections: number | readonly number[]): Tensor[] {
  return splitEqually('dsplit', x, sections, 2, 3);
}

function splitEqually(
  operation: string,
  x: Tensor,
  sections: number | readonly number[],
  axis: number,
  minRank: number,
): Tensor[] {
  checkTensor(operation, x);
  checkMinRank(operation, x, minRank);
  if (Number.isInteger(sections) && (sections as number) >= 1 && at(x.shape, axis) % (sections as number) !== 0) {
    throw new RangeError(
      `${operation}: axis ${axis} of ${formatShape(x.shape)} does not split into ${String(sections)} equal parts; use tensorSplit`,
    );
  }
  return splitAt(operation, x, sections, axis);
}

function splitAt(operation: string, x: Tensor, sections: number | readonly number[], axis: number): Tensor[] {
  const length = at(x.shape, axis);
  if (typeof sections === 'number') {
    checkInteger(operation, 'sections', sections, { min: 1 });
    const [size, longer] = [Math.floor(length / sections), length % sections];
    const startOf = (part: number): number => part * size + Math.min(part, longer);
    return Array.from({ length: sections }, (_, i) => sliceAxis(x, axis, [startOf(i), startOf(i + 1)]));
  }
  if (!areIntegers(sections, -Infinity)) {
    const expected = 'a number of parts or an array of indices at which to cut';
    throw argumentError(operation, 'sections', expected, sections, areNumbers(sections));
  }
  return [0, ...sections].map((start, i) =>
    sliceAxis(x, axis, [start, i < sections.length ? at(sections, i) : length]),
  );
}

/**
 * The slices of x at each index of an axis, without that axis (NumPy's `unstack`, PyTorch's `unbind`). The inverse of `stack`.
 * @param axis Default: 0.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * unstack(tensor([[1, 2], [3, 4]])); // [tensor([1, 2]), tensor([3, 4])]
 */
export function unstack(x: Tensor, axis = 0): Tensor[] {
  checkTensor('unstack', x);
  const axisIndex = normalizeAxis('unstack', axis, x.ndim);
  return Array.from({ length: at(x.shape, axisIndex) }, (_, i) => sliceAxis(x, axisIndex, i));
}

/**
 * The `length` elements of an axis from `start` on (PyTorch's `narrow`). Unlike in `slice`, bounds are not clamped.
 * @param start the first index. A negative one counts from the end.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if the axis is out of range, or it has no such elements.
 * @example
 * narrow(tensor([1, 2, 3, 4]), 0, 1, 2); // tensor([2, 3])
 */
export function narrow(x: Tensor, axis: number, start: number, length: number): Tensor {
  checkTensor('narrow', x);
  const axisIndex = normalizeAxis('narrow', axis, x.ndim);
  const size = at(x.shape, axisIndex);
  checkInteger('narrow', 'start', start, { min: -size, max: size });
  const first = start < 0 ? start + size : start;
  checkInteger('narrow', `the length from index ${first} of axis ${axisIndex} on`, length, {
    min: 0,
    max: size - first,
  });
  return sliceAxis(x, axisIndex, [first, first + length]);
}
