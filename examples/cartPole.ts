// A policy that balances a pole on a cart (Barto, Sutton & Anderson, 1983), learned by policy gradients (Williams, "Simple statistical
// gradient-following algorithms for connectionist reinforcement learning", 1992). The simulation is a `scan`, so that one plan plays
// all episodes and learns from them.
import { compile, ones, random, stack, valueAndGrad, where, zeros, type Key, type Tensor } from '@thetagrad/core';
import { scan } from '@thetagrad/func';
import { Adam, Linear, manualSeed, schedules, Sequential, Tanh } from '@thetagrad/nn';
import type { Options } from './example.ts';

/** The number of episodes in a batch, and the maximum length of one. */
const [episodes, limit] = [32, 500];
const discount = 0.99;

/** What happened in each step of each episode. */
interface Trajectories {
  /** Position, velocity, angle and angular velocity, [limit, episodes, 4]. */
  readonly states: Tensor;
  /** 1 for a push to the right, 0 for one to the left, [limit, episodes]. */
  readonly actions: Tensor;
  /** 1 until the pole has fallen, [limit, episodes]. */
  readonly alive: Tensor;
}

interface Results {
  /** The mean length of the episodes of each batch. */
  readonly lengths: number[];
}

export async function main({ steps = 200 }: Options = {}): Promise<Results> {
  manualSeed(0);
  const policy = new Sequential(new Linear(4, 32), new Tanh(), new Linear(32, 1));

  const play = (key: Key): Trajectories => {
    const [forStart, forActions] = key.split() as [Key, Key];
    const draws = random.uniform(forActions, [limit, episodes]);
    const start = random.uniform(forStart, [episodes, 4], { low: -0.05, high: 0.05 });
    const [, trajectories] = scan(
      ([state, alive]: readonly [Tensor, Tensor], draw: Tensor) => {
        const actions = draw.less(policy.forward(state).squeeze(1).sigmoid()).astype('float32');
        const next = simulate(state, actions);
        return [[next, alive.mul(isUp(next))] as const, { states: state, actions, alive }];
      },
      [start, ones([episodes])] as const,
      draws,
    );
    return trajectories;
  };

  /** −Σ log π(action | state) · advantage: the return from a step on, less the mean of all episodes that are still alive. */
  const policyLoss = ({ states, actions, alive }: Trajectories): Tensor => {
    const [, returns] = scan(
      (later: Tensor, reward: Tensor) => {
        const all = reward.add(later.mul(discount));
        return [all, all];
      },
      zeros([episodes]),
      alive,
      { reverse: true },
    );
    const count = alive.sum();
    const baseline = returns.sum(1, { keepdims: true }).div(alive.sum(1, { keepdims: true }).maximum(1));
    const advantage = returns.sub(baseline).mul(alive);
    const spread = advantage.square().sum().div(count).sqrt().add(1e-6);
    const logits = policy.forward(states).squeeze(2);
    const logPolicy = where(actions.equal(1), logits.neg(), logits).softplus().neg();
    return logPolicy.mul(advantage).sum().div(spread.mul(count)).neg();
  };

  const optimizer = new Adam(policy, { lr: schedules.cosine(0.01, { steps }) });
  const lossAndGrads = valueAndGrad(policy, policyLoss);
  const step = compile((key: Key) => {
    const trajectories = play(key);
    optimizer.update(lossAndGrads(trajectories).grads);
    return trajectories.alive.sum(0).mean();
  });
  const lengths: number[] = [];
  for (let t = 1; t <= steps; t++) {
    lengths.push(await (await step(random.key(t))).item());
    if (t % 20 === 0)
      console.log(`after ${t * episodes} episodes: the pole stays up for ${lengths.at(-1)!.toFixed(1)} steps`);
  }
  return { lengths };
}

/** The state 0.02 s later, by Euler's method: a cart of 1 kg, a pole of 0.1 kg and 1 m, a push of 10 N. */
function simulate(state: Tensor, action: Tensor): Tensor {
  const [gravity, poleMass, totalMass, halfLength, dt] = [9.8, 0.1, 1.1, 0.5, 0.02];
  const [x, v, angle, spin] = [0, 1, 2, 3].map((i) => state.at(':', i)) as [Tensor, Tensor, Tensor, Tensor];
  const [sin, cos] = [angle.sin(), angle.cos()];
  const force = action.mul(20).sub(10);
  const push = force
    .add(
      spin
        .square()
        .mul(sin)
        .mul(poleMass * halfLength),
    )
    .div(totalMass);
  const inertia = cos
    .square()
    .mul(-poleMass / totalMass)
    .add(4 / 3)
    .mul(halfLength);
  const angular = sin.mul(gravity).sub(cos.mul(push)).div(inertia);
  const linear = push.sub(angular.mul(cos).mul((poleMass * halfLength) / totalMass));
  return stack([x.add(v.mul(dt)), v.add(linear.mul(dt)), angle.add(spin.mul(dt)), spin.add(angular.mul(dt))], 1);
}

/** 1 where the cart is within 2.4 m of the center and the pole within 12° of the vertical. */
function isUp(state: Tensor): Tensor {
  const [x, angle] = [state.at(':', 0), state.at(':', 2)];
  return x
    .abs()
    .less(2.4)
    .logicalAnd(angle.abs().less(Math.PI / 15))
    .astype('float32');
}
