import type { NestedArray, Tensor } from '@thetagrad/core';
import * as nn from '@thetagrad/nn';
import type { Input, OperationCase } from '../../../../test/support/testOperations.ts';
import { dot, flat, map, mean, norm, sum } from './plain.ts';

const none = { reduction: 'none' } as const;
const pair: Input[] = [
  {
    values: [
      [0.25, -1.5, 3],
      [0, 2, 0.125],
    ],
  },
  {
    values: [
      [1, 1.25, 3.5],
      [-2, 0.5, 1],
    ],
  },
];

/** A loss of differences, with each reduction, and of int32. */
function differences(
  name: string,
  apply: (x: Tensor, y: Tensor, options: nn.LossOptions) => Tensor,
  formula: (difference: number) => number,
): OperationCase[] {
  const losses = (x: NestedArray, y: NestedArray): NestedArray => map((a, b) => formula(a - b), x, y);
  const [call] = name.split(',');
  return [
    { name, apply: (x, y) => apply(x!, y!, none), inputs: pair, expected: (x, y) => losses(x!, y!) },
    {
      name: `${call}, mean`,
      apply: (x, y) => apply(x!, y!, {}),
      inputs: pair,
      expected: (x, y) => mean(flat(losses(x!, y!))),
    },
    {
      name: `${call}, sum of int32`,
      apply: (x, y) => apply(x!, y!, { reduction: 'sum' }),
      inputs: [
        { values: [1, 5, -3], dtype: 'int32' },
        { values: [1, -2, 4], dtype: 'int32' },
      ],
      expected: (x, y) => sum(flat(losses(x!, y!))),
    },
    {
      name: `${call}, extremes`,
      apply: (x, y) => apply(x!, y!, none),
      inputs: [{ values: [Infinity, 0, NaN] }, { values: [0, -Infinity, 0] }],
      expected: () => [Infinity, Infinity, NaN],
      derivatives: false,
    },
  ];
}

const differenceCases: OperationCase[] = [
  ...differences('mseLoss', nn.mseLoss, (d) => d * d),
  ...differences('l1Loss', nn.l1Loss, Math.abs),
  ...differences('smoothL1Loss', nn.smoothL1Loss, (d) => (Math.abs(d) < 1 ? (d * d) / 2 : Math.abs(d) - 0.5)),
  ...differences(
    'smoothL1Loss, beta',
    (x, y, options) => nn.smoothL1Loss(x, y, { ...options, beta: 0.625 }),
    (d) => (Math.abs(d) < 0.625 ? (d * d) / 1.25 : Math.abs(d) - 0.3125),
  ),
  ...differences(
    'smoothL1Loss, without a square',
    (x, y, options) => nn.smoothL1Loss(x, y, { ...options, beta: 0 }),
    Math.abs,
  ),
  ...differences('huberLoss', nn.huberLoss, (d) => (Math.abs(d) <= 1 ? (d * d) / 2 : Math.abs(d) - 0.5)),
  ...differences(
    'huberLoss, delta',
    (x, y, options) => nn.huberLoss(x, y, { ...options, delta: 1.75 }),
    (d) => (Math.abs(d) <= 1.75 ? (d * d) / 2 : 1.75 * (Math.abs(d) - 0.875)),
  ),
  {
    name: 'smoothL1Loss, equal operands',
    apply: (x, y) => nn.smoothL1Loss(x, y!, none),
    inputs: [{ values: [1, 2] }, { values: [1, 2] }],
    expected: () => [0, 0],
  },
];

const positive = { from: 0.1, to: 1 };
const divergence = (t: number, x: number): number => (t === 0 ? 0 : t * (Math.log(t) - x));

