// What `slice` and `at` select: NumPy's basic and advanced indexing.
import { argumentError, checkInteger, show } from '../data/checks.ts';
import { typedArrayType, type TypedArray } from '../data/dtype.ts';
import { at, broadcastShapes, formatShape, normalizeIndex, sameShape, sizeOf, type Shape } from '../data/shape.ts';
import { checkNotRecording } from '../graph/recording.ts';
import { applyMovement, checkNotDisposed, Tensor } from '../graph/tensor.ts';
import { arange, fromArray, fromValues, type Nested } from './creation.ts';
import { takeSlices } from './gather.ts';
import { toIndices, type Indexed, type Indices } from './indices.ts';
import { Slice } from './movement.ts';

/**
 * The selection of an axis: `null` for all of it, an index, which removes the axis, or `[start, stop, step]`, where `null`
 * stands for an open end. Negative starts, stops and indices count from the end; a negative step reverses the order.
 */
export type Range = null | number | readonly [start?: number | null, stop?: number | null, step?: number];

/** A range in NumPy's notation, `start:stop:step` with optional parts: `':'`, `'1:-1'`, `'::2'`. */
export type RangeNotation = `${number | ''}:${number | ''}` | `${number | ''}:${number | ''}:${number | ''}`;

/** What `at` selects: an index, a range, indices, a mask, all axes that are left, or a new axis. */
export type Index = Indices | RangeNotation | Nested | '...' | 'newaxis';

