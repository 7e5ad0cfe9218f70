// Learning to learn: parameters from which one gradient step on ten points fits a sinusoid (Finn, Abbeel & Levine, "Model-agnostic
// meta-learning for fast adaptation of deep networks", 2017, section 5.1). The gradient goes through the gradient step.
import { compile, grad, random, valueAndGrad, type Key, type Tensor } from '@thetagrad/core';
import { functionalCall, parametersOf, vmap } from '@thetagrad/func';
import { Adam, Linear, manualSeed, mseLoss, ReLU, Sequential } from '@thetagrad/nn';
import type { Options } from './example.ts';

/** The number of tasks in a meta-batch, of points for adaptation, and the step size α. */
const [tasks, shots, alpha] = [25, 10, 0.01];

type Parameters = Record<string, Tensor>;

/** Points of sinusoids, [tasks, points, 1]. */
interface Samples {
  readonly x: Tensor;
  readonly y: Tensor;
}

interface Results {
  readonly losses: number[];
  /** The mean squared error on new tasks after so many gradient steps. */
  readonly adapted: Readonly<Record<number, number>>;
}

export async function main({ steps = 15_000 }: Options = {}): Promise<Results> {
  manualSeed(0);
  const model = new Sequential(new Linear(1, 40), new ReLU(), new Linear(40, 40), new ReLU(), new Linear(40, 1));

  const loss = (theta: Parameters, { x, y }: Samples): Tensor =>
    functionalCall(model, theta, () => mseLoss(model.forward(x), y));

  const adapt = (theta: Parameters, support: Samples): Parameters => {
    const grads = grad(loss)(theta, support);
    return Object.fromEntries(Object.entries(theta).map(([name, p]) => [name, p.sub(grads[name]!.mul(alpha))]));
  };

  /** The loss on the query points of tasks, after a number of gradient steps on their support points. */
  const metaLoss = (support: Samples, query: Samples, updates: number): Tensor => {
    const ofTask = (support: Samples, query: Samples): Tensor => {
      let theta = parametersOf(model);
      for (let i = 0; i < updates; i++) theta = adapt(theta, support);
      return loss(theta, query);
    };
    return vmap(ofTask)(support, query).mean();
  };

  const optimizer = new Adam(model, { lr: 1e-3 });
  const lossAndGrads = valueAndGrad(model, metaLoss);
  const step = compile((key: Key) => {
    const { support, query } = drawTasks(key, tasks, shots);
    const { value, grads } = lossAndGrads(support, query, 1);
    optimizer.update(grads);
    return value;
  });

  const losses: number[] = [];
  const [forTraining, forTesting] = random.key(0).split() as [Key, Key];
  for (let t = 0; t < steps; t++) {
    losses.push(await (await step(forTraining.foldIn(t))).item());
    if (losses.length % 1000 === 0) {
      console.log(`step ${losses.length}: loss after one gradient step ${mean(losses.slice(-1000)).toFixed(3)}`);
    }
  }

  const adapted: Record<number, number> = {};
  const { support, query } = drawTasks(forTesting, 500, 100);
  for (const updates of [0, 1, 10]) {
    const { x, y } = support;
    const few = { x: x.slice([null, [0, shots]]), y: y.slice([null, [0, shots]]) };
    adapted[updates] = await metaLoss(few, query, updates).item();
    console.log(`new sinusoids after ${updates} gradient steps: mean squared error ${adapted[updates].toFixed(3)}`);
  }
  return { losses, adapted };
}

/** Draws sinusoids of amplitude 0.1 to 5 and phase 0 to π, and points from −5 to 5 to adapt to and to test on. */
function drawTasks(key: Key, count: number, points: number): { support: Samples; query: Samples } {
  const [k1, k2, k3, k4] = key.split(4) as [Key, Key, Key, Key];
  const amplitude = random.uniform(k1, [count, 1, 1], { low: 0.1, high: 5 });
  const phase = random.uniform(k2, [count, 1, 1], { high: Math.PI });
  const draw = (key: Key): Samples => {
    const x = random.uniform(key, [count, points, 1], { low: -5, high: 5 });
    return { x, y: x.sub(phase).sin().mul(amplitude) };
  };
  return { support: draw(k3), query: draw(k4) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
