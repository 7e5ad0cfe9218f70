import { tensor } from '@thetagrad/core';
import type { Input, OperationCase } from '../../../../../test/support/testOperations.ts';
import * as ops from '../../../src/index.ts';
import { flat, lines, sum } from '../../plain.ts';
import { matrix } from './common.ts';

const norm = (line: readonly number[], p: number): number => {
  const magnitudes = line.map(Math.abs);
  if (p === 0) return line.filter((value) => value !== 0).length;
  if (p === Infinity) return Math.max(...magnitudes);
  return sum(magnitudes.map((value) => value ** p)) ** (1 / p);
};
const apart: Input = { shape: [3, 4], avoid: [0] };
const orders = [0, 0.5, 1, 2, 3, Infinity];
const origin = tensor([0, 0]);

const norms: OperationCase[] = [
  ...orders.map((p): OperationCase => ({
    name: `normalize, order ${p}`,
    apply: (x) => ops.normalize(x, 1, { p }),
    inputs: [apart],
    expected: (x) => lines((line) => line.map((value) => value / norm(line, p)), x),
  })),
  {
    name: 'pairwiseDistance, zeros, infinities and the ends of the range',
    apply: (x) => orders.map((p) => ops.pairwiseDistance(x, origin, { p, eps: 0 })),
    inputs: [
      {
        values: [
          [0, 0],
          [0, 3],
          [Infinity, 3],
          [1e30, 1e30],
          [1e-30, 1e-30],
          [NaN, 1],
        ],
      },
    ],
    expected: (x) => ({
      outputs: orders.map((p) => lines((line) => (p !== 0 && line.includes(NaN) ? NaN : norm(line, p)), x)),
    }),
    tolerance: { float32: 1e-5 },
    derivatives: false,
  },
  {
    name: 'normalize',
    apply: (x) => ops.normalize(x),
    inputs: [matrix],
    expected: (x) => lines((line) => line.map((value) => value / norm(line, 2)), x),
  },
  {
    name: 'normalize, other norms and zeros',
    apply: (x) => [
      ops.normalize(x, 1, { p: 1 }),
      ops.normalize(x, [0, 1], { p: Infinity }),
      ops.normalize(x, 0, { eps: 100 }),
    ],
    inputs: [
      {
        values: [
          [1, -3],
          [0, 0],
        ],
        dtype: 'int32',
      },
    ],
    expected: () => ({
      outputs: [
        [
          [0.25, -0.75],
          [0, 0],
        ],
        [
          [1 / 3, -1],
          [0, 0],
        ],
        [
          [0.01, -0.03],
          [0, 0],
        ],
      ],
    }),
  },
];

const subtract = (a: readonly number[], b: readonly number[], eps = 0): number[] =>
  a.map((value, i) => value - b[i]! + eps);
const points: Input = { shape: [3, 2] };
const others: Input = { shape: [4, 2], from: 2.5, to: 4 };

const distances: OperationCase[] = [
  {
    name: 'dist',
    apply: (x, y) => ops.dist(x, y, { p: 3 }),
    inputs: [points, { shape: [2], from: 3, to: 4 }],
    expected: (x, y) =>
      norm(
        (x as number[][]).flatMap((row) => subtract(row, flat(y))),
        3,
      ),
  },
  {
    name: 'dist, int32',
    apply: (x, y) => [ops.dist(x, y), ops.dist(x, x), ops.dist(x, y, { p: 1 })],
    inputs: [
      { values: [2147483647, 3], dtype: 'int32' },
      { values: [-2147483648, 3], dtype: 'int32' },
    ],
    expected: () => ({ outputs: [2 ** 32, 0, 2 ** 32] }),
  },
  {
    name: 'pairwiseDistance',
    apply: (x, y) => ops.pairwiseDistance(x, y),
    inputs: [points, { shape: [3, 2], from: 2.5, to: 4 }],
    expected: (x, y) => (x as number[][]).map((row, i) => norm(subtract(row, (y as number[][])[i]!, 1e-6), 2)),
  },
  {
    name: 'pairwiseDistance, options',
    apply: (x, y) => ops.pairwiseDistance(x, y, { p: 1, eps: 0, keepdims: true }),
    inputs: [points, { shape: [2], from: 2.5, to: 4 }],
    expected: (x, y) => (x as number[][]).map((row) => [norm(subtract(row, flat(y)), 1)]),
  },
  ...[1, 2, 2.5, Infinity].map((p): OperationCase => ({
    name: `cdist, order ${p}`,
    apply: (x, y) => ops.cdist(x, y, { p }),
    inputs: [points, others],
    expected: (x, y) => (x as number[][]).map((a) => (y as number[][]).map((b) => norm(subtract(a, b), p))),
  })),
  {
    name: 'cdist, batches and no points',
    apply: (x, y) => [ops.cdist(x, y.expandDims(0)), ops.cdist(x.slice([null, [0, 0]]), y)],
    inputs: [{ shape: [2, 1, 2] }, others],
    expected: (x, y) => ({
      outputs: [(x as number[][][]).map(([a]) => [(y as number[][]).map((b) => norm(subtract(a!, b), 2))]), [[], []]],
    }),
    derivatives: false,
  },
  {
    name: 'pdist',
    apply: (x) => ops.pdist(x),
    inputs: [
      {
        values: [
          [0, 0],
          [3, 4],
          [-1, 2],
          [5, 0],
        ],
      },
    ],
    expected: (x) => {
      const all = x as number[][];
      return all.flatMap((a, i) => all.slice(i + 1).map((b) => norm(subtract(a, b), 2)));
    },
  },
  {
    name: 'pdist, one point',
    apply: (x) => ops.pdist(x, { p: 1 }),
    inputs: [{ shape: [1, 3] }],
    expected: () => [],
    derivatives: false,
  },
  {
    name: 'cosineSimilarity',
    apply: (x, y) => ops.cosineSimilarity(x, y),
    inputs: [matrix, { shape: [4] }],
    expected: (x, y) =>
      lines((line) => sum(line.map((value, i) => value * flat(y)[i]!)) / norm(line, 2) / norm(flat(y), 2), x),
  },
  {
    name: 'cosineSimilarity, zeros and large numbers along axis 0',
    apply: (x, y) => ops.cosineSimilarity(x, y, 0),
    inputs: [
      {
        values: [
          [0, 3e20],
          [0, 4e20],
        ],
      },
      {
        values: [
          [1, 1],
          [2, 0],
        ],
      },
    ],
    expected: () => [0, 0.6],
    derivatives: false,
  },
];

export const distancesCases: readonly OperationCase[] = [...norms, ...distances];
