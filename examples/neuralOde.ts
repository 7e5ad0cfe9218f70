// A differential equation whose right-hand side is a network, learned from a spiral (Chen, Rubanova, Bettencourt & Duvenaud, "Neural
// ordinary differential equations", 2018). The solver is a `scan`, of which the gradient keeps states only.
import { arange, compile, full, random, tensor, valueAndGrad, type Key, type Tensor } from '@thetagrad/core';
import { scan } from '@thetagrad/func';
import { Adam, l1Loss, Linear, manualSeed, schedules, Sequential, Tanh } from '@thetagrad/nn';
import type { Options } from './example.ts';

const [points, duration] = [1000, 25];
/** The number of pieces of the spiral in a batch, and of points in a piece. */
const [pieces, length] = [20, 10];

type Dynamics = (y: Tensor) => Tensor;

/** Solves dy/dt = f(y) by the Runge-Kutta method of order 4. `dt` [T] has the steps; the result [T, …] the states after them. */
function odeint(f: Dynamics, y0: Tensor, dt: Tensor): Tensor {
  const [, states] = scan(
    (y: Tensor, h: Tensor) => {
      const k1 = f(y);
      const k2 = f(y.add(k1.mul(h.div(2))));
      const k3 = f(y.add(k2.mul(h.div(2))));
      const k4 = f(y.add(k3.mul(h)));
      const next = y.add(k1.add(k2.mul(2)).add(k3.mul(2)).add(k4).mul(h.div(6)));
      return [next, next];
    },
    y0,
    dt,
  );
  return states;
}

interface Results {
  readonly losses: number[];
  /** The mean distance per coordinate of the learned spiral from the true one, before and after training. */
  readonly before: number;
  readonly after: number;
}

export async function main({ steps = 2000 }: Options = {}): Promise<Results> {
  const dt = full([points], duration / points);
  const start = tensor([[2, 0]]);
  const matrix = tensor([
    [-0.1, 2],
    [-2, -0.1],
  ]);
  const spiral = odeint((y) => y.pow(3).matmul(matrix), start, dt).reshape([points, 2]);

  manualSeed(0);
  const network = new Sequential(new Linear(2, 50), new Tanh(), new Linear(50, 2));
  const dynamics: Dynamics = (y) => network.forward(y.pow(3));

  const optimizer = new Adam(network, { lr: schedules.cosine(5e-3, { steps }) });
  const lossAndGrads = valueAndGrad(network, (y0: Tensor, y: Tensor) =>
    l1Loss(odeint(dynamics, y0, dt.slice([[0, length]])), y),
  );
  const step = compile((spiral: Tensor, key: Key) => {
    const first = random.integers(key, [pieces], { high: points - length });
    const following = arange(1, length + 1)
      .expandDims(1)
      .add(first);
    const { value, grads } = lossAndGrads(spiral.take(first), spiral.take(following));
    optimizer.update(grads);
    return value;
  });

  const distance = (): Promise<number> => l1Loss(odeint(dynamics, start, dt).reshape([points, 2]), spiral).item();
  const before = await distance();
  console.log(`distance from the spiral before training: ${before.toFixed(3)}`);
  const losses: number[] = [];
  for (let t = 1; t <= steps; t++) {
    losses.push(await (await step(spiral, random.key(t))).item());
    if (t % 200 === 0) {
      console.log(
        `step ${t}: loss ${losses.at(-1)!.toFixed(4)}, distance from the spiral ${(await distance()).toFixed(3)}`,
      );
    }
  }
  return { losses, before, after: await distance() };
}
