// A network that solves Burgers' equation ∂u/∂t + u ∂u/∂x = ν ∂²u/∂x², for −1 ≤ x ≤ 1 and 0 ≤ t ≤ 1, with u = −sin πx at t = 0 and
// u = 0 at the ends (Raissi, Perdikaris & Karniadakis, "Physics-informed neural networks", 2019, appendix A).
import { compile, jvp, linearize, random, stack, tensor, valueAndGrad, type Key, type Tensor } from '@thetagrad/core';
import { Adam, init, Linear, manualSeed, schedules, Sequential, Tanh } from '@thetagrad/nn';
import type { Options } from './example.ts';

const nu = 0.01 / Math.PI;
/** The number of points at which the equation is to hold, drawn anew in each step. */
const points = 1000;

interface Results {
  readonly losses: number[];
  /** The error relative to the exact solution, ‖u − exact‖ / ‖exact‖. */
  readonly error: number;
}

export async function main({ steps = 5000 }: Options = {}): Promise<Results> {
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
  /** A direction (x, t) at all points. */
  const along = (direction: [number, number]): Tensor => tensor(direction).broadcastTo([points, 2]);

  /** u at points (x, t), [N, 2] to [N], which has the right values at the beginning and at the ends whatever the network is. */
  const u = (points: Tensor): Tensor => {
    const [x, t] = [points.at(':', 0), points.at(':', 1)];
    const correction = network.forward(points).squeeze(1).mul(t).mul(x.square().sub(1));
    return correction.sub(x.mul(Math.PI).sin());
  };

  /** u and its derivatives along x and t. */
  const first = (points: Tensor): { readonly u: Tensor; readonly ux: Tensor; readonly ut: Tensor } => {
    const { value, derivative } = linearize(u, points);
    return { u: value, ux: derivative(along([1, 0])), ut: derivative(along([0, 1])) };
  };

  /** ∂u/∂t + u ∂u/∂x − ν ∂²u/∂x², where the second derivative is that of the first along x. */
  const residual = (points: Tensor): Tensor => {
    const { value, tangent } = jvp(first, [points], [along([1, 0])]);
    return value.ut.add(value.u.mul(value.ux)).sub(tangent.ux.mul(nu));
  };

  const loss = (key: Key): Tensor => {
    const [forX, forT] = key.split() as [Key, Key];
    const x = random.uniform(forX, [points], { low: -1 });
    return residual(stack([x, random.uniform(forT, [points])], 1))
      .square()
      .mean();
  };

  const optimizer = new Adam(network, { lr: schedules.cosine(3e-3, { steps }) });
  const lossAndGrads = valueAndGrad(network, loss);
  const step = compile((key: Key) => {
    const { value, grads } = lossAndGrads(key);
    optimizer.update(grads);
    return value;
  });
  const losses: number[] = [];
  for (let t = 1; t <= steps; t++) {
    losses.push(await (await step(random.key(t))).item());
    if (t % 1000 === 0) console.log(`step ${t}: loss ${losses.at(-1)!.toExponential(2)}`);
  }

  const grid = Array.from({ length: 101 }, (_, i) => i / 50 - 1);
  const places = [0.25, 0.5, 0.75].flatMap((t) => grid.map((x): [number, number] => [x, t]));
  const expected = tensor(places.map(([x, t]) => solveExactly(x, t)));
  const error = await u(tensor(places)).sub(expected).norm().div(expected.norm()).item();
  console.log(`relative error at t = 0.25, 0.5 and 0.75: ${(100 * error).toFixed(2)} %`);
  return { losses, error };
}

/** The exact solution by the Cole-Hopf transformation, whose integrals over a normal distribution are sums. */
function solveExactly(x: number, t: number): number {
  const width = Math.sqrt(2 * nu * t);
  let [above, below] = [0, 0];
  for (let s = -8; s <= 8; s += 0.01) {
    const y = Math.PI * (x - width * s);
    const weight = Math.exp((-s * s) / 2 - Math.cos(y) / (2 * Math.PI * nu));
    above -= Math.sin(y) * weight;
    below += weight;
  }
  return above / below;
}
