import type { Range, Shape } from '@thetagrad/core';
import fc from 'fast-check';

export interface ShapeOptions {
  /** The fewest axes; 0. */
  readonly minRank?: number;
  /** The most axes; 3. */
  readonly maxRank?: number;
  /** The smallest size of an axis; 1. With 0 there are empty tensors too. */
  readonly minSize?: number;
  /** The largest size of an axis; 3. */
  readonly maxSize?: number;
}

/** Shapes of tensors. Shrink to fewer and shorter axes. */
export function shapes(options: ShapeOptions = {}): fc.Arbitrary<number[]> {
  const { minRank = 0, maxRank = Math.max(3, minRank), minSize = 1, maxSize = Math.max(3, minSize) } = options;
  return fc.array(fc.integer({ min: minSize, max: maxSize }), { minLength: minRank, maxLength: maxRank });
}

/** `count` shapes that broadcast together: some without leading axes, some with axes of size 1. Shrink to equal shapes. */
export function broadcastableShapes(count: number, options: ShapeOptions = {}): fc.Arbitrary<number[][]> {
  return shapes(options).chain((shape) => {
    const part = fc.tuple(
      fc.nat(Math.max(0, shape.length - (options.minRank ?? 0))),
      fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
    );
    return fc
      .array(part, { minLength: count, maxLength: count })
      .map((parts) =>
        parts.map(([dropped, single]) => shape.map((size, axis) => (single[axis] ? 1 : size)).slice(dropped)),
      );
  });
}

/** Two shapes that broadcast together. */
export function broadcastablePairs(options: ShapeOptions = {}): fc.Arbitrary<[number[], number[]]> {
  return broadcastableShapes(2, options) as fc.Arbitrary<[number[], number[]]>;
}

/** Three shapes that broadcast together. */
export function broadcastableTriples(options: ShapeOptions = {}): fc.Arbitrary<[number[], number[], number[]]> {
  return broadcastableShapes(3, options) as fc.Arbitrary<[number[], number[], number[]]>;
}

/** One axis of a shape, counted from the start or (negative) from the end. Shrinks to axis 0. */
export function axisOf(shape: Shape): fc.Arbitrary<number> {
  if (shape.length === 0) throw new RangeError('axisOf: a scalar has no axes');
  return fc.integer({ min: -shape.length, max: shape.length - 1 });
}

/** The axes of a reduction of a shape: `undefined` (all), one axis, or some in any order. Shrinks to `undefined`. */
export function axesOf(shape: Shape): fc.Arbitrary<number | number[] | undefined> {
  const some = fc
    .shuffledSubarray(shape.map((_, axis) => axis))
    .chain((axes) => fc.tuple(...axes.map((axis) => fc.constantFrom(axis, axis - shape.length))));
  const parts: fc.Arbitrary<number | number[] | undefined>[] = [fc.constant(undefined), some];
  if (shape.length > 0) parts.splice(1, 0, axisOf(shape));
  return fc.oneof({ withCrossShrink: true }, ...parts);
}

/**
 * Ranges for `slice` of a tensor of this shape: all, an index, or start, stop and step, also negative, open and beyond the
 * ends. Shrink to fewer and simpler ranges. Results may be empty.
 */
export function slicesOf(shape: Shape): fc.Arbitrary<Range[]> {
  return fc
    .nat(shape.length)
    .chain((count): fc.Arbitrary<Range[]> => fc.tuple(...shape.slice(0, count).map((length) => rangeOf(length))));
}

function rangeOf(length: number): fc.Arbitrary<Range> {
  const end = fc.option(fc.integer({ min: -length - 1, max: length + 1 }), { nil: null });
  const step = fc.constantFrom(1, 2, 3, -1, -2);
  const all = fc.constant(null);
  const span = fc.tuple(end, end, step);
  return length === 0
    ? fc.oneof(all, span)
    : fc.oneof(all, fc.integer({ min: -length, max: length - 1 }), span, fc.tuple(fc.nat(length - 1)));
}
