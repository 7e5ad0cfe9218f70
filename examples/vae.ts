// A variational autoencoder (Kingma & Welling, "Auto-encoding variational Bayes", 2014): an encoder to a normal distribution of codes, a
// decoder to a Bernoulli distribution of pixels, and a lower bound of the likelihood to train both.
import { compile, evaluate, random, valueAndGrad, type Key, type Tensor } from '@thetagrad/core';
import { batches } from '@thetagrad/data';
import { Adam, binaryCrossEntropyWithLogits, Linear, manualSeed, Module } from '@thetagrad/nn';
import { loadDigits } from './data.ts';
import type { Options } from './example.ts';
import { drawImages } from './picture.ts';

const [pixels, hidden, latent] = [28 * 28, 400, 20];
/** Images of 0 … 1. */
const stream = { batchSize: 100, dropLast: true, normalize: { mean: 0, std: 255 } };

class Autoencoder extends Module<[x: Tensor, key: Key]> {
  readonly encoder = new Linear(pixels, hidden);
  readonly mean = new Linear(hidden, latent);
  readonly logVariance = new Linear(hidden, latent);
  readonly fromCode = new Linear(latent, hidden);
  readonly toPixels = new Linear(hidden, pixels);

  /** Logits of pixels, [N, latent] to [N, pixels]. */
  decode(z: Tensor): Tensor {
    return this.toPixels.forward(this.fromCode.forward(z).relu());
  }

  /** The negative lower bound for images [N, pixels], in nats per image: reconstruction and divergence from the prior. */
  override forward(x: Tensor, key: Key): Tensor {
    const h = this.encoder.forward(x).relu();
    const mean = this.mean.forward(h);
    const logVariance = this.logVariance.forward(h);
    const z = mean.add(logVariance.mul(0.5).exp().mul(random.normal(key, mean.shape)));
    const reconstruction = binaryCrossEntropyWithLogits(this.decode(z), x, { reduction: 'sum' });
    const divergence = mean.square().add(logVariance.exp()).sub(logVariance).sub(1).sum().div(2);
    return reconstruction.add(divergence).div(x.shape[0]!);
  }
}

interface Results {
  readonly losses: number[];
  /** The negative lower bound of held-out images, in nats. */
  readonly heldOut: number;
}

export async function main({ steps = 2000, data }: Options = {}): Promise<Results> {
  const { train, test } = await loadDigits(data);

  manualSeed(0);
  const model = new Autoencoder();
  const optimizer = new Adam(model, { lr: 1e-3 });
  const lossAndGrads = valueAndGrad(model, (x: Tensor, key: Key) => model.forward(x, key));
  const step = compile((images: Tensor, key: Key) => {
    const { value, grads } = lossAndGrads(images.flatten(1), key);
    optimizer.update(grads);
    return value;
  });

  const losses: number[] = [];
  for await (const { image } of batches(train, { ...stream, shuffle: true })) {
    if (losses.length === steps) break;
    losses.push(await (await step(image, random.key(losses.length))).item());
    if (losses.length % 300 === 0) console.log(`step ${losses.length}: ${losses.at(-1)!.toFixed(1)} nats`);
  }

  const bounds: number[] = [];
  for await (const { image } of batches(test, { ...stream, epochs: 1 })) {
    const bound = model.forward(image.flatten(1), random.key(bounds.length));
    bounds.push(await bound.item());
  }
  const heldOut = bounds.reduce((sum, bound) => sum + bound, 0) / bounds.length;
  console.log(`held-out images: ${heldOut.toFixed(1)} nats; images of random codes:`);
  const samples = model
    .decode(random.normal(random.key(5), [4, latent]))
    .sigmoid()
    .reshape([4, 28, 28]);
  await evaluate(samples);
  console.log(await drawImages(samples));
  return { losses, heldOut };
}
