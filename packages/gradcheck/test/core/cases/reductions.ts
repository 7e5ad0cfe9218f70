import type { Axis, Tensor } from '@thetagrad/core';
import { sizeOf } from '@thetagrad/core/backend';
import fc from 'fast-check';
import { axesOf, axisOf, distinctTensors, tensors } from '../../../src/index.ts';
import { defineCase, forShapes, type Case } from '../support.ts';

type Reduced = [x: Tensor, axis: Axis | undefined, keepdims: boolean];

const anyInput = forShapes((shape): fc.Arbitrary<Reduced> => fc.tuple(tensors({ shape }), axesOf(shape), fc.boolean()));
const distinct = forShapes((shape): fc.Arbitrary<Reduced> =>
  fc.tuple(distinctTensors({ shape }), axesOf(shape), fc.boolean()),
);
const nonzero = forShapes((shape): fc.Arbitrary<Reduced> =>
  fc.tuple(tensors({ shape, avoid: [0] }), axesOf(shape), fc.boolean()),
);
/** Distinct magnitudes of either sign. */
const magnitudes = forShapes((shape): fc.Arbitrary<Reduced> => {
  const positive = distinctTensors({ shape, gap: 1 / 8 }).map((x) => x.add((sizeOf(shape) + 1) / 8));
  const signed = fc.tuple(positive, tensors({ shape, avoid: [0] })).map(([x, sign]) => x.mul(sign.sign()));
  return fc.tuple(signed, axesOf(shape), fc.boolean());
});
/** Reductions of at least two distinct elements. */
const spread = forShapes(
  (shape): fc.Arbitrary<Reduced> =>
    fc.tuple(distinctTensors({ shape }), fc.oneof(fc.constant(undefined), axisOf(shape)), fc.boolean()),
  { minRank: 1, maxRank: 2, minSize: 2 },
);
const alongAxes = forShapes((shape) => fc.tuple(tensors({ shape }), axesOf(shape)));

export const reductions: readonly Case[] = [
  defineCase('sum', anyInput, (x, axis, keepdims) => x.sum(axis, { keepdims }).square()),
  defineCase('mean', anyInput, (x, axis, keepdims) => x.mean(axis, { keepdims }).square()),
  defineCase('max', distinct, (x, axis, keepdims) => x.max(axis, { keepdims }).square()),
  defineCase('min', distinct, (x, axis, keepdims) => x.min(axis, { keepdims }).square()),
  defineCase('variance', anyInput, (x, axis, keepdims) => x.variance(axis, { keepdims })),
  defineCase('variance, corrected', spread, (x, axis, keepdims) => x.variance(axis, { keepdims, correction: 1 })),
  defineCase('std', spread, (x, axis, keepdims) => x.std(axis, { keepdims })),
  defineCase('std, corrected', spread, (x, axis, keepdims) => x.std(axis, { keepdims, correction: 1 })),
  defineCase('norm', nonzero, (x, axis, keepdims) => x.norm(axis, { keepdims })),
  defineCase('norm of order 1', nonzero, (x, axis, keepdims) => x.norm(axis, { keepdims, ord: 1 }).square()),
  defineCase('norm of order ∞', magnitudes, (x, axis, keepdims) => x.norm(axis, { keepdims, ord: Infinity }).square()),
  defineCase('logsumexp', anyInput, (x, axis, keepdims) => x.logsumexp(axis, { keepdims })),
  defineCase('softmax', alongAxes, (x, axis) => x.softmax(axis ?? x.shape.map((_, i) => i))),
  defineCase('logSoftmax', alongAxes, (x, axis) => x.logSoftmax(axis ?? x.shape.map((_, i) => i))),
];
