import { tensor } from '@thetagrad/core';
import type { OperationCase } from '../../../../../test/support/testOperations.ts';
import * as ops from '../../../src/index.ts';
import { flat, sum } from '../../plain.ts';
import { bools } from './common.ts';

const histogramOf = (line: readonly number[], edges: readonly number[], weights: readonly number[]): number[] =>
  edges.slice(1).map((end, i) => {
    const isInside = (value: number): boolean =>
      value >= edges[i]! && (value < end || (i === edges.length - 2 && value === end));
    return sum(weights.filter((_, j) => isInside(line[j]!)));
  });

const histograms: OperationCase[] = [
  {
    name: 'bincount',
    apply: (x, w) => ops.bincount(x, 4, { weights: w }),
    inputs: [{ values: [1, 3, 1, 0, 1], dtype: 'int32' }, { shape: [5] }],
    expected: (x, w) => [0, 1, 2, 3].map((bin) => sum(flat(w).filter((_, i) => flat(x)[i] === bin))),
  },
  {
    name: 'bincount, counts, bool and none',
    apply: (x, w) => [ops.bincount(x, 3), ops.bincount(x, 3, { weights: w }), ops.bincount(x.slice([[0, 0]]), 2)],
    inputs: [{ values: [1, 2, 1], dtype: 'int32' }, bools],
    expected: () => ({
      outputs: [
        [0, 2, 1],
        [0, 2, 0],
        [0, 0],
      ],
    }),
  },
  {
    name: 'histogram',
    apply: (x) => Object.values(ops.histogram(x, { bins: 4 })),
    inputs: [
      {
        values: [
          [0, 1, 2, 2.5],
          [4, 8, 3.9, 6],
        ],
      },
    ],
    expected: (x) => ({
      outputs: [
        histogramOf(
          flat(x),
          [0, 2, 4, 6, 8],
          flat(x).map(() => 1),
        ),
        [0, 2, 4, 6, 8],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'histogram, weights, in a range',
    apply: (x, w) => [
      ops.histogram(x, { bins: 5, range: [-1, 1.5], weights: w }).hist,
      ops.histogram(x, { bins: tensor([-2, 0, 0.5, 2]), weights: w }).hist,
    ],
    inputs: [{ values: [-1, 1.5, 3, NaN, Infinity, -0.5, 0.25, -2] }, { shape: [8] }],
    expected: (x, w) => ({
      outputs: [
        histogramOf(flat(x), [-1, -0.5, 0, 0.5, 1, 1.5], flat(w)),
        histogramOf(flat(x), [-2, 0, 0.5, 2], flat(w)),
      ],
    }),
    derivatives: false,
  },
  {
    name: 'histogram, weights differentiated',
    apply: (w) => ops.histogram(tensor([0.1, 0.9, 0.8]), { bins: 2, range: [0, 1], weights: w, density: true }).hist,
    inputs: [{ shape: [3], from: 0.5 }],
    expected: (w) => {
      const [a, b, c] = flat(w) as [number, number, number];
      return [a, b + c].map((value) => value / (a + b + c) / 0.5);
    },
  },
  {
    name: 'histogram, density and equal elements',
    apply: (x, n) => [
      ops.histogram(x, { bins: tensor([0, 1, 4]), density: true }).hist,
      ...Object.values(ops.histogram(n, { bins: 2 })),
    ],
    inputs: [{ values: [0.5, 2, 3, 4, 3.5, 1.5] }, { values: [7, 7, 7], dtype: 'int32' }],
    expected: () => ({
      outputs: [
        [1 / 6, 5 / 18],
        [0, 3],
        [6.5, 7, 7.5],
      ],
    }),
    derivatives: false,
  },
];

const boxes: OperationCase[] = [
  {
    name: 'histogramdd',
    apply: (x) => {
      const { hist, binEdges } = ops.histogramdd(x, { bins: 2 });
      return [hist, ...binEdges];
    },
    inputs: [
      {
        values: [
          [0, 0],
          [1, 1],
          [2, 4],
          [0.5, 3.5],
          [1.5, 2],
        ],
      },
    ],
    expected: () => ({
      outputs: [
        [
          [1, 1],
          [1, 2],
        ],
        [0, 1, 2],
        [0, 2, 4],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'histogramdd, weights of three dimensions, some points outside',
    apply: (w) =>
      ops.histogramdd(
        tensor([
          [0, 0, 1],
          [1, 2, 3],
          [2, 4, 1],
          [5, 0, 0],
          [1, NaN, 1],
          [0, 8, 0.5],
        ]),
        {
          bins: [1, tensor([0, 1, 9]), 2],
          range: [
            [0, 2],
            [0, 1],
            [0, 2],
          ],
          weights: w,
          density: true,
        },
      ).hist,
    inputs: [{ shape: [6], from: 0.5 }],
    expected: (w) => {
      const [a, , c, , , f] = flat(w) as [number, number, number, number, number, number];
      const total = a + c + f;
      return [
        [
          [0, a / total / 2 / 1 / 1],
          [f / total / 2 / 8 / 1, c / total / 2 / 8 / 1],
        ],
      ];
    },
  },
];

export const histogramsCases: readonly OperationCase[] = [...histograms, ...boxes];
