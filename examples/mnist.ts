// A convolutional network that reads digits (LeCun et al., "Gradient-based learning applied to document recognition", 1998), with
// batch normalization (Ioffe & Szegedy, 2015). Without `--data` it reads synthetic characters.
import { compile, valueAndGrad, type Tensor } from '@thetagrad/core';
import { augment, batches, type ImageDataset } from '@thetagrad/data';
import {
  accuracy,
  AdamW,
  BatchNorm2d,
  Conv2d,
  crossEntropy,
  Flatten,
  Linear,
  manualSeed,
  MaxPool2d,
  type Module,
  ReLU,
  schedules,
  Sequential,
} from '@thetagrad/nn';
import { loadDigits } from './data.ts';
import type { Options } from './example.ts';

const batchSize = 64;

export async function main({ steps = 1500, data }: Options = {}): Promise<{ losses: number[]; accuracy: number }> {
  const { train, test } = await loadDigits(data);
  console.log(`${train.size} images for training, ${test.size} held out`);

  manualSeed(0);
  const model = new Sequential(
    ...convolution(1, 16),
    new MaxPool2d(2), // 14×14
    ...convolution(16, 32),
    new MaxPool2d(2), // 7×7
    ...convolution(32, 64),
    new Flatten(),
    new Linear(64 * 7 * 7, 10),
  );
  const optimizer = new AdamW(model, { lr: schedules.cosine(3e-3, { steps }) });
  const lossAndGrads = valueAndGrad(model, (x: Tensor, y: Tensor) => crossEntropy(model.forward(x), y));
  const step = compile((x: Tensor, y: Tensor) => {
    const { value, grads } = lossAndGrads(x, y);
    optimizer.update(grads);
    return value;
  });

  const losses: number[] = [];
  const change = augment({ shift: 2, rotate: 10, scale: [0.9, 1.1] });
  for await (const { image, label } of batches(train, { batchSize, shuffle: true, dropLast: true, augment: change })) {
    if (losses.length === steps) break;
    losses.push(await (await step(image, label)).item());
    if (losses.length % 100 === 0) console.log(`step ${losses.length}: loss ${mean(losses.slice(-100)).toFixed(3)}`);
  }

  const correct = await measureAccuracy(model, test);
  console.log(`accuracy on held-out images: ${(100 * correct).toFixed(2)} %`);
  return { losses, accuracy: correct };
}

const convolution = (inputs: number, outputs: number): readonly Module[] => [
  new Conv2d(inputs, outputs, 3, { padding: 1, bias: false }),
  new BatchNorm2d(outputs),
  new ReLU(),
];

async function measureAccuracy(model: Module, dataset: ImageDataset): Promise<number> {
  model.eval();
  let correct = 0;
  for await (const { image, label, indices } of batches(dataset, { batchSize: 250, epochs: 1 })) {
    correct += indices.length * (await accuracy(model.forward(image), label).item());
  }
  return correct / dataset.size;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
