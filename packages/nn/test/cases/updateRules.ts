// The update rules of optimizers in plain numbers, from the papers or PyTorch's documentation, and what PyTorch 1.13 computes.
import type { Variable } from '@thetagrad/core';
import {
  Adadelta,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  ASGD,
  LAMB,
  LARS,
  Lion,
  Lookahead,
  NAdam,
  RAdam,
  RMSprop,
  Rprop,
  SGD,
} from '@thetagrad/nn';

/** Gradients of successive updates of two elements. */
export const gradients: readonly (readonly number[])[] = [
  [0.5, -1],
  [0.25, 2],
  [-0.75, 0],
  [1.5, -0.125],
  [0.3, 0.7],
  [-2, 1],
  [0.1, -0.4],
];
export const start: readonly number[] = [0.5, -1.25];

type Vector = readonly number[];
/** The t-th update, from 1. */
type Update = (p: Vector, g: Vector, t: number) => Vector;

interface UpdateRule {
  readonly name: string;
  readonly make: (
    variable: Variable,
  ) => Pick<Lookahead, 'update' | 'step' | 'variables' | 'stateDict' | 'loadStateDict'>;
  /** Makes the rule with its state. */
  readonly rule: () => Update;
  /** The values after all updates by PyTorch. */
  readonly torch?: Vector;
}

const zip = (f: (...values: number[]) => number, ...vectors: readonly Vector[]): number[] =>
  vectors[0]!.map((_, i) => f(...vectors.map((vector) => vector[i]!)));
const decay = (weightDecay: number, p: Vector, g: Vector): number[] => zip((a, b) => b + weightDecay * a, p, g);
const norm = (x: Vector): number => Math.hypot(...x);

/** Running averages of gradients and squares, without and with the correction of their bias. */
function moments([beta1, beta2]: readonly [number, number]) {
  let [m, v]: Vector[] = [
    [0, 0],
    [0, 0],
  ];
  return (g: Vector, t: number) => {
    m = zip((a, b) => beta1 * a + (1 - beta1) * b, m!, g);
    v = zip((a, b) => beta2 * a + (1 - beta2) * b * b, v!, g);
    return { m, v, mHat: m.map((x) => x / (1 - beta1 ** t)), vHat: v.map((x) => x / (1 - beta2 ** t)) };
  };
}

function rmsprop(lr: number, alpha: number, momentum: number, centered: boolean, weightDecay: number): Update {
  let [v, mean, b]: Vector[] = [
    [0, 0],
    [0, 0],
    [0, 0],
  ];
  return (p, grad) => {
    const g = decay(weightDecay, p, grad);
    v = zip((a, x) => alpha * a + (1 - alpha) * x * x, v!, g);
    mean = zip((a, x) => alpha * a + (1 - alpha) * x, mean!, g);
    const root = zip((a, m) => Math.sqrt(a - (centered ? m * m : 0)) + 1e-8, v, mean);
    b = zip((a, x, r) => momentum * a + x / r, b!, g, root);
    return zip((x, step) => x - lr * step, p, b);
  };
}

function adagrad(lr: number, lrDecay: number, weightDecay: number, initial: number): Update {
  let s: Vector = [initial, initial];
  return (p, grad, t) => {
    const g = decay(weightDecay, p, grad);
    s = zip((a, x) => a + x * x, s, g);
    return zip((x, slope, a) => x - ((lr / (1 + (t - 1) * lrDecay)) * slope) / (Math.sqrt(a) + 1e-10), p, g, s);
  };
}

function adadelta(lr: number, rho: number, eps: number, weightDecay: number): Update {
  let [v, u]: Vector[] = [
    [0, 0],
    [0, 0],
  ];
  return (p, grad) => {
    const g = decay(weightDecay, p, grad);
    v = zip((a, x) => rho * a + (1 - rho) * x * x, v!, g);
    const delta = zip((a, b, x) => (Math.sqrt(a + eps) / Math.sqrt(b + eps)) * x, u!, v, g);
    u = zip((a, d) => rho * a + (1 - rho) * d * d, u!, delta);
    return zip((x, d) => x - lr * d, p, delta);
  };
}

