// Compiled training steps against ordinary ones: the same bits after each step, in the loss and in all state.
import {
  compile,
  evaluate,
  evaluateSync,
  getBackend,
  portable,
  random,
  setBackend,
  tensor,
  valueAndGrad,
  type Backend,
  type Tensor,
} from '@thetagrad/core';
import { ASoftmaxHead } from '@thetagrad/a-softmax';
import { gpu } from '@thetagrad/gpu';
import {
  Adam,
  AdamW,
  AvgPool2d,
  BatchNorm2d,
  clipGradNorm,
  clipGradValue,
  Conv2d,
  crossEntropy,
  Dropout,
  ELU,
  Flatten,
  GELU,
  Generator,
  LeakyReLU,
  Linear,
  MaxPool2d,
  PReLU,
  ReLU,
  Residual,
  schedules,
  Sequential,
  SGD,
  Sigmoid,
  SiLU,
  Softplus,
  Tanh,
  type Module,
  type Optimizer,
} from '@thetagrad/nn';
import { afterEach, describe, expect, inject, test, vi } from 'vitest';

const initial = getBackend();
afterEach(() => setBackend(initial));

const classes = 4;

/** The function, and how often it has been called. */
function counted<Parameters extends unknown[], Result>(f: (...parameters: Parameters) => Result) {
  return vi.fn<(...parameters: Parameters) => Result>(f);
}

interface Training {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly generator: Generator;
  /** Builds a step and returns its loss. */
  readonly step: (x: Tensor, y: Tensor) => Tensor;
}

interface Settings {
  readonly network?: (generator: Generator) => Module;
  readonly optimizer?: (model: Module) => Optimizer;
  readonly clip?: (grads: Record<string, Tensor>) => Record<string, Tensor>;
}

const perceptron = (generator: Generator): Module =>
  new Sequential(new Flatten(), new Linear(36, 5, { generator }), new ReLU(), new Linear(5, classes, { generator }));

function createTraining({ network = perceptron, optimizer: createOptimizer, clip }: Settings): Training {
  const generator = new Generator(3);
  const model = network(generator);
  const optimizer = createOptimizer?.(model) ?? new Adam(model, { lr: 0.01 });
  const lossAndGrads = valueAndGrad(model, (x: Tensor, y: Tensor) => crossEntropy(model.forward(x), y));
  const step = counted((x: Tensor, y: Tensor) => {
    const { value, grads } = lossAndGrads(x, y);
    optimizer.update(clip ? clip(grads) : grads);
    return value;
  });
  return { model, optimizer, generator, step };
}

const images = (seed: number, count = 3): Tensor => random.normal(random.key(seed), [count, 1, 6, 6]);
const labels = (seed: number, count = 3): Tensor => random.integers(random.key(seed + 99), [count], { high: classes });

async function stateOf({ model, optimizer, generator }: Training): Promise<Record<string, number[]>> {
  const state: Record<string, number[]> = {};
  for (const holder of [model, optimizer, generator]) {
    for (const [name, value] of Object.entries(holder.stateDict())) state[name] = Array.from(await value.data());
  }
  return state;
}

/** A pair of equal trainings, of which one is compiled. */
function createPair(settings: Settings) {
  const [ordinary, compiled] = [createTraining(settings), createTraining(settings)];
  const train = compile(compiled.step);
  return {
    ordinary,
    compiled,
    train,
    /** Makes a step of both and compares all. */
    async step(seed: number, count?: number): Promise<void> {
      const [x, y] = [images(seed, count), labels(seed, count)];
      await evaluate(x, y);
      const loss = ordinary.step(x, y);
      await evaluate(loss, ordinary.model, ordinary.optimizer);
      const other = await train(x, y);
      expect(Array.from(await other.data())).toEqual(Array.from(await loss.data()));
      expect(compiled.optimizer.step).toBe(ordinary.optimizer.step);
      expect(await stateOf(compiled)).toEqual(await stateOf(ordinary));
    },
  };
}

/** Five steps of both; those from the third on are replayed. */
async function expectSameTraining(settings: Settings): Promise<void> {
  const pair = createPair(settings);
  for (let i = 0; i < 5; i++) await pair.step(i);
  expect(pair.compiled.step).toHaveBeenCalledTimes(2);
}

