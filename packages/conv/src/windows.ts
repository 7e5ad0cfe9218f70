// Sizes, padding and positions of windows over one to three axes.
import type { Tensor } from '@thetagrad/core';
import { areIntegers, areNumbers, argumentError, at, dilate, formatShape, unknownValue } from '@thetagrad/core/backend';

/** The number of spatial axes. */
export type Rank = 1 | 2 | 3;

interface Sizes {
  1: readonly [length: number];
  2: readonly [height: number, width: number];
  3: readonly [depth: number, height: number, width: number];
}

/** One number for all spatial axes, or one for each. */
export type Size<R extends Rank> = number | Sizes[R];

type Sides = readonly [before: number, after: number];

interface SidesOfAxes {
  1: readonly [length: Sides];
  2: readonly [height: Sides, width: Sides];
  3: readonly [depth: Sides, height: Sides, width: Sides];
}

/** Padding: one number for all sides, one for both sides of each spatial axis, or [before, after] for each spatial axis. */
export type Padding<R extends Rank> = Size<R> | SidesOfAxes[R];

/** Padding before and after each spatial axis. */
export interface Sided {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** How messages call the spatial axes of images. */
const axisNames = [[], ['L'], ['H', 'W'], ['D', 'H', 'W']] as const;

/** Formats the shape of images for messages: [N, C, H, W]. */
export function formatImages(rank: Rank, lead = 'N, C'): string {
  return `[${[lead, ...(axisNames[rank] ?? [])].join(', ')}]`;
}

/** A size for each spatial axis. */
export function eachAxis(rank: Rank, of: (axis: number) => number): number[] {
  return Array.from({ length: rank }, (_, axis) => of(axis));
}

/**
 * Parses a number for all spatial axes, or one for each.
 * @throws {TypeError} if the value is not a number or an array of numbers.
 * @throws {RangeError} if it is not an integer ≥ min, or as many of them as there are axes.
 */
export function parseSize(operation: string, name: string, value: unknown, rank: Rank, min: number): readonly number[] {
  const sizes: unknown = typeof value === 'number' ? eachAxis(rank, () => value) : value;
  if (areIntegers(sizes, min) && sizes.length === rank) return sizes;
  const expected = `an integer ≥ ${min} or an array of ${rank}, one for each axis`;
  throw argumentError(operation, name, expected, value, areNumbers(sizes));
}

/**
 * Parses numbers of padding.
 * @throws {TypeError} if it is not made of numbers.
 * @throws {RangeError} if it has none of the forms of {@link Padding}.
 */
export function parseSides(operation: string, padding: unknown, rank: Rank): Sided {
  if (Array.isArray(padding) && padding.length === rank && padding.every(Array.isArray)) {
    const sides: readonly unknown[] = padding;
    const pairs = sides.filter((pair): pair is Sides => areIntegers(pair, 0) && pair.length === 2);
    if (pairs.length === rank)
      return { before: pairs.map(([before]) => before), after: pairs.map(([, after]) => after) };
    const expected = `integers ≥ 0, one for each axis or a pair [before, after] for each`;
    throw argumentError(operation, 'padding', expected, padding, sides.every(areNumbers));
  }
  const both = parseSize(operation, 'padding', padding, rank, 0);
  return { before: both, after: both };
}

/**
 * Parses padding of convolutions, for windows that span `extent` elements. `'same'` gives ⌈length / stride⌉ windows.
 * @throws {TypeError} if it is an unknown string, or not made of numbers.
 * @throws {RangeError} if it has none of the forms of {@link Padding}.
 */
export function parsePadding(
  operation: string,
  padding: unknown,
  lengths: readonly number[],
  extent: readonly number[],
  stride: readonly number[],
): Sided {
  if (padding === 'valid') return { before: lengths.map(() => 0), after: lengths.map(() => 0) };
  if (padding === 'same') {
    const total = lengths.map((length, axis) => {
      const covered = (Math.ceil(length / at(stride, axis)) - 1) * at(stride, axis) + at(extent, axis);
      return Math.max(0, covered - length);
    });
    return { before: total.map((sum) => Math.floor(sum / 2)), after: total.map((sum) => Math.ceil(sum / 2)) };
  }
  if (typeof padding === 'string') {
    throw unknownValue(operation, 'padding', padding, "'same', 'valid' or numbers");
  }
  return parseSides(operation, padding, lengths.length as Rank);
}

/** The number of elements that windows span on each axis. */
export function extentOf(kernelSize: readonly number[], dilation: readonly number[]): number[] {
  return kernelSize.map((size, axis) => dilate(size, at(dilation, axis)));
}

/** @throws {RangeError} if a window is longer than a padded axis. */
export function checkFit(
  operation: string,
  lengths: readonly number[],
  { before, after }: Sided,
  extent: readonly number[],
): void {
  const padded = lengths.map((length, axis) => length + at(before, axis) + at(after, axis));
  if (padded.every((length, axis) => length >= at(extent, axis))) return;
  throw new RangeError(
    `${operation}: a window of ${formatShape(extent)} does not fit the padded size ${formatShape(padded)}`,
  );
}

/** Images with their batch axis, and the way back from a result. */
export interface Batch {
  /** [N, C, …] */
  readonly images: Tensor;
  /** Removes the batch axis from a result, if the input had none. */
  readonly restore: (result: Tensor) => Tensor;
}

/**
 * Adds a batch axis of length 1 to images without one.
 * @throws {RangeError} if x has neither rank + 1 nor rank + 2 axes.
 */
export function toBatch(operation: string, x: Tensor, rank: Rank): Batch {
  if (x.ndim === rank + 2) return { images: x, restore: (result) => result };
  if (x.ndim === rank + 1) return { images: x.expandDims(0), restore: (result) => result.squeeze(0) };
  throw new RangeError(
    `${operation}: expected images ${formatImages(rank)} or ${formatImages(rank, 'C')}, got ${formatShape(x.shape)}`,
  );
}
