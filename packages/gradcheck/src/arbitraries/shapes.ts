import { checkOptions } from '@thetagrad/core/backend';
import type { Range, Shape } from '@thetagrad/core';
import fc from 'fast-check';

export interface ShapeOptions {
  /** The smallest number of axes. Default: 0. */
  readonly minRank?: number;
  /** The largest number of axes. Default: 3, or minRank if that is larger. */
  readonly maxRank?: number;
  /** The smallest length of an axis; 0 includes empty tensors. Default: 1. */
  readonly minSize?: number;
  /** The largest length of an axis. Default: 3, or minSize if that is larger. */
  readonly maxSize?: number;
}

/** Shapes of tensors. They shrink to fewer and shorter axes. */
export function shapes(options: ShapeOptions = {}): fc.Arbitrary<number[]> {
  checkOptions('shapes', options, ['minRank', 'maxRank', 'minSize', 'maxSize']);
  const { minRank = 0, maxRank = Math.max(3, minRank), minSize = 1, maxSize = Math.max(3, minSize) } = options;
  return fc.array(fc.integer({ min: minSize, max: maxSize }), { minLength: minRank, maxLength: maxRank });
}

/** `count` shapes that broadcast: some lack leading axes, some have axes of length 1. They shrink to equal shapes. */
export function broadcastableShapes(count: number, options: ShapeOptions = {}): fc.Arbitrary<number[][]> {
  return shapes(options).chain((shape) => {
    const changes = fc.tuple(
      fc.nat(Math.max(0, shape.length - (options.minRank ?? 0))),
      fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
    );
    return fc
      .array(changes, { minLength: count, maxLength: count })
      .map((parts) =>
        parts.map(([dropped, isSingle]) => shape.map((size, axis) => (isSingle[axis] ? 1 : size)).slice(dropped)),
      );
  });
}

/** Two shapes that broadcast. */
export function broadcastablePairs(options: ShapeOptions = {}): fc.Arbitrary<[number[], number[]]> {
  return broadcastableShapes(2, options) as fc.Arbitrary<[number[], number[]]>;
}

/** Three shapes that broadcast. */
export function broadcastableTriples(options: ShapeOptions = {}): fc.Arbitrary<[number[], number[], number[]]> {
  return broadcastableShapes(3, options) as fc.Arbitrary<[number[], number[], number[]]>;
}

/**
 * One axis of a shape, from the start or (negative) from the end. Shrinks to axis 0.
 * @throws {RangeError} if the shape is that of a scalar.
 */
export function axisOf(shape: Shape): fc.Arbitrary<number> {
  if (shape.length === 0) throw new RangeError('axisOf: a scalar has no axes');
  return fc.integer({ min: -shape.length, max: shape.length - 1 });
}

/** The axes of a reduction: `undefined` (all), one axis, or several in any order. Shrinks to `undefined`. */
export function axesOf(shape: Shape): fc.Arbitrary<number | number[] | undefined> {
  const some = fc
    .shuffledSubarray(shape.map((_, axis) => axis))
    .chain((axes) => fc.tuple(...axes.map((axis) => fc.constantFrom(axis, axis - shape.length))));
  const single = shape.length === 0 ? [] : [axisOf(shape)];
  return fc.oneof({ withCrossShrink: true }, fc.constant(undefined), ...single, some);
}

/**
 * Ranges for `slice` of a tensor of this shape: whole axes, indices, and start, stop and step, also negative, open or out of
 * range. They shrink to fewer and simpler ranges. Results may be empty.
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
