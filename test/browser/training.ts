import { ASoftmaxHead, sphereFaceOptimizer } from '@thetagrad/a-softmax';
import { evaluate, random, valueAndGrad, type Backend, type Tensor } from '@thetagrad/core';
import { augment, batches, glyphs } from '@thetagrad/data';
import { BatchNorm2d, Conv2d, Flatten, Generator, Linear, PReLU, Sequential } from '@thetagrad/nn';
import { withBackend } from '../support/withBackend.ts';

/** Trains a small network on drawn characters with A-Softmax and returns the losses. */
export function trainingLosses(backend: Backend): Promise<number[]> {
  return withBackend(backend, train);
}

async function train(): Promise<number[]> {
  const dataset = glyphs({ classes: 10, perClass: 12, size: 16, seed: 1 });
  const augmentation = augment({ shift: 1, rotate: 10, scale: [0.9, 1.1] });
  const generator = new Generator(random.key(0));
  const model = new Sequential(
    new Conv2d(1, 16, 3, { stride: 2, padding: 1, bias: false, generator }),
    new BatchNorm2d(16),
    new PReLU(16),
    new Conv2d(16, 16, 3, { padding: 1, bias: false, generator }),
    new BatchNorm2d(16),
    new PReLU(16),
    new Flatten(),
    new Linear(16 * 8 * 8, 32, { generator }),
  );
  const head = new ASoftmaxHead(32, dataset.classes, {
    margin: 3,
    lambda: { base: 100, gamma: 0.2 },
    key: random.key(1),
  });
  const optimizer = sphereFaceOptimizer({ model, head }, { lr: 0.05 });
  const lossAndGrads = valueAndGrad({ model, head }, (x: Tensor, y: Tensor) => head.loss(model.forward(x), y));

  const losses: number[] = [];
  for await (const { image, label } of batches(dataset, {
    batchSize: 40,
    shuffle: true,
    seed: 1,
    augment: augmentation,
    epochs: 6,
  })) {
    const { value: loss, grads } = lossAndGrads(image, label);
    optimizer.update(grads);
    await evaluate(loss, model, head, optimizer);
    losses.push(await loss.item());
  }
  return losses;
}
