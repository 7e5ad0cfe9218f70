// Options of pooling, and the windows that they describe.
import type { Tensor } from '@thetagrad/core';
import { at, checkBoolean, checkOptions, checkTensor, formatShape } from '@thetagrad/core/backend';
import {
  checkFit,
  eachAxis,
  extentOf,
  type Padding,
  parseSides,
  parseSize,
  type Rank,
  type Sided,
  type Size,
} from '../windows.ts';

/** What all pooling has in common. */
export interface PoolOptions<R extends Rank> {
  /** The lengths of windows. */
  readonly kernelSize: Size<R>;
  /** The step between windows. Default: `kernelSize`. */
  readonly stride?: Size<R>;
  /** Whether a last window may reach beyond the end, if it begins before it. Default: false. */
  readonly ceilMode?: boolean;
}

/** Windows along each spatial axis. */
export interface Windows extends Sided {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** The number of windows on each axis. */
  readonly counts: readonly number[];
}

type AnyOptions = PoolOptions<Rank> & { readonly padding?: Padding<Rank>; readonly dilation?: Size<Rank> };

/**
 * Parses the options of pooling, and counts windows.
 * @param known names of options besides `kernelSize`, `stride` and `ceilMode`.
 * @throws {TypeError} if x is not a tensor, or an option is unknown or of the wrong kind.
 * @throws {RangeError} if an option is out of range, or a window exceeds the padded images.
 */
export function parseWindows(
  operation: string,
  rank: Rank,
  x: Tensor,
  options: AnyOptions,
  known: readonly string[],
): Windows {
  checkTensor(operation, x);
  const names: readonly string[] = ['kernelSize', 'stride', 'ceilMode', ...known];
  checkOptions(operation, options, names as (keyof AnyOptions)[]);
  const { ceilMode = false } = options;
  checkBoolean(operation, 'ceilMode', ceilMode);
  const kernelSize = parseSize(operation, 'kernelSize', options.kernelSize, rank, 1);
  const stride = parseSize(operation, 'stride', options.stride ?? kernelSize, rank, 1);
  const dilation = parseSize(operation, 'dilation', options.dilation ?? 1, rank, 1);
  const sides = parseSides(operation, options.padding ?? 0, rank);
  const lengths = x.shape.slice(-rank);
  const extent = extentOf(kernelSize, dilation);
  const counts = eachAxis(rank, (axis) => {
    const [length, before, step] = [at(lengths, axis), at(sides.before, axis), at(stride, axis)];
    const room = before + length + at(sides.after, axis) - at(extent, axis);
    if (!ceilMode) return Math.floor(room / step) + 1;
    // The last window begins within the axis or the padding before it.
    return Math.min(Math.ceil(room / step) + 1, Math.ceil((before + length) / step));
  });
  // With ceilMode a window may exceed the axis by less than a stride.
  if (counts.some((count) => count < 1)) checkFit(operation, lengths, sides, extent);
  return { kernelSize, stride, dilation, counts, ...sides };
}

/** @throws {RangeError} if images have an axis of length 0, of which there is no mean or maximum. */
export function checkNotEmpty(operation: string, x: Tensor, rank: Rank): void {
  if (!x.shape.slice(-rank).includes(0)) return;
  throw new RangeError(`${operation}: images ${formatShape(x.shape)} have no elements to reduce`);
}
