// Indexing, and splitting along axes.
import { areIntegers, areNumbers, argumentError, show } from '../data/checks.ts';
import { at as sizeAt, formatShape, normalizeAxis } from '../data/shape.ts';
import type { Tensor } from '../graph/tensor.ts';
import { checkTensor } from './define.ts';
import { applyRanges, select, type Index, type Range } from './select.ts';

/**
 * Selects part of a tensor by NumPy's basic indexing: `x.slice([0, [1, -1], [null, null, 2]])` is `x[0, 1:-1, ::2]`.
 * Axes without a range are kept whole. Starts and stops beyond the ends are clamped, as in NumPy.
 * @throws {TypeError} if the ranges are not an array, or a range has none of the forms of {@link Range}.
 * @throws {RangeError} if an index is out of range, a bound or step is not an integer, a step is 0, or there are more ranges
 *   than axes.
 * @example
 * slice(arange(5), [[1, -1]]); // tensor([1, 2, 3], int32)
 */
export function slice(x: Tensor, ranges: readonly Range[]): Tensor {
  checkTensor('slice', x);
  if (!Array.isArray(ranges)) {
    throw argumentError('slice', 'ranges', 'an array with at most one range for each axis', ranges, false);
  }
  if (ranges.length > x.ndim) {
    throw new RangeError(
      `slice: expected at most ${x.ndim} ranges for a tensor of shape ${formatShape(x.shape)}, got ${ranges.length}`,
    );
  }
  return applyRanges('slice', x, ranges);
}

/**
 * Selects part of a tensor as NumPy's brackets do, one argument for each axis: `x.at(0, '1:-1', '::2')` is `x[0, 1:-1, ::2]` and
 * `x.at([0, 2], '...', mask)` is `x[[0, 2], ..., mask]`. Axes without an argument are kept whole. Arrays and tensors of indices
 * broadcast together; their axes are placed where the first of them is, or first if something stands between them. To set what
 * it selects use `atSet` of `@thetagrad/ops`.
 * @param index for each axis an integer, which removes the axis; a range such as `':'` or `'-1::-1'`; or indices, int32 or
 *   integers in arrays. `'...'` stands for all axes that are left, `'newaxis'` inserts one. A mask, booleans in arrays or a
 *   tensor of bool, stands for as many axes as it has. Its values must be known, since the shape depends on them.
 * @throws {TypeError} if an argument has none of these forms.
 * @throws {RangeError} if there are more than axes, indices do not broadcast, a mask does not have the shape of its axes, or an
 *   index is out of range: of indices in a tensor at evaluation.
 * @throws {Error} if the values of a mask are not known.
 * @example
 * at(tensor([[1, 2], [3, 4]]), ':', 0); // tensor([1, 3])
 */
export function at(x: Tensor, ...index: Index[]): Tensor {
  checkTensor('at', x);
  return select('at', x, index);
}

/**
 * Splits x along an axis (NumPy's `split`).
 * @param sections the number of equal sections, or the size of each.
 * @param axis Default: 0.
 * @throws {TypeError} if the sections are neither a number nor an array of numbers.
 * @throws {RangeError} if the axis is out of range or does not split into the sections.
 * @example
 * split(arange(6), 3); // [tensor([0, 1], int32), tensor([2, 3], int32), tensor([4, 5], int32)]
 */
export function split(x: Tensor, sections: number | readonly number[], axis = 0): Tensor[] {
  checkTensor('split', x);
  const axisIndex = normalizeAxis('split', axis, x.ndim);
  const length = sizeAt(x.shape, axisIndex);
  const sizes = typeof sections === 'number' ? Array.from({ length: sections }, () => length / sections) : sections;
  if (!areNumbers(sizes)) throw argumentError('split', 'sections', 'a number or an array of numbers', sizes);
  if (!areIntegers(sizes, 0) || sizes.reduce((total, n) => total + n, 0) !== length) {
    throw new RangeError(
      `split: axis ${axisIndex} of ${formatShape(x.shape)} does not split into ${
        typeof sections === 'number' ? `${sections} equal sections` : `sections of sizes ${show(sections)}`
      }`,
    );
  }
  let start = 0;
  return sizes.map((size) => {
    const ranges = x.shape.map((_, i): Range => (i === axisIndex ? [start, start + size] : null));
    start += size;
    return x.slice(ranges);
  });
}
