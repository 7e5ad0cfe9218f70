// Averaged weights, sharpness-aware steps and L-BFGS.
import { compile, evaluate, evaluateSync, ones, tensor, valueAndGrad, Variable, type Tensor } from '@thetagrad/core';
import { functionalCall } from '@thetagrad/func';
import {
  AveragedModel,
  BatchNorm2d,
  Dropout,
  getEmaAvgFn,
  LBFGS,
  Linear,
  samPerturb,
  Sequential,
  SGD,
  updateBn,
} from '@thetagrad/nn';
import { describe, expect, test } from 'vitest';

const float64 = (values: number[]): Tensor => tensor(values, { dtype: 'float64' });

describe('AveragedModel', () => {
  const values = [
    [1, -2],
    [3, 0],
    [8, 2],
  ];

  test.each([
    ['the mean', {}, [4, 0]],
    ['an exponential moving average', { avgFn: getEmaAvgFn(0.5) }, [5, 0.5]],
  ])('computes %s', async (_name, options, expected) => {
    const variable = new Variable(float64([0, 0]), { name: 'w' });
    let averaged = new AveragedModel({ variable }, options);
    const next = compile((value: Tensor) => {
      variable.assign(value);
      averaged.updateParameters();
      return averaged.averages();
    });
    for (const value of values) await next(float64(value));
    expect(averaged.nAveraged).toBe(3);
    expect(averaged.averages()['variable']!.toArraySync()).toEqual(expected);
    expect(variable.value.toArraySync()).toEqual(values.at(-1));

    const state = averaged.stateDict();
    expect(Object.keys(state)).toEqual(['nAveraged', 'module.variable']);
    averaged = new AveragedModel({ variable }, options);
    averaged.loadStateDict(state);
    averaged.updateParameters();
    evaluateSync(averaged);
    expect(averaged.nAveraged).toBe(4);
    expect(() => averaged.loadStateDict({})).toThrow('AveragedModel.loadStateDict: the state does not fit');
  });

  test('serves evaluation, and goes back into the model', () => {
    const model = new Linear(1, 1, { bias: false });
    const averaged = new AveragedModel(model);
    for (const weight of [1, 3]) {
      model.weight.assign(tensor([[weight]]));
      averaged.updateParameters();
    }
    const x = ones([1, 1]);
    expect(functionalCall(model, averaged.averages(), () => model.forward(x)).itemSync()).toBe(2);
    expect(model.forward(x).itemSync()).toBe(3);
    model.loadStateDict(averaged.averages());
    expect(model.forward(x).itemSync()).toBe(2);
  });

  test('includes running statistics on demand, and copies integers', () => {
    const model = {
      norm: new BatchNorm2d(1),
      count: new Variable(tensor(1, { dtype: 'int32' }), { trainable: false }),
    };
    const averaged = new AveragedModel(model, { useBuffers: true });
    for (const n of [2, 4]) {
      model.norm.runningMean.assign(tensor([n]));
      model.count.assign(tensor(n, { dtype: 'int32' }));
      averaged.updateParameters();
    }
    const averages = averaged.averages();
    expect([averages['norm.runningMean']!.itemSync(), averages['count']!.itemSync()]).toEqual([3, 4]);
    expect(Object.keys(new AveragedModel(model).averages())).toEqual(['norm.weight', 'norm.bias']);
  });

  test('does not count an update that fails', async () => {
    const variable = new Variable(tensor([1]), { name: 'w' });
    const averaged = new AveragedModel(variable);
    averaged.updateParameters();
    await evaluate(averaged);
    averaged.updateParameters();
    const bad = averaged.averages()['w']!.take(tensor([5], { dtype: 'int32' }));
    await expect(evaluate(averaged, bad)).rejects.toThrow('index 5');
    expect(averaged.nAveraged).toBe(1);
  });
});

