import type { NestedArray } from '@thetagrad/core';
import * as nn from '@thetagrad/nn';
import type { Input, OperationCase } from '../../../../test/support/testOperations.ts';
import { logSoftmax, map, mean, sigmoid, softplus, sum } from './plain.ts';

const none = { reduction: 'none' } as const;
const labels: Input = { values: [2, 0, -100, 2], dtype: 'int32' };
const weight: Input = { values: [0.5, 2, 0.25] };
const scores: Input = { shape: [4, 3] };
const probability = { from: 0, to: 1 };

/** The losses of labels by the definition, and the factors that divide their mean. */
function labelLosses(
  logProbabilities: readonly (readonly number[])[],
  targets: readonly number[],
  weights: readonly number[],
  { smoothing = 0, ignored }: { smoothing?: number; ignored?: number } = {},
): { losses: number[]; factors: number[] } {
  const losses = logProbabilities.map((row, n) => {
    if (targets[n] === ignored) return 0;
    const terms = row.map((value, c) => {
      const target = (c === targets[n] ? 1 - smoothing : 0) + smoothing / row.length;
      return target === 0 ? 0 : -target * weights[c]! * value;
    });
    return sum(terms);
  });
  return { losses, factors: targets.map((label) => (label === ignored ? 0 : weights[label]!)) };
}

const rows = (x: NestedArray): number[][] => x as number[][];

/** [N, C, d] as the rows of its [N, d] samples. */
const samplesOf = (x: NestedArray): number[][] =>
  (x as number[][][]).flatMap((image) => image[0]!.map((_, i) => image.map((channel) => channel[i]!)));

const chunk = (x: readonly number[], size: number): number[][] =>
  Array.from({ length: x.length / size }, (_, i) => x.slice(i * size, (i + 1) * size));

const pixels: Input = {
  values: [
    [0, 2],
    [1, 1],
  ],
  dtype: 'int32',
};

const crossEntropyCases: OperationCase[] = [
  {
    name: 'crossEntropy, weights, smoothing and ignored labels',
    apply: (x, w, y) => nn.crossEntropy(x, y!, { weight: w!, labelSmoothing: 0.25, ignoreIndex: -100 }),
    inputs: [scores, weight, labels],
    expected: (x, w, y) => {
      const options = { smoothing: 0.25, ignored: -100 };
      const { losses, factors } = labelLosses(rows(x!).map(logSoftmax), y as number[], w as number[], options);
      return sum(losses) / sum(factors);
    },
  },
  {
    name: 'crossEntropy, pixels',
    apply: (x, w, y) => nn.crossEntropy(x, y!, { weight: w!, ...none }),
    inputs: [{ shape: [2, 3, 2] }, weight, pixels],
    expected: (x, w, y) =>
      chunk(labelLosses(samplesOf(x!).map(logSoftmax), (y as number[][]).flat(), w as number[]).losses, 2),
  },
  {
    name: 'crossEntropy, mean of weighted pixels',
    apply: (x, w, y) => nn.crossEntropy(x, y!, { weight: w! }),
    inputs: [{ shape: [2, 3, 2] }, weight, pixels],
    expected: (x, w, y) => {
      const { losses, factors } = labelLosses(samplesOf(x!).map(logSoftmax), (y as number[][]).flat(), w as number[]);
      return sum(losses) / sum(factors);
    },
  },
  {
    name: 'crossEntropy, probabilities',
    apply: (x, t, w) => nn.crossEntropy(x, t!, { weight: w!, labelSmoothing: 0.125 }),
    inputs: [{ shape: [2, 3] }, { shape: [2, 3], ...probability }, weight],
    expected: (x, t, w) =>
      mean(
        rows(x!).map((row, n) =>
          sum(logSoftmax(row).map((value, c) => -value * (w as number[])[c]! * (rows(t!)[n]![c]! * 0.875 + 0.125 / 3))),
        ),
      ),
  },
  {
    name: 'crossEntropy, probabilities of pixels',
    apply: (x, t) => nn.crossEntropy(x, t!, none),
    inputs: [{ shape: [2, 3, 2] }, { shape: [2, 3, 2], ...probability }],
    expected: (x, t) => {
      const targets = samplesOf(t!);
      return chunk(
        samplesOf(x!).map((row, n) => sum(logSoftmax(row).map((value, c) => -value * targets[n]![c]!))),
        2,
      );
    },
  },
  {
    name: 'crossEntropy, impossible classes that are not wanted',
    apply: (x, t) => nn.crossEntropy(x, t!, none),
    inputs: [
      {
        values: [
          [-Infinity, 0, 0],
          [0, -Infinity, Infinity],
        ],
      },
      {
        values: [
          [0, 0.5, 0.5],
          [0, 0, 0],
        ],
      },
    ],
    expected: () => [Math.LN2, 0],
    derivatives: false,
  },
  {
    name: 'nllLoss',
    apply: (x, w, y) => nn.nllLoss(x, y!, { weight: w!, ignoreIndex: -100 }),
    inputs: [scores, weight, labels],
    expected: (x, w, y) => {
      const { losses, factors } = labelLosses(rows(x!), y as number[], w as number[], { ignored: -100 });
      return sum(losses) / sum(factors);
    },
  },
  {
    name: 'nllLoss, sum',
    apply: (x, y) => nn.nllLoss(x, y!, { reduction: 'sum' }),
    inputs: [{ shape: [2, 3, 2] }, pixels],
    expected: (x, y) => sum(labelLosses(samplesOf(x!), (y as number[][]).flat(), [1, 1, 1]).losses),
  },
  {
    name: 'nllLoss, a weight of 0 for an infinite loss',
    apply: (x, w, y) => nn.nllLoss(x, y!, { weight: w!, ...none }),
    inputs: [{ values: [[-Infinity, 0]] }, { values: [0, 1] }, { values: [0], dtype: 'int32' }],
    expected: () => [0],
    derivatives: false,
  },
];

