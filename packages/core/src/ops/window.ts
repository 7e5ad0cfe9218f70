// Parses sizes and padding of 2-D windows, for convolution and pooling.
import { areIntegers, areNumbers, argumentError, unknownValue } from '../data/checks.ts';
import { at, formatShape } from '../data/shape.ts';
import type { Pair } from '../graph/routines.ts';
import type { Tensor } from '../graph/tensor.ts';

/** One number for both height and width, or [height, width]. */
export type Size2d = number | readonly [height: number, width: number];

/** Padding: one number for all sides, [vertical, horizontal], or [[top, bottom], [left, right]]. */
export type Padding2d =
  | Size2d
  | readonly [readonly [top: number, bottom: number], readonly [left: number, right: number]];

/** Padding before and after the rows and columns. */
export interface WindowPadding {
  readonly before: Pair;
  readonly after: Pair;
}

/**
 * Parses a number or a pair of numbers.
 * @throws {TypeError} if the value is not a number or an array of numbers.
 * @throws {RangeError} if it is not an integer ≥ min or a pair of them.
 */
export function parsePair(operation: string, name: string, value: unknown, min: number): Pair {
  const pair: unknown = typeof value === 'number' ? [value, value] : value;
  if (areIntegers(pair, min) && pair.length === 2) return pair as Pair;
  throw argumentError(operation, name, `an integer ≥ ${min} or a pair of them`, value, areNumbers(pair));
}

/**
 * Parses padding, for windows that span `extent` elements.
 * @throws {TypeError} if it is an unknown string, or not made of numbers.
 * @throws {RangeError} if it has none of the forms of {@link Padding2d}, or the window exceeds the padded images.
 */
export function parsePadding(
  operation: string,
  padding: Padding2d | 'same' | 'valid',
  x: Tensor,
  extent: Pair,
  stride: Pair,
): WindowPadding {
  const parsed = parseSides(operation, padding, x, extent, stride);
  const padded = ([0, 1] as const).map((i) => at(x.shape, 2 + i) + parsed.before[i] + parsed.after[i]);
  if (padded.some((length, i) => length < at(extent, i))) {
    throw new RangeError(
      `${operation}: a window of ${formatShape(extent)} does not fit the padded images ` +
        `${formatShape([...x.shape.slice(0, 2), ...padded])}`,
    );
  }
  return parsed;
}

function parseSides(
  operation: string,
  padding: Padding2d | 'same' | 'valid',
  x: Tensor,
  extent: Pair,
  stride: Pair,
): WindowPadding {
  if (padding === 'valid') return { before: [0, 0], after: [0, 0] };
  if (padding === 'same') {
    const total = (i: 0 | 1): number => {
      const length = at(x.shape, 2 + i);
      return Math.max(0, (Math.ceil(length / stride[i]) - 1) * stride[i] + extent[i] - length);
    };
    const [height, width]: Pair = [total(0), total(1)];
    return {
      before: [Math.floor(height / 2), Math.floor(width / 2)],
      after: [Math.ceil(height / 2), Math.ceil(width / 2)],
    };
  }
  if (typeof padding === 'string') {
    throw unknownValue(operation, 'padding', padding, `'same', 'valid' or numbers`);
  }
  if (Array.isArray(padding) && padding.length === 2 && padding.every(Array.isArray)) {
    const [rows, columns] = padding.map((sides) => parsePair(operation, 'padding', sides, 0)) as [Pair, Pair];
    return { before: [rows[0], columns[0]], after: [rows[1], columns[1]] };
  }
  const sides = parsePair(operation, 'padding', padding, 0);
  return { before: sides, after: sides };
}
