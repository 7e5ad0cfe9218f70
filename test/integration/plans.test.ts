import { ASoftmaxHead } from '@thetagrad/a-softmax';
import { evaluate, getBackend, random, type Tensor, valueAndGrad } from '@thetagrad/core';
import { type Plan } from '@thetagrad/core/backend';
import { batches } from '@thetagrad/data';
import { clipGradNorm, schedules } from '@thetagrad/nn';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { classes, dataset, features, makeModel, optimizers } from './toy.ts';

vi.setConfig({ testTimeout: 30_000 });

let executed: Plan[] = [];

beforeEach(() => {
  const backend = getBackend();
  const execute = backend.execute.bind(backend);
  vi.spyOn(backend, 'execute').mockImplementation((plan, ...buffers) => {
    executed.push(plan);
    execute(plan, ...buffers);
  });
});
afterEach(() => vi.restoreAllMocks());

test.each([
  ['SGD', 300],
  ['SGD with Nesterov momentum', 20],
  ['Adam', 20],
  ['AdamW', 20],
])(
  'a training loop with %s compiles one plan, although the learning rate and λ change every step',
  async (name, steps) => {
    const model = makeModel();
    const head = new ASoftmaxHead(features, classes, { margin: 4, key: random.key(6) });
    const rate = schedules.warmup(schedules.cosine(0.02, { steps }), { steps: 10 });
    const optimizer = optimizers[name]!({ model, head }, rate);
    const lossAndGrad = valueAndGrad({ model, head }, (x: Tensor, y: Tensor) => head.loss(model.forward(x), y));
    const rates: number[] = [];
    const lambdas: number[] = [];
    for await (const { image, label } of batches(dataset, { batchSize: 12, shuffle: true, dropLast: true })) {
      rates.push(optimizer.currentLr);
      const { value, grads } = lossAndGrad(image, label);
      optimizer.update(clipGradNorm(grads, 5).grads);
      const { lambda } = head;
      await evaluate(value, lambda, model, head, optimizer);
      lambdas.push(await lambda.item());
      expect(await value.item()).toBeGreaterThanOrEqual(0);
      // The first step also initializes the variables and the optimizer's state.
      if (rates.length === 1) executed = [];
      if (rates.length === steps) break;
    }
    expect(new Set(rates).size).toBeGreaterThan(steps / 2);
    expect(new Set(lambdas).size).toBe(steps);
    expect(executed).toHaveLength(steps - 1);
    expect(new Set(executed).size).toBe(1);
  },
);

test('evaluation between steps adds a plan and keeps that of the step', async () => {
  const model = makeModel();
  const head = new ASoftmaxHead(features, classes, { margin: 2, key: random.key(6) });
  const optimizer = optimizers['SGD']!({ model, head }, 0.01);
  const lossAndGrad = valueAndGrad({ model, head }, (x: Tensor, y: Tensor) => head.loss(model.forward(x), y));
  let steps = 0;
  for await (const { image, label } of batches(dataset, { batchSize: 12 })) {
    const { value, grads } = lossAndGrad(image, label);
    optimizer.update(grads);
    await evaluate(value, model, head, optimizer);
    model.eval();
    await model.forward(image).data();
    model.train();
    if (++steps === 1) executed = [];
    if (steps === 6) break;
  }
  expect(executed).toHaveLength(10);
  const [step, evaluation] = executed;
  expect(step).not.toBe(evaluation);
  executed.forEach((plan, i) => expect(plan).toBe(i % 2 === 0 ? step : evaluation));
});
