import { values } from '@thetagrad/gradcheck';
import {
  compile,
  evaluate,
  evaluateSync,
  explain,
  full,
  getBackend,
  grad,
  ones,
  portable,
  tensor,
  type Tensor,
  valueAndGrad,
  Variable,
  zeros,
} from '@thetagrad/core';
import {
  Adadelta,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  ASGD,
  AveragedModel,
  clipGradNorm,
  clipGradValue,
  getEmaAvgFn,
  LAMB,
  LARS,
  LBFGS,
  Linear,
  Lion,
  Lookahead,
  Module,
  NAdam,
  RAdam,
  RMSprop,
  Rprop,
  samPerturb,
  schedules,
  SGD,
  type AdamOptions,
  type Optimizer,
  type SGDOptions,
} from '@thetagrad/nn';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradients, start, updateRules } from './cases/updateRules.ts';
import { withBackend } from '../../../test/support/withBackend.ts';

// PyTorch's documented algorithms for a single number.

function sgd(p: number, grads: readonly number[], options: SGDOptions): number {
  const { momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
  const rate = options.lr as number;
  let b = 0;
  grads.forEach((grad, i) => {
    let g = grad + weightDecay * p;
    if (momentum !== 0) {
      b = i === 0 ? g : momentum * b + (1 - dampening) * g;
      g = nesterov ? g + momentum * b : b;
    }
    p -= rate * g;
  });
  return p;
}

function adam(p: number, grads: readonly number[], options: AdamOptions, decoupled: boolean): number {
  const { betas: [beta1, beta2] = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = options;
  const rate = options.lr as number;
  let [m, v] = [0, 0];
  grads.forEach((grad, i) => {
    if (decoupled) p -= rate * weightDecay * p;
    const g = decoupled ? grad : grad + weightDecay * p;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const mHat = m / (1 - beta1 ** (i + 1));
    const vHat = v / (1 - beta2 ** (i + 1));
    p -= (rate * mHat) / (Math.sqrt(vHat) + eps);
  });
  return p;
}

const between = (min: number, max: number): fc.Arbitrary<number> => values({ from: min, to: max });
const anyGradients = fc.array(fc.tuple(between(-2, 2), between(-2, 2)), { minLength: 1, maxLength: 6 });
type Trainer = Pick<Optimizer, 'update' | 'step' | 'variables'>;

/** A parameter of two elements after updates with the given gradients. */
function train(make: (parameter: Variable) => Trainer, grads: readonly (readonly number[])[]): number[] {
  const parameter = new Variable(tensor(start, { dtype: 'float64' }), { name: 'p' });
  const optimizer = make(parameter);
  for (const values of grads) {
    optimizer.update({ p: tensor([...values], { dtype: 'float64' }) });
    evaluateSync(parameter, optimizer);
  }
  expect(optimizer.step).toBe(grads.length);
  return [...parameter.value.dataSync()];
}

function expectClose(found: readonly number[], expected: (column: number) => number): void {
  found.forEach((value, i) => expect(Math.abs(value - expected(i))).toBeLessThan(1e-10 * (1 + Math.abs(value))));
}

test('SGD follows PyTorch’s rule', () => {
  const options = fc
    .record({
      lr: between(0, 0.5),
      momentum: fc.oneof(fc.constant(0), between(0.1, 0.99)),
      dampening: fc.oneof(fc.constant(0), between(0, 1)),
      weightDecay: fc.oneof(fc.constant(0), between(0, 0.1)),
      nesterov: fc.boolean(),
    })
    .map((all) => ({ ...all, nesterov: all.nesterov && all.momentum > 0 && all.dampening === 0 }));
  fc.assert(
    fc.property(options, anyGradients, (settings, grads) => {
      const found = train((p) => new SGD(p, settings), grads);
      expectClose(found, (i) =>
        sgd(
          start[i]!,
          grads.map((values) => values[i]!),
          settings,
        ),
      );
    }),
  );
});

test.for([
  ['Adam', Adam, false],
  ['AdamW', AdamW, true],
] as const)('%s follows PyTorch’s rule', ([, Class, decoupled]) => {
  const options = fc.record({
    lr: between(0, 0.5),
    betas: fc.tuple(between(0, 0.99), between(0, 0.9999)),
    eps: between(1e-8, 1e-3),
    weightDecay: fc.oneof(fc.constant(0), between(0, 0.1)),
  });
  fc.assert(
    fc.property(options, anyGradients, (settings, grads) => {
      const found = train((p) => new Class(p, settings), grads);
      expectClose(found, (i) =>
        adam(
          start[i]!,
          grads.map((values) => values[i]!),
          settings,
          decoupled,
        ),
      );
    }),
  );
});

describe.for(updateRules)('$name', ({ make, rule, torch }) => {
  test('follows the rule', () => {
    const update = rule();
    let expected = start;
    gradients.forEach((grad, i) => {
      expected = update(expected, grad, i + 1);
    });
    if (torch) expectClose([...expected], (i) => torch[i]!);
    expectClose(train(make, gradients), (i) => expected[i]!);
  });

  test('is a kernel for each stored value, and at most one more', () => {
    const p = new Variable(tensor([...start]), { name: 'p' });
    const optimizer = make(p);
    optimizer.update({ p: tensor([1, 2]) });
    const elementwise = explain(p, optimizer).kernels.filter(({ shape }) => shape.length > 0 && shape[0] === 2);
    expect(elementwise.length).toBeLessThanOrEqual(1 + Object.keys(optimizer.variables()).length + 1);
  });

  async function fail(variable: Variable, optimizer: Trainer): Promise<void> {
    optimizer.update({ p: tensor([9, 9]) });
    const bad = variable.value.take(tensor([5], { dtype: 'int32' }));
    await expect(evaluate(variable, optimizer, bad)).rejects.toThrow('index 5');
  }

  test('goes on from its state, after a step that failed, and in replays', async () => {
    const run = async (stateful: boolean): Promise<number[]> => {
      let variable = new Variable(tensor([...start]), { name: 'p' });
      let optimizer = make(variable);
      const prepare = () =>
        compile((grad: Tensor) => {
          optimizer.update({ p: grad });
          return variable.value;
        });
      let step = prepare();
      for (const [i, grad] of gradients.entries()) {
        if (stateful && i === 2) await fail(variable, optimizer);
        if (stateful && i === 4) {
          const [value, state] = [variable.value, optimizer.stateDict()];
          variable = new Variable(value, { name: 'p' });
          optimizer = make(variable);
          optimizer.loadStateDict(state);
          step = prepare();
        }
        if (stateful) await step(tensor([...grad]));
        else {
          optimizer.update({ p: tensor([...grad]) });
          await evaluate(variable, optimizer);
        }
      }
      expect(optimizer.step).toBe(gradients.length);
      return [...variable.value.dataSync()];
    };
    expect(await run(true)).toEqual(await run(false));
  });
});

test.each([
  ['Adam', (parameter: Variable) => new Adam(parameter, { lr: 0.1 })],
  ['AdamW', (parameter: Variable) => new AdamW(parameter, { lr: 0.1, weightDecay: 0 })],
] as const)('%s takes steps of the learning rate in gradients whose squares are out of range', (_name, create) => {
  // Kingma and Ba: the size of the step does not depend on the scale of the gradients.
  const start = 0.5;
  const parameter = new Variable(tensor([start]), { name: 'p' });
  const optimizer = create(parameter);
  for (const grad of [1e25, 1e25, -1e25]) optimizer.update({ p: tensor([grad]) });
  evaluateSync(parameter, optimizer);
  const expected = adam(start, [1, 1, -1], { lr: 0.1, eps: 0 }, false);
  expect(parameter.value.itemSync()).toBeCloseTo(expected, 5);
});

test('layerwise rates are the learning rate where a norm is 0', () => {
  const zeroGrads = [[0, 0]];
  expect(train((p) => new LAMB(p, { lr: 0.1, weightDecay: 0 }), zeroGrads)).toEqual(start);
  expectClose(
    train((p) => new LARS(p, { lr: 0.1, weightDecay: 0.5 }), zeroGrads),
    (i) => start[i]! * 0.95,
  );
  const p = new Variable(zeros([2]), { name: 'p' });
  new LARS(p, { lr: 0.5 }).update({ p: tensor([1, 2]) });
  expect(p.value.toArraySync()).toEqual([-0.5, -1]);
});

describe('known values', () => {
  test('ASGD averages from t0 on', () => {
    const p = new Variable(tensor([...start], { dtype: 'float64' }), { name: 'p' });
    const optimizer = new ASGD(p, { lr: 0.1, lambd: 0.3, alpha: 0.5, t0: 2, weightDecay: 0.1 });
    for (const grad of gradients) optimizer.update({ p: tensor([...grad], { dtype: 'float64' }) });
    // PyTorch's state `ax`.
    const average = optimizer.variables()['average.p']!.value.dataSync();
    expectClose([...average], (i) => [0.33851223564932154, -1.1683408970432883][i]!);
  });

  test('two steps of SGD with momentum', () => {
    // v: 1, then 0.9 + 1; p: 1 − 0.1, then − 0.19.
    const found = train(
      (p) => new SGD(p, { lr: 0.1, momentum: 0.9 }),
      [
        [1, 1],
        [1, 1],
      ],
    );
    expectClose(found, (i) => start[i]! - 0.29);
  });

  test('the first step of Adam is the learning rate, whatever the gradient', () => {
    expectClose(
      train((p) => new Adam(p, { eps: 0 }), [[1e-5, -300]]),
      (i) => start[i]! + [-1e-3, 1e-3][i]!,
    );
  });

  test('AdamW decays by 0.01 by default', () => {
    expectClose(
      train((p) => new AdamW(p, { lr: 0.1 }), [[0, 0]]),
      (i) => start[i]! * (1 - 0.1 * 0.01),
    );
    expectClose(
      train((p) => new AdamW(p, { weightDecay: 0 }), [[0, 0]]),
      (i) => start[i]!,
    );
  });
});

describe('groups', () => {
  const layer = (): Linear =>
    new Linear(1, 1, { weightInit: (_, shape) => ones(shape), biasInit: (_, shape) => ones(shape) });
  const biases = {
    match: (name: string) => name.endsWith('bias'),
    lrMultiplier: 2,
    weightDecayMultiplier: 0,
  };

  test('have their own rate and decay: SphereFace trains biases at twice the rate, without decay', () => {
    const model = layer();
    const optimizer = new SGD(model, { lr: 0.1, weightDecay: 0.5, groups: [biases] });
    optimizer.update({ weight: ones([1, 1]), bias: ones([1]) });
    expect(model.weight.value.itemSync()).toBeCloseTo(1 - 0.1 * 1.5, 6);
    expect(model.bias!.value.itemSync()).toBeCloseTo(1 - 0.2, 6);
  });

  test('match by properties of the variable, and the first match counts', () => {
    const model = layer();
    const vectors = {
      match: (_: string, variable: Variable) => variable.shape.length === 1,
      lrMultiplier: 0,
    };
    const all = { match: () => true, lrMultiplier: 3 };
    new SGD(model, { lr: 0.1, groups: [vectors, all] }).update({ weight: ones([1, 1]), bias: ones([1]) });
    expect(model.weight.value.itemSync()).toBeCloseTo(0.7, 6);
    expect(model.bias!.value.itemSync()).toBe(1);
  });

  test('multiply decoupled decay too', () => {
    const model = layer();
    const optimizer = new AdamW(model, { lr: 0.1, weightDecay: 0.5, groups: [biases] });
    optimizer.update({ weight: zeros([1, 1]), bias: zeros([1]) });
    expect(model.weight.value.itemSync()).toBeCloseTo(0.95, 6);
    expect(model.bias!.value.itemSync()).toBe(1);
  });

  test('that match nothing are an error', () => {
    const nothing = { match: (name: string) => name === 'biases' };
    expect(() => new SGD(layer(), { lr: 1, groups: [nothing] })).toThrow(
      'SGD: groups[0] matches none of the variables weight, bias',
    );
    expect(() => new SGD(layer(), { lr: 1, groups: [{ match: () => true }, biases] })).toThrow(
      'that no group before it matches',
    );
  });
});

test('a schedule gives the rate of each update', () => {
  const parameter = new Variable(zeros([1]), { name: 'p' });
  const optimizer = new SGD(parameter, { lr: schedules.multiStep(1, { milestones: [1], gamma: 0.5 }) });
  const seen: number[] = [];
  for (let i = 0; i < 2; i++) {
    expect(optimizer.currentLr).toBe([1, 0.5][i]);
    optimizer.update({ p: ones([1]) });
    seen.push(parameter.value.itemSync());
  }
  expect(seen).toEqual([-1, -1.5]);
  optimizer.lr = 2;
  optimizer.update({ p: ones([1]) });
  expect(parameter.value.itemSync()).toBe(-3.5);
});

test('new values may be adjusted', () => {
  const parameters = { a: new Variable(tensor([1, 2])), b: new Variable(tensor([1])) };
  const optimizer = new SGD(parameters, { lr: 1 });
  optimizer.update({ a: tensor([3, 1]), b: tensor([3]) }, (value, name) => (name === 'a' ? value.maximum(0) : value));
  expect([parameters.a.value.toArraySync(), parameters.b.value.toArraySync()]).toEqual([[0, 1], [-2]]);
});

test('only trainable variables are trained, in a tree of holders', async () => {
  const frozen = new Variable(ones([]), { trainable: false });
  const tree = { model: new Linear(1, 1), head: [new Variable(tensor(3)), frozen] };
  const optimizer = new SGD(tree, { lr: 0.5, momentum: 0.9 });
  expect(Object.keys(optimizer.variables())).toEqual([
    'momentum.model.weight',
    'momentum.model.bias',
    'momentum.head.0',
  ]);
  const loss = grad(tree, () => tree.head[0]!.value.square());
  optimizer.update(loss());
  await evaluate(tree, optimizer);
  expect(tree.head[0]!.value.itemSync()).toBe(0);
  expect(frozen.value.itemSync()).toBe(1);
});

test('training converges on a quadratic', async () => {
  for (const make of [
    (p: Variable): Optimizer => new SGD(p, { lr: 0.05, momentum: 0.9, nesterov: true }),
    (p: Variable): Optimizer => new Adam(p, { lr: 0.1 }),
    (p: Variable): Optimizer => new AdamW(p, { lr: 0.1, weightDecay: 0 }),
  ]) {
    const p = new Variable(tensor([3, -2]), { name: 'p' });
    const optimizer = make(p);
    const gradient = grad([p], () =>
      p.value
        .sub(tensor([1, 1]))
        .square()
        .sum(),
    );
    for (let i = 0; i < 300; i++) {
      const { 0: found } = gradient();
      optimizer.update({ p: found! });
      await evaluate(p, optimizer);
    }
    p.value.dataSync().forEach((value) => expect(value).toBeCloseTo(1, 2));
  }
});

describe('state', () => {
  test.for([
    [
      'SGD',
      (p: Variable): Optimizer =>
        new SGD(p, { lr: schedules.cosine(0.1, { steps: 9 }), momentum: 0.9, dampening: 0.5 }),
    ],
    ['Adam', (p: Variable): Optimizer => new Adam(p)],
  ] as const)('of %s continues in another optimizer exactly', ([, make]) => {
    const run = (interrupt: boolean): number => {
      let p = new Variable(tensor(1), { name: 'p' });
      let optimizer = make(p);
      for (let i = 0; i < 6; i++) {
        if (interrupt && i === 3) {
          const [value, state] = [p.value, optimizer.stateDict()];
          p = new Variable(value, { name: 'p' });
          optimizer = make(p);
          optimizer.loadStateDict(state);
        }
        optimizer.update({ p: tensor(i - 1.5) });
        evaluateSync(p, optimizer);
      }
      expect(optimizer.step).toBe(6);
      return p.value.itemSync();
    };
    expect(run(true)).toBe(run(false));
  });

  test('that does not fit changes nothing', () => {
    const p = new Variable(tensor([1, 2]), { name: 'p' });
    const optimizer = new SGD(p, { lr: 1, momentum: 0.5 });
    const step = tensor(1, { dtype: 'int32' });
    expect(() => optimizer.loadStateDict({ step })).toThrow(
      'SGD.loadStateDict: the state does not fit, nothing was changed; missing: momentum.p',
    );
    expect(() => optimizer.loadStateDict({ step, 'momentum.p': ones([3]) })).toThrow('mismatched: momentum.p');
    expect(() => optimizer.loadStateDict({ step: tensor(-1, { dtype: 'int32' }), 'momentum.p': ones([2]) })).toThrow(
      'step must be an integer ≥ 0, got -1',
    );
    expect(optimizer.step).toBe(0);
    expect(optimizer.stateDict()['momentum.p']!.toArraySync()).toEqual([0, 0]);
  });
});

describe('gradients belong to variables', () => {
  class Model extends Module {
    first = new Linear(1, 1);
    second?: Linear;

    override forward(x: Tensor): Tensor {
      return (this.second ?? this.first).forward(this.first.forward(x));
    }
  }
  const gradsOf = (model: Model): Record<string, Tensor> =>
    valueAndGrad(model, () => model.forward(ones([1, 1])).sum())().grads;
  const elsewhere =
    'is not the variable that the optimizer was made for; after a layer is replaced make a new optimizer';

  test.each<[string, (grads: Record<string, Tensor>) => Record<string, Tensor>]>([
    ['as they are', (grads) => grads],
    ['clipped', (grads) => clipGradValue(clipGradNorm(grads, 1).grads, 1)],
    ['computed by the user', (grads) => ({ ...grads })],
  ])('of a layer that was replaced are an error: %s', (_name, map) => {
    const model = new Model();
    const optimizer = new SGD(model, { lr: 1 });
    optimizer.update(map(gradsOf(model)));
    model.first = new Linear(1, 1);
    expect(() => optimizer.update(map(gradsOf(model)))).toThrow(`SGD.update: first.weight, first.bias ${elsewhere}`);
    model.second = new Linear(1, 1);
    const added = new SGD({ first: model.first }, { lr: 1 });
    expect(() => added.update(map(gradsOf(model)))).toThrow(
      'no variable for the gradients of second.weight, second.bias',
    );
  });

  test('of another model of the same shape are an error', () => {
    const [one, other] = [new Model(), new Model()];
    const optimizer = new SGD(one, { lr: 1 });
    expect(() => optimizer.update(gradsOf(other))).toThrow(elsewhere);
    expect(optimizer.step).toBe(0);
  });

  test('are found by variable, whatever path they are named by', () => {
    const model = new Model();
    const optimizer = new SGD({ model }, { lr: 1 });
    const before = model.first.bias!.value.itemSync();
    optimizer.update(gradsOf(model));
    evaluateSync(model, optimizer);
    expect(model.first.bias!.value.itemSync()).toBeLessThan(before + 1);
    expect(optimizer.step).toBe(1);
  });
});

describe('bad gradients change nothing', () => {
  test.for([
    [{ weight: ones([1, 1]) }, 'SGD.update: no gradient for bias; differentiate with respect to'],
    [{ weight: ones([1, 1]), bias: ones([1]), other: ones([]) }, 'no variable for the gradients of other'],
    [{ 'model.weight': ones([1, 1]) }, 'no gradient for weight, bias; no variable for the gradients of model.weight'],
    [{ weight: ones([1, 1]), bias: ones([2]) }, 'the gradient of bias is float32 [2], the variable float32 [1]'],
  ] as const)('%#', ([grads, message]) => {
    const model = new Linear(1, 1);
    const before = model.weight.value;
    const optimizer = new SGD(model, { lr: 1 });
    expect(() => optimizer.update(grads)).toThrow(message);
    expect(model.weight.value).toBe(before);
    expect(optimizer.step).toBe(0);
  });
});

test.each([
  [{ betas: [0.9] }, 'Adam: betas must be two numbers in [0, 1), got [0.9]'],
  [{ betas: 0.9 }, 'Adam: betas must be two numbers in [0, 1), got 0.9'],
  [{ betas: ['.9', '.99'] }, "Adam: betas must be two numbers in [0, 1), got ['.9', '.99']"],
  [{ groups: {} }, 'Adam: groups must be an array, got {}'],
  [{ groups: [{ lrMultiplier: 2 }] }, 'Adam: groups[0]: match must be a function, got undefined'],
])('options of another kind are errors: %j', (options, message) => {
  expect(() => new Adam(new Linear(1, 1), options as never)).toThrow(message);
});

describe('rejects bad options', () => {
  const p = new Variable(ones([1]), { name: 'p' });
  const rate = { lr: 0.1 };
  test.for([
    [() => new SGD(p, { lr: -1 }), 'SGD: lr must be a finite number ≥ 0, got -1'],
    [() => new SGD(p, { lr: NaN }), 'SGD: lr'],
    [() => new SGD(p, { ...rate, weightDecay: -1 }), 'SGD: weightDecay must be'],
    [() => new SGD(p, { ...rate, momentum: -1 }), 'SGD: momentum must be'],
    [() => new SGD(p, { ...rate, momentum: 0.5, dampening: 2 }), 'SGD: dampening must be between 0 and 1, got 2'],
    [() => new SGD(p, { ...rate, nesterov: true }), 'SGD: nesterov needs momentum > 0 and no dampening'],
    [() => new SGD(p, { ...rate, groups: [{ match: () => true, lrMultiplier: -1 }] }), 'SGD: lrMultiplier'],
    [
      () => new SGD(p, { ...rate, groups: [{ match: () => true, weightDecayMultiplier: Infinity }] }),
      'SGD: weightDecayMultiplier',
    ],
    [() => new SGD([], rate), 'SGD: there is no trainable variable'],
    [() => new Adam(p, { betas: [0.9, 1] }), 'Adam: betas must be two numbers in [0, 1), got [0.9, 1]'],
    [() => new Adam(p, { eps: -1 }), 'Adam: eps must be'],
    [() => new AdamW(p, { lr: -1 }), 'AdamW: lr must be'],
    [() => new SGD(p, { ...rate, maximize: 1 as never }), 'SGD: maximize must be true or false, got 1'],
    [() => new Adam(p, { amsgrad: 1 as never }), 'Adam: amsgrad must be true or false, got 1'],
    [() => new RMSprop(p, { alpha: 2 }), 'RMSprop: alpha must be between 0 and 1, got 2'],
    [() => new RMSprop(p, { momentum: -1 }), 'RMSprop: momentum must be a finite number ≥ 0, got -1'],
    [
      () => new RMSprop(p, { mu: 1 } as never),
      "RMSprop: unknown option 'mu'; expected lr, weightDecay, groups, maximize",
    ],
    [() => new Adagrad(p, { lrDecay: -1 }), 'Adagrad: lrDecay must be a finite number ≥ 0, got -1'],
    [() => new Adadelta(p, { rho: -1 }), 'Adadelta: rho must be between 0 and 1, got -1'],
    [() => new Adamax(p, { eps: -1 }), 'Adamax: eps must be a finite number ≥ 0, got -1'],
    [() => new NAdam(p, { momentumDecay: -1 }), 'NAdam: momentumDecay must be a finite number ≥ 0, got -1'],
    [() => new RAdam(p, { betas: [1, 1] }), 'RAdam: betas must be two numbers in [0, 1), got [1, 1]'],
    [() => new ASGD(p, { t0: -1 }), 'ASGD: t0 must be a finite number ≥ 0, got -1'],
    [() => new Rprop(p, { etas: [1.5, 2] }), 'Rprop: etas must be two numbers, 0 < minus < 1 < plus, got [1.5, 2]'],
    [() => new Rprop(p, { stepSizes: [1] as never }), 'Rprop: stepSizes must be two numbers, 0 ≤ min ≤ max, got [1]'],
    [() => new Rprop(p, { weightDecay: 1 } as never), "Rprop: unknown option 'weightDecay'"],
    [() => new Lion(p, { betas: [1, 0] }), 'Lion: betas must be two numbers in [0, 1), got [1, 0]'],
    [() => new LAMB(p, { eps: -1 }), 'LAMB: eps must be a finite number ≥ 0, got -1'],
    [() => new LARS(p, { ...rate, trustCoefficient: 0 }), 'LARS: trustCoefficient must be a finite number > 0, got 0'],
    [() => new Lookahead(p as never), 'Lookahead: the optimizer must be an optimizer such as new SGD(…), got Variable'],
    [() => new Lookahead(new SGD(p, rate), { k: 0 }), 'Lookahead: k must be an integer ≥ 1, got 0'],
    [() => samPerturb(p, { p: ones([1]) }, { rho: -1 }), 'samPerturb: rho must be a finite number ≥ 0, got -1'],
    [() => samPerturb(p, {}), 'samPerturb: no gradient for p'],
    [() => new AveragedModel([]), 'AveragedModel: there is no variable to average'],
    [() => new AveragedModel(p, { avgFn: 1 as never }), 'AveragedModel: avgFn must be a function, got 1'],
    [() => getEmaAvgFn(2), 'getEmaAvgFn: decay must be between 0 and 1, got 2'],
    [() => new LBFGS([]), 'LBFGS: there is no trainable variable'],
    [() => new LBFGS(p, { historySize: 0 }), 'LBFGS: historySize must be an integer ≥ 1, got 0'],
    [
      () => new LBFGS(p, { lineSearchFn: 'armijo' as never }),
      "LBFGS: unknown lineSearchFn 'armijo'; expected 'strongWolfe' or null",
    ],
    [() => new SGD(p, { lr: () => NaN }).update({ p: ones([1]) }), 'SGD: lr(0) must be'],
  ] as const)('%#', ([make, message]) => {
    expect(make).toThrow(message);
  });
});

test('a state dict is a snapshot: later steps, writes in place and loads do not change it', () => {
  for (const make of [(tree: Linear) => new SGD(tree, { lr: 0.1, momentum: 0.9 }), (tree: Linear) => new Adam(tree)]) {
    const model = new Linear(3, 2);
    const optimizer = make(model);
    const lossAndGrad = valueAndGrad(model, (x: Tensor) => model.forward(x).square().sum());
    const step = (): void => {
      optimizer.update(lossAndGrad(ones([4, 3])).grads);
      evaluateSync(model, optimizer);
    };
    const read = (state: Record<string, Tensor>): Record<string, number[]> =>
      Object.fromEntries(Object.entries(state).map(([name, value]) => [name, [...value.dataSync()]]));
    const readVariables = (): Record<string, number[]> => {
      const all = Object.entries({ ...model.variables(), ...optimizer.variables() });
      return read(Object.fromEntries(all.map(([name, variable]) => [name, variable.value.stopGradient()])));
    };
    step();
    // Values that are assigned but not stored belong to it, too.
    model.bias!.assign(full([2], 5));
    const states = [model.stateDict(), optimizer.stateDict()];
    const copies: Record<string, number[]> = { ...readVariables(), step: [1] };
    expect(copies).toMatchObject({ bias: [5, 5] });
    evaluateSync(model);
    for (let i = 0; i < 3; i++) step();
    expect(read(Object.assign({}, ...states))).toEqual(copies);
    expect(readVariables()).not.toMatchObject({ weight: copies['weight'] });
    // A variable that was loaded from the state is written in its own memory.
    model.loadStateDict(states[0]!);
    optimizer.loadStateDict(states[1]!);
    for (let i = 0; i < 3; i++) step();
    expect(read(Object.assign({}, ...states))).toEqual(copies);
  }
});

test('a state dict is copied by the backend that holds the variables', () => {
  const model = new Linear(2, 2);
  evaluateSync(model);
  const before = getBackend();
  const expected = model.weight.value.toArraySync();
  const state = withBackend(portable(), () => model.stateDict());
  expect(getBackend()).toBe(before);
  expect(model.weight.buffer!.backend ?? portable()).toBe(before);
  expect(state['weight']!.toArraySync()).toEqual(expected);
});