/** Applies one range for each axis; axes without one are kept whole. */
export function applyRanges(operation: string, x: Tensor, ranges: readonly Range[]): Tensor {
  const parts = x.shape.map((length, axis) => resolveRange(operation, ranges[axis] ?? null, length, axis));
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

function resolveRange(operation: string, range: Range, length: number, axis: number): ResolvedRange {
  if (typeof range === 'number') {
    checkInteger(operation, `the index of axis ${axis}`, range);
    const start = normalizeIndex(operation, range, length, axis);
    return { start, count: 1, step: 1, isReversed: false, isRemoved: true };
  }
  if (range !== null && !Array.isArray(range)) {
    throw argumentError(operation, `the range of axis ${axis}`, 'null, an index or [start, stop, step]', range);
  }
  const [start = null, stop = null, step = 1]: Exclude<Range, number | null> = range ?? [];
  if (start !== null) checkInteger(operation, `the start of axis ${axis}`, start);
  if (stop !== null) checkInteger(operation, `the stop of axis ${axis}`, stop);
  checkInteger(operation, `the step of axis ${axis}`, step);
  if (step === 0) throw argumentError(operation, `the step of axis ${axis}`, 'an integer other than 0', step);
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

/** What an argument of `at` does: takes a range, or the elements at int32 indices, of an axis; or concerns none. */
type Part = '...' | 'newaxis' | { readonly range: Range } | IndexedAxis;

interface IndexedAxis {
  readonly indices: Tensor;
  /** The axis of x. */
  readonly axis: number;
}

function isIndexed(part: Part): part is IndexedAxis {
  return typeof part === 'object' && 'indices' in part;
}

/** Selects part of x by NumPy's advanced indexing, see `at`. */
export function select(operation: string, x: Tensor, index: readonly Index[]): Tensor {
  const parts = resolveParts(operation, x.shape, index);
  const indexed = parts.filter(isIndexed);
  const sliced = applyRanges(
    operation,
    x,
    parts.flatMap((part) => (typeof part === 'string' ? [] : [isIndexed(part) ? null : part.range])),
  );
  // NumPy's rule: the axes of indices replace the first of them, or come first if others stand between them. Integers next to
  // indices count as indices.
  const isAdvanced = (part: Part): boolean =>
    isIndexed(part) || (indexed.length > 0 && typeof part === 'object' && typeof part.range === 'number');
  const first = parts.findIndex(isAdvanced);
  const isTogether = parts.slice(first, parts.findLastIndex(isAdvanced) + 1).every(isAdvanced);
  const start = isTogether ? first : 0;
  const common = broadcastShapes(operation, ...indexed.map(({ indices }) => indices.shape));

  const shape: number[] = [];
  /** The axes of `sliced` before those of the indices, those that are indexed, and those after. */
  const axes: Record<'before' | 'indexed' | 'after', number[]> = { before: [], indexed: [], after: [] };
  let axis = 0;
  parts.forEach((part, i) => {
    if (i === start) shape.push(...common);
    if (part === 'newaxis') shape.push(1);
    if (typeof part === 'string') return;
    if (isIndexed(part)) axes.indexed.push(axis++);
    else if (typeof part.range !== 'number') {
      shape.push(at(sliced.shape, axis));
      axes[i < start ? 'before' : 'after'].push(axis++);
    }
  });
  if (indexed.length === 0) return sliced.reshape(shape);
  const joined = sizeOf(indexed.map((part) => at(x.shape, part.axis)));
  const sizes = (of: readonly number[]): number[] => of.map((i) => at(sliced.shape, i));
  const lines = sliced
    .permute([...axes.before, ...axes.indexed, ...axes.after])
    .reshape([...sizes(axes.before), joined, ...sizes(axes.after)]);
  return gatherJoined(operation, x, lines, indexed, axes.before.length).reshape(shape);
}

/** Takes the elements at indices of several axes of x, which `lines` has as one axis. */
function gatherJoined(
  operation: string,
  x: Tensor,
  lines: Tensor,
  indexed: readonly IndexedAxis[],
  axis: number,
): Tensor {
  const sourceOf = (part: IndexedAxis): Indexed => ({ shape: x.shape, axis: part.axis });
  const [only, ...others] = indexed;
  if (only && others.length === 0) return takeSlices(operation, lines, only.indices, axis, sourceOf(only));
  let stride = 1;
  const offsets = indexed.toReversed().map((part) => {
    const length = at(x.shape, part.axis);
    // Gathers multiples of the stride, which checks the indices of each axis and counts negative ones from its end.
    const multiples = takeSlices(operation, arange(length).mul(stride), part.indices, 0, sourceOf(part));
    stride *= length;
    return multiples;
  });
  const positions = offsets.reduce((sum, offset) => sum.add(offset));
  return takeSlices(operation, lines, positions, axis, { shape: lines.shape, axis });
}

/** Resolves the arguments of `at` to parts that cover all axes. */
function resolveParts(operation: string, shape: Shape, index: readonly Index[]): Part[] {
  const items = index.map((item) => resolveItem(operation, item));
  if (!items.includes('...')) items.push('...');
  const given = items.reduce(
    (sum, item) => sum + (typeof item === 'string' ? 0 : 'mask' in item ? item.mask.ndim : 1),
    0,
  );
  const rest = shape.length - given;
  if (rest < 0 || items.indexOf('...') !== items.lastIndexOf('...')) {
    const expected = `at most ${shape.length} indices for a tensor of shape ${formatShape(shape)}, and one '...'`;
    throw new RangeError(`${operation}: expected ${expected}, got ${show(index)}`);
  }
  let axis = 0;
  return items.flatMap((item): Part[] => {
    const from = axis;
    if (item === 'newaxis') return [item];
    if (item === '...') {
      axis += rest;
      return [item, ...Array.from({ length: rest }, () => ({ range: null }))];
    }
    axis += 'mask' in item ? item.mask.ndim : 1;
    if ('mask' in item) return maskedAxes(operation, item.mask, shape, from);
    if ('range' in item) return [item];
    return [{ indices: toIndices(operation, item.given, { shape, axis: from }), axis: from }];
  });
}

type Item = '...' | 'newaxis' | { readonly range: Range } | { readonly mask: Tensor } | { readonly given: Indices };

function resolveItem(operation: string, item: Index): Item {
  if (item === '...' || item === 'newaxis') return item;
  if (typeof item === 'number') return { range: item };
  const range = typeof item === 'string' ? parseRange(item) : undefined;
  if (range) return { range };
  if (item instanceof Tensor || typedArrayType(item) !== undefined || Array.isArray(item)) {
    const values = Array.isArray(item) ? fromValues(operation, item) : item;
    if (!(values instanceof Tensor) || values.dtype !== 'bool') return { given: item as Indices };
    if (values.ndim > 0) return { mask: values };
  }
  const expected = `an integer, a range such as ':' or '1:-1', '...', 'newaxis', indices or a mask`;
  throw argumentError(operation, 'an index', expected, item, false);
}

function parseRange(text: string): Range | undefined {
  const match = /^(-?\d+)?:(-?\d+)?(?::(-?\d+)?)?$/.exec(text.replaceAll(' ', ''));
  if (!match) return undefined;
  const [start = null, stop = null, step = 1] = match
    .slice(1)
    .map((part) => (part === undefined ? part : Number(part)));
  return [start, stop, step];
}

/** The indices of the elements of axes, from axis `from` on, at which a mask is true. */
function maskedAxes(operation: string, mask: Tensor, shape: Shape, from: number): IndexedAxis[] {
  if (!sameShape(mask.shape, shape.slice(from, from + mask.ndim))) {
    throw new RangeError(
      `${operation}: a mask of shape ${formatShape(mask.shape)} does not fit the axes from ${from} on of ${formatShape(shape)}`,
    );
  }
  const chosen: number[] = [];
  readMask(operation, mask).forEach((isChosen, position) => {
    if (isChosen) chosen.push(position);
  });
  return mask.shape.map((length, i) => {
    const stride = sizeOf(mask.shape.slice(i + 1));
    const indices = Int32Array.from(chosen, (position) => Math.floor(position / stride) % length);
    return { indices: fromArray(indices, [indices.length], 'int32'), axis: from + i };
  });
}

/** @throws {Error} if the values are not known, or cannot be read at once. */
function readMask(operation: string, mask: Tensor): TypedArray {
  checkNotDisposed(operation, mask);
  checkNotRecording(operation);
  try {
    if (mask.buffer) return mask.buffer.readSync();
  } catch {
    // On a device: the error below says what to do.
  }
  throw new Error(
    `${operation}: the values of a mask must be known, since the shape depends on them; evaluate the mask first, keep the ` +
      `shape with where(mask, x, 0), or use maskedSelect of @thetagrad/ops, which is asynchronous`,
  );
}
