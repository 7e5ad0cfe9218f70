// Trains SphereFace-4 on images of 112 × 96, to compare modes: in the tests with fewer channels, in
// `npm run bench:gpu-training` with those of the paper.
import { ASoftmaxHead, sphereFace, sphereFaceOptimizer, type SphereFaceOptions } from '@thetagrad/a-softmax';
import { evaluate, random, valueAndGrad, type Backend, type Tensor } from '@thetagrad/core';
import { withBackend } from '../support/withBackend.ts';

export interface Size {
  readonly widths: NonNullable<SphereFaceOptions['widths']>;
  readonly features: number;
  readonly classes: number;
  readonly batch: number;
}

export const quarter: Size = { widths: [16, 32, 64, 128], features: 128, classes: 50, batch: 2 };
export const full: Size = { widths: [64, 128, 256, 512], features: 512, classes: 10_572, batch: 2 };

const height = 112;
const width = 96;
/** The number of batches of random images, which repeat. */
const batches = 2;
/** Small enough that the loss decreases without vanishing. */
const lr = 4e-3;

/**
 * Trains with A-Softmax, margin 4, on a backend and returns the losses.
 * @param onLoss is called with each loss when it is known.
 */
export function losses(
  backend: Backend,
  { widths, features, classes, batch }: Size,
  steps: number,
  onLoss: (loss: number) => void = () => {},
): Promise<number[]> {
  return withBackend(backend, async () => {
    const key = random.key(3);
    const model = sphereFace({ layers: 4, height, width, widths, features, key });
    const head = new ASoftmaxHead(features, classes, { margin: 4, lambda: 5, key: key.foldIn(1) });
    const optimizer = sphereFaceOptimizer({ model, head }, { lr });
    const lossAndGrads = valueAndGrad({ model, head }, (x: Tensor, y: Tensor) => head.loss(model.forward(x), y));
    const history: number[] = [];
    for (let step = 0; step < steps; step++) {
      const batchKey = key.foldIn(2 + (step % batches));
      const images = random.normal(batchKey, [batch, 3, height, width]);
      const labels = random.integers(batchKey.foldIn(0), [batch], { high: classes });
      const { value: loss, grads } = lossAndGrads(images, labels);
      optimizer.update(grads);
      await evaluate(loss, model, head, optimizer);
      history.push(await loss.item());
      onLoss(history.at(-1)!);
    }
    return history;
  });
}
