// A generator of characters that learns from a discriminator of real and generated ones (Goodfellow et al., "Generative adversarial
// nets", 2014), both convolutional (Radford, Metz & Chintala, "Unsupervised representation learning with deep convolutional generative
// adversarial networks", 2016).
import { compile, evaluate, random, valueAndGrad, type Key, type Tensor } from '@thetagrad/core';
import { batches, glyphs } from '@thetagrad/data';
import {
  Adam,
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  Flatten,
  init,
  LeakyReLU,
  Linear,
  manualSeed,
  Module,
  Sequential,
} from '@thetagrad/nn';
import { toTensors } from './data.ts';
import type { Options } from './example.ts';
import { drawImages } from './picture.ts';

const [size, latent, batchSize] = [16, 32, 64];
/** The paper's initial weights. */
const weightInit = init.normal({ std: 0.02 });
const padded = { stride: 2, padding: 1, weightInit };

/** Images of −1 … 1 from random numbers, [N, latent] to [N, 1, size, size]. */
class Generator extends Module {
  readonly entry = new Linear(latent, 64 * 4 * 4, { weightInit });
  readonly norm0 = new BatchNorm2d(64);
  readonly double1 = new ConvTranspose2d(64, 32, 4, padded);
  readonly norm1 = new BatchNorm2d(32);
  readonly double2 = new ConvTranspose2d(32, 1, 4, padded);

  override forward(z: Tensor): Tensor {
    const x = this.norm0.forward(this.entry.forward(z).reshape([-1, 64, 4, 4])).relu();
    return this.double2.forward(this.norm1.forward(this.double1.forward(x)).relu()).tanh();
  }
}

interface Results {
  /** The energy distance of generated images from real ones, before and after training. */
  readonly before: number;
  readonly after: number;
}

export async function main({ steps = 1500 }: Options = {}): Promise<Results> {
  const dataset = glyphs({ classes: 10, perClass: 200, size });

  manualSeed(0);
  const generator = new Generator();
  const discriminator = new Sequential(
    new Conv2d(1, 32, 4, padded), // 8×8
    new LeakyReLU(0.2),
    new Conv2d(32, 64, 4, padded), // 4×4
    new BatchNorm2d(64),
    new LeakyReLU(0.2),
    new Flatten(),
    new Linear(64 * 4 * 4, 1, { weightInit }),
  );
  const settings = { lr: 5e-4, betas: [0.5, 0.999] } as const;
  const optimizers = { generator: new Adam(generator, settings), discriminator: new Adam(discriminator, settings) };
  const generate = (key: Key, count: number): Tensor => generator.forward(random.normal(key, [count, latent]));

  // −log D(real) − log(1 − D(generated)), and −log D(generated), where D is the sigmoid of the discriminator.
  const discriminate = valueAndGrad(discriminator, (real: Tensor, generated: Tensor) =>
    discriminator.forward(real).neg().softplus().mean().add(discriminator.forward(generated).softplus().mean()),
  );
  const deceive = valueAndGrad(generator, (key: Key) =>
    discriminator.forward(generate(key, batchSize)).neg().softplus().mean(),
  );
  const step = compile((real: Tensor, first: Key, second: Key) => {
    const ofDiscriminator = discriminate(real, generate(first, batchSize));
    optimizers.discriminator.update(ofDiscriminator.grads);
    const ofGenerator = deceive(second);
    optimizers.generator.update(ofGenerator.grads);
    return [ofDiscriminator.value, ofGenerator.value] as const;
  });

  const [real] = toTensors(dataset.subset(Array.from({ length: 400 }, (_, i) => 5 * i)));
  const measure = async (): Promise<number> => {
    generator.eval();
    const distance = await energyDistance(real.flatten(1), generate(random.key(99), 400).flatten(1)).item();
    generator.train();
    return distance;
  };
  const before = await measure();
  let t = 0;
  const stream = { batchSize, shuffle: true, dropLast: true, normalize: { mean: 127.5, std: 127.5 } };
  for await (const { image } of batches(dataset, stream)) {
    if (t === steps) break;
    const [ofDiscriminator, ofGenerator] = await step(image, random.key(2 * t), random.key(2 * t + 1));
    t++;
    if (t % 200 === 0) {
      const losses = `${(await ofDiscriminator.item()).toFixed(3)} and ${(await ofGenerator.item()).toFixed(3)}`;
      console.log(`step ${t}: losses ${losses}; energy distance ${(await measure()).toFixed(3)}`);
    }
  }
  const after = await measure();

  generator.eval();
  const samples = generate(random.key(7), 5).squeeze(1).add(1).div(2);
  await evaluate(samples);
  console.log(await drawImages(samples));
  return { before, after };
}

/** 2 E|x − y| − E|x − x′| − E|y − y′| of rows x and y, 0 where their distributions are equal (Székely & Rizzo, 2013). */
function energyDistance(x: Tensor, y: Tensor): Tensor {
  const distance = (a: Tensor, b: Tensor): Tensor => a.expandDims(1).sub(b.expandDims(0)).square().sum(2).sqrt().mean();
  return distance(x, y).mul(2).sub(distance(x, x)).sub(distance(y, y));
}
