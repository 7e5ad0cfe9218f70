import { random, tensor, type NestedArray } from '@thetagrad/core';
import * as nn from '@thetagrad/nn';
import type { Input, OperationCase } from '../../../../test/support/testOperations.ts';
import { dot, logSoftmax, mean, transposed } from './plain.ts';

const rows = (x: NestedArray): number[][] => x as number[][];

const standardized = (x: readonly number[], eps = 1e-5): number[] => {
  const center = mean(x);
  const variance = mean(x.map((value) => (value - center) ** 2));
  return x.map((value) => (value - center) / Math.sqrt(variance + eps));
};

const affine: Input[] = [{ shape: [3] }, { shape: [3] }];

const normalizationCases: OperationCase[] = [
  {
    name: 'layerNorm',
    apply: (x, weight, bias) => nn.layerNorm(x, 3, { weight: weight!, bias: bias! }),
    inputs: [{ shape: [2, 3] }, ...affine],
    expected: (x, weight, bias) =>
      rows(x!).map((row) =>
        standardized(row).map((value, i) => value * (weight as number[])[i]! + (bias as number[])[i]!),
      ),
  },
  {
    name: 'layerNorm, two axes',
    apply: (x) => nn.layerNorm(x, [2, 2], { eps: 0.5 }),
    inputs: [{ shape: [2, 2, 2] }],
    expected: (x) =>
      (x as number[][][]).map((matrix) => {
        const values = standardized(matrix.flat(), 0.5);
        return [values.slice(0, 2), values.slice(2)];
      }),
  },
  {
    name: 'layerNorm, large and equal',
    apply: (x) => nn.layerNorm(x, 2),
    inputs: [
      {
        values: [
          [1e30, -1e30],
          [3, 3],
        ],
      },
    ],
    expected: () => [
      [1, -1],
      [0, 0],
    ],
    derivatives: false,
  },
  {
    name: 'layerNorm, int32',
    apply: (x) => nn.layerNorm(x, 2, { eps: 0 }),
    inputs: [{ values: [[1, 5]], dtype: 'int32' }],
    expected: () => [[-1, 1]],
  },
  {
    name: 'rmsNorm',
    apply: (x, weight) => nn.rmsNorm(x, 3, { weight: weight!, eps: 0.25 }),
    inputs: [{ shape: [2, 3] }, { shape: [3] }],
    expected: (x, weight) =>
      rows(x!).map((row) => {
        const root = Math.sqrt(mean(row.map((value) => value ** 2)) + 0.25);
        return row.map((value, i) => (value / root) * (weight as number[])[i]!);
      }),
  },
  {
    name: 'rmsNorm, default eps',
    apply: (x) => nn.rmsNorm(x, [2]),
    inputs: [{ values: [[3, 4]] }],
    expected: () => [[3 / Math.sqrt(12.5), 4 / Math.sqrt(12.5)]],
  },
  {
    name: 'groupNorm',
    apply: (x, weight, bias) => nn.groupNorm(x, 2, { weight: weight!, bias: bias! }),
    inputs: [{ shape: [2, 4, 2] }, { shape: [4] }, { shape: [4] }],
    expected: (x, weight, bias) =>
      (x as number[][][]).map((sample) => {
        const values = [0, 2].flatMap((first) => standardized(sample.slice(first, first + 2).flat()));
        return sample.map((channel, c) =>
          channel.map((_, i) => values[2 * c + i]! * (weight as number[])[c]! + (bias as number[])[c]!),
        );
      }),
  },
  {
    name: 'groupNorm, no spatial axes',
    apply: (x) => nn.groupNorm(x, 1),
    inputs: [{ shape: [2, 3] }],
    expected: (x) => rows(x!).map((row) => standardized(row)),
  },
  {
    name: 'instanceNorm',
    apply: (x, weight, bias) => nn.instanceNorm(x, { weight: weight!, bias: bias! }),
    inputs: [{ shape: [1, 3, 4] }, ...affine],
    expected: (x, weight, bias) =>
      (x as number[][][]).map((sample) =>
        sample.map((channel, c) =>
          standardized(channel).map((value) => value * (weight as number[])[c]! + (bias as number[])[c]!),
        ),
      ),
  },
  {
    name: 'batchNorm, training',
    apply: (x, weight, bias) => nn.batchNorm(x, { training: true, weight: weight!, bias: bias!, eps: 0.125 }),
    inputs: [{ shape: [4, 3] }, ...affine],
    expected: (x, weight, bias) =>
      transposed(
        transposed(x!).map((channel, c) =>
          standardized(channel, 0.125).map((value) => value * (weight as number[])[c]! + (bias as number[])[c]!),
        ),
      ),
  },
  {
    name: 'batchNorm, running statistics',
    apply: (x, runningMean, runningVar) => nn.batchNorm(x, { runningMean: runningMean!, runningVar: runningVar! }),
    inputs: [{ shape: [2, 2, 2] }, { values: [0.5, -1] }, { values: [2, 0.25] }],
    expected: (x, center, variance) =>
      (x as number[][][]).map((sample) =>
        sample.map((channel, c) =>
          channel.map((value) => (value - (center as number[])[c]!) / Math.sqrt((variance as number[])[c]! + 1e-5)),
        ),
      ),
  },
];

