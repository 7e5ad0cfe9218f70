import { tensor, type NestedArray, type Tensor } from '@thetagrad/core';
import type { Input, OperationCase } from '../../../../../test/support/testOperations.ts';
import * as ops from '../../../src/index.ts';

const noLines: Input = { shape: [0, 3] };
const emptyLines: Input = { shape: [3, 0] };

/** Tensors without elements, with and without results. */
const empties: OperationCase[] = (
  [
    ['median', (x) => ops.median(x, 1), noLines, []],
    ['nanquantile', (x) => ops.nanquantile(x, [0.5, 1], 1), noLines, [[], []]],
    ['quantile', (x) => ops.quantile(x.sum(1), []), emptyLines, []],
    ['mode', (x) => ops.mode(x).values, noLines, []],
    ['kthvalue', (x) => ops.kthvalue(x, 1).indices, noLines, []],
    ['maxWithIndices', (x) => ops.maxWithIndices(x, 1).values, noLines, []],
    ['cummaxWithIndices', (x) => ops.cummaxWithIndices(x).indices, emptyLines, [[], [], []]],
    ['nancumsum', (x) => ops.nancumsum(x), emptyLines, [[], [], []]],
    ['nanargmax', (x) => ops.nanargmax(x, 1), noLines, []],
    ['average', (x) => ops.average(x, 1), emptyLines, [NaN, NaN, NaN]],
    [
      'cdist',
      (x) => ops.cdist(x, x.slice([[0, 2]])),
      emptyLines,
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    ],
    ['cosineSimilarity', (x) => ops.cosineSimilarity(x, x), emptyLines, [0, 0, 0]],
    ['normalize', (x) => ops.normalize(x), emptyLines, [[], [], []]],
    ['histogram', (x) => ops.histogram(x, { bins: 2, range: [0, 1] }).hist, emptyLines, [0, 0]],
    ['interp', (x) => ops.interp(x, tensor([1]), tensor([2])), emptyLines, [[], [], []]],
    ['unwrap', (x) => ops.unwrap(x), emptyLines, [[], [], []]],
    ['gradient', (x) => ops.gradient(x, 1), noLines, []],
  ] satisfies [string, (x: Tensor) => Tensor, Input, NestedArray][]
).map(([name, apply, input, result]) => ({
  name: `${name}, no elements`,
  apply,
  inputs: [input],
  expected: () => result,
  derivatives: false,
}));

/** A scalar counts as a line of one element. */
const scalars: OperationCase[] = (
  [
    ['mode', (x) => ops.mode(x)],
    ['kthvalue', (x) => ops.kthvalue(x, 1, 0)],
    ['maxWithIndices', (x) => ops.maxWithIndices(x, -1, { keepdims: true })],
    ['cummaxWithIndices', (x) => ops.cummaxWithIndices(x)],
    ['cumminWithIndices', (x) => ops.cumminWithIndices(x)],
  ] satisfies [string, (x: Tensor) => ops.ValuesAndIndices][]
).map(([name, apply]) => ({
  name: `${name}, a scalar`,
  apply: (x: Tensor) => Object.values({ ...apply(x) }),
  inputs: [{ values: 2.5 }],
  expected: () => ({ outputs: [2.5, 0] }),
  derivatives: false,
}));

export const edgesCases: readonly OperationCase[] = [...empties, ...scalars];
