import type { ClassificationHead } from '@thetagrad/a-softmax';
import { evaluate, type Tensor, valueAndGrad } from '@thetagrad/core';
import { batches } from '@thetagrad/data';
import { accuracy, clipGradNorm, type Module, type Optimizer } from '@thetagrad/nn';
import { describe, expect, test, vi } from 'vitest';
import { dataset, heads, makeModel, optimizers } from './toy.ts';

vi.setConfig({ testTimeout: 30_000 });

interface Step {
  readonly loss: number;
  /** The norm of the gradient of all variables. */
  readonly norm: number;
}

async function train(
  model: Module,
  head: ClassificationHead,
  optimizer: Optimizer,
  { steps, dtype = 'float32' }: { readonly steps: number; readonly dtype?: 'float32' | 'float64' },
): Promise<Step[]> {
  const lossAndGrad = valueAndGrad({ model, head }, (x: Tensor, y: Tensor) => head.loss(model.forward(x), y));
  const history: Step[] = [];
  for await (const { image, label } of batches(dataset, { batchSize: 12, shuffle: true })) {
    const { value, grads } = lossAndGrad(image.astype(dtype), label);
    const { norm, grads: clipped } = clipGradNorm(grads, 5);
    optimizer.update(clipped);
    await evaluate(value, norm, model, head, optimizer);
    history.push({ loss: await value.item(), norm: await norm.item() });
    if (history.length === steps) break;
  }
  return history;
}

/** Measures loss and accuracy on the whole dataset, in evaluation mode. */
async function measure(model: Module, head: ClassificationHead): Promise<{ loss: number; accuracy: number }> {
  model.eval();
  head.eval();
  for await (const { image, label } of batches(dataset, { batchSize: dataset.size, epochs: 1 })) {
    const features = model.forward(image);
    const metrics = { loss: head.loss(features, label), accuracy: accuracy(head.forward(features), label) };
    await evaluate(metrics);
    model.train();
    head.train();
    return { loss: await metrics.loss.item(), accuracy: await metrics.accuracy.item() };
  }
  throw new Error('the dataset is empty');
}

describe('a convolutional network learns a toy problem', () => {
  const combinations = [
    ...Object.keys(heads).map((head) => [head, 'SGD']),
    ...Object.keys(optimizers).map((optimizer) => ['A-Softmax, m = 4', optimizer]),
  ] as [string, string][];
  test.each(combinations)('with %s by %s', async (headName, optimizerName) => {
    const model = makeModel();
    const head = heads[headName]!();
    const rate = optimizerName.startsWith('SGD') ? 0.05 : 0.02;
    const steps = await train(model, head, optimizers[optimizerName]!({ model, head }, rate), { steps: 60 });
    for (const { loss, norm } of steps) {
      expect(Number.isFinite(loss)).toBe(true);
      expect(Number.isFinite(norm)).toBe(true);
      expect(norm).toBeGreaterThan(0);
    }
    const mean = (part: readonly Step[]): number => part.reduce((sum, { loss }) => sum + loss, 0) / part.length;
    expect(mean(steps.slice(-10))).toBeLessThan(0.5 * mean(steps.slice(0, 5)));
    const { loss, accuracy: share } = await measure(model, head);
    expect(share).toBeGreaterThan(0.9);
    expect(loss).toBeLessThan(steps[0]!.loss);
  });
});

describe('training in float64 follows training in float32', () => {
  test.each(Object.keys(heads))('with %s', async (name) => {
    const single = { model: makeModel(), head: heads[name]!() };
    const double = { model: makeModel({ dtype: 'float64' }), head: heads[name]!({ dtype: 'float64' }) };
    for (const part of ['model', 'head'] as const) {
      const state = Object.entries(single[part].stateDict()).map(([key, value]): [string, Tensor] => [
        key,
        value.dtype === 'float32' ? value.astype('float64') : value,
      ]);
      double[part].loadStateDict(Object.fromEntries(state));
    }
    await evaluate(single, double);
    const singleSteps = await train(single.model, single.head, optimizers['SGD']!(single, 0.02), { steps: 15 });
    const doubleSteps = await train(double.model, double.head, optimizers['SGD']!(double, 0.02), {
      steps: 15,
      dtype: 'float64',
    });
    expect(singleSteps).not.toEqual(doubleSteps);
    doubleSteps.forEach(({ loss, norm }, i) => {
      expect(Math.abs(singleSteps[i]!.loss - loss)).toBeLessThan(1e-4 * (1 + loss));
      expect(Math.abs(singleSteps[i]!.norm - norm)).toBeLessThan(1e-3 * (1 + norm));
    });
    for (const variable of Object.values(double.model.variables())) expect(variable.dtype).toBe('float64');
    const [a, b] = [await single.head.weight.value.data(), await double.head.weight.value.data()];
    b.forEach((value, i) => expect(Math.abs(a[i]! - value)).toBeLessThan(1e-4));
  });
});