/** softmax(q · kᵀ · scale) · v for one head; `mask` gives what is added for query i and key j. */
function attend(
  query: number[][],
  keys: number[][],
  value: number[][],
  mask: (i: number, j: number) => number = () => 0,
  scale = 1 / Math.sqrt(query[0]!.length),
): number[][] {
  return query.map((q, i) => {
    const scores = keys.map((k, j) => dot(q, k) * scale + mask(i, j));
    const isNone = scores.every((score) => score === -Infinity);
    const weights = isNone ? scores.map(() => 0) : logSoftmax(scores).map(Math.exp);
    return transposed(value).map((column) => dot(weights, column));
  });
}

const attention: Input[] = [{ shape: [2, 3] }, { shape: [3, 3] }, { shape: [3, 2] }];
const mask = [
  [true, false, true],
  [false, false, false],
];

const attentionCases: OperationCase[] = [
  {
    name: 'scaledDotProductAttention',
    apply: (q, k, v) => nn.scaledDotProductAttention(q, k!, v!),
    inputs: attention,
    expected: (q, k, v) => attend(rows(q!), rows(k!), rows(v!)),
  },
  {
    name: 'scaledDotProductAttention, mask with an empty row',
    apply: (q, k, v, attnMask) => nn.scaledDotProductAttention(q, k!, v!, { attnMask: attnMask!, scale: 2 }),
    inputs: [...attention, { values: mask, dtype: 'bool' }],
    expected: (q, k, v) => attend(rows(q!), rows(k!), rows(v!), (i, j) => (mask[i]![j] ? 0 : -Infinity), 2),
  },
  {
    name: 'scaledDotProductAttention, added mask',
    apply: (q, k, v, attnMask) => nn.scaledDotProductAttention(q, k!, v!, { attnMask: attnMask! }),
    inputs: [...attention, { shape: [2, 3] }],
    expected: (q, k, v, added) => attend(rows(q!), rows(k!), rows(v!), (i, j) => rows(added!)[i]![j]!),
  },
  {
    name: 'scaledDotProductAttention, added −∞',
    apply: (q, k, v, attnMask) => nn.scaledDotProductAttention(q, k!, v!, { attnMask: attnMask! }),
    inputs: [
      ...attention,
      {
        values: [
          [-Infinity, -Infinity, -Infinity],
          [0.5, -Infinity, 1],
        ],
      },
    ],
    expected: (q, k, v, added) => attend(rows(q!), rows(k!), rows(v!), (i, j) => rows(added!)[i]![j]!),
    derivatives: false,
  },
  {
    name: 'scaledDotProductAttention, causal',
    apply: (q, k, v) => nn.scaledDotProductAttention(q, k!, v!, { isCausal: true }),
    inputs: attention,
    expected: (q, k, v) => attend(rows(q!), rows(k!), rows(v!), (i, j) => (j <= i ? 0 : -Infinity)),
  },
  {
    name: 'scaledDotProductAttention, grouped heads',
    apply: (q, k, v) => nn.scaledDotProductAttention(q, k!, v!, { enableGqa: true }),
    inputs: [{ shape: [4, 1, 2] }, { shape: [2, 3, 2] }, { shape: [2, 3, 1] }],
    expected: (q, k, v) =>
      [0, 1, 2, 3].map((head) =>
        attend((q as number[][][])[head]!, (k as number[][][])[head >> 1]!, (v as number[][][])[head >> 1]!),
      ),
  },
  {
    name: 'scaledDotProductAttention, everything dropped',
    apply: (q, k, v) => nn.scaledDotProductAttention(q, k!, v!, { dropoutP: 1, key: random.key(0) }),
    inputs: attention,
    expected: () => [
      [0, 0],
      [0, 0],
    ],
    derivatives: false,
  },
];