const binary = (x: number, t: number): number => t * softplus(-x) + (1 - t) * softplus(x);

const binaryCases: OperationCase[] = [
  {
    name: 'binaryCrossEntropy, weight',
    apply: (p, t, w) => nn.binaryCrossEntropy(p, t!, { weight: w!, ...none }),
    inputs: [{ shape: [2, 3], from: 0.1, to: 0.9 }, { shape: [2, 3], ...probability }, { values: [0.5, 2, 0] }],
    expected: (p, t, w) =>
      rows(p!).map((row, n) =>
        row.map((value, c) => {
          const target = rows(t!)[n]![c]!;
          return -(w as number[])[c]! * (target * Math.log(value) + (1 - target) * Math.log(1 - value));
        }),
      ),
  },
  {
    name: 'binaryCrossEntropyWithLogits, weights',
    apply: (x, t, w, positive) => nn.binaryCrossEntropyWithLogits(x, t!, { weight: w!, posWeight: positive! }),
    inputs: [{ shape: [2, 3] }, { shape: [2, 3], ...probability }, { values: [[0.5], [2]] }, { values: [3, 1, 0.25] }],
    expected: (x, t, w, positive) =>
      mean(
        rows(x!).flatMap((row, n) =>
          row.map((value, c) => {
            const target = rows(t!)[n]![c]!;
            const factor = (positive as number[])[c]!;
            return rows(w!)[n]![0]! * (factor * target * softplus(-value) + (1 - target) * softplus(value));
          }),
        ),
      ),
  },
  {
    name: 'binaryCrossEntropyWithLogits, extremes',
    apply: (x, t, positive) => nn.binaryCrossEntropyWithLogits(x, t!, { posWeight: positive!, ...none }),
    inputs: [
      { values: [Infinity, -Infinity, Infinity, -Infinity, 1000, -1000, -Infinity] },
      { values: [1, 0, 0, 1, 1, 1, 1] },
      { values: [2, 2, 2, 2, 2, 2, 0] },
    ],
    expected: () => [0, 0, Infinity, Infinity, 0, 2000, 0],
    derivatives: false,
  },
  {
    name: 'sigmoidFocalLoss',
    apply: (x, t) => nn.sigmoidFocalLoss(x, t!),
    inputs: [{ shape: [2, 3] }, { shape: [2, 3], ...probability }],
    expected: (x, t) =>
      map(
        (value, target) => {
          const p = sigmoid(value);
          const hit = p * target + (1 - p) * (1 - target);
          return (0.25 * target + 0.75 * (1 - target)) * binary(value, target) * (1 - hit) ** 2;
        },
        x!,
        t!,
      ),
  },
  {
    name: 'sigmoidFocalLoss, without alpha, mean',
    apply: (x, t) => nn.sigmoidFocalLoss(x, t!, { alpha: null, gamma: 0.5, reduction: 'mean' }),
    inputs: [{ shape: [4] }, { values: [0, 1, 1, 0] }],
    expected: (x, t) =>
      mean(
        map(
          (value, target) => binary(value, target) * (1 - (target === 1 ? sigmoid(value) : 1 - sigmoid(value))) ** 0.5,
          x!,
          t!,
        ) as number[],
      ),
  },
  {
    name: 'sigmoidFocalLoss, certain',
    apply: (x, t) => nn.sigmoidFocalLoss(x, t!, { alpha: null }),
    inputs: [{ values: [Infinity, -Infinity, -1000] }, { values: [1, 0, 1] }],
    expected: () => [0, 0, 1000],
    derivatives: false,
  },
  {
    name: 'diceLoss',
    apply: (p, t) => nn.diceLoss(p, t!, none),
    inputs: [
      { shape: [2, 3], ...probability },
      { shape: [2, 3], ...probability },
    ],
    expected: (p, t) =>
      rows(p!).map((row, n) => {
        const targets = rows(t!)[n]!;
        return 1 - (2 * sum(row.map((value, i) => value * targets[i]!)) + 1) / (sum(row) + sum(targets) + 1);
      }),
  },
  {
    name: 'diceLoss, axes',
    apply: (p, t) => nn.diceLoss(p, t!, { axis: [0, 1], smooth: 0.5 }),
    inputs: [
      {
        values: [
          [1, 0],
          [1, 1],
        ],
      },
      {
        values: [
          [1, 1],
          [0, 1],
        ],
      },
    ],
    expected: () => 1 - 4.5 / 6.5,
  },
  {
    name: 'diceLoss, nothing predicted for nothing',
    apply: (p, t) => nn.diceLoss(p, t!),
    inputs: [{ values: [[0, 0]] }, { values: [[0, 0]] }],
    expected: () => 0,
  },
];