describe('updateBn', () => {
  const batches = [
    [1, 3],
    [2, 8],
  ].map((values) => tensor(values).reshape([2, 1, 1, 1]));

  test('sets the means over batches, and keeps modes', async () => {
    const model = new Sequential(new BatchNorm2d(1), new Dropout(0.5)).eval();
    const norm = model.modules().get('0') as BatchNorm2d;
    norm.runningMean.assign(tensor([NaN]));
    await updateBn(batches, model);
    expect(norm.runningMean.value.itemSync()).toBe(3.5);
    expect(norm.runningVar.value.itemSync()).toBe(10);
    expect([model.training, norm.training, norm.momentum]).toEqual([false, false, 0.1]);
    await updateBn([{ x: batches[1]! }], model, ({ x }) => model.forward(x));
    expect(norm.runningMean.value.itemSync()).toBe(5);
  });

  test('changes nothing if it fails', async () => {
    const norm = new BatchNorm2d(1);
    await expect(updateBn([batches[1]!, ones([1])], norm)).rejects.toThrow('input must be [N, 1, H, W]');
    expect([norm.runningMean.value.itemSync(), norm.runningVar.value.itemSync()]).toEqual([0, 1]);
    expect([norm.training, norm.momentum]).toEqual([true, 0.1]);
  });
});

describe('samPerturb', () => {
  const model = { a: new Variable(float64([3, 0])), b: new Variable(float64([-1])) };
  const grads = { a: float64([0, 4]), b: float64([-3]) };

  test.each([
    ['in the direction of the gradient', {}, [3, 0.04], [-1.03]],
    ['in proportion to the parameters', { rho: 0.3, adaptive: true }, [3, 0], [-1.3]],
  ])('moves by ρ %s', (_name, options, a, b) => {
    const perturbed = samPerturb(model, grads, options);
    expect(perturbed['a']!.toArraySync()).toEqual(a.map((value) => expect.closeTo(value, 9) as number));
    expect(perturbed['b']!.toArraySync()).toEqual(b.map((value) => expect.closeTo(value, 9) as number));
  });

  test('gives the gradient there to a step of any optimizer', () => {
    // Of w³: w = 2 moves to 2.1, where the gradient is 3 · 2.1².
    const w = new Variable(float64([2]), { name: 'w' });
    const optimizer = new SGD(w, { lr: 1 });
    const lossAndGrads = valueAndGrad(w, () => w.value.pow(3).sum());
    const neighbor = samPerturb(w, lossAndGrads().grads, { rho: 0.1 });
    const { value, grads: sharp } = functionalCall(w, neighbor, lossAndGrads);
    optimizer.update(sharp);
    evaluateSync(value, w, optimizer);
    expect(value.itemSync()).toBeCloseTo(9.261, 9);
    expect(w.value.itemSync()).toBeCloseTo(2 - 13.23, 9);
  });
});

