// Basic indexing and splitting along axes.
import { areIntegers, areNumbers, argumentError, checkInteger, show } from '../data/checks.ts';
import { at, formatShape, normalizeAxis, normalizeIndex } from '../data/shape.ts';
import { applyMovement, type Tensor } from '../graph/tensor.ts';
import { checkTensor } from './define.ts';
import { Slice } from './movement.ts';

/**
 * The selection of an axis: `null` for all of it, an index, which removes the axis, or `[start, stop, step]`, where `null`
 * stands for an open end. Negative starts, stops and indices count from the end; a negative step reverses the order.
 */
export type Range = null | number | readonly [start?: number | null, stop?: number | null, step?: number];

/**
 * Selects part of a tensor by NumPy's basic indexing: `x.slice([0, [1, -1], [null, null, 2]])` is `x[0, 1:-1, ::2]`.
 * Axes without a range are kept whole. Starts and stops beyond the ends are clamped, as in NumPy.
 * @throws {TypeError} if the ranges are not an array, or a range has none of the forms of {@link Range}.
 * @throws {RangeError} if an index is out of range, a bound or step is not an integer, a step is 0, or there are more ranges
 *   than axes.
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
  const parts = x.shape.map((length, axis) => resolveRange(ranges[axis] ?? null, length, axis));
  const sliced = applyMovement(
    Slice,
    x,
    parts.map((part) => part.count),
    { start: parts.map((part) => part.start), step: parts.map((part) => part.step) },
  );
  const reversedAxes = parts.flatMap((part, axis) => (part.isReversed ? [axis] : []));
  const removedAxes = parts.flatMap((part, axis) => (part.isRemoved ? [axis] : []));
  const flipped = reversedAxes.length > 0 ? sliced.flip(reversedAxes) : sliced;
  return removedAxes.length > 0 ? flipped.squeeze(removedAxes) : flipped;
}

/** A resolved range of an axis: `count` elements from `start` on with a positive step. */
interface ResolvedRange {
  readonly start: number;
  readonly count: number;
  readonly step: number;
  /** Whether the elements are to be reversed afterwards. */
  readonly isReversed: boolean;
  /** Whether the axis is to be removed afterwards. */
  readonly isRemoved: boolean;
}

function resolveRange(range: Range, length: number, axis: number): ResolvedRange {
  if (typeof range === 'number') {
    checkInteger('slice', `the index of axis ${axis}`, range);
    const start = normalizeIndex('slice', range, length, axis);
    return { start, count: 1, step: 1, isReversed: false, isRemoved: true };
  }
  if (range !== null && !Array.isArray(range)) {
    throw argumentError('slice', `the range of axis ${axis}`, 'null, an index or [start, stop, step]', range);
  }
  const [start = null, stop = null, step = 1]: Exclude<Range, number | null> = range ?? [];
  if (start !== null) checkInteger('slice', `the start of axis ${axis}`, start);
  if (stop !== null) checkInteger('slice', `the stop of axis ${axis}`, stop);
  checkInteger('slice', `the step of axis ${axis}`, step);
  if (step === 0) throw argumentError('slice', `the step of axis ${axis}`, 'an integer other than 0', step);
  const isReversed = step < 0;
  const clampBound = (value: number): number => {
    const normalized = value < 0 ? value + length : value;
    return isReversed ? Math.min(Math.max(normalized, -1), length - 1) : Math.min(Math.max(normalized, 0), length);
  };
  const first = start === null ? (isReversed ? length - 1 : 0) : clampBound(start);
  const end = stop === null ? (isReversed ? -1 : length) : clampBound(stop);
  const stride = Math.abs(step);
  const count = Math.max(0, Math.ceil((isReversed ? first - end : end - first) / stride));
  // A reversed range selects the same elements forwards, from the last one on.
  const lowest = count === 0 ? 0 : isReversed ? first - (count - 1) * stride : first;
  return { start: lowest, count, step: stride, isReversed, isRemoved: false };
}

/**
 * Splits x along an axis (NumPy's `split`).
 * @param sections the number of equal sections, or the size of each.
 * @param axis Default: 0.
 * @throws {TypeError} if the sections are neither a number nor an array of numbers.
 * @throws {RangeError} if the axis is out of range or does not split into the sections.
 */
export function split(x: Tensor, sections: number | readonly number[], axis = 0): Tensor[] {
  checkTensor('split', x);
  const axisIndex = normalizeAxis('split', axis, x.ndim);
  const length = at(x.shape, axisIndex);
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