const optimizers: Readonly<Record<string, (model: Module) => Optimizer>> = {
  SGD: (model) => new SGD(model, { lr: 0.1 }),
  'SGD with momentum and dampening': (model) => new SGD(model, { lr: 0.1, momentum: 0.9, dampening: 0.5 }),
  "SGD with Nesterov's momentum and decay": (model) =>
    new SGD(model, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  Adam: (model) => new Adam(model, { lr: 0.01 }),
  'Adam with decay': (model) => new Adam(model, { lr: 0.01, weightDecay: 0.1 }),
  'AdamW with groups': (model) =>
    new AdamW(model, {
      lr: 0.01,
      groups: [{ match: (_name, { shape }) => shape.length === 1, lrMultiplier: 2, weightDecayMultiplier: 0 }],
    }),
  'a schedule': (model) =>
    new AdamW(model, { lr: schedules.warmup(schedules.cosine(0.1, { steps: 4 }), { steps: 3 }) }),
  'a schedule of SGD': (model) =>
    new SGD(model, { lr: schedules.multiStep(0.1, { milestones: [1, 3] }), momentum: 0.5 }),
};

const activations = [ReLU, LeakyReLU, PReLU, ELU, GELU, SiLU, Sigmoid, Tanh, Softplus] as const;

const convolutional = (generator: Generator): Module =>
  new Sequential(
    new Conv2d(1, 4, 3, { padding: 1, generator }),
    new BatchNorm2d(4),
    new ReLU(),
    new Residual(new Sequential(new Conv2d(4, 4, 3, { padding: 1, generator }), new BatchNorm2d(4))),
    new MaxPool2d(2),
    new Dropout(0.3, { generator }),
    new AvgPool2d(3),
    new Flatten(),
    new Linear(4, 6, { generator }),
    new Dropout(0.5, { generator }),
    new Linear(6, classes, { generator }),
  );

async function onBackends(f: () => Promise<void>): Promise<void> {
  const others: Backend[] =
    initial === portable() && inject('gpuModes').includes('cpu') ? [await gpu({ mode: 'cpu' })] : [];
  for (const backend of [initial, ...others]) {
    setBackend(backend);
    await f();
  }
}

describe('steps are those of ordinary training', () => {
  test.each(Object.entries(optimizers))('%s', async (_name, optimizer) => {
    await onBackends(() => expectSameTraining({ optimizer }));
  });

  test.each(activations.map((Activation) => [Activation.name, Activation] as const))(
    '%s',
    async (_name, Activation) => {
      const network = (generator: Generator): Module =>
        new Sequential(
          new Flatten(),
          new Linear(36, 5, { generator }),
          new Activation(),
          new Linear(5, classes, { generator }),
        );
      await onBackends(() => expectSameTraining({ network }));
    },
  );

  test('convolutions, pools, batch norm and dropout', async () => {
    await onBackends(() => expectSameTraining({ network: convolutional }));
  });

  test('clipped gradients', async () => {
    await expectSameTraining({ clip: (grads) => clipGradNorm(grads, 0.1).grads });
    await expectSameTraining({ clip: (grads) => clipGradValue(grads, 0.01) });
  });

  test('the margin of A-Softmax, whose λ falls', async () => {
    const create = () => {
      const model = perceptron(new Generator(1));
      const head = new ASoftmaxHead(classes, 3, { key: random.key(1) });
      const optimizer = new SGD({ model, head }, { lr: 0.1, momentum: 0.9 });
      const lossAndGrads = valueAndGrad({ model, head }, (x: Tensor, y: Tensor) => head.loss(model.forward(x), y));
      const step = (x: Tensor, y: Tensor): Tensor => {
        const { value, grads } = lossAndGrads(x, y);
        optimizer.update(grads);
        return value;
      };
      return { head, step, all: [model, head, optimizer] };
    };
    const [ordinary, compiled] = [create(), create()];
    const train = compile(compiled.step);
    for (let i = 0; i < 5; i++) {
      const [x, y] = [images(i), labels(i).mod(3)];
      const loss = ordinary.step(x, y);
      await evaluate(loss, ...ordinary.all);
      expect(await (await train(x, y)).item()).toBe(await loss.item());
      expect(await compiled.head.iteration.value.item()).toBe(i + 1);
      expect(await compiled.head.weight.value.data()).toEqual(await ordinary.head.weight.value.data());
    }
  });
});

describe('what changes between steps', () => {
  test('the size of batches', async () => {
    const pair = createPair({ network: convolutional });
    for (let i = 0; i < 9; i++) await pair.step(i, i % 3 === 2 ? 5 : 3);
    expect(pair.compiled.step).toHaveBeenCalledTimes(4);
  });

  test('the backend', async () => {
    const backends = [initial, portable(), ...(inject('gpuModes').includes('cpu') ? [await gpu({ mode: 'cpu' })] : [])];
    const pair = createPair({ network: convolutional });
    for (let i = 0; i < 12; i++) {
      setBackend(backends[Math.floor(i / 2) % backends.length]!);
      await pair.step(i);
    }
  });

  test('the learning rate', async () => {
    const pair = createPair({});
    for (let i = 0; i < 6; i++) {
      for (const { optimizer } of [pair.ordinary, pair.compiled]) {
        optimizer.lr = i < 4 ? 0.1 / (i + 1) : (step) => 0.01 * step;
      }
      await pair.step(i);
    }
    expect(pair.compiled.step).toHaveBeenCalledTimes(2);
  });

  test('loaded state, and a restarted generator', async () => {
    const pair = createPair({ network: convolutional });
    for (let i = 0; i < 4; i++) await pair.step(i);
    const { model, optimizer, generator } = pair.ordinary;
    const saved = { model: model.stateDict(), optimizer: optimizer.stateDict(), generator: generator.stateDict() };
    for (let i = 4; i < 6; i++) await pair.step(i);
    for (const training of [pair.ordinary, pair.compiled]) {
      training.model.loadStateDict(saved.model);
      training.optimizer.loadStateDict(saved.optimizer);
      training.generator.loadStateDict(saved.generator);
    }
    for (let i = 6; i < 9; i++) await pair.step(i);
    for (const { generator: restarted } of [pair.ordinary, pair.compiled]) restarted.manualSeed(8);
    for (let i = 9; i < 12; i++) await pair.step(i);
  });

  test('training and evaluation mode', async () => {
    const { model, generator } = createTraining({ network: convolutional });
    const forward = counted((x: Tensor) => model.forward(x));
    const compiled = compile(forward);
    const other = createTraining({ network: convolutional });
    for (let i = 0; i < 12; i++) {
      const isTraining = i % 4 < 2;
      model.train(isTraining);
      other.model.train(isTraining);
      const x = images(i);
      const expected = other.model.forward(x);
      await evaluate(expected, other.model);
      expect(await (await compiled(x)).data()).toEqual(await expected.data());
      expect(await generator.stateDict().count.item()).toBe(await other.generator.stateDict().count.item());
    }
    expect(forward).toHaveBeenCalledTimes(4);
  });

  test('labels out of range: the error of an ordinary step, after which training goes on with the same bits', async () => {
    await onBackends(async () => {
      const pair = createPair({ network: convolutional });
      const wrong = tensor([0, classes, 1], { dtype: 'int32' });
      const computed = (): Tensor => wrong.add(0);
      for (let i = 0; i < 6; i++) {
        await pair.step(i);
        for (const y of [wrong, computed()]) {
          await expect(pair.train(images(i), y)).rejects.toThrow(/crossEntropy: label 4 at index 1 is out of range/);
        }
        expect(await stateOf(pair.compiled)).toEqual(await stateOf(pair.ordinary));
      }
    });
  });

  test('two compiled functions train in turns', async () => {
    const [ordinary, compiled] = [createTraining({}), createTraining({})];
    const trains = [compile(compiled.step), compile((x: Tensor, y: Tensor) => [compiled.step(x, y)])] as const;
    for (let i = 0; i < 8; i++) {
      const [x, y] = [images(i), labels(i)];
      evaluateSync(x, y);
      const loss = ordinary.step(x, y);
      await evaluate(loss, ordinary.model, ordinary.optimizer);
      const other = i % 2 ? (await trains[1](x, y))[0]! : await trains[0](x, y);
      expect(await other.item()).toBe(await loss.item());
      expect(await stateOf(compiled)).toEqual(await stateOf(ordinary));
    }
    expect(compiled.step).toHaveBeenCalledTimes(4);
  });

  test('a step that reads its number is recorded in each call', async () => {
    const { optimizer, step } = createTraining({});
    const f = counted((x: Tensor, y: Tensor) => ({ loss: step(x, y), scaled: x.mul(optimizer.step) }));
    const compiled = compile(f);
    for (let i = 1; i < 5; i++) {
      const x = images(i);
      const { scaled } = await compiled(x, labels(i));
      expect(await scaled.data()).toEqual(await x.mul(i).data());
    }
    expect(f).toHaveBeenCalledTimes(4);
  });
});
