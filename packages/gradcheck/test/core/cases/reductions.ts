import type { Axis, Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { axesOf, axisOf, distinctTensors, tensors } from '../../../src/index.ts';
import { define, shaped, type Case } from '../support.ts';

type Reduced = [x: Tensor, axis: Axis | undefined, keepdims: boolean];

const anything = shaped((shape): fc.Arbitrary<Reduced> => fc.tuple(tensors({ shape }), axesOf(shape), fc.boolean()));
const distinct = shaped((shape): fc.Arbitrary<Reduced> =>
  fc.tuple(distinctTensors({ shape }), axesOf(shape), fc.boolean()),
);
const nonzero = shaped((shape): fc.Arbitrary<Reduced> =>
  fc.tuple(tensors({ shape, avoid: [0] }), axesOf(shape), fc.boolean()),
);
/** Distinct magnitudes, either sign. */
const magnitudes = shaped((shape): fc.Arbitrary<Reduced> => {
  const size = shape.reduce((product, length) => product * length, 1);
  const positive = distinctTensors({ shape, gap: 1 / 8 }).map((x) => x.add((size + 1) / 8));
  const signed = fc.tuple(positive, tensors({ shape, avoid: [0] })).map(([x, sign]) => x.mul(sign.sign()));
  return fc.tuple(signed, axesOf(shape), fc.boolean());
});
/** At least two different elements along at least one axis. */
const spread = shaped(
  (shape): fc.Arbitrary<Reduced> =>
    fc.tuple(distinctTensors({ shape }), fc.oneof(fc.constant(undefined), axisOf(shape)), fc.boolean()),
  { minRank: 1, maxRank: 2, minSize: 2 },
);
const alongAxes = shaped((shape) => fc.tuple(tensors({ shape }), axesOf(shape)));

export const reductions: readonly Case[] = [
  define('sum', anything, (x, axis, keepdims) => x.sum(axis, { keepdims }).square()),
  define('mean', anything, (x, axis, keepdims) => x.mean(axis, { keepdims }).square()),
  define('max', distinct, (x, axis, keepdims) => x.max(axis, { keepdims }).square()),
  define('min', distinct, (x, axis, keepdims) => x.min(axis, { keepdims }).square()),
  define('variance', anything, (x, axis, keepdims) => x.variance(axis, { keepdims })),
  define('variance, corrected', spread, (x, axis, keepdims) => x.variance(axis, { keepdims, correction: 1 })),
  define('std', spread, (x, axis, keepdims) => x.std(axis, { keepdims })),
  define('std, corrected', spread, (x, axis, keepdims) => x.std(axis, { keepdims, correction: 1 })),
  define('norm', nonzero, (x, axis, keepdims) => x.norm(axis, { keepdims })),
  define('norm of order 1', nonzero, (x, axis, keepdims) => x.norm(axis, { keepdims, ord: 1 }).square()),
  define('norm of order ∞', magnitudes, (x, axis, keepdims) => x.norm(axis, { keepdims, ord: Infinity }).square()),
  define('logsumexp', anything, (x, axis, keepdims) => x.logsumexp(axis, { keepdims })),
  define('softmax', alongAxes, (x, axis) => x.softmax(axis ?? x.shape.map((_, i) => i))),
  define('logSoftmax', alongAxes, (x, axis) => x.logSoftmax(axis ?? x.shape.map((_, i) => i))),
];
