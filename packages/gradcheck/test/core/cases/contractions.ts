import { avgPool2d, conv2d, type Conv2dOptions, maxPool2d, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { broadcastableShapes, distinctTensors, tensors } from '../../../src/index.ts';
import { defineCase, type Case } from '../support.ts';

const size = fc.integer({ min: 1, max: 3 });

const matrices = fc
  .tuple(size, size, size, broadcastableShapes(2, { maxRank: 2, maxSize: 2 }))
  .chain(([m, k, n, [left, right]]) =>
    fc.tuple(tensors({ shape: [...left!, m, k] }), tensors({ shape: [...right!, k, n] })),
  );
const vectors = fc.tuple(size, size, fc.constantFrom('both', 'left', 'right', 'batch')).chain(([k, n, which]) => {
  if (which === 'both') return fc.tuple(tensors({ shape: [k] }), tensors({ shape: [k] }));
  if (which === 'left') return fc.tuple(tensors({ shape: [k] }), tensors({ shape: [k, n] }));
  if (which === 'right') return fc.tuple(tensors({ shape: [n, k] }), tensors({ shape: [k] }));
  return fc.tuple(tensors({ shape: [2, n, k] }), tensors({ shape: [k] }));
});

/** The window and the length of one spatial axis of a convolution. */
const axis = fc
  .record({
    kernel: size,
    stride: size,
    dilation: fc.integer({ min: 1, max: 2 }),
    padBefore: fc.nat(2),
    padAfter: fc.nat(2),
    extra: fc.nat(3),
  })
  .map((one) => ({
    ...one,
    length: Math.max(1, (one.kernel - 1) * one.dilation + 1 - one.padBefore - one.padAfter + one.extra),
  }));
const channels = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  groups: fc.integer({ min: 1, max: 2 }),
  inputs: fc.integer({ min: 1, max: 2 }),
  outputs: fc.integer({ min: 1, max: 2 }),
});
const convolutions = fc.tuple(channels, axis, axis).chain(([{ batch, groups, inputs, outputs }, y, x]) =>
  fc.tuple(
    tensors({ shape: [batch, groups * inputs, y.length, x.length] }),
    tensors({ shape: [groups * outputs, inputs, y.kernel, x.kernel] }),
    fc.constant<Conv2dOptions>({
      groups,
      stride: [y.stride, x.stride],
      dilation: [y.dilation, x.dilation],
      padding: [
        [y.padBefore, y.padAfter],
        [x.padBefore, x.padAfter],
      ],
    }),
  ),
);

/** The window and the length of one axis of pooling; the padding is smaller than the window. */
const windowAxis = fc
  .record({ kernel: size, stride: size, extra: fc.nat(2), pad: fc.nat(2) })
  .map(({ kernel, stride, extra, pad }) => ({
    kernel,
    stride,
    pad: Math.min(pad, kernel - 1),
    length: kernel + extra,
  }));

/** Images and the options of pooling. */
function poolings(images: (shape: number[]) => fc.Arbitrary<Tensor>) {
  return fc.tuple(fc.integer({ min: 1, max: 2 }), windowAxis, windowAxis).chain(([channels, y, x]) =>
    fc.tuple(
      images([1, channels, y.length, x.length]),
      fc.constant({
        kernelSize: [y.kernel, x.kernel] as const,
        stride: [y.stride, x.stride] as const,
        padding: [y.pad, x.pad] as const,
      }),
    ),
  );
}

export const contractions: readonly Case[] = [
  defineCase('matmul', matrices, (a, b) => a.matmul(b)),
  defineCase('matmul of vectors', vectors, (a, b) => a.matmul(b)),
  defineCase('matmul with itself transposed', [tensors({ shape: [2, 3] })], (a) => a.matmul(a.transpose())),
  defineCase('conv2d', convolutions, (x, weight, options) => conv2d(x, weight, options)),
  defineCase(
    "conv2d with padding 'same'",
    [tensors({ shape: [1, 1, 3, 4] }), tensors({ shape: [2, 1, 2, 3] }), size],
    (x, weight, stride) => conv2d(x, weight, { padding: 'same', stride }),
  ),
  defineCase(
    'maxPool2d',
    poolings((shape) => distinctTensors({ shape })),
    (x, options) => maxPool2d(x, options).square(),
  ),
  defineCase(
    'maxPool2d of windows that tile',
    [distinctTensors({ shape: [1, 2, 6, 4] }), fc.integer({ min: 1, max: 3 })],
    (x, height) => maxPool2d(x, { kernelSize: [height, 2] }).square(),
  ),
  defineCase(
    'avgPool2d',
    poolings((shape) => tensors({ shape })),
    (x, options) => avgPool2d(x, options).square(),
  ),
];