const key = random.key(3);

const weightCases: OperationCase[] = [
  {
    name: 'linear',
    apply: (x, weight, bias) => nn.linear(x, weight!, { bias: bias! }),
    inputs: [{ shape: [2, 2, 3] }, { shape: [2, 3] }, { shape: [2] }],
    expected: (x, weight, bias) =>
      (x as number[][][]).map((matrix) =>
        matrix.map((row) => rows(weight!).map((unit, i) => dot(row, unit) + (bias as number[])[i]!)),
      ),
  },
  {
    name: 'linear, one output',
    apply: (x, weight, bias) => nn.linear(x, weight!, { bias: bias! }),
    inputs: [{ shape: [2, 3] }, { shape: [3] }, { values: 0.5 }],
    expected: (x, weight) => rows(x!).map((row) => dot(row, weight as number[]) + 0.5),
  },
  {
    name: 'embedding',
    apply: (weight, indices) => nn.embedding(indices!, weight),
    inputs: [
      { shape: [3, 2] },
      {
        values: [
          [2, 0],
          [2, 2],
        ],
        dtype: 'int32',
      },
    ],
    expected: (weight, indices) => rows(indices!).map((row) => row.map((index) => rows(weight!)[index]!)),
  },
  {
    name: 'embedding, padding',
    apply: (weight, indices) => nn.embedding(indices!, weight, { paddingIdx: -1 }),
    inputs: [{ shape: [3, 2] }, { values: [2, 0], dtype: 'int32' }],
    expected: (weight) => [rows(weight!)[2]!, rows(weight!)[0]!],
    derivatives: false,
  },
  ...(['sum', 'mean', 'max'] as const).map((mode): OperationCase => ({
    name: `embeddingBag, ${mode}`,
    apply: (weight, indices) => nn.embeddingBag(indices!, weight, { mode, paddingIdx: 1 }),
    inputs: [
      { shape: [3, 2] },
      {
        values: [
          [2, 0],
          [1, 2],
          [1, 1],
        ],
        dtype: 'int32',
      },
    ],
    expected: (weight, indices) =>
      rows(indices!).map((bag) =>
        [0, 1].map((column) => {
          const elements = bag.filter((index) => index !== 1).map((index) => rows(weight!)[index]![column]!);
          if (elements.length === 0) return 0;
          if (mode === 'max') return Math.max(...elements);
          return elements.reduce((sum, x) => sum + x, 0) / (mode === 'mean' ? elements.length : 1);
        }),
      ),
  })),
  {
    name: 'embeddingBag, factors',
    apply: (weight, factors) =>
      nn.embeddingBag(tensor([2, 0, 2], { dtype: 'int32' }), weight, { mode: 'sum', perSampleWeights: factors! }),
    inputs: [{ shape: [3, 2] }, { shape: [3] }],
    expected: (weight, factors) =>
      [0, 1].map((column) =>
        [2, 0, 2].reduce((sum, index, i) => sum + (factors as number[])[i]! * rows(weight!)[index]![column]!, 0),
      ),
  },
];

