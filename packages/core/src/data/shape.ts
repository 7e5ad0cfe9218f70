import { areIntegers, areNumbers, argumentError, checkInteger, joinFirst } from './checks.ts';
import { allocate } from './dtype.ts';

/** The sizes of a tensor's axes, outermost first. `[]` is a scalar. */
export type Shape = readonly number[];

/** A strided view of a buffer: element (i, j, …) is at index `offset + i·strides[0] + j·strides[1] + …`. */
export interface View {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The number at an index that is known to exist. */
export function at(list: ArrayLike<number>, index: number): number {
  return list[index]!;
}

/** The last number of a list that is not empty. */
export function last(list: ArrayLike<number>): number {
  return at(list, list.length - 1);
}

/** The number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** The maximum number of axes of a given shape, NumPy's. */
const maxRank = 64;

/** Formats a shape for messages: `[2, 3]`. */
export function formatShape(shape: Shape): string {
  return `[${joinFirst(shape, maxRank, String)}]`;
}

/** Formats the shapes of tensors for error messages. */
export function formatShapes(tensors: readonly { readonly shape: Shape }[]): string {
  return joinFirst(tensors, 8, ({ shape }) => formatShape(shape)) || 'none';
}

/**
 * Checks a shape.
 * @throws {TypeError} if it is not an array of numbers.
 * @throws {RangeError} if a number is not an integer ≥ 0, or there are more than 64.
 */
export function checkShape(operation: string, shape: Shape): void {
  if (!areIntegers(shape, 0)) {
    throw argumentError(operation, 'shape', 'an array of integers ≥ 0', shape, areNumbers(shape));
  }
  if (!Number.isSafeInteger(sizeOf(shape))) {
    throw new RangeError(`${operation}: a shape must have at most 2⁵³ elements, got ${formatShape(shape)}`);
  }
  if (shape.length > maxRank) {
    const got = `got ${shape.length}; to make a tensor of numbers use tensor(…)`;
    throw new RangeError(`${operation}: a shape must have at most ${maxRank} axes, ${got}`);
  }
}

/** The number of elements that `length` elements span when they are `step` apart. */
export function dilate(length: number, step: number): number {
  return length === 0 ? 0 : (length - 1) * step + 1;
}

/** The strides of a contiguous row-major array. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** The view of a contiguous row-major array at the start of its buffer. */
export function contiguous(shape: Shape): View {
  return { shape, strides: rowMajorStrides(shape), offset: 0 };
}

/** Whether a view reads its buffer from the start, in row-major order, without gaps or repetition. */
export function isContiguous({ shape, strides, offset }: View): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return offset === 0;
}

/**
 * The shape that all `shapes` broadcast to by NumPy's rule: aligned at the last axis, sizes of an axis are equal or 1.
 * @throws {RangeError} if two sizes of an axis differ and neither is 1.
 */
export function broadcastShapes(operation: string, ...shapes: readonly Shape[]): Shape {
  // Mostly all shapes but those of scalars are equal.
  const largest = shapes.reduce((first, second) => (second.length > first.length ? second : first), []);
  if (shapes.every((shape) => shape.length === 0 || sameShape(shape, largest))) return largest;
  const rank = largest.length;
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const lead = rank - shape.length;
    for (let axis = 0; axis < shape.length; axis++) {
      const length = shape[axis]!;
      if (length === 1) continue;
      if (result[lead + axis] !== 1 && result[lead + axis] !== length) {
        throw new RangeError(
          `${operation}: shapes ${shapes.map(formatShape).join(' and ')} do not broadcast: counted from the end, ` +
            `axis ${axis - shape.length} is ${result[lead + axis]} in one and ${length} in another; sizes must be equal or 1`,
        );
      }
      result[lead + axis] = length;
    }
  }
  return result;
}

/**
 * Converts an axis, of which negative ones count from the end, to a number from 0 to rank − 1.
 * @throws {TypeError} if it is not a number.
 * @throws {RangeError} if it is not an integer from −rank to rank − 1.
 */
export function normalizeAxis(operation: string, axis: number, rank: number): number {
  if (Array.isArray(axis)) throw argumentError(operation, 'axis', 'a single axis, not an array', axis, false);
  checkInteger(operation, 'axis', axis);
  if (axis < -rank || axis >= rank) {
    throw new RangeError(
      rank === 0
        ? `${operation}: axis ${axis} is out of range: a scalar has no axes`
        : `${operation}: axis ${axis} is out of range for a tensor of rank ${rank}; use ${-rank} to ${rank - 1}`,
    );
  }
  return axis < 0 ? axis + rank : axis;
}

/** As {@link normalizeAxis}, but a scalar counts as a line of one element: 0 and −1 are its axis 0. */
export function normalizeLineAxis(operation: string, axis: number, rank: number): number {
  return rank === 0 && (axis === 0 || axis === -1) ? 0 : normalizeAxis(operation, axis, rank);
}

/**
 * Converts an index, of which negative ones count from the end, to one from 0 to length − 1.
 * @throws {RangeError} if it is out of range.
 */
