// Fine-tuning by updates of low rank: a network that was trained on one alphabet learns another, while its weights stay as they are
// (Hu et al., "LoRA: low-rank adaptation of large language models", 2022, section 4.1).
import {
  compile,
  evaluate,
  namedVariables,
  random,
  valueAndGrad,
  Variable,
  zeros,
  type Key,
  type Tensor,
  type VariableTree,
} from '@thetagrad/core';
import { glyphs } from '@thetagrad/data';
import {
  accuracy,
  Adam,
  crossEntropy,
  defaultGenerator,
  Flatten,
  Linear,
  manualSeed,
  Module,
  ReLU,
  schedules,
  Sequential,
} from '@thetagrad/nn';
import { toTensors } from './data.ts';
import type { Options } from './example.ts';

const [classes, size, hidden, rank] = [20, 16, 256, 4];

/** A linear layer with a weight W + B A, of which A [rank, inputs] and B [outputs, rank] are the adapter. B begins as zeros. */
class Adapted extends Module {
  readonly base: Linear;
  readonly a: Variable;
  readonly b: Variable;

  constructor(inputs: number, outputs: number) {
    super();
    this.base = new Linear(inputs, outputs);
    this.a = new Variable(random.normal(defaultGenerator.next(), [rank, inputs], { std: inputs ** -0.5 }));
    this.b = new Variable(zeros([outputs, rank]));
  }

  override forward(x: Tensor): Tensor {
    const update = x.matmul(this.a.value.transpose()).matmul(this.b.value.transpose());
    return this.base.forward(x).add(update);
  }

  /** Adds the adapter to the weight. */
  merge(): void {
    this.base.weight.assign(this.base.weight.value.add(this.b.value.matmul(this.a.value)));
    this.b.assign(zeros(this.b.shape));
  }
}

/** Images and labels. */
interface Alphabet {
  readonly train: [x: Tensor, y: Tensor];
  readonly test: [x: Tensor, y: Tensor];
}

interface Results {
  readonly losses: number[];
  /** The accuracy on held-out images of the second alphabet, before and after fine-tuning. */
  readonly before: number;
  readonly after: number;
  /** The largest difference of logits between the network with adapters and the one with merged weights. */
  readonly difference: number;
}

export async function main({ steps = 800 }: Options = {}): Promise<Results> {
  const [first, second] = [1, 2].map((seed) => {
    const { train, test } = glyphs({ classes, perClass: 100, size, seed }).splitExamples(0.8);
    return { train: toTensors(train), test: toTensors(test) };
  }) as [Alphabet, Alphabet];

  manualSeed(0);
  const layers = [new Adapted(size * size, hidden), new Adapted(hidden, hidden), new Adapted(hidden, classes)] as const;
  const model = new Sequential(new Flatten(), layers[0], new ReLU(), layers[1], new ReLU(), layers[2]);
  const bases = layers.map(({ base }) => base);
  const adapters = layers.map(({ a, b }) => ({ a, b }));
  const measure = ({ test: [x, y] }: Alphabet): Promise<number> => accuracy(model.forward(x), y).item();

  await train(model, bases, first.train, steps);
  const [known, before] = [await measure(first), await measure(second)];
  console.log(`accuracy on held-out images: first alphabet ${percent(known)}, second ${percent(before)}`);
  const losses = await train(model, adapters, second.train, steps);
  const after = await measure(second);
  console.log(`after fine-tuning: second alphabet ${percent(after)}`);
  console.log(`fine-tuned ${count(adapters)} numbers beside ${count(bases)}`);

  const adapted = model.forward(second.test[0]);
  await evaluate(adapted);
  for (const layer of layers) layer.merge();
  await evaluate(model);
  const difference = await model.forward(second.test[0]).sub(adapted).abs().max().item();
  console.log(`merged weights change the logits by ${difference.toExponential(1)}`);
  return { losses, before, after, difference };
}

/** Trains some variables of a model. */
async function train(model: Module, tree: VariableTree, [x, y]: [Tensor, Tensor], steps: number): Promise<number[]> {
  const optimizer = new Adam(tree, { lr: schedules.cosine(5e-3, { steps }) });
  const lossAndGrads = valueAndGrad(tree, (x: Tensor, y: Tensor) => crossEntropy(model.forward(x), y));
  const step = compile((x: Tensor, y: Tensor, key: Key) => {
    const indices = random.integers(key, [64], { high: x.shape[0]! });
    const { value, grads } = lossAndGrads(x.take(indices), y.take(indices));
    optimizer.update(grads);
    return value;
  });
  const losses: number[] = [];
  for (let t = 1; t <= steps; t++) {
    losses.push(await (await step(x, y, random.key(t))).item());
    if (t % 100 === 0) console.log(`step ${t}: loss ${losses.at(-1)!.toFixed(3)}`);
  }
  return losses;
}

const count = (tree: VariableTree): number =>
  Object.values(namedVariables(tree)).reduce((total, { value }) => total + value.size, 0);

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