describe('LBFGS', () => {
  const rosenbrock = (p: Variable) =>
    valueAndGrad(p, () => {
      const [x, y] = [p.value.at(0), p.value.at(1)];
      return x.neg().add(1).square().add(y.sub(x.square()).square().mul(100));
    });
  const makeStart = (dtype: 'float32' | 'float64' = 'float64'): Variable =>
    new Variable(tensor([-1.2, 1], { dtype }), { name: 'p' });

  // PyTorch's values: loss before, parameters, steps and evaluations after each update.
  test.each([
    [
      { lineSearchFn: 'strongWolfe', maxIter: 5 },
      [
        [24.199999999999996, -1.0276177663827242, 1.0584120782656612, 4, 6],
        [4.111816451757751, -0.7745797354515831, 0.5476256792320803, 9, 12],
        [3.4231654622927565, -0.256089576896647, 0.037261981616223905, 13, 19],
        [1.657962640897188, 0.34184236067537155, 0.09925827373849652, 18, 27],
      ],
    ],
    [
      { lineSearchFn: 'strongWolfe', historySize: 3 },
      [
        [24.199999999999996, 0.3835069784942451, 0.1188499859575696, 20, 25],
        [0.4597434794355907, 0.9999980081551555, 0.9999972100124178, 37, 42],
        [1.4645897066966791e-10, 0.9999980081551555, 0.9999972100124178, 38, 43],
      ],
    ],
    [
      { lr: 1e-3, maxIter: 4 },
      [
        [24.199999999999996, -1.1988724606313343, 1.0004946025355945, 4, 4],
        [23.914514271156058, -1.198339840719921, 1.0008346006613886, 8, 8],
        [23.771189487759266, -1.1978335026862539, 1.0012464793011828, 12, 12],
      ],
    ],
  ] as const)('computes what PyTorch does: %j', async (options, expected) => {
    const p = makeStart();
    let optimizer = new LBFGS(p, options);
    for (const [loss, x, y, steps, evaluations] of expected) {
      // A state saved and restored goes on from there.
      const state = optimizer.stateDict();
      optimizer = new LBFGS(p, options);
      optimizer.loadStateDict(state);
      const before = await optimizer.update(rosenbrock(p));
      const found = [before, ...p.value.dataSync(), optimizer.step, optimizer.evaluations];
      expect(found).toEqual([loss, x, y, steps, evaluations].map((value) => expect.closeTo(value, 8) as number));
    }
  });

  test('trains float32 by a compiled closure', async () => {
    const p = makeStart('float32');
    const optimizer = new LBFGS(p, { lineSearchFn: 'strongWolfe', maxIter: 50 });
    const closure = compile(rosenbrock(p));
    await optimizer.update(() => closure());
    for (const value of p.value.dataSync()) expect(value).toBeCloseTo(1, 3);
  });

  test('shortens a step to where the loss is defined', async () => {
    // (x − 1)² − log(3 − x): the first trial is beyond 3.
    const p = new Variable(float64([0.1]), { name: 'p' });
    const optimizer = new LBFGS(p, { lineSearchFn: 'strongWolfe', lr: 10 });
    const lossAndGrads = valueAndGrad(p, () => p.value.sub(1).square().sub(p.value.neg().add(3).log()).sum());
    await optimizer.update(lossAndGrads);
    // The root of 2 (x − 1) + 1 / (3 − x).
    expect(p.value.itemSync()).toBeCloseTo(2 - Math.sqrt(1.5), 6);
  });

  test.each<[string, (p: Variable) => () => { value: Tensor; grads: Record<string, Tensor> }, string]>([
    [
      'throws',
      () => () => {
        throw new Error('no data');
      },
      'no data',
    ],
    ['diverges', (p) => valueAndGrad(p, () => p.value.square().square().exp().sum()), 'LBFGS.update: the loss is'],
    ['is no scalar', (p) => () => ({ value: p.value, grads: { p: p.value } }), 'the loss must be a scalar, got [2]'],
    ['lacks a gradient', (p) => () => ({ value: p.value.sum(), grads: {} }), 'LBFGS.update: no gradient for p'],
  ])('changes nothing if the closure %s', async (_name, make, message) => {
    const p = makeStart();
    const optimizer = new LBFGS(p, { lr: 100 });
    await expect(optimizer.update(make(p))).rejects.toThrow(message);
    expect(p.value.toArraySync()).toEqual([-1.2, 1]);
    expect(optimizer.step).toBe(0);
  });

  test('refuses a state that does not fit', () => {
    const p = makeStart();
    const state = new LBFGS(p).stateDict();
    const other = new LBFGS(new Variable(float64([1])), { historySize: 1 });
    expect(() => other.loadStateDict(state)).toThrow('LBFGS.loadStateDict: the state does not fit');
    const step = tensor(-1, { dtype: 'int32' });
    expect(() => new LBFGS(p).loadStateDict({ ...state, step })).toThrow('step must be an integer ≥ 0, got -1');
  });
});
