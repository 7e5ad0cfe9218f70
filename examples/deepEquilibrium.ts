// A layer defined by an equation: its output is the fixed point of z = tanh(W z + U x + b), as that of an infinitely deep network, and
// its gradient that of the implicit function theorem (Bai, Kolter & Koltun, "Deep equilibrium models", 2019). Separates two spirals.
import { arange, compile, grad, random, valueAndGrad, Variable, where, zeros, type Tensor } from '@thetagrad/core';
import { fixedPoint, functionalCall, parametersOf } from '@thetagrad/func';
import { Adam, binaryCrossEntropyWithLogits, Linear, manualSeed, Module, schedules } from '@thetagrad/nn';
import type { Options } from './example.ts';

/** The number of units, and a bound on the slope of the step, which makes it a contraction. */
const [units, slope] = [48, 0.95];
const points = 200;

type Solver = (f: Step, guess: Tensor, parameters: Parameters) => Tensor;
type Step = (z: Tensor, parameters: Parameters) => Tensor;
type Parameters = { readonly w: Tensor; readonly injection: Tensor };

const implicit: Solver = (f, guess, parameters) => fixedPoint(f, guess, parameters, { tolerance: 1e-6 });

/** Iterates 300 times, and so differentiates through 300 steps. */
const unrolled: Solver = (f, guess, parameters) => {
  let z = guess;
  for (let i = 0; i < 300; i++) z = f(z, parameters);
  return z;
};

class DeepEquilibrium extends Module<[x: Tensor, solver?: Solver]> {
  readonly recurrence = new Variable(random.normal(random.key(7), [units, units], { std: units ** -0.5 }));
  readonly input = new Linear(2, units);
  readonly output = new Linear(units, 1);

  override forward(x: Tensor, solver: Solver = implicit): Tensor {
    // Rows of W have an absolute sum below 1: the step brings any two states closer to each other.
    const v = this.recurrence.value;
    const w = v.mul(slope).div(v.abs().sum(1, { keepdims: true }).maximum(slope));
    const step: Step = (z, { w, injection }) => z.matmul(w.transpose()).add(injection).tanh();
    const z = solver(step, zeros([x.shape[0]!, units]), { w, injection: this.input.forward(x) });
    return this.output.forward(z).squeeze(1);
  }
}

interface Results {
  readonly losses: number[];
  readonly accuracy: number;
  /** The largest difference between the gradient and that of the unrolled iteration, relative to its largest element. */
  readonly difference: number;
}

export async function main({ steps = 500 }: Options = {}): Promise<Results> {
  manualSeed(0);
  const model = new DeepEquilibrium();
  const { x, y } = drawSpirals();
  const loss = (x: Tensor, y: Tensor, solver?: Solver): Tensor =>
    binaryCrossEntropyWithLogits(model.forward(x, solver), y);

  const gradsBy = (solver: Solver) =>
    grad((p: Record<string, Tensor>) => functionalCall(model, p, () => loss(x, y, solver)))(parametersOf(model));
  const [found, expected] = [gradsBy(implicit)['recurrence']!, gradsBy(unrolled)['recurrence']!];
  const difference = await found.sub(expected).abs().max().div(expected.abs().max()).item();
  console.log(
    `gradient of the fixed point and of 300 unrolled steps: relative difference ${difference.toExponential(1)}`,
  );

  const optimizer = new Adam(model, { lr: schedules.cosine(0.01, { steps }) });
  const lossAndGrads = valueAndGrad(model, loss);
  const step = compile((x: Tensor, y: Tensor) => {
    const { value, grads } = lossAndGrads(x, y);
    optimizer.update(grads);
    return value;
  });
  const losses: number[] = [];
  for (let t = 1; t <= steps; t++) {
    losses.push(await (await step(x, y)).item());
    if (t % 100 === 0) console.log(`step ${t}: loss ${losses.at(-1)!.toFixed(4)}`);
  }

  const correct = await model.forward(x).greater(0).equal(y.greater(0)).mean().item();
  console.log(`points on the right side: ${(100 * correct).toFixed(1)} %`);
  return { losses, accuracy: correct, difference };
}

/** Points on two arms, each of which winds around the other one and a half times: x [2N, 2], and y [2N], 0 or 1. */
function drawSpirals(): { x: Tensor; y: Tensor } {
  const i = arange(2 * points);
  const y = i.greaterEqual(points).astype('float32');
  const t = i.mod(points).div(points).mul(0.9).add(0.1);
  const angle = t.mul(3 * Math.PI).add(y.mul(Math.PI));
  const isFirst = arange(2).equal(0);
  const x = where(isFirst, angle.cos().expandDims(1), angle.sin().expandDims(1)).mul(t.expandDims(1));
  return { x: x.add(random.normal(random.key(1), x.shape, { std: 0.01 })).mul(2), y };
}
