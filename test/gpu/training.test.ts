// Training in each mode follows training on the portable backend, and allocates no memory after the first steps.
import { ASoftmaxHead } from '@thetagrad/a-softmax';
import { evaluate, random, portable, valueAndGrad, type Backend, type Tensor } from '@thetagrad/core';
import { batches } from '@thetagrad/data';
import { SGD } from '@thetagrad/nn';
import { describe, expect, test } from 'vitest';
import { backendOf, modes } from '../../packages/gpu/test/modes.ts';
import { classes, dataset, features, makeModel } from '../integration/toy.ts';
import { withBackend } from '../support/withBackend.ts';

/** Trains a convolutional network with an A-Softmax head; returns the loss and the allocated memory of each step. */
function train(backend: Backend, steps: number): Promise<{ losses: number[]; bytes: number[] }> {
  return withBackend(backend, async () => {
    const model = makeModel();
    const head = new ASoftmaxHead(features, classes, { margin: 4, lambda: 5, key: random.key(6) });
    const optimizer = new SGD({ model, head }, { lr: 0.05, momentum: 0.9 });
    const lossAndGrad = valueAndGrad({ model, head }, (x: Tensor, y: Tensor) => head.loss(model.forward(x), y));
    const losses: number[] = [];
    const bytes: number[] = [];
    for await (const { image, label } of batches(dataset, { batchSize: 12, shuffle: true })) {
      const { value, grads } = lossAndGrad(image, label);
      optimizer.update(grads);
      await evaluate(value, model, head, optimizer);
      losses.push(await value.item());
      bytes.push((backend as { bytesAllocated?: number }).bytesAllocated ?? 0);
      if (losses.length === steps) break;
    }
    return { losses, bytes };
  });
}

describe.each(modes)('%s', (mode) => {
  test('A-Softmax training follows the loss curve of the portable backend', { timeout: 60_000 }, async () => {
    const expected = await train(portable(), 20);
    const { losses, bytes } = await train(await backendOf(mode), 20);
    losses.forEach((loss, i) => expect(Math.abs(loss - expected.losses[i]!)).toBeLessThan(1e-3 * expected.losses[i]!));
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    // From the fourth step on only losses are allocated, 256 bytes each, until they are garbage collected.
    expect(bytes.at(-1)! - bytes[3]!).toBeLessThanOrEqual(256 * 16);
  });
});
