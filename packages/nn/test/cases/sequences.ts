import * as nn from '@thetagrad/nn';
import type { NestedArray } from '@thetagrad/core';
import type { Input, OperationCase } from '../../../../test/support/testOperations.ts';
import { logSoftmax, mean, sum } from './plain.ts';

/** −log of the probability of a target, summed over all paths of classes through the frames that spell it. */
function ctc(frames: readonly (readonly number[])[], target: readonly number[], blank = 0): number {
  const classes = frames[0]?.length ?? 0;
  let probability = 0;
  for (let code = 0; code < classes ** frames.length; code++) {
    const path = frames.map((_, t) => Math.floor(code / classes ** t) % classes);
    const spelled = path.filter((label, t) => label !== path[t - 1] && label !== blank);
    if (spelled.length !== target.length || spelled.some((label, s) => label !== target[s])) continue;
    probability += Math.exp(sum(path.map((label, t) => frames[t]![label]!)));
  }
  return -Math.log(probability);
}

/** The frames of a sample of [T, N, C]. */
const framesOf = (x: NestedArray, n: number, count: number): number[][] =>
  (x as number[][][]).slice(0, count).map((frame) => frame[n]!);

const targets: Input = {
  values: [
    [1, 1, 7],
    [2, 1, 2],
    [5, 5, 5],
  ],
  dtype: 'int32',
};

const normalized = (frames: readonly (readonly number[])[]): number[][] => frames.map(logSoftmax);

export const sequenceCases: readonly OperationCase[] = [
  {
    name: 'ctcLoss',
    apply: (x, y) => nn.ctcLoss(x.logSoftmax(), y!, [4, 3, 2], [2, 3, 0], { reduction: 'none' }),
    inputs: [{ shape: [4, 3, 3] }, targets],
    expected: (x) => [
      ctc(normalized(framesOf(x!, 0, 4)), [1, 1]),
      ctc(normalized(framesOf(x!, 1, 3)), [2, 1, 2]),
      ctc(normalized(framesOf(x!, 2, 2)), []),
    ],
  },
  {
    name: 'ctcLoss, mean of measures that are not normalized',
    apply: (x, y, frames, labels) => nn.ctcLoss(x, y!, frames!, labels!, { blank: 2 }),
    inputs: [
      { shape: [3, 2, 3] },
      {
        values: [
          [1, 0],
          [0, 9],
        ],
        dtype: 'int32',
      },
      { values: [3, 2], dtype: 'int32' },
      { values: [2, 1], dtype: 'int32' },
    ],
    expected: (x) => mean([ctc(framesOf(x!, 0, 3), [1, 0], 2) / 2, ctc(framesOf(x!, 1, 2), [0], 2)]),
  },
  {
    name: 'ctcLoss, one sample',
    apply: (x, y) => nn.ctcLoss(x, y!, 4, 2, { reduction: 'sum' }),
    inputs: [{ shape: [4, 3] }, { values: [2, 2], dtype: 'int32' }],
    expected: (x) => ctc(x as number[][], [2, 2]),
  },
  {
    name: 'ctcLoss, too few frames',
    apply: (x, y) => nn.ctcLoss(x, y!, [2, 0], [2, 0], { reduction: 'none' }),
    inputs: [
      { shape: [2, 2, 3] },
      {
        values: [
          [1, 1],
          [1, 1],
        ],
        dtype: 'int32',
      },
    ],
    expected: () => [Infinity, 0],
    derivatives: false,
  },
  {
    name: 'ctcLoss, zero for infinity',
    apply: (x, y) => nn.ctcLoss(x, y!, [2, 2], [2, 1], { zeroInfinity: true, reduction: 'none' }),
    inputs: [
      { shape: [2, 2, 3] },
      {
        values: [
          [1, 1],
          [1, 1],
        ],
        dtype: 'int32',
      },
    ],
    expected: (x) => [0, ctc(framesOf(x!, 1, 2), [1])],
  },
  {
    name: 'ctcLoss, no labels',
    apply: (x, y) => nn.ctcLoss(x, y!, [2], [0]),
    inputs: [{ shape: [2, 1, 3] }, { values: [[]], dtype: 'int32' }],
    expected: (x) => ctc(framesOf(x!, 0, 2), []),
  },
];
