// Training steps that fail at any place: training goes on bit for bit as if the failed steps had never been.
import { ASoftmaxHead } from '@thetagrad/a-softmax';
import {
  evaluate,
  getBackend,
  portable,
  random,
  setBackend,
  tensor,
  valueAndGrad,
  type Backend,
  type Tensor,
  type TypedArray,
} from '@thetagrad/core';
import {
  Adam,
  AveragedModel,
  BatchNorm2d,
  Conv2d,
  Dropout,
  Flatten,
  Generator,
  Linear,
  Lookahead,
  Module,
  Sequential,
  SGD,
} from '@thetagrad/nn';
import { wasm } from '@thetagrad/wasm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FragileIdentity, withFailingBackend } from '../support/faults.ts';
import { fuzz } from '../support/torture.ts';
import { withBackend } from '../support/withBackend.ts';

const classes = 3;
const batchSize = 4;
const steps = 4;

type OptimizerName = 'Adam' | 'Lookahead around SGD';

/** A failure of one step: what fails, and where. */
interface Failure {
  readonly kind: (typeof kinds)[number];
  /** The step before which it happens. */
  readonly step: number;
  readonly place: number;
}

const kinds = [
  'known label out of range',
  'label out of range',
  'label out of range, read first',
  'user operation in the model',
  'user operation in the update',
  'out of memory',
  'out of memory, read first',
  'dtype that the backend lacks',
  'shape of the input',
  'learning rate',
  'forward alone',
] as const;

/** A network with every kind of state, and its training step. */
class Training {
  readonly fragile = new FragileIdentity();
  readonly generator = new Generator(7);
  readonly model: Module;
  readonly head: ASoftmaxHead;
  readonly optimizer: Adam | Lookahead;
  readonly averaged: AveragedModel;
  failingRate = false;

  constructor(optimizer: OptimizerName) {
    const { generator, fragile } = this;
    class Fragile extends Module {
      override forward(x: Tensor): Tensor {
        return fragile.apply(x);
      }
    }
    this.model = new Sequential<readonly Module[]>(
      new Conv2d(1, 2, 3, { generator: new Generator(1) }),
      new BatchNorm2d(2),
      new Dropout(0.4, { generator }),
      new Fragile(),
      new Flatten(),
      new Linear(8, 5, { generator: new Generator(2) }),
    );
    this.head = new ASoftmaxHead(5, classes, { margin: 2, lambda: { base: 10 }, generator: new Generator(3) });
    const lr = (step: number): number => (this.failingRate ? NaN : 0.1 / (1 + step));
    const trained = { model: this.model, head: this.head };
    this.optimizer =
      optimizer === 'Adam'
        ? new Adam(trained, { lr })
        : new Lookahead(new SGD(trained, { lr, momentum: 0.9 }), { k: 2 });
    this.averaged = new AveragedModel(trained, { useBuffers: true });
  }

  /** Builds a step, and evaluates it. */
  async step(x: Tensor, y: Tensor, { readsFirst = false } = {}): Promise<TypedArray> {
    const { model, head, optimizer, averaged } = this;
    const lossAndGrads = valueAndGrad({ model, head }, () => head.loss(model.forward(x), y));
    const { value: loss, grads } = lossAndGrads();
    const fragileGrads = Object.entries(grads).map(([name, grad]) => [name, this.fragile.apply(grad)] as const);
    optimizer.update(Object.fromEntries(fragileGrads));
    averaged.updateParameters();
    if (readsFirst) await loss.data();
    await evaluate(loss, model, head, optimizer, averaged);
    return loss.data();
  }

  /** Everything that a step changes. */
  async state(): Promise<Record<string, TypedArray>> {
    const { model, head, optimizer, averaged, generator } = this;
    const parts = { model, head, optimizer, averaged, generator };
    const values: Record<string, TypedArray> = {};
    for (const [part, stateful] of Object.entries(parts)) {
      for (const [name, value] of Object.entries(stateful.stateDict())) values[`${part}.${name}`] = await value.data();
    }
    return values;
  }
}

