// Large kernels give the same bits with any number of threads.
import {
  avgPool2d,
  conv2d,
  type Conv2dOptions,
  evaluateSync,
  grad,
  maxPool2d,
  random,
  type Tensor,
  type TypedArray,
  valueAndGrad,
  vjp,
} from '@thetagrad/core';
import { wasm } from '@thetagrad/wasm';
import { ASoftmaxHead } from '@thetagrad/a-softmax';
import { BatchNorm2d, Conv2d, Flatten, Generator, Linear, PReLU, Sequential, SGD, type Module } from '@thetagrad/nn';
import { expect, test } from 'vitest';
import { expectEqual, valuesOnSync, withBackend } from '../support/backends.ts';
import { anyValues, integerValues, uniformValues } from '../support/values.ts';

const backends = await Promise.all([1, 2, 3].map((threads) => wasm({ threads })));
await Promise.all(backends.map((backend) => backend.ready()));

test('the backends have the requested numbers of threads', () => {
  expect(backends.map(({ threads }) => threads)).toEqual([1, 2, 3]);
});

const make = (seed: number, ...shape: number[]): Tensor => uniformValues('float32', seed)(shape);

function convolve(x: Tensor, weight: Tensor, options: Conv2dOptions): Tensor[] {
  const { value, pullback } = vjp((a: Tensor, b: Tensor) => conv2d(a, b, options), x, weight);
  return [value, ...pullback(make(9, ...value.shape))];
}

test.each<[string, () => Tensor[]]>([
  ['elementwise chains', () => [make(1, 200_003).tanh().mul(make(2, 200_003)).add(1).exp()]],
  [
    'views',
    () => [
      make(1, 401, 503)
        .transpose()
        .mul(make(2, 503, 401))
        .flip(0)
        .add(make(3, 401)),
      make(4, 500, 400)
        .slice([null, [0, null, 2]])
        .sin(),
    ],
  ],
  [
    'reductions',
    () => {
      const x = make(1, 451, 457);
      return [x.sum(), x.sum(0), x.sum(1), x.square().mean(), x.max(0), x.argmax(1), x.argmin(), x.exp().sum([0, 1])];
    },
  ],
  [
    'softmax',
    () => [
      make(1, 301, 700).softmax(),
      make(1, 700, 301).logSoftmax(0),
      grad((x: Tensor) => x.logsumexp(1).square().sum())(make(2, 250, 800)),
    ],
  ],
  [
    'products',
    () => [
      make(1, 200, 201).matmul(make(2, 201, 203)),
      make(1, 203, 200)
        .transpose()
        .matmul(make(2, 205, 203).transpose())
        .add(make(3, 205))
        .relu(),
      make(1, 900, 8, 8).matmul(make(2, 900, 8, 8)),
      make(1, 5, 9000).matmul(make(2, 9000, 7)),
      make(1, 1500, 301).matmul(make(2, 301)),
    ],
  ],
  ['3×3 convolutions', () => convolve(make(1, 4, 32, 28, 26), make(2, 40, 32, 3, 3), { padding: 1 })],
  ['strided convolutions', () => convolve(make(1, 3, 3, 56, 48), make(2, 33, 3, 3, 3), { padding: 1, stride: 2 })],
  ['depthwise convolutions', () => convolve(make(1, 2, 30, 33, 31), make(2, 30, 1, 5, 5), { padding: 2, groups: 30 })],
  [
    'routines',
    () => {
      const x = make(1, 300, 200);
      const indices = integerValues('int32', 3, 149)([300, 200]).abs();
      return [
        anyValues('float32', 2)([70, 800]).sort(),
        x
          .pad(
            [
              [1, 2],
              [3, 4],
            ],
            7,
          )
          .relu(),
        x.takeAlongAxis(indices, 1),
        x.scatterAdd(indices, x, 1),
        x.take(indices.slice([[0, 2]]).flatten(), 1),
        random.normal(random.key(1), [300, 333]),
        random.permutation(random.key(2), 20_000),
        maxPool2d(make(2, 4, 8, 40, 41), { kernelSize: 3, stride: 2 }),
        grad((y: Tensor) => avgPool2d(y, { kernelSize: 3, stride: 2 }).square().sum())(make(2, 4, 8, 40, 41)),
      ];
    },
  ],
])('%s', (_, build) => {
  const [one, ...others] = backends.map((backend) => valuesOnSync(backend, build));
  for (const values of others) expectEqual(values, one!);
});

function train(steps: number): TypedArray[] {
  const options = { generator: new Generator(random.key(5)) };
  const model = new Sequential<readonly Module[]>(
    new Conv2d(1, 16, 3, { padding: 1, ...options }),
    new BatchNorm2d(16),
    new PReLU(16),
    new Conv2d(16, 24, 3, { padding: 1, stride: 2, ...options }),
    new PReLU(24),
    new Flatten(),
    new Linear(24 * 14 * 12, 32, options),
  );
  const head = new ASoftmaxHead(32, 50, { margin: 4, lambda: 5, key: random.key(6) });
  const optimizer = new SGD({ model, head }, { lr: 0.01, momentum: 0.9, weightDecay: 5e-4 });
  const lossAndGrad = valueAndGrad({ model, head }, (x: Tensor, y: Tensor) => head.loss(model.forward(x), y));
  const losses: Tensor[] = [];
  for (let step = 0; step < steps; step++) {
    const labels = random.integers(random.key(step), [12], { high: 50 });
    const { value, grads } = lossAndGrad(make(step, 12, 1, 28, 24), labels);
    optimizer.update(grads);
    evaluateSync(value, model, head, optimizer);
    losses.push(value);
  }
  return [...losses, ...Object.values({ ...model.variables(), ...head.variables() }).map(({ value }) => value)].map(
    (x) => x.dataSync(),
  );
}

test('training steps', () => {
  const [one, ...others] = backends.map((backend) => withBackend(backend, () => train(3)));
  expect(Number.isFinite(one![0]![0])).toBe(true);
  for (const values of others) expectEqual(values, one!);
});
