// Training with differential privacy: the gradients of all examples are clipped and summed, and noise hides each of them (Abadi et
// al., "Deep learning with differential privacy", 2016, algorithm 1).
import { evaluate, grad, random, stack, type Key, type Tensor } from '@thetagrad/core';
import { glyphs } from '@thetagrad/data';
import { functionalCall, parametersOf, vmap } from '@thetagrad/func';
import { accuracy, crossEntropy, Flatten, Linear, manualSeed, Sequential, SGD, Tanh } from '@thetagrad/nn';
import { toTensors } from './data.ts';
import type { Options } from './example.ts';

/** The expected number of examples in a lot, drawn independently of each other. */
const lotSize = 250;
/** The bound C of the norm of a gradient, and the noise σ in units of it. */
const bound = 1;
const noise = 1;
const delta = 1e-5;

interface Results {
  readonly losses: number[];
  readonly accuracy: number;
  /** The privacy loss ε. */
  readonly epsilon: number;
  /** The largest difference between the mean of the gradients of examples and the gradient of the mean loss. */
  readonly difference: number;
}

export async function main({ steps = 400 }: Options = {}): Promise<Results> {
  const { train, test } = glyphs({ classes: 10, perClass: 1200, size: 14 }).splitExamples(5 / 6);
  const [images, labels] = toTensors(train);
  const q = lotSize / train.size;

  manualSeed(0);
  const model = new Sequential(new Flatten(), new Linear(14 * 14, 32), new Tanh(), new Linear(32, 10));
  const optimizer = new SGD(model, { lr: 1, momentum: 0.5 });
  const loss = (parameters: Record<string, Tensor>, x: Tensor, y: Tensor) =>
    functionalCall(model, parameters, () => crossEntropy(model.forward(x), y));

  // The gradient of each example, in one line: it maps the gradient over the first axis of images and labels.
  const perExample = vmap(grad(ofOne(loss)), { inAxes: [null, 0, 0] });

  const privateGrads = (x: Tensor, y: Tensor, key: Key): Record<string, Tensor> => {
    const grads = perExample(parametersOf(model), x, y);
    const norms = sum(Object.values(grads).map((g) => g.square().flatten(1).sum(1))).sqrt();
    const factors = norms.div(bound).maximum(1);
    return mapValues(grads, (g, i) => {
      const clipped = g.div(factors.reshape([x.shape[0]!, ...g.shape.slice(1).map(() => 1)])).sum(0);
      return clipped.add(random.normal(key.foldIn(i), clipped.shape, { std: noise * bound })).div(lotSize);
    });
  };

  const first = [images.slice([[0, 100]]), labels.slice([[0, 100]])] as const;
  const ofMean = grad(loss)(parametersOf(model), ...first);
  const meanOf = mapValues(perExample(parametersOf(model), ...first), (g) => g.mean(0));
  const differences = Object.entries(ofMean).map(([name, g]) => g.sub(meanOf[name]!).abs().max());
  const difference = await stack(differences).max().item();

  const losses: number[] = [];
  const [forLots, forNoise] = random.key(1).split() as [Key, Key];
  const draws = forLots.stream();
  for (let t = 1; t <= steps; t++) {
    const lot = [...Array(train.size).keys()].filter(() => draws.uniform() < q);
    const [x, y] = [images.take(lot), labels.take(lot)];
    // For the reader: whoever publishes the loss as well, spends more privacy.
    const value = loss(parametersOf(model), x, y);
    optimizer.update(privateGrads(x, y, forNoise.foldIn(t)));
    await evaluate(value, model, optimizer);
    losses.push(await value.item());
    if (t % 50 === 0) {
      console.log(`step ${t}: loss ${losses.at(-1)!.toFixed(3)}, ε = ${epsilon(q, t).toFixed(2)} at δ = ${delta}`);
    }
  }

  const [testImages, testLabels] = toTensors(test);
  const correct = await accuracy(model.forward(testImages), testLabels).item();
  console.log(`accuracy on held-out images: ${(100 * correct).toFixed(1)} %`);
  return { losses, accuracy: correct, epsilon: epsilon(q, steps), difference };
}

type Loss = (parameters: Record<string, Tensor>, x: Tensor, y: Tensor) => Tensor;

/** A loss of one example, from one of a batch. */
const ofOne =
  (loss: Loss): Loss =>
  (parameters, x, y) =>
    loss(parameters, x.expandDims(0), y.expandDims(0));

/**
 * The privacy loss of a number of steps, from the Rényi divergence of the sampled Gaussian mechanism at integer orders (Mironov,
 * Talwar & Zhang, "Rényi differential privacy of the sampled Gaussian mechanism", 2019, section 3.3).
 */
function epsilon(q: number, steps: number): number {
  const orders = Array.from({ length: 62 }, (_, i) => i + 2);
  return Math.min(
    ...orders.map((order) => {
      let logBinomial = 0;
      const terms = Array.from({ length: order + 1 }, (_, k) => {
        if (k > 0) logBinomial += Math.log((order - k + 1) / k);
        return logBinomial + (order - k) * Math.log1p(-q) + k * Math.log(q) + (k * k - k) / (2 * noise ** 2);
      });
      const largest = Math.max(...terms);
      const logSum = largest + Math.log(terms.reduce((total, term) => total + Math.exp(term - largest), 0));
      return (steps * logSum - Math.log(delta)) / (order - 1);
    }),
  );
}

const sum = (tensors: readonly Tensor[]): Tensor => tensors.reduce((total, x) => total.add(x));

function mapValues(
  record: Record<string, Tensor>,
  f: (value: Tensor, index: number) => Tensor,
): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(record).map(([name, value], i) => [name, f(value, i)]));
}
