import type { Axis, Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { axesOf, axisOf, distinctTensors, tensors } from '../../../src/index.ts';
import { define, shaped, type Case } from '../support.ts';

type Reduced = [x: Tensor, axis: Axis | undefined, keepDims: boolean];

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
  define('sum', anything, (x, axis, keepDims) => x.sum(axis, { keepDims }).square()),
  define('mean', anything, (x, axis, keepDims) => x.mean(axis, { keepDims }).square()),
  define('max', distinct, (x, axis, keepDims) => x.max(axis, { keepDims }).square()),
  define('min', distinct, (x, axis, keepDims) => x.min(axis, { keepDims }).square()),
  define('variance', anything, (x, axis, keepDims) => x.variance(axis, { keepDims })),
  define('variance, corrected', spread, (x, axis, keepDims) => x.variance(axis, { keepDims, correction: 1 })),
  define('std', spread, (x, axis, keepDims) => x.std(axis, { keepDims })),
  define('std, corrected', spread, (x, axis, keepDims) => x.std(axis, { keepDims, correction: 1 })),
  define('norm', nonzero, (x, axis, keepDims) => x.norm(axis, { keepDims })),
  define('norm of order 1', nonzero, (x, axis, keepDims) => x.norm(axis, { keepDims, ord: 1 }).square()),
  define('norm of order ∞', magnitudes, (x, axis, keepDims) => x.norm(axis, { keepDims, ord: Infinity }).square()),
  define('logSumExp', anything, (x, axis, keepDims) => x.logSumExp(axis, { keepDims })),
  define('softmax', alongAxes, (x, axis) => x.softmax(axis ?? x.shape.map((_, i) => i))),
  define('logSoftmax', alongAxes, (x, axis) => x.logSoftmax(axis ?? x.shape.map((_, i) => i))),
];
