import type { OperationCase } from '../../../../test/support/testOperations.ts';
import { conv1d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d } from '../../src/index.ts';
import { convolve, convolveTransposed } from './naive.ts';

export const convolutions: readonly OperationCase[] = [
  {
    name: 'conv1d',
    apply: (x, w, b) => conv1d(x!, w!, { stride: 2, padding: [[1, 2]], dilation: 2, bias: b! }),
    inputs: [{ shape: [2, 2, 6] }, { shape: [3, 2, 3] }, { shape: [3] }],
    expected: (x, w, b) => convolve(x!, w!, { stride: [2], dilation: [2], before: [1], size: [3] }, b),
  },
  {
    name: 'conv1d, one signal in groups',
    apply: (x, w) => conv1d(x!, w!, { groups: 2, padding: 'same' }),
    inputs: [{ shape: [4, 5] }, { shape: [4, 2, 4] }],
    expected: (x, w) =>
      (convolve([x!], w!, { stride: [1], dilation: [1], before: [1], size: [5], groups: 2 }) as never[])[0]!,
  },
  {
    name: 'conv1d, of integers',
    apply: (x, w) => conv1d(x!, w!),
    inputs: [
      { shape: [1, 2, 4], dtype: 'int32', from: -9, to: 9 },
      { shape: [1, 2, 2], dtype: 'int32', from: -9, to: 9 },
    ],
    expected: (x, w) => convolve(x!, w!, { stride: [1], dilation: [1], before: [0], size: [3] }),
  },
  {
    name: 'conv1d, no signals',
    apply: (x, w) => conv1d(x!, w!).sum(),
    inputs: [{ shape: [0, 2, 4] }, { shape: [1, 2, 2] }],
    expected: () => 0,
  },
  {
    name: 'conv3d',
    apply: (x, w, b) => conv3d(x!, w!, { stride: [2, 1, 2], padding: [1, 0, 1], dilation: [1, 2, 1], bias: b! }),
    inputs: [{ shape: [2, 2, 3, 4, 3] }, { shape: [2, 2, 2, 2, 2] }, { shape: [2] }],
    expected: (x, w, b) =>
      convolve(x!, w!, { stride: [2, 1, 2], dilation: [1, 2, 1], before: [1, 0, 1], size: [2, 2, 2] }, b),
  },
  {
    name: 'conv3d, one volume in groups',
    apply: (x, w) =>
      conv3d(x!, w!, {
        groups: 2,
        dilation: [2, 1, 1],
        padding: [
          [0, 1],
          [1, 0],
          [0, 0],
        ],
      }),
    inputs: [{ shape: [4, 3, 2, 2] }, { shape: [2, 2, 2, 2, 1] }],
    expected: (x, w) =>
      (
        convolve([x!], w!, {
          stride: [1, 1, 1],
          dilation: [2, 1, 1],
          before: [0, 1, 0],
          size: [2, 2, 2],
          groups: 2,
        }) as never[]
      )[0]!,
  },
  {
    name: 'conv3d, along the depth',
    apply: (x, w) => conv3d(x!, w!, { stride: [2, 1, 1], dilation: [2, 3, 3], padding: [1, 0, 0] }),
    inputs: [{ shape: [1, 2, 3, 2, 2] }, { shape: [2, 2, 2, 1, 1] }],
    expected: (x, w) =>
      convolve(x!, w!, { stride: [2, 1, 1], dilation: [2, 3, 3], before: [1, 0, 0], size: [2, 2, 2] }),
  },
  {
    name: 'conv3d, depthwise',
    apply: (x, w) => conv3d(x!, w!, { groups: 2, padding: 'same' }),
    inputs: [{ shape: [1, 2, 2, 2, 2] }, { shape: [4, 1, 2, 2, 1] }],
    expected: (x, w) =>
      convolve(x!, w!, { stride: [1, 1, 1], dilation: [1, 1, 1], before: [0, 0, 0], size: [2, 2, 2], groups: 2 }),
  },
  {
    name: 'convTranspose1d',
    apply: (x, w, b) =>
      convTranspose1d(x!, w!, { stride: 3, padding: [[1, 0]], outputPadding: 2, dilation: 2, bias: b! }),
    inputs: [{ shape: [2, 2, 3] }, { shape: [2, 3, 2] }, { shape: [3] }],
    expected: (x, w, b) => convolveTransposed(x!, w!, { stride: [3], dilation: [2], before: [1], size: [10] }, b),
  },
  {
    name: 'convTranspose1d, one signal in groups, same',
    apply: (x, w) => convTranspose1d(x!, w!, { stride: 2, padding: 'same', groups: 2 }),
    inputs: [{ shape: [4, 3] }, { shape: [4, 1, 3] }],
    expected: (x, w) =>
      (convolveTransposed([x!], w!, { stride: [2], dilation: [1], before: [0], size: [6], groups: 2 }) as never[])[0]!,
  },
  {
    name: 'convTranspose2d',
    apply: (x, w, b) => convTranspose2d(x!, w!, { stride: [2, 1], padding: 1, outputPadding: [1, 0], bias: b! }),
    inputs: [{ shape: [1, 2, 2, 3] }, { shape: [2, 2, 3, 3] }, { shape: [2] }],
    expected: (x, w, b) =>
      convolveTransposed(x!, w!, { stride: [2, 1], dilation: [1, 1], before: [1, 1], size: [4, 3] }, b),
  },
  {
    name: 'convTranspose2d, in groups, more output padding than stride',
    apply: (x, w) => convTranspose2d(x!, w!, { dilation: 2, outputPadding: 1, groups: 2 }),
    inputs: [{ shape: [1, 2, 2, 2] }, { shape: [2, 2, 2, 2] }],
    expected: (x, w) =>
      convolveTransposed(x!, w!, { stride: [1, 1], dilation: [2, 2], before: [0, 0], size: [5, 5], groups: 2 }),
  },
  {
    name: 'convTranspose2d, of integers, the padding larger than the filter',
    apply: (x, w) => convTranspose2d(x!, w!, { stride: 2, padding: 2 }),
    inputs: [
      { shape: [1, 1, 4, 4], dtype: 'int32', from: -9, to: 9 },
      { shape: [1, 1, 2, 2], dtype: 'int32', from: -9, to: 9 },
    ],
    expected: (x, w) => convolveTransposed(x!, w!, { stride: [2, 2], dilation: [1, 1], before: [2, 2], size: [4, 4] }),
  },
  {
    name: 'convTranspose3d',
    apply: (x, w, b) =>
      convTranspose3d(x!, w!, { stride: [2, 1, 1], padding: [1, 0, 1], outputPadding: [1, 0, 0], bias: b! }),
    inputs: [{ shape: [1, 2, 2, 2, 2] }, { shape: [2, 2, 3, 2, 2] }, { shape: [2] }],
    expected: (x, w, b) =>
      convolveTransposed(x!, w!, { stride: [2, 1, 1], dilation: [1, 1, 1], before: [1, 0, 1], size: [4, 3, 1] }, b),
  },
  {
    name: 'convTranspose3d, of integers',
    apply: (x, w) => convTranspose3d(x!, w!),
    inputs: [
      { shape: [1, 1, 2, 1, 2], dtype: 'int32', from: -99999, to: 99999 },
      { shape: [1, 2, 2, 1, 1], dtype: 'int32', from: -9, to: 9 },
    ],
    expected: (x, w) =>
      convolveTransposed(x!, w!, { stride: [1, 1, 1], dilation: [1, 1, 1], before: [0, 0, 0], size: [3, 1, 2] }),
  },
  {
    name: 'convTranspose3d, in groups, dilated',
    apply: (x, w) => convTranspose3d(x!, w!, { dilation: [2, 1, 2], outputPadding: [1, 0, 1], groups: 2 }),
    inputs: [{ shape: [2, 2, 1, 2] }, { shape: [2, 1, 2, 2, 2] }],
    expected: (x, w) =>
      (
        convolveTransposed([x!], w!, {
          stride: [1, 1, 1],
          dilation: [2, 1, 2],
          before: [0, 0, 0],
          size: [5, 2, 5],
          groups: 2,
        }) as never[]
      )[0]!,
  },
];