const targetLabels: Input = { values: [1, 0, 2], dtype: 'int32' };

const multiMargin =
  (p: number, margin: number) =>
  (x: NestedArray, w: NestedArray, y: NestedArray): number[] =>
    rows(x).map((row, n) => {
      const label = (y as number[])[n]!;
      const terms = row.map((value, c) =>
        c === label ? 0 : (w as number[])[label]! * Math.max(0, margin - row[label]! + value) ** p,
      );
      return sum(terms) / row.length;
    });

const marginCases: OperationCase[] = [
  {
    name: 'multiMarginLoss',
    apply: (x, y) => nn.multiMarginLoss(x, y!),
    inputs: [{ shape: [3, 3] }, targetLabels],
    expected: (x, y) => mean(multiMargin(1, 1)(x!, [1, 1, 1], y!)),
  },
  {
    name: 'multiMarginLoss, squares with weights',
    apply: (x, w, y) => nn.multiMarginLoss(x, y!, { p: 2, margin: 0.5, weight: w!, ...none }),
    inputs: [{ shape: [3, 3] }, weight, targetLabels],
    expected: multiMargin(2, 0.5) as OperationCase['expected'],
  },
  {
    name: 'multiMarginLoss, one sample',
    apply: (x, y) => nn.multiMarginLoss(x, y!),
    inputs: [{ values: [0.25, 0.75, 2.5] }, { values: 1, dtype: 'int32' }],
    expected: () => (0.5 + 2.75) / 3,
  },
  {
    name: 'multilabelMarginLoss',
    apply: (x, y) => nn.multilabelMarginLoss(x, y!, none),
    inputs: [
      { shape: [2, 4] },
      {
        values: [
          [3, 0, -1, 1],
          [-1, 2, 9, 0],
        ],
        dtype: 'int32',
      },
    ],
    expected: (x, y) =>
      rows(x!).map((row, n) => {
        const all = rows(y!)[n]!;
        const listed = all.slice(0, all.indexOf(-1));
        const others = row.filter((_, c) => !listed.includes(c));
        return sum(listed.flatMap((label) => others.map((value) => Math.max(0, 1 - row[label]! + value)))) / row.length;
      }),
  },
  {
    name: 'multilabelMarginLoss, one sample',
    apply: (x, y) => nn.multilabelMarginLoss(x, y!),
    inputs: [{ values: [0.1, 0.2, 0.4, 0.8] }, { values: [3, 0, -1, 1], dtype: 'int32' }],
    expected: () => 0.85,
  },
  {
    name: 'multilabelSoftMarginLoss',
    apply: (x, t, w) => nn.multilabelSoftMarginLoss(x, t!, { weight: w!, ...none }),
    inputs: [{ shape: [2, 3] }, { shape: [2, 3], ...probability }, weight],
    expected: (x, t, w) =>
      rows(x!).map((row, n) => mean(row.map((value, c) => (w as number[])[c]! * binary(value, rows(t!)[n]![c]!)))),
  },
  {
    name: 'multilabelSoftMarginLoss, mean of extremes',
    apply: (x, t) => nn.multilabelSoftMarginLoss(x, t!),
    inputs: [{ values: [[Infinity, -Infinity, -1000]] }, { values: [[1, 0, 1]] }],
    expected: () => 1000 / 3,
    derivatives: false,
  },
  {
    name: 'softMarginLoss',
    apply: (x, y) => nn.softMarginLoss(x, y!),
    inputs: [{ shape: [4] }, { values: [1, -1, -1, 1], dtype: 'int32' }],
    expected: (x, y) => mean(map((value, target) => Math.log(1 + Math.exp(-target * value)), x!, y!) as number[]),
  },
  {
    name: 'softMarginLoss, far',
    apply: (x, y) => nn.softMarginLoss(x, y!, none),
    inputs: [{ values: [1000, 1000, -Infinity] }, { values: [1, -1, -1], dtype: 'int32' }],
    expected: () => [0, 1000, 0],
    derivatives: false,
  },
];

export const classificationCases: readonly OperationCase[] = [...crossEntropyCases, ...binaryCases, ...marginCases];
