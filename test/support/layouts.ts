// Views of any strides: axes in any order in memory, with gaps, flipped or repeated.
import type { Shape, Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import type { MakeTensor } from './values.ts';

/** A shape, the order of its axes in memory and how each axis is sliced. */
export interface Layout {
  readonly shape: Shape;
  readonly order: readonly number[];
  readonly axes: readonly AxisLayout[];
}

interface AxisLayout {
  readonly start: number;
  readonly step: number;
  readonly flip: boolean;
  /** Whether the axis has stride 0. */
  readonly repeat: boolean;
}

const axisLayouts: fc.Arbitrary<AxisLayout> = fc.record({
  start: fc.constantFrom(0, 0, 1),
  step: fc.constantFrom(1, 1, 1, 2, 3),
  flip: fc.constantFrom(false, false, true),
  repeat: fc.constantFrom(false, false, false, false, true),
});

/** Layouts of a shape. */
export function layouts(shape: Shape): fc.Arbitrary<Layout> {
  const rank = shape.length;
  return fc.record({
    shape: fc.constant(shape),
    order: permutations(rank),
    axes: fc.array(axisLayouts, { minLength: rank, maxLength: rank }),
  });
}

/** Orders of axes, row-major in half of the cases. */
export function permutations(rank: number): fc.Arbitrary<number[]> {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return fc.oneof(fc.constant(axes), fc.shuffledSubarray(axes, { minLength: rank, maxLength: rank }));
}

/** The layout without its first `count` axes. */
export function dropLeadingAxes({ shape, order, axes }: Layout, count: number): Layout {
  const kept = order.filter((axis) => axis >= count).map((axis) => axis - count);
  return { shape: shape.slice(count), order: kept, axes: axes.slice(count) };
}

/** Makes the tensor in memory and returns the view of it that the layout describes. */
export function makeView({ shape, order, axes }: Layout, make: MakeTensor): Tensor {
  const stored = shape.map((length, i) => {
    const { start, step, repeat } = axes[i]!;
    return repeat ? 1 : start + length * step;
  });
  const sliced = make(order.map((axis) => stored[axis]!))
    .permute(shape.map((_, axis) => order.indexOf(axis)))
    .slice(axes.map(({ start, step, repeat }) => (repeat ? null : [start, null, step])))
    .slice(shape.map((length, i) => (axes[i]!.repeat ? null : [0, length])));
  return sliced.flip(shape.flatMap((_, i) => (axes[i]!.flip ? [i] : []))).broadcastTo(shape);
}

/** Lengths around those of vectors. */
const lengths: fc.Arbitrary<number> = fc.oneof(fc.constantFrom(0, 1, 3, 4, 5, 8, 17), fc.integer({ min: 0, max: 70 }));

/** Shapes of few elements, long in one axis at most. */
export function shapes(minRank = 0): fc.Arbitrary<number[]> {
  const short = fc.integer({ min: 0, max: 5 }).map((length) => (length === 0 ? 1 : length));
  return fc
    .tuple(fc.array(short, { minLength: minRank, maxLength: 4 }), fc.nat(), lengths)
    .map(([lead, axis, length]) => (lead.length === 0 ? lead : lead.with(axis % lead.length, length)));
}