const dropoutCases: OperationCase[] = [
  {
    name: 'dropout',
    apply: (x) => {
      const kept = nn.dropout(key, x, { p: 0.75 }).div(x);
      return [kept.equal(0).logicalOr(kept.sub(4).abs().less(1e-5)).all(), kept.mean().sub(1).abs().less(0.15)];
    },
    inputs: [{ shape: [4000], from: 1 }],
    expected: () => ({ outputs: [true, true] }),
    derivatives: false,
  },
  {
    name: 'dropout, in evaluation',
    apply: (x) => nn.dropout(key, x, { training: false }),
    inputs: [{ values: [1, NaN, 3] }],
    expected: (x) => x!,
    derivatives: false,
  },
  {
    name: 'dropout, everything',
    apply: (x) => nn.dropout(key, x, { p: 1 }),
    inputs: [{ values: [1, NaN, Infinity] }],
    expected: () => [0, 0, 0],
    derivatives: false,
  },
  ...[nn.dropout1d, nn.dropout2d, nn.dropout3d].map((drop, i): OperationCase => ({
    name: `dropout${i + 1}d`,
    apply: (x) => {
      const result = drop(key, x).div(x).reshape([8, 4, -1]);
      const first = result.slice([null, null, [0, 1]]);
      const isUniform = result.sub(first).abs().less(1e-5).all();
      return [isUniform, first.mean().sub(1).abs().less(0.5), result.notEqual(0).any(), result.equal(0).any()];
    },
    inputs: [{ shape: [8, 4, 2, 2, 2].slice(0, 3 + i), from: 1 }],
    expected: () => ({ outputs: [true, true, true, true] }),
    derivatives: false,
  })),
  {
    name: 'dropout2d, one image',
    apply: (x) => nn.dropout2d(key, x).div(x).sum([1, 2]).mod(8),
    inputs: [
      {
        values: [
          [
            [1, 2],
            [3, 4],
          ],
          [
            [1, 2],
            [3, 4],
          ],
          [
            [5, 6],
            [7, 8],
          ],
        ],
      },
    ],
    expected: () => [0, 0, 0],
    derivatives: false,
  },
  {
    name: 'alphaDropout',
    apply: (x) => {
      const dropped = nn.alphaDropout(key, x.sub(x.mean()).div(x.std()), { p: 0.25 });
      return [dropped.mean().abs().less(0.1), dropped.std().sub(1).abs().less(0.1)];
    },
    inputs: [{ shape: [8000] }],
    expected: () => ({ outputs: [true, true] }),
    derivatives: false,
  },
  {
    name: 'alphaDropout, everything',
    apply: (x) => nn.alphaDropout(key, x, { p: 1 }),
    inputs: [{ values: [1, NaN] }],
    expected: () => [0, 0],
    derivatives: false,
  },
  {
    name: 'featureAlphaDropout',
    apply: (x) => {
      const dropped = nn.featureAlphaDropout(key, x);
      const isDropped = dropped.sub(dropped.min()).abs().less(1e-5);
      const whole = isDropped.all(2);
      return [isDropped.any(2).equal(whole).all(), whole.any(), whole.all().logicalNot()];
    },
    inputs: [{ shape: [4, 4, 3], from: 0 }],
    expected: () => ({ outputs: [true, true, true] }),
    derivatives: false,
  },
];

export const layerCases: readonly OperationCase[] = [
  ...normalizationCases,
  ...attentionCases,
  ...weightCases,
  ...dropoutCases,
];
