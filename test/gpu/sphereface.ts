// The training of SphereFace-4 on images of 112 × 96 that modes are compared in: by the tests with fewer channels, by
// `npm run bench:gpu-training` as in the paper.
import { ASoftmaxHead, sphereFace, sphereFaceOptimizer, type SphereFaceOptions } from '@thetagrad/a-softmax';
import { evaluate, getBackend, random, setBackend, valueAndGrad, type Backend, type Tensor } from '@thetagrad/core';

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
/** Of the images, which are noise: so many batches, again and again. */
const batches = 2;
/** Small, so that the loss of images seen before falls without vanishing. */
const lr = 4e-3;

/** The losses of a training with A-Softmax, margin 4, on a backend; `seen` is told of each when it is known. */
export async function losses(
  backend: Backend,
  { widths, features, classes, batch }: Size,
  steps: number,
  seen: (loss: number) => void = () => {},
): Promise<number[]> {
  const before = getBackend();
  setBackend(backend);
  try {
    const key = random.key(3);
    const model = sphereFace({ layers: 4, height, width, widths, features, key });
    const head = new ASoftmaxHead(features, classes, { margin: 4, lambda: 5, key: key.foldIn(1) });
    const optimizer = sphereFaceOptimizer({ model, head }, { lr });
    const lossAndGrads = valueAndGrad({ model, head }, (x: Tensor, y: Tensor) => head.loss(model.forward(x), y));
    const found: number[] = [];
    for (let step = 0; step < steps; step++) {
      const own = key.foldIn(2 + (step % batches));
      const images = random.normal(own, [batch, 3, height, width]);
      const labels = random.integers(own.foldIn(0), [batch], { high: classes });
      const { value: loss, grads } = lossAndGrads(images, labels);
      optimizer.update(grads);
      await evaluate(loss, model, head, optimizer);
      found.push(await loss.item());
      seen(found.at(-1)!);
    }
    return found;
  } finally {
    setBackend(before);
  }
}