export function normalizeIndex(operation: string, index: number, length: number, axis: number): number {
  const normalized = index < 0 ? index + length : index;
  if (normalized >= 0 && normalized < length) return normalized;
  throw indexError(operation, index, length, axis);
}

/** An index that is out of range. */
export class IndexError extends RangeError {}

/** Builds the error for an index that is out of range, the same on every backend. */
export function indexError(operation: string, index: number, length: number, axis: number): IndexError {
  return new IndexError(indexMessage(operation, index, length, axis));
}

export function indexMessage(operation: string, index: number, length: number, axis: number): string {
  const message = `${operation}: index ${index} is out of range for axis ${axis} of length ${length}`;
  return message + (length === 0 ? ': the axis is empty' : `; use ${-length} to ${length - 1}`);
}

/**
 * Converts one axis or several to numbers from 0 to rank − 1 in increasing order; of a scalar, 0 and −1 to none. Default: all
 * axes.
 * @throws {TypeError} if `axes` is neither a number nor an array.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 */
export function normalizeAxes(operation: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  if (typeof axes !== 'number' && !Array.isArray(axes)) {
    throw argumentError(operation, 'axis', 'an integer or an array of integers, before the options', axes);
  }
  const list = (typeof axes === 'number' ? [axes] : [...axes]).map((axis) => normalizeLineAxis(operation, axis, rank));
  if (new Set(list).size !== list.length) {
    throw argumentError(operation, 'axes', 'distinct', axes, true);
  }
  return rank === 0 ? [] : list.sort((a, b) => a - b);
}

/** Reorders the axes of a view: axis i of the result is axis `axes[i]`. */
export function permuteView(view: View, axes: readonly number[]): View {
  return {
    shape: axes.map((axis) => view.shape[axis]!),
    strides: axes.map((axis) => view.strides[axis]!),
    offset: view.offset,
  };
}

/** Broadcasts a view to `shape`: new leading axes and expanded axes of size 1 get stride 0. */
export function expandView(view: View, shape: Shape): View {
  const lead = shape.length - view.shape.length;
  const strides = shape.map((length, axis) =>
    axis < lead || (view.shape[axis - lead] === 1 && length !== 1) ? 0 : view.strides[axis - lead]!,
  );
  return { shape, strides, offset: view.offset };
}

/** Axes of several views after joining. */
export interface JoinedAxes {
  readonly shape: Shape;
  /** For each view, its strides along these axes. */
  readonly strides: readonly (readonly number[])[];
}

/**
 * Joins neighboring axes that are one run in memory in all views, and drops axes of size 1, which keeps the elements and
 * their order. The views have equal shapes.
 * @param from the first axis to join. Default: 0.
 * @param to the axis before which to stop. Default: the rank.
 */
export function joinAxes(views: readonly View[], from = 0, to: number = views[0]?.shape.length ?? 0): JoinedAxes {
  const shape: number[] = [];
  const strides: number[][] = views.map(() => []);
  for (let axis = from; axis < to; axis++) {
    const length = views[0]!.shape[axis]!;
    if (length === 1) continue;
    const last = shape.length - 1;
    if (last >= 0 && views.every((view, i) => strides[i]![last] === view.strides[axis]! * length)) {
      shape[last]! *= length;
      views.forEach((view, i) => (strides[i]![last] = view.strides[axis]!));
    } else {
      shape.push(length);
      views.forEach((view, i) => strides[i]!.push(view.strides[axis]!));
    }
  }
  return { shape, strides };
}

/** Reshapes a view to a shape of the same size; `undefined` if strides cannot express it and elements must be copied first. */
export function reshapeView(view: View, shape: Shape): View | undefined {
  if (sizeOf(shape) === 0) return contiguous(shape);
  const joined = joinAxes([view]);
  const strides = new Array<number>(shape.length);
  let axis = shape.length - 1;
  for (let run = joined.shape.length - 1; run >= 0; run--) {
    let rest = joined.shape[run]!;
    let stride = joined.strides[0]![run]!;
    while (rest > 1) {
      const length = shape[axis]!;
      if (rest % length !== 0) return undefined;
      strides[axis--] = stride;
      stride *= length;
      rest /= length;
    }
  }
  while (axis >= 0) strides[axis--] = 0;
  return { shape, strides, offset: view.offset };
}

/** The buffer indices of all elements of a view, in row-major order. */
export function positions(view: View): Int32Array {
  const { shape, strides } = view;
  const result = allocate('int32', sizeOf(shape)) as Int32Array;
  if (result.length === 0) return result;
  result[0] = view.offset;
  let filled = 1;
  // Fills from the innermost axis outwards: each axis repeats the block filled so far, shifted by its stride.
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const block = filled;
    for (let i = 1; i < shape[axis]!; i++) {
      const shift = i * strides[axis]!;
      for (let j = 0; j < block; j++) result[filled++] = result[j]! + shift;
    }
  }
  return result;
}

/** The index of an element on each axis, from its position in row-major order (NumPy's `unravel_index`). */
export function unravelIndex(position: number, shape: Shape): number[] {
  let rest = position;
  return shape
    .toReversed()
    .map((length) => {
      const index = rest % length;
      rest = Math.floor(rest / length);
      return index;
    })
    .reverse();
}
