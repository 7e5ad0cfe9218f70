// What the garbage collector frees: code, functions of users, and backends that were not closed.
import { evaluateSync, tensor, type Tensor } from '@thetagrad/core';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { withBackend } from '../../../test/support/withBackend.ts';
import { f64, i32, type Value } from '../src/assembler/index.ts';
import type { KernelCode } from '../src/command.ts';
import { ThreadPool } from '../src/threads/pool.ts';
import { wasm } from '../src/wasm.ts';
import { at, command, machine, output, Plans } from './machine.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects garbage until a condition holds, or for 100 turns of the event loop. */
async function collectUntil(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100 && !condition(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collect();
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([1, 2])('code that was dropped, and the functions that it calls, with %i threads', async (threads) => {
  const plans = new Plans();
  const backend = machine(plans, { threads, maxCodeBytes: 2 ** 18 });
  await backend.ready();
  const alive = new Set<number>();
  const finalizers = new FinalizationRegistry<number>((number) => alive.delete(number));
  let count = 0;
  const watch = (object: object): void => {
    finalizers.register(object, ++count);
    alive.add(count);
  };
  const load = Object.getOwnPropertyDescriptor(ThreadPool.prototype, 'load')!.value as ThreadPool['load'];
  ThreadPool.prototype.load = function (...parameters) {
    const module = load.apply(this, parameters);
    watch(module);
    return module;
  };
  const calling = (i: number, f: (x: number) => number): KernelCode => ({
    name: `calling ${i}`,
    key: `calling ${i}`,
    ...(i % 2 === 0 && { hostFunctions: { f } }),
    assemble: (module) => {
      const imported = i % 2 === 0 && module.importFunction('js', 'f', ['f64'], ['f64']);
      return module.function(['i32', 'i32', 'i32'], [], (code, args) => {
        const x = f64.const(i);
        code.emit(f64.store(i32.load(args), imported ? (code.call(imported, x) as Value<'f64'>) : x));
      });
    },
  });
  const out = backend.allocate('float64', 1);
  try {
    for (let i = 0; i < 100; i++) {
      const f = (x: number): number => x;
      watch(f);
      const plan = plans.of([command(calling(i, f), [at(output(0, 1, 'float64'))])]);
      backend.execute(plan, [], [out]);
      expect(out.readSync()[0]).toBe(i);
      backend.release(plan);
    }
  } finally {
    ThreadPool.prototype.load = load;
  }
  // There were 100 modules and 100 functions; 15 modules are within the bound.
  await collectUntil(() => alive.size < 40);
  expect(alive.size).toBeLessThan(40);
  backend.close();
});

test('backends without a buffer in use, with their threads', async () => {
  const module = process.getBuiltinModule('node:worker_threads') as { Worker: typeof Worker };
  const { Worker: Original } = module;
  const exits: number[] = [];
  vi.spyOn(module, 'Worker').mockImplementation(function (...parameters) {
    const worker = new Original(...parameters);
    worker.once('exit', (code) => exits.push(code));
    return worker;
  });
  const compute = async (): Promise<Tensor> => {
    const backend = await wasm({ threads: 2 });
    await backend.ready();
    const y = tensor([1, 2]).add(1);
    withBackend(backend, () => evaluateSync(y));
    return y;
  };
  let kept: Tensor | undefined = await compute();
  await compute();
  await collectUntil(() => exits.length > 0);
  expect(exits.length).toBe(1);
  expect(await kept.toArray()).toEqual([2, 3]);
  kept = undefined;
  await collectUntil(() => exits.length > 1);
  expect(exits.length).toBe(2);
});
