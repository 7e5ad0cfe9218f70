// What is not a tensor is an error that names the layer or loss, and says how to make one.
import { ones, tensor, Variable, type Tensor } from '@thetagrad/core';
import * as nn from '@thetagrad/nn';
import { describe, expect, test } from 'vitest';

const x = ones([2, 2]);
const labels = tensor([0, 1], { dtype: 'int32' });
const module = (layer: nn.AnyModule) => (input: never) => layer.forward(input);

const calls: Record<string, (input: never) => unknown> = {
  Linear: module(new nn.Linear(2, 2)),
  BatchNorm2d: module(new nn.BatchNorm2d(2)),
  Dropout: module(new nn.Dropout()),
  Flatten: module(new nn.Flatten()),
  Residual: module(new nn.Residual(new nn.ReLU())),
  ReLU: module(new nn.ReLU()),
  LeakyReLU: module(new nn.LeakyReLU()),
  PReLU: module(new nn.PReLU()),
  ELU: module(new nn.ELU()),
  GELU: module(new nn.GELU()),
  SiLU: module(new nn.SiLU()),
  Sigmoid: module(new nn.Sigmoid()),
  Tanh: module(new nn.Tanh()),
  Softplus: module(new nn.Softplus()),
  conv2d: module(new nn.Conv2d(1, 1, 1)),
  maxPool2d: module(new nn.MaxPool2d(1)),
  avgPool2d: module(new nn.AvgPool2d(1)),
  mseLoss: (input) => nn.mseLoss(x, input),
  binaryCrossEntropy: (input) => nn.binaryCrossEntropy(input, x),
  binaryCrossEntropyWithLogits: (input) => nn.binaryCrossEntropyWithLogits(input, x),
  crossEntropy: (input) => nn.crossEntropy(input, labels),
  accuracy: (input) => nn.accuracy(input, labels),
};

describe.each(Object.entries(calls))('%s', (name, call) => {
  test.each<[unknown, string]>([
    [[[1, 2]], ''],
    [undefined, 'undefined'],
    [null, 'null'],
    [Promise.resolve(x), ''],
    [new Variable(x), 'Variable'],
  ])('%#', (input, got) => {
    const message = new RegExp(`^${name}: (expected a tensor|logits must be a tensor), got .*${got}`);
    expect(() => call(input as never)).toThrow(message);
    expect(() => call(input as never)).toThrow(TypeError);
  });
});

test('a variable, an array and a promise are told apart', () => {
  const { forward } = { forward: calls['ReLU']! };
  const got = (input: unknown): string => {
    try {
      return String(forward(input as never));
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(got(new Variable(x))).toBe('ReLU: expected a tensor, got Variable; pass its value');
  expect(got([1])).toBe('ReLU: expected a tensor, got Array; make a tensor of it with tensor(…)');
  expect(got(Promise.resolve(1))).toBe('ReLU: expected a tensor, got Promise; await it');
});

test('gradients that are not tensors, numbers that are not, and a model that is not', () => {
  const model = new nn.Linear(2, 2);
  const adam = new nn.Adam(model);
  const wrong = model.parameters() as unknown as Record<string, Tensor>;
  for (const [name, call] of [
    ['Adam.update', (grads: never) => adam.update(grads)],
    ['clipGradNorm', (grads: never) => nn.clipGradNorm(grads, 1)],
    ['clipGradValue', (grads: never) => nn.clipGradValue(grads, 1)],
  ] as const) {
    expect(() => call(wrong as never)).toThrow(`${name}: the gradient 'weight' must be a tensor, got Variable`);
    expect(() => call(3 as never)).toThrow(`${name}: the gradients must be an object of tensors, got 3`);
  }
  expect(() => new nn.LeakyReLU({ negativeSlope: 0.1 } as never)).toThrow(
    'LeakyReLU: negativeSlope must be a finite number, got { negativeSlope: 0.1 }',
  );
  expect(() => new nn.Conv2d(1, 1, [3, 3, 3] as never)).toThrow(
    'Conv2d: kernelSize must be an integer ≥ 1 or an array of 2, one for each axis, got [3, 3, 3]',
  );
  expect(() => nn.summary((() => x) as never, [1])).toThrow('summary: the model must be a module, got a function');
  expect(() => Object.assign(new nn.ReLU(), { layers: nest(200_000) }).parameters()).toThrow(
    'Module: its fields are nested deeper than 500',
  );
});

function nest(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}
