import { conv2d, random, type Tensor, vjp } from '@thetagrad/core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { Case } from '../case.ts';
import { peerOf, tf } from '../peer.ts';

const key = random.key(1);

function matmul(n: number): Case {
  const [a, b] = [random.normal(key.foldIn(n), [n, n]), random.normal(key.foldIn(-n), [n, n])];
  const [x, y] = [peerOf(a), peerOf(b)];
  return { name: `matmul ${n}`, ours: () => [a.matmul(b)], peer: () => [tf.matMul(x, y)] };
}

// A 3×3 convolution of 2 images of 28 × 28, from 16 channels to 32: 7 million multiply-adds. The peer's layout is NHWC.
const images = random.normal(key.foldIn(1), [2, 16, 28, 28]);
const kernels = random.normal(key.foldIn(2), [32, 16, 3, 3], { std: 0.1 });
const cotangent = random.normal(key.foldIn(3), [2, 32, 28, 28]);

const peerImages = peerOf<Tensor4D>(images.permute([0, 2, 3, 1]));
const peerKernels = peerOf<Tensor4D>(kernels.permute([2, 3, 1, 0]));
const peerCotangent = peerOf<Tensor4D>(cotangent.permute([0, 2, 3, 1]));

const convolve = (x: Tensor, w: Tensor): Tensor => conv2d(x, w, { padding: 1 });
const peerConvolve = (x: Tensor4D, w: Tensor4D): Tensor4D => tf.conv2d(x, w, 1, 1);

const forward: Case = {
  name: 'conv2d forward',
  ours: () => [convolve(images, kernels)],
  peer: () => [peerConvolve(peerImages, peerKernels)],
  layout: [[0, 3, 1, 2]],
};

const backward: Case = {
  name: 'conv2d forward and backward',
  ours: () => {
    const { value, pullback } = vjp(convolve, images, kernels);
    return [value, ...pullback(cotangent)];
  },
  peer: () => {
    const f = peerConvolve as Parameters<typeof tf.valueAndGrads>[0];
    const { value, grads } = tf.valueAndGrads(f)([peerImages, peerKernels], peerCotangent);
    return [value, ...grads];
  },
  layout: [
    [0, 3, 1, 2],
    [0, 3, 1, 2],
    [3, 2, 0, 1],
  ],
};

export const contractions: readonly Case[] = [matmul(64), matmul(128), matmul(256), forward, backward];