function batch(step: number): { x: Tensor; y: Tensor } {
  const x = random.normal(random.key(100 + step), [batchSize, 1, 4, 4]);
  const y = tensor(
    Array.from({ length: batchSize }, (_, i) => (i + step) % classes),
    { dtype: 'int32' },
  );
  return { x, y };
}

/** Makes a step of the training fail. Returns whether it did. */
async function fail(training: Training, { kind, step, place }: Failure, backend: Backend): Promise<boolean> {
  const { x, y } = batch(50 + step);
  const knownLabels = tensor([0, 1, 7, 2], { dtype: 'int32' });
  // Not computed yet, so that evaluation finds the fault.
  const badLabels = knownLabels.mul(1);
  const hasThrown = async (f: () => unknown): Promise<boolean> => {
    try {
      await f();
      return false;
    } catch {
      return true;
    } finally {
      training.fragile.disarm();
      training.failingRate = false;
    }
  };
  switch (kind) {
    case 'known label out of range':
      return hasThrown(() => training.step(x, knownLabels));
    case 'label out of range':
      return hasThrown(() => training.step(x, badLabels));
    case 'label out of range, read first':
      return hasThrown(() => training.step(x, badLabels, { readsFirst: true }));
    case 'user operation in the model':
      training.fragile.arm(place % 32);
      return hasThrown(() => training.step(x, y));
    case 'user operation in the update':
      training.fragile.arm(64 + (place % 70));
      return hasThrown(() => training.step(x, y));
    case 'out of memory':
    case 'out of memory, read first':
      return hasThrown(async () => {
        const readsFirst = kind !== 'out of memory';
        await withFailingBackend(backend, place % 40, () => training.step(x, y, { readsFirst }));
      });
    case 'dtype that the backend lacks': {
      const lacking: Backend = Object.create(backend, { dtypes: { value: ['float64'] } });
      return withBackend(lacking, () => hasThrown(() => training.step(x, y)));
    }
    case 'shape of the input':
      return hasThrown(() => training.step(x.reshape([batchSize, 1, 2, 8]), y));
    case 'learning rate':
      training.failingRate = true;
      return hasThrown(() => training.step(x, y));
    case 'forward alone':
      return hasThrown(() =>
        evaluate(training.model.forward(x).take(tensor([9], { dtype: 'int32' }), 0), training.model),
      );
  }
}

/** Trains with these failures. Returns all values at the end; `undefined` if a step did not fail as it should have. */
async function train(optimizer: OptimizerName, failures: readonly Failure[]): Promise<unknown> {
  const training = new Training(optimizer);
  const losses: TypedArray[] = [];
  for (let step = 0; step < steps; step++) {
    for (const failure of failures) {
      if (failure.step !== step) continue;
      if (!(await fail(training, failure, getBackend()))) return undefined;
    }
    const { x, y } = batch(step);
    losses.push(await training.step(x, y));
  }
  return { losses, state: await training.state() };
}

const failure = fc.record<Failure>({
  kind: fc.constantFrom(...kinds),
  step: fc.nat({ max: steps - 1 }),
  place: fc.nat({ max: 200 }),
});

describe.each<[string, () => Promise<Backend>]>([
  ['portable', async () => portable()],
  ['wasm', () => wasm({ threads: 2 })],
])('%s', (_, create) => {
  test.each<OptimizerName>(['Adam', 'Lookahead around SGD'])('failed steps leave no trace (%s)', async (optimizer) => {
    const previous = getBackend();
    setBackend(await create());
    try {
      const expected = await train(optimizer, []);
      let failed = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(failure, { minLength: 1, maxLength: 4 }), async (failures) => {
          const actual = await train(optimizer, failures);
          if (actual === undefined) return;
          failed++;
          expect(actual).toEqual(expected);
        }),
        fuzz(15),
      );
      expect(failed).toBeGreaterThan(5);
    } finally {
      setBackend(previous);
    }
  });

  test.each(kinds)('%s, before the first step and later', async (kind) => {
    const previous = getBackend();
    setBackend(await create());
    try {
      const failures = [0, 2].map((step) => ({ kind, step, place: 5 }));
      expect(await train('Adam', failures)).toEqual(await train('Adam', []));
    } finally {
      setBackend(previous);
    }
  });
});
