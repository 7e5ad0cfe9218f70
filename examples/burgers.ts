// A network that solves Burgers' equation ∂u/∂t + u ∂u/∂x = ν ∂²u/∂x², for −1 ≤ x ≤ 1 and 0 ≤ t ≤ 1, with u = −sin πx at t = 0 and
// u = 0 at the ends (Raissi, Perdikaris & Karniadakis, "Physics-informed neural networks", 2019, appendix A). The loss is how
// far the equation is from holding at random points; Adam minimizes it, and then L-BFGS.
import { compile, jvp, linearize, random, stack, tensor, valueAndGrad, type Key, type Tensor } from '@thetagrad/core';
import { Adam, init, LBFGS, Linear, manualSeed, schedules, Sequential, Tanh } from '@thetagrad/nn';
import type { Options } from './example.ts';

const nu = 0.01 / Math.PI;
/** The number of points at which the equation is to hold: drawn anew in each step of Adam, and those of L-BFGS. */
const [few, many] = [500, 2000];

interface Results {
  readonly losses: number[];
  /** The error relative to the exact solution, ‖u − exact‖ / ‖exact‖. */
  readonly error: number;
}

export async function main({ steps = 1000 }: Options = {}): Promise<Results> {
  manualSeed(0);
  const layer = (inputs: number, outputs: number): Linear =>
    new Linear(inputs, outputs, { weightInit: init.xavierNormal(), biasInit: init.zeros });
  const network = new Sequential(
    layer(2, 32),
    new Tanh(),
    layer(32, 32),
    new Tanh(),
    layer(32, 32),
    new Tanh(),
    layer(32, 32),
    new Tanh(),
    layer(32, 1),
  );
  /** u at points (x, t), [N, 2] to [N], which has the right values at the beginning and at the ends whatever the network is. */
  const u = (points: Tensor): Tensor => {
    const [x, t] = [points.at(':', 0), points.at(':', 1)];
    const correction = network.forward(points).squeeze(1).mul(t).mul(x.square().sub(1));
    return correction.sub(x.mul(Math.PI).sin());
  };

  /** u and its derivatives along x and t. */
  const first = (points: Tensor): { readonly u: Tensor; readonly ux: Tensor; readonly ut: Tensor } => {
    const { value, derivative } = linearize(u, points);
    const along = (direction: [number, number]): Tensor => tensor(direction).broadcastTo(points.shape);
    return { u: value, ux: derivative(along([1, 0])), ut: derivative(along([0, 1])) };
  };

  /** ∂u/∂t + u ∂u/∂x − ν ∂²u/∂x², where the second derivative is that of the first along x. */
  const residual = (points: Tensor): Tensor => {
    const { value, tangent } = jvp(first, [points], [tensor([1, 0]).broadcastTo(points.shape)]);
    return value.ut.add(value.u.mul(value.ux)).sub(tangent.ux.mul(nu));
  };

  const lossAndGrads = valueAndGrad(network, (points: Tensor) => residual(points).square().mean());

  const optimizer = new Adam(network, { lr: schedules.cosine(3e-3, { steps }) });
  const step = compile((key: Key) => {
    const { value, grads } = lossAndGrads(drawPoints(key, few));
    optimizer.update(grads);
    return value;
  });
  const losses: number[] = [];
  for (let t = 1; t <= steps; t++) {
    losses.push(await (await step(random.key(t))).item());
    if (t % 200 === 0) console.log(`Adam, step ${t}: loss ${losses.at(-1)!.toExponential(2)}`);
  }

  const points = drawPoints(random.key(0), many);
  const compiled = compile(lossAndGrads);
  const second = new LBFGS(network, { maxIter: 100, lineSearchFn: 'strongWolfe' });
  for (let t = 100; t <= steps; t += 100) {
    losses.push(await second.update(() => compiled(points)));
    console.log(`L-BFGS, step ${t}: loss ${losses.at(-1)!.toExponential(2)}`);
  }

  const grid = Array.from({ length: 101 }, (_, i) => i / 50 - 1);
  const places = [0.25, 0.5, 0.75].flatMap((t) => grid.map((x): [number, number] => [x, t]));
  const expected = tensor(places.map(([x, t]) => solveExactly(x, t)));
  const error = await u(tensor(places)).sub(expected).norm().div(expected.norm()).item();
  console.log(`relative error at t = 0.25, 0.5 and 0.75: ${(100 * error).toFixed(2)} %`);
  return { losses, error };
}

/** Points (x, t), [count, 2]. */
function drawPoints(key: Key, count: number): Tensor {
  const [forX, forT] = key.split() as [Key, Key];
  return stack([random.uniform(forX, [count], { low: -1 }), random.uniform(forT, [count])], 1);
}

/** The exact solution by the Cole-Hopf transformation, whose integrals over a normal distribution are sums. */
function solveExactly(x: number, t: number): number {
  const width = Math.sqrt(2 * nu * t);
  let [above, below] = [0, 0];
  // The weight is largest at an s of up to 10, where the solution is steep.
  for (let s = -20; s <= 20; s += 0.01) {
    const y = Math.PI * (x - width * s);
    const weight = Math.exp((-s * s) / 2 - Math.cos(y) / (2 * Math.PI * nu));
    above -= Math.sin(y) * weight;
    below += weight;
  }
  return above / below;
}
