// Worker threads that end at any moment of training: steps fail or not, values are right or marked as lost, and training goes on.
import type { Worker } from 'node:worker_threads';
import {
  defineUnary,
  evaluate,
  getBackend,
  random,
  setBackend,
  tensor,
  valueAndGrad,
  type TypedArray,
  type Unary,
} from '@thetagrad/core';
import { Adam, BatchNorm2d, Conv2d, crossEntropy, Flatten, Generator, Linear, Sequential } from '@thetagrad/nn';
import { wasm } from '@thetagrad/wasm';
import { afterEach, expect, test, vi } from 'vitest';
import { repetitions } from '../support/torture.ts';

const threads = 3;
const batchSize = 32;
const size = 24;

afterEach(() => {
  vi.restoreAllMocks();
});

/** The workers that are alive. */
function watchWorkers(): Worker[] {
  const module = process.getBuiltinModule('node:worker_threads') as { Worker: typeof Worker };
  const workers: Worker[] = [];
  const Original = module.Worker;
  vi.spyOn(module, 'Worker').mockImplementation(function (...parameters) {
    const worker = new Original(...parameters);
    workers.push(worker);
    worker.once('exit', () => workers.splice(workers.indexOf(worker), 1));
    return worker;
  });
  return workers;
}

/** Ends a worker before a step, inside of a kernel that the main thread computes alone, or while it waits for the others. */
class Killer {
  readonly #workers: readonly Worker[];
  readonly #stream = random.key(1).stream();
  #elements = Infinity;
  ended = 0;
  /** The identity, computed by the main thread. */
  readonly identity = defineUnary({
    name: 'identity',
    dtypes: 'float',
    value: (x) => {
      if (this.#elements-- === 0) this.#end();
      return x;
    },
    derivatives: [(t) => t],
    domain: [{ from: -1, to: 1 }],
  });

  constructor(workers: readonly Worker[]) {
    this.#workers = workers;
  }

  /** Chooses when a worker ends. Returns how to stop this. */
  arm(): () => void {
    const moment = this.#stream.integer(3);
    if (moment === 0) this.#end();
    if (moment === 1) this.#elements = this.#stream.integer(batchSize * 32);
    let calls = moment === 2 ? this.#stream.integer(3) : Infinity;
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
      if (calls-- === 0) this.#end();
      return now();
    });
    return () => {
      clock.mockRestore();
      this.#elements = Infinity;
    };
  }

  #end(): void {
    const worker = this.#workers[this.#stream.integer(threads - 1)];
    if (!worker) return;
    this.ended++;
    void worker.terminate();
  }
}

function createTraining(identity: Unary) {
  const generator = new Generator(5);
  const model = new Sequential(
    new Conv2d(1, 16, 3, { generator }),
    new BatchNorm2d(16),
    new Flatten(),
    new Linear(16 * (size - 2) ** 2, 32, { generator }),
  );
  const optimizer = new Adam(model, { lr: 0.01 });
  const labels = tensor(
    Array.from({ length: batchSize }, (_, i) => i),
    { dtype: 'int32' },
  );
  const step = async (number: number): Promise<void> => {
    const x = random.normal(random.key(number), [batchSize, 1, size, size]);
    const { value: loss, grads } = valueAndGrad(model, () => crossEntropy(identity(model.forward(x)), labels))();
    optimizer.update(grads);
    await evaluate(loss, model, optimizer);
    // Reading throws if the loss was lost.
    await loss.data();
  };
  const values = async (): Promise<TypedArray[]> => {
    const all = { ...model.stateDict(), ...optimizer.stateDict() };
    return Promise.all(Object.values(all).map((value) => value.data()));
  };
  return { model, optimizer, step, values };
}

test('training goes on with the same bits', { timeout: repetitions(60_000) }, async () => {
  const workers = watchWorkers();
  const backend = await wasm({ threads });
  await backend.ready();
  const previous = getBackend();
  setBackend(backend);
  const killer = new Killer(workers);
  const expected = createTraining(killer.identity);
  const actual = createTraining(killer.identity);
  const errors: string[] = [];
  for (let number = 0; number < repetitions(12); number++) {
    await expected.step(number);
    const saved = { model: actual.model.stateDict(), optimizer: actual.optimizer.stateDict() };
    const disarm = killer.arm();
    const failed = await actual.step(number).then(
      () => false,
      (error: Error) => errors.push(error.message) > 0,
    );
    disarm();
    if (failed) {
      actual.model.loadStateDict(saved.model);
      actual.optimizer.loadStateDict(saved.optimizer);
      await actual.step(number);
    }
    await backend.ready();
  }
  expect(await actual.values()).toEqual(await expected.values());
  expect(errors.filter((message) => !/ended unexpectedly/.test(message))).toEqual([]);
  expect(killer.ended).toBeGreaterThan(repetitions(3));
  setBackend(previous);
  backend.close();
});