function adamax(lr: number, [beta1, beta2]: readonly [number, number], weightDecay: number): Update {
  let [m, u]: Vector[] = [
    [0, 0],
    [0, 0],
  ];
  return (p, grad, t) => {
    const g = decay(weightDecay, p, grad);
    m = zip((a, x) => beta1 * a + (1 - beta1) * x, m!, g);
    u = zip((a, x) => Math.max(beta2 * a, Math.abs(x) + 1e-8), u!, g);
    return zip((x, a, b) => x - (lr / (1 - beta1 ** t)) * (a / b), p, m, u);
  };
}

function nadam(lr: number, betas: readonly [number, number], weightDecay: number, momentumDecay: number): Update {
  const update = moments(betas);
  const mu = (t: number): number => betas[0] * (1 - 0.5 * 0.96 ** (t * momentumDecay));
  let product = 1;
  return (p, grad, t) => {
    const g = decay(weightDecay, p, grad);
    const { m, vHat } = update(g, t);
    product *= mu(t);
    const next = product * mu(t + 1);
    const direction = zip((x, a) => ((1 - mu(t)) * x) / (1 - product) + (mu(t + 1) * a) / (1 - next), g, m);
    return zip((x, d, v) => x - (lr * d) / (Math.sqrt(v) + 1e-8), p, direction, vHat);
  };
}

