// Layers agree with PyTorch in values, names of variables and shapes, and their gradients with finite differences.
import { maxPool1d, maxPool2d, maxPool3d } from '@thetagrad/conv';
import { evaluateSync, grad, random, type Shape, type Tensor, tensor } from '@thetagrad/core';
import { checkGradients } from '@thetagrad/gradcheck';
import * as nn from '@thetagrad/nn';
import { expect, test } from 'vitest';
import { samples } from './cases/torchSamples.ts';

const sequence = (shape: Shape, f: (i: number) => number): Tensor => {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(Float64Array.from({ length: size }, (_, i) => f(i))).reshape(shape);
};
const inputOf = (shape: Shape): Tensor => sequence(shape, (i) => 2 * Math.sin(1.3 * i + 0.7));
const parameterOf = (shape: Shape, k: number): Tensor => sequence(shape, (i) => 0.5 * Math.cos(1.1 * i + 0.3 + k));

test.for(Object.entries(samples))('%s', ([name, { make, inputs, shape, values, state = {} }]) => {
  const layer = make().eval() as nn.Module<Tensor[]>;
  const shapes = Object.entries(layer.variables()).map(([path, variable]) => [path, variable.shape]);
  expect(Object.fromEntries(shapes)).toEqual(state);
  const entries = Object.entries(state).map(([path, of], k) => [path, parameterOf(of, k)] as const);
  layer.loadStateDict(Object.fromEntries(entries), { strict: false });
  const operands = inputs.map((of, i) => (i === 0 ? inputOf(of) : parameterOf(of, 5)));
  const output = layer.forward(...operands);
  expect(output.shape).toEqual(shape);
  const found = output.dataSync();
  values.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value))));
  const order = Object.keys(state).length > 0 ? 2 : 1;
  checkGradients((...xs: Tensor[]): Tensor => layer.forward(...xs), operands, { order, name, variables: layer });
});

test.for([
  ['1', new nn.MaxPool1d(2), new nn.MaxUnpool1d(2), [1, 1, 4], (x: Tensor) => maxPool1d(x, { kernelSize: 2 })],
  ['2', new nn.MaxPool2d(2), new nn.MaxUnpool2d(2), [1, 1, 2, 4], (x: Tensor) => maxPool2d(x, { kernelSize: 2 })],
  ['3', new nn.MaxPool3d(2), new nn.MaxUnpool3d(2), [1, 2, 2, 4], (x: Tensor) => maxPool3d(x, { kernelSize: 2 })],
] as const)('MaxUnpool%sd puts maxima back', ([, pool, unpool, shape, reference]) => {
  const x = inputOf(shape);
  const { values, indices } = pool.forwardWithIndices(x);
  expect(values.toArraySync()).toEqual(reference(x).toArraySync());
  const restored = unpool.forward(values, indices);
  const maxima = new Set(values.dataSync());
  expect(Array.from(restored.dataSync())).toEqual(Array.from(x.dataSync(), (value) => (maxima.has(value) ? value : 0)));
  expect(unpool.forward(values, indices, shape.slice(-unpool.rank).map((n) => n + 1) as never).shape).toEqual(
    shape.map((n, axis) => (axis < shape.length - unpool.rank ? n : n + 1)),
  );
  checkGradients((y: Tensor) => unpool.forward(y, indices), [values], { order: 1 });
});
