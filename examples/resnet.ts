// A deep network with and without shortcuts (He, Zhang, Ren & Sun, "Deep residual learning for image recognition", 2016, section 4.2):
// of two networks of the same layers, the residual one learns faster.
import { compile, valueAndGrad, type Tensor } from '@thetagrad/core';
import { augment, batches, glyphs, type ExampleSplit } from '@thetagrad/data';
import {
  accuracy,
  BatchNorm2d,
  Conv2d,
  crossEntropy,
  init,
  Linear,
  manualSeed,
  Module,
  ReLU,
  Residual,
  schedules,
  Sequential,
  SGD,
} from '@thetagrad/nn';
import type { Options } from './example.ts';

/** The number of blocks of two layers in each stage; there are 6n + 2 layers in all. */
const n = 3;
const [classes, batchSize] = [40, 32];

interface Training {
  readonly losses: number[];
  /** On held-out images. */
  readonly accuracy: number;
}

export async function main({ steps = 300 }: Options = {}): Promise<{ plain: Training; residual: Training }> {
  const images = glyphs({ classes, perClass: 60, size: 16 }).splitExamples(5 / 6);
  return {
    plain: await train(false, images, steps),
    residual: await train(true, images, steps),
  };
}

class ResNet extends Module {
  readonly entry = convolution(1, 16, 1);
  readonly stages: Module;
  readonly classifier = new Linear(64, classes);

  constructor(hasShortcuts: boolean) {
    super();
    const blocks = [16, 32, 64].flatMap((width, stage) =>
      Array.from({ length: n }, (_, i): Module => {
        const isFirst = i === 0 && stage > 0;
        const [inputs, stride] = isFirst ? [width / 2, 2] : [width, 1];
        const body: Module = new Sequential(
          convolution(inputs, width, stride),
          new ReLU(),
          convolution(width, width, 1),
        );
        const block: Module = hasShortcuts ? new Residual(body, isFirst ? new Subsample() : undefined) : body;
        return new Sequential(block, new ReLU());
      }),
    );
    this.stages = new Sequential<readonly Module[]>(...blocks);
  }

  override forward(x: Tensor): Tensor {
    const features = this.stages.forward(this.entry.forward(x).relu());
    return this.classifier.forward(features.mean([2, 3]));
  }
}

const convolution = (inputs: number, outputs: number, stride: number): Module =>
  new Sequential(
    new Conv2d(inputs, outputs, 3, { stride, padding: 1, bias: false, weightInit: init.kaimingNormal() }),
    new BatchNorm2d(outputs),
  );

/** The shortcut to half the height and width and twice the channels, of which the new ones are zero (option A of the paper). */
class Subsample extends Module {
  override forward(x: Tensor): Tensor {
    const channels = x.shape[1]!;
    return x.at(':', ':', '::2', '::2').pad([
      [0, 0],
      [0, channels],
      [0, 0],
      [0, 0],
    ]);
  }
}

async function train(hasShortcuts: boolean, { train, test }: ExampleSplit, steps: number): Promise<Training> {
  manualSeed(0);
  const model = new ResNet(hasShortcuts);
  const name = hasShortcuts ? 'residual' : 'plain';
  const optimizer = new SGD(model, { lr: schedules.cosine(0.05, { steps }), momentum: 0.9, weightDecay: 1e-4 });
  const lossAndGrads = valueAndGrad(model, (x: Tensor, y: Tensor) => crossEntropy(model.forward(x), y));
  const step = compile((x: Tensor, y: Tensor) => {
    const { value, grads } = lossAndGrads(x, y);
    optimizer.update(grads);
    return value;
  });
  const losses: number[] = [];
  const change = augment({ shift: 1, rotate: 5 });
  for await (const { image, label } of batches(train, { batchSize, shuffle: true, dropLast: true, augment: change })) {
    if (losses.length === steps) break;
    losses.push(await (await step(image, label)).item());
    if (losses.length % 50 === 0) console.log(`${name}, step ${losses.length}: loss ${losses.at(-1)!.toFixed(3)}`);
  }
  model.eval();
  let correct = 0;
  for await (const { image, label, indices } of batches(test, { batchSize: 100, epochs: 1 })) {
    correct += indices.length * (await accuracy(model.forward(image), label).item());
  }
  console.log(`${name}: accuracy on held-out images ${((100 * correct) / test.size).toFixed(1)} %`);
  return { losses, accuracy: correct / test.size };
}
