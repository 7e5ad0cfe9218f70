// A network that solves Burgers' equation ∂u/∂t + u ∂u/∂x = ν ∂²u/∂x², for −1 ≤ x ≤ 1 and 0 ≤ t ≤ 1, with u = −sin πx at t = 0 and
// u = 0 at the ends (Raissi, Perdikaris & Karniadakis, "Physics-informed neural networks", 2019, appendix A).
import {
  compile,
  concat,
  jvp,
  random,
  stack,
  tensor,
  valueAndGrad,
  zeros,
  type Key,
  type Tensor,
} from '@thetagrad/core';
import { Adam, init, Linear, manualSeed, schedules, Sequential, Tanh } from '@thetagrad/nn';
import type { Options } from './example.ts';

const nu = 0.01 / Math.PI;
/** Points in the interior, and at the beginning and the ends, drawn anew in each step. */
const [interior, boundary] = [1000, 100];

interface Results {
  readonly losses: number[];
  /** The error relative to the exact solution, ‖u − exact‖ / ‖exact‖. */
  readonly error: number;
}

export async function main({ steps = 10_000 }: Options = {}): Promise<Results> {
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
  /** u at points (x, t), [N, 2] to [N, 1]. */
  const u = (points: Tensor): Tensor => network.forward(points);

  /** ∂u/∂t + u ∂u/∂x − ν ∂²u/∂x², by forward mode along both axes and twice along x. */
  const residual = (points: Tensor): Tensor => {
    const along = (direction: readonly number[]): Tensor => tensor([...direction]).broadcastTo(points.shape);
    const alongX = (points: Tensor): [Tensor, Tensor] => {
      const { value, tangent } = jvp(u, [points], [along([1, 0])]);
      return [value, tangent];
    };
    const { value, tangent } = jvp(alongX, [points], [along([1, 0])]);
    const [ofX, ofXX] = [value[1], tangent[1]];
    const ofT = jvp(u, [points], [along([0, 1])]).tangent;
    return ofT.add(value[0].mul(ofX)).sub(ofXX.mul(nu));
  };

  const loss = (key: Key): Tensor => {
    const [k1, k2, k3, k4] = key.split(4) as [Key, Key, Key, Key];
    const uniform = (key: Key, count: number, low: number): Tensor => random.uniform(key, [count], { low, high: 1 });
    const inside = stack([uniform(k1, interior, -1), uniform(k2, interior, 0)], 1);
    const x = uniform(k3, boundary, -1);
    const beginning = u(stack([x, zeros([boundary])], 1)).squeeze(1);
    const end = random.bernoulli(k4, [boundary]).astype('float32').mul(2).sub(1);
    const ends = u(stack([end, uniform(k4.foldIn(1), boundary, 0)], 1)).squeeze(1);
    const onBoundary = concat([beginning.add(x.mul(Math.PI).sin()), ends]);
    return residual(inside).square().mean().add(onBoundary.square().mean());
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
  const points = [0.25, 0.5, 0.75].flatMap((t) => grid.map((x): [number, number] => [x, t]));
  const expected = tensor(points.map(([x, t]) => solveExactly(x, t)));
  const error = await u(tensor(points)).squeeze(1).sub(expected).norm().div(expected.norm()).item();
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
