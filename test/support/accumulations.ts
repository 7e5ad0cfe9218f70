// Operations that add up many terms, each equal to 0.1 rounded to float32.
import { avgPool2d, conv2d, full, grad, tensor, vjp, zeros, type Shape, type Tensor } from '@thetagrad/core';

/** Builds a tensor of which each element is the sum of so many terms. */
export interface Accumulation {
  readonly terms: number;
  readonly build: () => Tensor;
}

const tenths = (shape: Shape): Tensor => full(shape, 0.1).add(0);
const ones = (shape: Shape): Tensor => full(shape, 1).add(0);
const zeroIndices = (shape: Shape): Tensor => zeros(shape, { dtype: 'int32' });

/** The gradient of f at x for a cotangent of tenths. */
function pullTenths(f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const { value, pullback } = vjp(f, x);
  return pullback(tenths(value.shape))[0];
}

/** The operations by name, for n terms or a fraction of them; n is a power of two from 2¹⁷ on. */
export function accumulations(n: number): Record<string, Accumulation> {
  const side = 2 ** Math.floor(Math.log2(n) / 2);
  const channels = n / 256;
  return {
    sum: { terms: n, build: () => tenths([n]).sum() },
    'sum of columns': { terms: n / 4, build: () => tenths([n / 4, 4]).sum(0) },
    'sum of many columns': { terms: n / 128, build: () => tenths([n / 128, 128]).sum(0) },
    'sum over axes apart': { terms: n / 8, build: () => tenths([4, 4, n / 32, 2]).sum([0, 2]) },
    'sum over many axes': { terms: n / 32, build: () => tenths([n / 4096, 2, 16, 4, 8, 4]).sum([0, 2, 4]) },
    mean: { terms: n, build: () => tenths([n]).mean().mul(n) },
    cumsum: { terms: n, build: () => tenths([n]).cumsum().slice([-1]) },
    'dot product': { terms: n, build: () => tenths([n]).matmul(ones([n])) },
    'matmul of thin factors': { terms: n / 2, build: () => tenths([2, n / 2]).matmul(ones([n / 2, 3])) },
    matmul: { terms: n / 16, build: () => tenths([16, n / 16]).matmul(ones([n / 16, 16])) },
    'conv2d of many channels': {
      terms: n / 16,
      build: () => conv2d(tenths([1, n / 16, 4, 4]), ones([8, n / 16, 1, 1])),
    },
    'conv2d of many channels, 3 × 3': {
      terms: 9 * channels,
      build: () => conv2d(tenths([1, channels, 10, 10]), ones([16, channels, 3, 3])),
    },
    'conv2d of a large filter': {
      terms: side * (n / side),
      build: () => conv2d(tenths([1, 1, side, n / side]), ones([1, 1, side, n / side])),
    },
    'gradient of a filter': {
      terms: n,
      build: () => pullTenths((weight) => conv2d(ones([1, 1, side, n / side]), weight), ones([1, 1, 1, 1])),
    },
    'gradient of a depthwise filter': {
      terms: n / 64,
      build: () =>
        pullTenths((weight) => conv2d(ones([1, 4, 18, n / 1024 + 2]), weight, { groups: 4 }), ones([4, 1, 3, 3])),
    },
    'gradient of an input': {
      terms: channels,
      build: () => pullTenths((x) => conv2d(x, ones([channels, 1, 1, 1])), ones([1, 1, 2, 2])),
    },
    'gradient of a bias': { terms: n / 4, build: () => pullTenths((bias) => bias.broadcastTo([n / 4, 4]), ones([4])) },
    avgPool2d: {
      terms: n,
      build: () => avgPool2d(tenths([1, 1, side, n / side]), { kernelSize: [side, n / side] }).mul(n),
    },
    'gradient of avgPool2d': {
      terms: 64 * 64,
      build: () =>
        pullTenths((x) => avgPool2d(x, { kernelSize: 64, stride: 1 }).mul(64 * 64), ones([1, 1, 127, 127])).slice([
          0, 0, 63, 63,
        ]),
    },
    scatterAdd: { terms: n, build: () => zeros([1]).scatterAdd(zeroIndices([n]), tenths([n])) },
    'scatterAdd of rows': {
      terms: n / 4,
      build: () => zeros([1, 4]).scatterAdd(zeroIndices([n / 4, 4]), tenths([n / 4, 4]), 0),
    },
    'gradient of take': { terms: n, build: () => pullTenths((x) => x.take(zeroIndices([n])), ones([1])) },
    'gradient of takeAlongAxis': {
      terms: n / 4,
      build: () => pullTenths((x) => x.takeAlongAxis(zeroIndices([4, n / 4])), ones([4, 1])),
    },
    'gradient of unfold': {
      terms: 1024,
      build: () => pullTenths((x) => x.unfold(0, 1024, 1), ones([2047])).slice([1023]),
    },
  };
}

/** Positive numbers, some of which are much larger than others, and indices that are all 0. */
export function unevenSums(values: Float32Array): Tensor[] {
  const x = tensor(values);
  const n = values.length;
  return [
    x.sum(),
    x.matmul(ones([n])),
    zeros([1]).scatterAdd(zeroIndices([n]), x),
    grad((y: Tensor) =>
      y
        .take(zeroIndices([n]))
        .mul(x)
        .sum(),
    )(ones([1])),
  ];
}

/** A bound for the relative error of a sum: a few units in the last place for each doubling of the number of terms. */
export function accumulationError(terms: number): number {
  return 3 * Math.log2(terms) * 2 ** -23;
}