const likelihoodCases: OperationCase[] = [
  {
    name: 'klDiv',
    apply: (x, t) => nn.klDiv(x, t!, none),
    inputs: [{ shape: [2, 3] }, { shape: [2, 3], ...positive }],
    expected: (x, t) => map((value, target) => divergence(target, value), x!, t!),
  },
  {
    name: 'klDiv, batchmean of logarithms',
    apply: (x, t) => nn.klDiv(x, t!, { logTarget: true, reduction: 'batchmean' }),
    inputs: [{ shape: [2, 3] }, { shape: [2, 3] }],
    expected: (x, t) => sum(flat(map((value, target) => divergence(Math.exp(target), value), x!, t!))) / 2,
  },
  {
    name: 'klDiv, impossible events',
    apply: (x, t) => nn.klDiv(x, t!, none),
    inputs: [{ values: [-Infinity, -1, -Infinity] }, { values: [0, 0, 1] }],
    expected: () => [0, 0, Infinity],
    derivatives: false,
  },
  {
    name: 'klDiv, impossible events as logarithms',
    apply: (x, t) => nn.klDiv(x, t!, { logTarget: true }),
    inputs: [{ values: [-Infinity, -1] }, { values: [-Infinity, -Infinity] }],
    expected: () => 0,
    derivatives: false,
  },
  {
    name: 'poissonNllLoss',
    apply: (x, t) => nn.poissonNllLoss(x, t!),
    inputs: [{ shape: [4] }, { shape: [4], from: 0, to: 5 }],
    expected: (x, t) => mean(map((value, target) => Math.exp(value) - target * value, x!, t!) as number[]),
  },
  {
    name: 'poissonNllLoss, rates with all terms',
    apply: (x, t) => nn.poissonNllLoss(x, t!, { logInput: false, full: true, ...none }),
    inputs: [{ shape: [4], from: 0.5, to: 3 }, { values: [0, 0.5, 2.5, 4] }],
    expected: (x, t) =>
      map(
        (value, target) => {
          const stirling = target * Math.log(target) - target + 0.5 * Math.log(2 * Math.PI * target);
          return value - target * Math.log(value + 1e-8) + (target > 1 ? stirling : 0);
        },
        x!,
        t!,
      ),
  },
  {
    name: 'poissonNllLoss, a rate of 0 for no events',
    apply: (x, t) => nn.poissonNllLoss(x, t!, none),
    inputs: [{ values: [-Infinity, -Infinity] }, { values: [0, 1] }],
    expected: () => [0, Infinity],
    derivatives: false,
  },
  {
    name: 'gaussianNllLoss',
    apply: (x, t, v) => nn.gaussianNllLoss(x, t!, v!, { full: true }),
    inputs: [{ shape: [2, 2] }, { shape: [2, 2] }, { shape: [2, 2], from: 0.5 }],
    expected: (x, t, v) =>
      mean(flat(map((value, target, s) => 0.5 * (Math.log(2 * Math.PI * s) + (value - target) ** 2 / s), x!, t!, v!))),
  },
  {
    name: 'gaussianNllLoss, a variance for each row',
    apply: (x, t, v) => nn.gaussianNllLoss(x, t!, v!, none),
    inputs: [{ shape: [2, 3] }, { shape: [2, 3] }, { values: [0.5, 4] }],
    expected: (x, t, v) =>
      map(
        (value, target, s) => 0.5 * (Math.log(s) + (value - target) ** 2 / s),
        x!,
        t!,
        (v as number[]).map((s) => [s, s, s]),
      ),
  },
  {
    name: 'gaussianNllLoss, no variance',
    apply: (x, t, v) => nn.gaussianNllLoss(x, t!, v!, { eps: 0.25 }),
    inputs: [{ values: [1] }, { values: [2] }, { values: 0 }],
    expected: () => 0.5 * (Math.log(0.25) + 4),
    derivatives: false,
  },
];

const signs: Input = { values: [1, -1, -1], dtype: 'int32' };
const cosine = (x: readonly number[], y: readonly number[]): number => dot(x, y) / (norm(x) * norm(y));
const less = (x: readonly number[], y: readonly number[]): number[] => x.map((value, i) => value - y[i]! + 1e-6);
const triplet: Input[] = [{ shape: [3, 2] }, { shape: [3, 2] }, { shape: [3, 2] }];

const tripletLosses =
  (distance: (x: number[], y: number[]) => number, margin: number, swap = false) =>
  (...inputs: NestedArray[]): number[] => {
    const [a, p, n] = inputs as [number[][], number[][], number[][]];
    return a.map((anchor, i) => {
      const far = distance(anchor, n[i]!);
      const least = swap ? Math.min(far, distance(p[i]!, n[i]!)) : far;
      return Math.max(0, distance(anchor, p[i]!) - least + margin);
    });
  };

