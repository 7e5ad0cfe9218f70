// Features that tell apart people who were not in the training set (Liu et al., "SphereFace: deep hypersphere embedding for face
// recognition", 2017). `--data` is a folder with a folder of images for each class; without it, synthetic characters.
import { ASoftmaxHead, sphereFaceOptimizer, verify } from '@thetagrad/a-softmax';
import { compile, valueAndGrad, type Tensor } from '@thetagrad/core';
import { augment, batches, glyphs } from '@thetagrad/data';
import { imageFolder } from '@thetagrad/data/node';
import { BatchNorm2d, Conv2d, Flatten, Linear, manualSeed, type Module, PReLU, Sequential } from '@thetagrad/nn';
import { toTensors } from './data.ts';
import type { Options } from './example.ts';

const [size, features] = [32, 64];

interface Results {
  readonly losses: number[];
  /** The equal error rate on pairs of images of unseen classes, before and after training. */
  readonly before: number;
  readonly after: number;
}

export async function main({ steps = 600, data }: Options = {}): Promise<Results> {
  const dataset =
    data === undefined
      ? glyphs({ classes: 60, perClass: 10, size })
      : await imageFolder(data, { size: [size, size], grayscale: true });
  const { seen, unseen } = dataset.splitByClass({ seen: 0.75 });
  console.log(
    `${seen.size} images of ${seen.classes} classes for training, ${unseen.size} of ${unseen.classes} others`,
  );

  manualSeed(0);
  const model = new Sequential(
    ...halve(1, 16), // 16×16
    ...halve(16, 32), // 8×8
    ...halve(32, 64), // 4×4
    new Flatten(),
    new Linear(64 * 4 * 4, features),
  );
  const head = new ASoftmaxHead(features, seen.classes, { margin: 4, lambda: { base: 100, gamma: 0.2 } });

  /** How often pairs of images of unseen classes are on the wrong side of a threshold of the angle between their features. */
  const measureErrors = async (): Promise<number> => {
    const [image, label] = toTensors(unseen);
    const values = (await model.eval().forward(image).data()) as Float32Array;
    model.train();
    const { eer, rank1 } = verify(values, features, await label.data(), { folds: 2 });
    const nearest = `nearest image of the same class ${(100 * rank1).toFixed(1)} %`;
    console.log(`unseen classes: equal error rate ${(100 * eer).toFixed(1)} %, ${nearest}`);
    return eer;
  };

  const before = await measureErrors();
  const optimizer = sphereFaceOptimizer({ model, head }, { lr: 0.05 });
  const lossAndGrads = valueAndGrad({ model, head }, (x: Tensor, y: Tensor) => head.loss(model.forward(x), y));
  const step = compile((x: Tensor, y: Tensor) => {
    const { value, grads } = lossAndGrads(x, y);
    optimizer.update(grads);
    return value;
  });
  const losses: number[] = [];
  const change = augment({ flip: data === undefined ? 0 : 0.5, shift: 2, rotate: 8, scale: [0.9, 1.1] });
  const batchSize = Math.min(64, seen.size);
  const stream = batches(seen, { batchSize, shuffle: true, dropLast: true, augment: change });
  for await (const { image, label } of stream) {
    if (losses.length === steps) break;
    losses.push(await (await step(image, label)).item());
    if (losses.length % 100 === 0) console.log(`step ${losses.length}: loss ${losses.at(-1)!.toFixed(3)}`);
  }
  return { losses, before, after: await measureErrors() };
}

/** A convolution that halves height and width. */
const halve = (inputs: number, outputs: number): readonly Module[] => [
  new Conv2d(inputs, outputs, 3, { stride: 2, padding: 1, bias: false }),
  new BatchNorm2d(outputs),
  new PReLU(outputs),
];
