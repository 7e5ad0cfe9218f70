import { ones, random, type Tensor, zeros } from '@thetagrad/core';
import { expect, test } from 'vitest';
import * as conv from '../src/index.ts';

const signals = zeros([2, 4, 6]);
const images = zeros([2, 4, 5, 5]);
const volumes = zeros([2, 4, 3, 3, 3]);
const weight = zeros([2, 4, 3]);
const notATensor = [1] as unknown as Tensor;

test.each<[() => unknown, string]>([
  // Convolutions
  [
    () => conv.conv1d(notATensor, weight),
    'TypeError: conv1d: expected a tensor, got Array; make a tensor of it with tensor(…)',
  ],
  [() => conv.conv1d(signals, 1 as never), 'TypeError: conv1d: the weight must be a tensor, got 1'],
  [
    () => conv.conv1d(images, weight),
    'RangeError: conv1d: expected images [N, C, L] or [C, L] and a weight [O, C / groups, k], got [2, 4, 5, 5] and [2, 4, 3]',
  ],
  [
    () => conv.conv3d(volumes, images),
    'RangeError: conv3d: expected images [N, C, D, H, W] or [C, D, H, W] and a weight [O, C / groups, kd, kh, kw], got [2, 4, 3, 3, 3] and [2, 4, 5, 5]',
  ],
  [
    () => conv.conv1d(signals, zeros([2, 3, 3])),
    'RangeError: conv1d: images [2, 4, 6] have 4 channels, but the weight [2, 3, 3] and 1 group(s) need 3',
  ],
  [
    () => conv.conv1d(signals, zeros([3, 2, 3]), { groups: 2 }),
    'RangeError: conv1d: 3 output channels are not divisible into 2 groups',
  ],
  [() => conv.conv1d(signals, weight, { groups: 0 }), 'RangeError: conv1d: groups must be an integer ≥ 1, got 0'],
  [
    () => conv.conv1d(signals, zeros([2, 4, 0])),
    'RangeError: conv1d: the filters of the weight [2, 4, 0] have no elements',
  ],
  [
    () => conv.conv1d(signals, zeros([2, 4, 7])),
    'RangeError: conv1d: a window of [7] does not fit the padded size [6]',
  ],
  [
    () => conv.conv1d(signals, weight, { bias: zeros([3]) }),
    'RangeError: conv1d: the bias must be [2], one number for each output channel, got [3]',
  ],
  [() => conv.conv1d(signals, weight, { bias: 1 as never }), 'TypeError: conv1d: the bias must be a tensor, got 1'],
  [
    () => conv.conv1d(signals, weight, { stride: [1, 2] as never }),
    'RangeError: conv1d: stride must be an integer ≥ 1 or an array of 1, one for each axis, got [1, 2]',
  ],
  [
    () => conv.conv1d(signals, weight, { dilation: 'wide' as never }),
    "TypeError: conv1d: dilation must be an integer ≥ 1 or an array of 1, one for each axis, got 'wide'",
  ],
  [
    () => conv.conv1d(signals, weight, { padding: 'full' as never }),
    "TypeError: conv1d: unknown padding 'full'; expected 'same', 'valid' or numbers",
  ],
  [
    () => conv.conv1d(signals, weight, { padding: [[1, -1]] }),
    'RangeError: conv1d: padding must be integers ≥ 0, one for each axis or a pair [before, after] for each, got [[1, -1]]',
  ],
  [
    () => conv.conv1d(signals, weight, { strides: 2 } as never),
    "TypeError: conv1d: unknown option 'strides'; did you mean stride?",
  ],
  // Transposed convolutions
  [
    () => conv.convTranspose1d(signals, zeros([3, 2, 3])),
    'RangeError: convTranspose1d: images [2, 4, 6] have 4 channels, but the weight [3, 2, 3] and 1 group(s) need 3',
  ],
  [
    () => conv.convTranspose1d(signals, zeros([4, 2, 3]), { groups: 3 }),
    'RangeError: convTranspose1d: 4 input channels are not divisible into 3 groups',
  ],
  [
    () => conv.convTranspose2d(images, zeros([4, 2, 3, 3]), { stride: 2, outputPadding: [0, 2] }),
    'RangeError: convTranspose2d: outputPadding must be less than stride or dilation, got [0, 2]',
  ],
  [
    () => conv.convTranspose2d(images, zeros([4, 2, 3, 3]), { stride: 2, outputPadding: 1, padding: 'same' }),
    "RangeError: convTranspose2d: outputPadding must be 0 with the padding 'same', got 1",
  ],
  [
    () => conv.convTranspose3d(volumes, zeros([4, 2, 1, 1, 1]), { padding: 2 }),
    'RangeError: convTranspose3d: padding must be small enough to leave something of the result, got 2',
  ],
  [
    () => conv.convTranspose1d(zeros([2, 4, 0]), zeros([4, 2, 3])),
    'RangeError: convTranspose1d: images [2, 4, 0] have an axis of length 0, and no transposed result',
  ],
  // Pooling
  [
    () => conv.maxPool2d(signals.sum(0), { kernelSize: 2 }),
    'RangeError: maxPool2d: expected images [N, C, H, W] or [C, H, W], got [4, 6]',
  ],
  [
    () => conv.avgPool1d(signals, { kernelSize: 7 }),
    'RangeError: avgPool1d: a window of [7] does not fit the padded size [6]',
  ],
  [
    () => conv.lpPool1d(signals, {} as never),
    'TypeError: lpPool1d: kernelSize must be an integer ≥ 1 or an array of 1, one for each axis, got undefined',
  ],
  [
    () => conv.maxPool1d(signals, { kernelSize: 2, ceilMode: 1 as never }),
    'TypeError: maxPool1d: ceilMode must be true or false, got 1',
  ],
  [
    () => conv.avgPool3d(volumes, { kernelSize: 2, dilation: 2 } as never),
    "TypeError: avgPool3d: unknown option 'dilation'; expected kernelSize, stride, ceilMode, padding, countIncludePad, divisorOverride",
  ],
  [
    () => conv.avgPool1d(signals, { kernelSize: 2, divisorOverride: 0 }),
    'RangeError: avgPool1d: divisorOverride must be a finite number other than 0, got 0',
  ],
  [
    () => conv.lpPool2d(images, { kernelSize: 2, ord: 0 }),
    'RangeError: lpPool2d: ord must be a finite number > 0, got 0',
  ],
  [
    () => conv.maxPool1dWithIndices(signals, { kernelSize: 2, padding: 2 }),
    'RangeError: maxPool1dWithIndices: padding must be small enough for an element in each window, got 2',
  ],
  [
    () => conv.adaptiveAvgPool2d(images, [2, 0]),
    'RangeError: adaptiveAvgPool2d: outputSize must be an integer ≥ 1 or an array of 2, one or null for each axis, got [2, 0]',
  ],
  [
    () => conv.adaptiveMaxPool1d(signals, { outputSize: 2 } as never),
    'TypeError: adaptiveMaxPool1d: outputSize must be an integer ≥ 1 or an array of 1, one or null for each axis, got { outputSize: 2 }',
  ],
  [
    () => conv.adaptiveAvgPool1d(zeros([1, 2, 0]), 1),
    'RangeError: adaptiveAvgPool1d: images [1, 2, 0] have no elements to reduce',
  ],
  [
    () => conv.fractionalMaxPool2d(random.key(0), images, { kernelSize: 2 }),
    'TypeError: fractionalMaxPool2d: expected one of outputSize and outputRatio',
  ],
  [
    () => conv.fractionalMaxPool2d(random.key(0), images, { kernelSize: 2, outputRatio: 1 }),
    'RangeError: fractionalMaxPool2d: outputRatio must be between 0 and 1, a number or an array of 2, one for each axis, got 1',
  ],
  [
    () => conv.fractionalMaxPool2d(random.key(0), images, { kernelSize: [2, 3], outputSize: 4 }),
    'RangeError: fractionalMaxPool2d: the number of windows must be from 1 to 4 × 3, got [4, 4]',
  ],
  [
    () => conv.fractionalMaxPool3d(0 as never, volumes, { kernelSize: 2, outputSize: 1 }),
    'TypeError: fractionalMaxPool3d: expected a key as from random.key(seed), got 0',
  ],
  [
    () => conv.maxUnpool1d(signals, signals, { kernelSize: 2 }),
    "TypeError: maxUnpool1d: indices must be int32, got float32; convert with astype('int32')",
  ],
  [
    () => conv.maxUnpool1d(signals, zeros([2, 4, 5], { dtype: 'int32' }), { kernelSize: 2 }),
    'RangeError: maxUnpool1d: indices [2, 4, 5] must have the shape of the maxima, [2, 4, 6]',
  ],
  [
    () => conv.maxUnpool1d(signals, 'first' as never, { kernelSize: 2 }),
    "TypeError: maxUnpool1d: indices must be an int32 tensor, or integers in arrays, got 'first'",
  ],
  // Patches and normalization
  [
    () => conv.im2col(images, { kernelSize: 6 }),
    'RangeError: im2col: a window of [6, 6] does not fit the padded size [5, 5]',
  ],
  [
    () => conv.col2im(zeros([8, 3]), { outputSize: 3, kernelSize: 2 }),
    'RangeError: col2im: expected columns [N, C·4, 4] or [C·4, 4] for patches [2, 2] at [2, 2] positions, got [8, 3]',
  ],
  [
    () => conv.localResponseNorm(signals, { size: 0 }),
    'RangeError: localResponseNorm: size must be an integer ≥ 1, got 0',
  ],
  [
    () => conv.localResponseNorm(signals, { size: 2, beta: '1' as never }),
    "TypeError: localResponseNorm: beta must be a number, got '1'",
  ],
  [() => conv.localResponseNorm(zeros([2]), { size: 2 }), 'RangeError: localResponseNorm: expected [N, C, …], got [2]'],
])('%#', (call, message) => {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect(String(thrown)).toBe(message);
});

test('an index that is out of range is an error at evaluation', async () => {
  const indices = ones([1, 1, 2], { dtype: 'int32' }).mul(9);
  const result = conv.maxUnpool1d(zeros([1, 1, 2]), indices, { kernelSize: 2 });
  await expect(result.data()).rejects.toThrow('maxUnpool1d: index 9 is out of range for the 4 elements of [4]');
});
