import { concat, stack, type Range, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { axesOf, axisOf, broadcastableShapes, slicesOf, tensors } from '../../../src/index.ts';
import { defineCase, forShapes, type Case } from '../support.ts';

const x = tensors();
const withAxis = forShapes((shape) => fc.tuple(tensors({ shape }), axisOf(shape)), { minRank: 1 });
const withTwoAxes = forShapes((shape) => fc.tuple(tensors({ shape }), axisOf(shape), axisOf(shape)), { minRank: 1 });
const permuted = forShapes((shape): fc.Arbitrary<[Tensor, number[]]> => {
  const axes = shape.map((_, axis) => axis);
  return fc.tuple(tensors({ shape }), fc.shuffledSubarray(axes, { minLength: axes.length }));
});
const placed = forShapes((shape) =>
  fc.tuple(tensors({ shape }), fc.integer({ min: -shape.length - 1, max: shape.length })),
);
const single = forShapes((shape) => fc.tuple(tensors({ shape: shape.with(0, 1) }), fc.boolean()), { minRank: 1 });
const wider = broadcastableShapes(2).chain(([shape, other]) => {
  const rank = Math.max(shape!.length, other!.length);
  const at = (sizes: readonly number[], axis: number): number => sizes[axis - rank + sizes.length] ?? 1;
  const target = Array.from({ length: rank }, (_, axis) => Math.max(at(shape!, axis), at(other!, axis)));
  return fc.tuple(tensors({ shape: shape! }), fc.constant(target));
});
const sliced = forShapes((shape): fc.Arbitrary<[Tensor, Range[]]> => fc.tuple(tensors({ shape }), slicesOf(shape)));
const flipped = forShapes((shape) => fc.tuple(tensors({ shape }), axesOf(shape)));
const padded = forShapes(
  (shape): fc.Arbitrary<[Tensor, [number, number][], number]> => {
    const widths: fc.Arbitrary<[number, number][]> = fc.tuple(...shape.map(() => fc.tuple(fc.nat(2), fc.nat(2))));
    return fc.tuple(tensors({ shape }), widths, fc.constantFrom(0, 1.5));
  },
  { maxRank: 2 },
);
const joined = forShapes(
  (shape) =>
    axisOf(shape).chain((axis) => {
      const part = fc.integer({ min: 0, max: 2 }).chain((length) => tensors({ shape: shape.with(axis, length) }));
      return fc.tuple(fc.array(part, { minLength: 1, maxLength: 3 }), fc.constant(axis));
    }),
  { minRank: 1, maxRank: 2 },
);
const stacked = forShapes(
  (shape) =>
    fc.tuple(
      fc.array(tensors({ shape }), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: -shape.length - 1, max: shape.length }),
    ),
  { maxRank: 2 },
);
const cut = forShapes(
  (shape) =>
    axisOf(shape).chain((axis) => {
      const length = shape.at(axis)!;
      const sizes = fc.nat(length).map((first) => [first, length - first]);
      return fc.tuple(tensors({ shape }), fc.oneof(fc.constant<number | number[]>(length), sizes), fc.constant(axis));
    }),
  { minRank: 1 },
);
const windowed = fc
  .record({
    size: fc.integer({ min: 1, max: 3 }),
    step: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    extra: fc.nat(3),
  })
  .chain((window) => {
    const length = (window.size - 1) * window.dilation + 1 + window.extra;
    return fc.tuple(tensors({ shape: [2, length] }), fc.boolean(), fc.constant(window));
  });

// Most of these are linear: the square adds a second derivative.
export const movement: readonly Case[] = [
  defineCase('reshape', [x], (x) => [x.reshape(x.shape.toReversed()).square(), x.reshape([-1]).square()]),
  defineCase('flatten', withAxis, (x, axis) => x.flatten(axis).square()),
  defineCase('permute', permuted, (x, axes) => x.permute(axes).square()),
  defineCase('transpose', withTwoAxes, (x, a, b) => x.transpose(a, b).square()),
  defineCase('squeeze', single, (x, named) => (named ? x.squeeze(0) : x.squeeze()).square()),
  defineCase('expandDims', placed, (x, axis) => x.expandDims(axis).square()),
  defineCase('broadcastTo', wider, (x, shape) => x.broadcastTo(shape).square()),
  defineCase('slice', sliced, (x, ranges) => x.slice(ranges).square()),
  defineCase('flip', flipped, (x, axis) => x.flip(axis).square()),
  defineCase('pad', padded, (x, widths, value) => x.pad(widths, value).square()),
  defineCase('concat', joined, (parts, axis) => concat(parts, axis).square()),
  defineCase('stack', stacked, (parts, axis) => stack(parts, axis).square()),
  defineCase('split', cut, (x, sections, axis) => x.split(sections, axis).map((part, i) => part.square().mul(i + 1))),
  defineCase('unfold', windowed, (x, transposed, { size, step, dilation }) =>
    (transposed ? x.transpose().unfold(0, size, step, dilation) : x.unfold(1, size, step, dilation)).square(),
  ),
  // A chain of views that one kernel reads.
  defineCase('chains of movements', [tensors({ shape: [2, 3, 2] })], (x) =>
    x
      .permute([2, 0, 1])
      .flip(2)
      .slice([null, 1, [null, null, -2]])
      .pad([
        [1, 0],
        [0, 1],
      ])
      .reshape([-1])
      .square(),
  ),
];