function radam(lr: number, betas: readonly [number, number], weightDecay: number): Update {
  const update = moments(betas);
  return (p, grad, t) => {
    const { mHat, v } = update(decay(weightDecay, p, grad), t);
    const limit = 2 / (1 - betas[1]) - 1;
    const correction = 1 - betas[1] ** t;
    const length = limit - (2 * t * betas[1] ** t) / correction;
    const r = Math.sqrt(((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length));
    const rate = (square: number): number =>
      length > 5 ? (r * Math.sqrt(correction)) / (Math.sqrt(square) + 1e-8) : 1;
    return zip((x, m, square) => x - lr * m * rate(square), p, mHat, v);
  };
}

function asgd(lr: number, lambd: number, alpha: number, weightDecay: number): Update {
  let eta = lr;
  return (p, grad, t) => {
    const g = decay(weightDecay, p, grad);
    const updated = zip((x, slope) => x * (1 - lambd * eta) - eta * slope, p, g);
    eta = lr / (1 + lambd * lr * t) ** alpha;
    return updated;
  };
}

function rprop(lr: number, [minus, plus]: Vector, [min, max]: Vector): Update {
  let [previous, size]: Vector[] = [
    [0, 0],
    [lr, lr],
  ];
  return (p, g) => {
    const factors = zip((a, b) => (a * b > 0 ? plus! : a * b < 0 ? minus! : 1), g, previous!);
    size = zip((s, factor) => Math.min(Math.max(s * factor, min!), max!), size!, factors);
    previous = zip((slope, factor) => (factor === minus ? 0 : slope), g, factors);
    return zip((x, slope, s) => x - Math.sign(slope) * s, p, previous, size);
  };
}

function lion(lr: number, [beta1, beta2]: readonly [number, number], weightDecay: number): Update {
  let m: Vector = [0, 0];
  return (p, g) => {
    const updated = zip(
      (x, a, slope) => x - lr * (Math.sign(beta1 * a + (1 - beta1) * slope) + weightDecay * x),
      p,
      m,
      g,
    );
    m = zip((a, slope) => beta2 * a + (1 - beta2) * slope, m, g);
    return updated;
  };
}

function lamb(lr: number, betas: readonly [number, number], weightDecay: number): Update {
  const update = moments(betas);
  return (p, g, t) => {
    const { mHat, vHat } = update(g, t);
    const r = zip((x, m, v) => m / (Math.sqrt(v) + 1e-6) + weightDecay * x, p, mHat, vHat);
    return zip((x, d) => x - ((lr * norm(p)) / norm(r)) * d, p, r);
  };
}

function lars(lr: number, momentum: number, trust: number, weightDecay: number): Update {
  let v: Vector = [0, 0];
  return (p, g) => {
    const local = (trust * norm(p)) / (norm(g) + weightDecay * norm(p));
    v = zip((a, d) => momentum * a + lr * local * d, v, decay(weightDecay, p, g));
    return zip((x, d) => x - d, p, v);
  };
}

function amsgrad(lr: number, weightDecay: number, decoupled: boolean): Update {
  const betas = [0.9, 0.999] as const;
  const update = moments(betas);
  let largest: Vector = [0, 0];
  return (p, grad, t) => {
    const { mHat, v } = update(decoupled ? grad : decay(weightDecay, p, grad), t);
    largest = zip(Math.max, largest, v);
    const decayed = decoupled ? p.map((x) => x * (1 - lr * weightDecay)) : p;
    return zip((x, m, a) => x - (lr * m) / (Math.sqrt(a / (1 - betas[1] ** t)) + 1e-8), decayed, mHat, largest);
  };
}

function lookahead(k: number, alpha: number): Update {
  let slow: Vector | undefined;
  let velocity: Vector = [0, 0];
  return (p, g, t) => {
    slow ??= p;
    velocity = zip((a, x) => 0.9 * a + x, velocity, g);
    const fast = zip((x, v) => x - 0.1 * v, p, velocity);
    if (t % k !== 0) return fast;
    slow = zip((a, x) => a + alpha * (x - a), slow, fast);
    return slow;
  };
}

export const updateRules: readonly UpdateRule[] = [
  {
    name: 'SGD that ascends',
    make: (p) => new SGD(p, { lr: 0.1, momentum: 0.9, maximize: true }),
    rule: () => {
      let v: Vector = [0, 0];
      return (p, g) => {
        v = zip((a, x) => 0.9 * a - x, v, g);
        return zip((x, d) => x - 0.1 * d, p, v);
      };
    },
    torch: [0.7980088, -0.5378725999999998],
  },
  {
    name: 'Adam with amsgrad',
    make: (p) => new Adam(p, { lr: 0.1, weightDecay: 0.1, amsgrad: true }),
    rule: () => amsgrad(0.1, 0.1, false),
    torch: [0.22165566690630698, -1.2859194792238782],
  },
  {
    name: 'AdamW with amsgrad',
    make: (p) => new AdamW(p, { lr: 0.1, amsgrad: true }),
    rule: () => amsgrad(0.1, 0.01, true),
    torch: [0.23975393705770107, -1.336641460770931],
  },
  {
    name: 'RMSprop',
    make: (p) => new RMSprop(p),
    rule: () => rmsprop(0.01, 0.99, 0, false, 0),
    torch: [0.4047365498787387, -1.2881983130736905],
  },
  {
    name: 'RMSprop, centered with momentum',
    make: (p) => new RMSprop(p, { lr: 0.1, alpha: 0.8, momentum: 0.5, centered: true, weightDecay: 0.1 }),
    rule: () => rmsprop(0.1, 0.8, 0.5, true, 0.1),
    torch: [-0.09790141703449333, -1.3261524242815361],
  },
  {
    name: 'Adagrad',
    make: (p) => new Adagrad(p),
    rule: () => adagrad(0.01, 0, 0, 0),
    torch: [0.49046106101538517, -1.2537407234748799],
  },
  {
    name: 'Adagrad with all options',
    make: (p) => new Adagrad(p, { lr: 0.1, lrDecay: 0.2, weightDecay: 0.1, initialAccumulatorValue: 0.3 }),
    rule: () => adagrad(0.1, 0.2, 0.1, 0.3),
    torch: [0.41868107013524786, -1.2406659486292617],
  },
  {
    name: 'Adadelta',
    make: (p) => new Adadelta(p),
    rule: () => adadelta(1, 0.9, 1e-6, 0),
    torch: [0.4976686704148566, -1.2539036202867304],
  },
  {
    name: 'Adadelta with all options',
    make: (p) => new Adadelta(p, { lr: 0.5, rho: 0.7, eps: 1e-3, weightDecay: 0.1 }),
    rule: () => adadelta(0.5, 0.7, 1e-3, 0.1),
    torch: [0.4671143030571253, -1.27111586268456],
  },
  {
    name: 'Adamax',
    make: (p) => new Adamax(p),
    rule: () => adamax(2e-3, [0.9, 0.999], 0),
    torch: [0.49581057748700447, -1.2503034569532363],
  },
  {
    name: 'Adamax with all options',
    make: (p) => new Adamax(p, { lr: 0.1, betas: [0.8, 0.9], weightDecay: 0.1 }),
    rule: () => adamax(0.1, [0.8, 0.9], 0.1),
    torch: [0.28077150199055323, -1.268648563963299],
  },
  // PyTorch 1.13 multiplies one factor of NAdam's momentum twice; later versions follow the paper.
  { name: 'NAdam', make: (p) => new NAdam(p), rule: () => nadam(2e-3, [0.9, 0.999], 0, 4e-3) },
  {
    name: 'NAdam with all options',
    make: (p) => new NAdam(p, { lr: 0.1, betas: [0.8, 0.9], weightDecay: 0.1, momentumDecay: 0.5 }),
    rule: () => nadam(0.1, [0.8, 0.9], 0.1, 0.5),
  },
  {
    name: 'RAdam',
    make: (p) => new RAdam(p),
    rule: () => radam(1e-3, [0.9, 0.999], 0),
    torch: [0.4983976615699588, -1.2505286576637495],
  },
  {
    name: 'RAdam with all options',
    make: (p) => new RAdam(p, { lr: 0.1, betas: [0.8, 0.9], weightDecay: 0.1 }),
    rule: () => radam(0.1, [0.8, 0.9], 0.1),
    torch: [0.32435925918364816, -1.271206784515597],
  },
  {
    name: 'ASGD',
    make: (p) => new ASGD(p),
    rule: () => asgd(0.01, 1e-4, 0.75, 0),
    torch: [0.5009965063933473, -1.2717411371090168],
  },
  {
    name: 'ASGD with all options',
    make: (p) => new ASGD(p, { lr: 0.1, lambd: 0.3, alpha: 0.5, t0: 2, weightDecay: 0.1 }),
    rule: () => asgd(0.1, 0.3, 0.5, 0.1),
    torch: [0.39878343725569554, -1.1375605768215389],
  },
  {
    name: 'Rprop',
    make: (p) => new Rprop(p),
    rule: () => rprop(0.01, [0.5, 1.2], [1e-6, 50]),
    torch: [0.4612, -1.2375],
  },
  {
    name: 'Rprop with all options',
    make: (p) => new Rprop(p, { lr: 0.1, etas: [0.3, 1.5], stepSizes: [0.01, 0.2] }),
    rule: () => rprop(0.1, [0.3, 1.5], [0.01, 0.2]),
    torch: [0.11724999999999998, -1.13],
  },
  {
    name: 'Lion',
    make: (p) => new Lion(p, { lr: 0.1, betas: [0.8, 0.9], weightDecay: 0.1 }),
    rule: () => lion(0.1, [0.8, 0.9], 0.1),
  },
  { name: 'LAMB', make: (p) => new LAMB(p, { lr: 0.1 }), rule: () => lamb(0.1, [0.9, 0.999], 0.01) },
  {
    name: 'LARS',
    make: (p) => new LARS(p, { lr: 1, weightDecay: 0.1, trustCoefficient: 0.02 }),
    rule: () => lars(1, 0.9, 0.02, 0.1),
  },
  {
    name: 'Lookahead',
    make: (p) => new Lookahead(new SGD(p, { lr: 0.1, momentum: 0.9 }), { k: 3, alpha: 0.4 }),
    rule: () => lookahead(3, 0.4),
  },
];
