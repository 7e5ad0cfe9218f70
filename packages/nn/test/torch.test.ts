// Layers agree with PyTorch in values, names of variables and shapes, and their gradients with finite differences.
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
  [new nn.MaxPool1d(2), new nn.MaxUnpool1d(2), [1, 1, 4]],
  [new nn.MaxPool2d([1, 2]), new nn.MaxUnpool2d([1, 2]), [1, 1, 2, 4]],
  [new nn.MaxPool3d(2), new nn.MaxUnpool3d(2), [1, 2, 2, 4]],
] as const)('MaxUnpool puts maxima back: %#', ([pool, unpool, shape]) => {
  const x = inputOf(shape);
  const { values, indices } = pool.forwardWithIndices(x);
  expect(values.toArraySync()).toEqual(pool.forward(x).toArraySync());
  const maxima = new Set(values.dataSync());
  const expected = Array.from(x.dataSync(), (value) => (maxima.has(value) ? value : 0));
  expect(Array.from(unpool.forward(values, indices).dataSync())).toEqual(expected);
  checkGradients((y: Tensor) => unpool.forward(y, indices), [values], { order: 1 });
});

test('MaxUnpool takes the lengths of the result', () => {
  const { values, indices } = new nn.MaxPool1d(2).forwardWithIndices(tensor([[1, 2, 3, 9, 5]]));
  expect(new nn.MaxUnpool1d(2).forward(values, indices, 5).toArraySync()).toEqual([[0, 2, 0, 9, 0]]);
});

test.for([
  [new nn.AdaptiveMaxPool1d(1), [1, 4]],
  [new nn.AdaptiveMaxPool2d(1), [1, 2, 4]],
  [new nn.AdaptiveMaxPool3d(1), [1, 2, 2, 4]],
  [new nn.FractionalMaxPool2d(2, { outputSize: 1 }), [1, 2, 2]],
  [new nn.FractionalMaxPool3d([2, 1, 2], { outputSize: 1 }), [1, 2, 1, 2]],
] as const)('pooling tells the indices of maxima: %#', ([pool, shape]) => {
  const x = inputOf(shape);
  const data = Array.from(x.dataSync());
  const { values, indices } = pool.forwardWithIndices(x);
  expect(values.dataSync()).toEqual(Float64Array.of(Math.max(...data)));
  expect(indices.dataSync()).toEqual(Int32Array.of(data.indexOf(Math.max(...data))));
  checkGradients((y: Tensor) => pool.forward(y), [x], { order: 1 });
});

test('random layers draw anew at each call, and are functions of their key', () => {
  const key = random.key(3);
  const [x, images] = [inputOf([200]), inputOf([1, 40, 1])];
  for (const [make, of] of [
    [() => new nn.RReLU({ key }), x],
    [() => new nn.FractionalMaxPool2d([2, 1], { outputRatio: [0.7, 0.999], key }), images.broadcastTo([1, 40, 2])],
  ] as const) {
    const [first, second] = [make(), make()];
    const drawn = first.forward(of).toArraySync();
    expect(first.forward(of).toArraySync()).not.toEqual(drawn);
    expect(second.forward(of).toArraySync()).toEqual(drawn);
  }
  const slopes = grad((y: Tensor) => new nn.RReLU({ lower: 0.25, upper: 0.5 }).forward(y).sum())(x).dataSync();
  x.dataSync().forEach((value, i) => {
    expect(slopes[i]).toBeGreaterThanOrEqual(value > 0 ? 1 : 0.25);
    expect(slopes[i]).toBeLessThanOrEqual(value > 0 ? 1 : 0.5);
  });
});

test.for([
  ['mean', [2, 2.5]],
  ['sum', [4, 5]],
  ['max', [3, 4]],
] as const)('EmbeddingBag, %s', ([mode, expected]) => {
  const layer = new nn.EmbeddingBag(3, 2, { mode, paddingIdx: -1 });
  expect(layer.weight.value.at(2).toArraySync()).toEqual([0, 0]);
  layer.weight.assign(
    tensor([
      [1, 4],
      [3, 1],
      [9, 9],
    ]),
  );
  evaluateSync(layer);
  const bags = tensor(
    [
      [0, 1, 2],
      [2, 2, 2],
    ],
    { dtype: 'int32' },
  );
  expect(layer.forward(bags).toArraySync()).toEqual([expected, [0, 0]]);
});

test('AdaptiveLogSoftmaxWithLoss', () => {
  const options = { divValue: 2, headBias: true, dtype: 'float64' } as const;
  const layer = new nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2, 4], options);
  const state = Object.entries(layer.variables()).map(([path, { shape }], k) => [path, parameterOf(shape, k)] as const);
  expect(state.map(([path, { shape }]) => [path, ...shape])).toEqual([
    ['head.weight', 4, 4],
    ['head.bias', 4],
    ['tail.0.0.weight', 2, 4],
    ['tail.0.1.weight', 2, 2],
    ['tail.1.0.weight', 1, 4],
    ['tail.1.1.weight', 2, 1],
  ]);
  layer.loadStateDict(Object.fromEntries(state));
  const x = inputOf([2, 4]);
  const target = tensor([1, 5], { dtype: 'int32' });
  const { output, loss } = layer.forward(x, target);
  [-1.874310488134825, -3.2639615835429163].forEach((value, i) => expect(output.dataSync()[i]).toBeCloseTo(value, 9));
  expect(loss.itemSync()).toBeCloseTo(2.569136035838871, 9);
  expect(layer.predict(x).toArraySync()).toEqual([0, 1]);
  for (const sum of layer.logProb(x).logsumexp(-1).dataSync()) expect(sum).toBeCloseTo(0, 9);
  checkGradients((input: Tensor) => layer.forward(input, target).loss, [x], { order: 1, variables: layer });
});