const embeddingCases: OperationCase[] = [
  {
    name: 'cosineEmbeddingLoss',
    apply: (x, y, t) => nn.cosineEmbeddingLoss(x, y!, t!, { margin: 0.25, ...none }),
    inputs: [{ shape: [3, 3] }, { shape: [3, 3] }, signs],
    expected: (x, y, t) =>
      (x as number[][]).map((row, n) => {
        const similarity = cosine(row, (y as number[][])[n]!);
        return (t as number[])[n] === 1 ? 1 - similarity : Math.max(0, similarity - 0.25);
      }),
  },
  {
    name: 'cosineEmbeddingLoss, one pair of any length',
    apply: (x, y, t) => nn.cosineEmbeddingLoss(x, y!, t!),
    inputs: [{ values: [3e30, 4e30] }, { values: [1e-3, 0] }, { values: 1, dtype: 'int32' }],
    expected: () => 0.4,
    derivatives: false,
  },
  {
    name: 'cosineEmbeddingLoss, zeros',
    apply: (x, y, t) => nn.cosineEmbeddingLoss(x, y!, t!, none),
    inputs: [
      {
        values: [
          [0, 0],
          [0, 0],
        ],
      },
      { values: [[1, 2]] },
      { values: [1, -1], dtype: 'int32' },
    ],
    expected: () => [1, 0],
    derivatives: false,
  },
  {
    name: 'hingeEmbeddingLoss',
    apply: (x, t) => nn.hingeEmbeddingLoss(x, t!, { margin: 1.5, ...none }),
    inputs: [{ values: [0.5, 1.25, 3] }, signs],
    expected: () => [0.5, 0.25, 0],
  },
  {
    name: 'hingeEmbeddingLoss, mean',
    apply: (x, t) => nn.hingeEmbeddingLoss(x, t!),
    inputs: [{ values: [[0.5, 0.25, 3]] }, signs],
    expected: () => 1.25 / 3,
  },
  {
    name: 'marginRankingLoss',
    apply: (x, y, t) => nn.marginRankingLoss(x, y!, t!, { margin: 0.5 }),
    inputs: [{ values: [1, 2, -1] }, { values: [0.75] }, signs],
    expected: () => (0.25 + 1.75 + 0) / 3,
  },
  {
    name: 'tripletMarginLoss',
    apply: (a, p, n) => nn.tripletMarginLoss(a, p!, n!, none),
    inputs: triplet,
    expected: tripletLosses((x, y) => norm(less(x, y)), 1),
  },
  {
    name: 'tripletMarginLoss, swapped sums of magnitudes',
    apply: (a, p, n) => nn.tripletMarginLoss(a, p!, n!, { p: 1, swap: true, margin: 3 }),
    inputs: triplet,
    expected: (...inputs) => mean(tripletLosses((x, y) => norm(less(x, y), 1), 3, true)(...inputs)),
  },
  {
    name: 'tripletMarginLoss, largest magnitudes of one triplet',
    apply: (a, p, n) => nn.tripletMarginLoss(a, p!, n!, { p: Infinity, eps: 0 }),
    inputs: [{ values: [1, 2] }, { values: [3, 3] }, { values: [1.5, 1] }],
    expected: () => 2 - 1 + 1,
  },
  {
    name: 'tripletMarginWithDistanceLoss',
    apply: (a, p, n) =>
      nn.tripletMarginWithDistanceLoss(a, p!, n!, {
        distanceFunction: (x, y) => x.sub(y).square().sum(-1),
        margin: 2,
        swap: true,
        ...none,
      }),
    inputs: triplet,
    expected: tripletLosses((x, y) => sum(x.map((value, i) => (value - y[i]!) ** 2)), 2, true),
  },
  {
    name: 'tripletMarginWithDistanceLoss, Euclidean',
    apply: (a, p, n) => nn.tripletMarginWithDistanceLoss(a, p!, n!),
    inputs: triplet,
    expected: (...inputs) => mean(tripletLosses((x, y) => norm(less(x, y)), 1)(...inputs)),
  },
];

export const regressionCases: readonly OperationCase[] = [...differenceCases, ...likelihoodCases, ...embeddingCases];
