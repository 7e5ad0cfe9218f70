import { grad, portable, tensor, type Tensor } from '@thetagrad/core';
import { gpu } from '@thetagrad/gpu';
import { wasm } from '@thetagrad/wasm';
import { describe, expect, test } from 'vitest';
import { withBackend } from '../../../test/support/withBackend.ts';
import * as ops from '../src/index.ts';

/** Slopes at kinks, ties and infinities, which are PyTorch's where it has finite ones. */
const slopes: readonly (readonly [
  name: string,
  f: (x: Tensor) => Tensor,
  x: readonly number[],
  expected: readonly number[],
])[] = [
  ['leakyRelu', (x) => ops.leakyRelu(x, { negativeSlope: 0.25 }), [0, -0], [0.25, 0.25]],
  ['prelu', (x) => ops.prelu(x, tensor(0.25)), [0], [0.25]],
  ['elu', (x) => ops.elu(x, { alpha: 0.5 }), [0, 1000, -Infinity], [0.5, 1, 0]],
  ['celu', (x) => ops.celu(x), [0, 1000], [1, 1]],
  ['selu', ops.selu, [1000], [1.0507009873554805]],
  ['hardtanh', (x) => ops.hardtanh(x), [-1, 1, 0.5], [0, 0, 1]],
  ['relu6', ops.relu6, [0, 6, 3], [0, 0, 1]],
  ['hardsigmoid', (x) => ops.hardsigmoid(x).mul(6), [-3, 3, 0], [0, 0, 1]],
  ['hardswish', ops.hardswish, [-3, 3, -Infinity, Infinity], [0, 1, 0, 1]],
  ['hardshrink', (x) => ops.hardshrink(x), [-0.5, 0.5, 0, 1], [0, 0, 0, 1]],
  ['softshrink', (x) => ops.softshrink(x), [-0.5, 0.5, 0, 1], [0, 0, 0, 1]],
  ['softplus', (x) => ops.softplus(x, { threshold: 0 }), [0, 1, -Infinity, Infinity], [0.5, 1, 0, 1]],
  ['threshold', (x) => ops.threshold(x, 1, 5), [1, 2], [0, 1]],
  ['gelu', (x) => ops.gelu(x), [-Infinity, 0, Infinity], [0, 0.5, 1]],
  ['gelu by tanh', (x) => ops.gelu(x, { approximate: 'tanh' }), [-Infinity, 0, Infinity], [0, 0.5, 1]],
  ['silu', ops.silu, [-Infinity, 0, Infinity], [0, 0.5, 1]],
  ['mish', ops.mish, [-Infinity, Infinity], [0, 1]],
  ['softsign', ops.softsign, [-Infinity, 0, Infinity], [0, 1, 0]],
  ['logsigmoid', ops.logsigmoid, [-Infinity, 0, Infinity], [1, 0.5, 0]],
  ['fmax', (x) => ops.fmax(x, 1), [1, NaN, 2], [1, 0, 1]],
  ['fmax with NaN', (x) => ops.fmax(x, NaN), [1], [1]],
  ['fmax, second', (x) => ops.fmax(1, x), [1, NaN, 2], [0, 0, 1]],
  ['fmin', (x) => ops.fmin(x, 1), [1, NaN, 2], [1, 0, 0]],
  ['copysign', (x) => ops.copysign(x, -2), [0, 3, -3], [0, -1, 1]],
  ['heaviside', (x) => ops.heaviside(x, 0.5), [0, 1], [0, 0]],
  ['nanToNum', (x) => ops.nanToNum(x), [NaN, Infinity, -Infinity, 2], [0, 0, 0, 1]],
  ['around', ops.around, [0.5, 1.2], [0, 0]],
  ['nextafter', (x) => ops.nextafter(x, tensor(9)), [1], [0]],
  ['hypot', (x) => ops.hypot(x, 0), [0, -2], [0, -1]],
  ['cbrt', ops.cbrt, [0, 8], [Infinity, 1 / 12]],
  ['logaddexp', (x) => ops.logaddexp(x, -Infinity), [-Infinity, 0], [0.5, 1]],
  ['logaddexp2', (x) => ops.logaddexp2(x, Infinity), [Infinity, 0], [0.5, 0]],
  ['logit, clamped', (x) => ops.logit(x, { eps: 0.25 }), [0.1, 0.5, 0.9], [0, 4, 0]],
  ['frac', ops.frac, [0.5, 2], [1, 1]],
  ['sinc', ops.sinc, [0], [0]],
  ['dist from 0', (x) => ops.dist(x, tensor(0), { p: 3 }), [0, 0], [0, 0]],
  ['dist below order 1', (x) => ops.dist(x, tensor(0), { p: 0.5 }), [0, 4], [0, 1]],
  ['dist, Infinity', (x) => ops.dist(x, tensor(0), { p: Infinity }), [2, -2, 1], [0.5, -0.5, 0]],
  ['dist', (x) => ops.dist(x, x.mul(1), { p: 2.5 }), [1, 2], [0, 0]],
  ['cdist', (x) => ops.cdist(x.expandDims(0), tensor([[1, 2]])), [1, 2], [0, 0]],
  ['pdist', (x) => ops.pdist(x.expandDims(1)), [1, 1, 3], [-1, -1, 2]],
  ['cosineSimilarity', (x) => ops.cosineSimilarity(x, tensor([1, 0])), [0, 0], [1e8, 0]],
  ['normalize', (x) => ops.normalize(x, 0, { eps: 0.5 }), [0, 0], [2, 2]],
  ['maxWithIndices', (x) => ops.maxWithIndices(x, 0).values, [1, 5, 5], [0, 1, 0]],
  ['minWithIndices', (x) => ops.minWithIndices(x).values, [5, 1, 1], [0, 1, 0]],
  ['cummaxWithIndices', (x) => ops.cummaxWithIndices(x).values, [1, 5, 5], [1, 1, 1]],
  ['kthvalue', (x) => ops.kthvalue(x, 2).values, [3, 3, 1], [1, 0, 0]],
  ['mode', (x) => ops.mode(x).values, [3, 3, 1], [0, 1, 0]],
  ['median', (x) => ops.median(x), [3, 1, 2, 7], [0.5, 0, 0.5, 0]],
  ['median, NaN', (x) => ops.median(x), [3, NaN, 2], [0, 0, 0]],
  ['nanmedian', (x) => ops.nanmedian(x), [3, NaN, 2], [0.5, 0, 0.5]],
  ['quantile of infinities', (x) => ops.quantile(x, 0.25), [-Infinity, 0, 1, Infinity, 2], [0, 1, 0, 0, 0]],
  ['nansum', (x) => ops.nansum(x), [3, NaN], [1, 0]],
  ['nanprod', (x) => ops.nanprod(x), [3, NaN, 0], [0, 0, 3]],
  ['nanmean', (x) => ops.nanmean(x), [3, NaN], [1, 0]],
  ['nanmax', (x) => ops.nanmax(x), [3, NaN, 3], [0.5, 0, 0.5]],
  ['nanstd', (x) => ops.nanstd(x), [3, NaN, 3], [0, 0, 0]],
  ['nanvar', (x) => ops.nanvar(x), [3, NaN, 5], [-1, 0, 1]],
  ['histogram', (x) => ops.histogram(x, { density: true }).hist, [1, 2], [0, 0]],
];

describe.each([
  ['portable', portable],
  ['wasm', () => wasm({ threads: 1 })],
  ['gpu', () => gpu({ mode: 'cpu' })],
] as const)('%s', async (_, create) => {
  const backend = await create();
  test.each(slopes)('%s', async (_name, f, x, expected) => {
    const actual = await withBackend(backend, () => grad((point: Tensor) => f(point).sum())(tensor([...x])).data());
    expect([...actual].map((value) => value + 0)).toEqual(expected.map(Math.fround));
  });
});
