import { spawn } from 'node:child_process';
import { resolveObjectURL } from 'node:buffer';
import { Worker as NodeWorker, type Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { f32, i32, type Code, type Local } from '../src/assembler/index.ts';
import type { WasmBackend } from '../src/backend.ts';
import { affine, affineWords, at, command, input, kernelCode, machine, output, Plans } from './machine.ts';

const backends: WasmBackend[] = [];
const started = (...parameters: Parameters<typeof machine>): WasmBackend => {
  const backend = machine(...parameters);
  backends.push(backend);
  return backend;
};
afterEach(() => {
  for (const backend of backends.splice(0)) backend.close();
});

const n = 4096;
const ramp = Float32Array.from({ length: n }, (_, i) => i);
const affinePlan = (plans: Plans, chunks: number) =>
  plans.of([command(affine, affineWords(at(output(0, n)), at(input(0, n)), n / chunks, 2, 1), chunks)]);

function expectRightResults(backend: WasmBackend, plans: Plans): void {
  const out = backend.allocate('float32', n);
  backend.execute(affinePlan(plans, 16), [backend.upload(ramp, 'float32')], [out]);
  expect(out.readSync()).toEqual(ramp.map((value) => 2 * value + 1));
}

/**
 * Two chunks of which each waits until both are being computed, by two threads. Then the one on the worker thread, whose
 * scratch memory lies higher, does something else. The words: 4 zeros.
 */
const meeting = (key: string, inWorker: (code: Code) => void) =>
  kernelCode(key, (code, args, _chunk, scratch) => {
    const words = code.local('i32', i32.load(args));
    const patience: Local<'i32'> = code.local('i32', i32.const(2 ** 30));
    const mine = code.local('i32', i32.shl(i32.atomic.rmw.add(words, i32.const(1)), i32.const(2)));
    code.emit(i32.atomic.store(i32.add(words, mine), scratch, { offset: 4 }));
    const other = code.local('i32');
    const otherAt = i32.add(words, i32.sub(i32.const(8), mine));
    code.loop((again) => {
      code.set(other, i32.atomic.load(otherAt));
      code.add(patience, i32.const(-1));
      again(i32.and(i32.eqz(other), i32.ne(patience, i32.const(0))));
    });
    code.if(i32.and(i32.ne(other, i32.const(0)), i32.gtU(scratch, other)), () => inWorker(code));
  });
const meet = (plans: Plans, backend: WasmBackend, key: string, inWorker: (code: Code) => void): void => {
  const plan = plans.of([command(meeting(key, inWorker), [at(output(0, 4, 'int32'))], 2)]);
  backend.execute(plan, [], [backend.upload(new Int32Array(4), 'int32')]);
};

describe('threads', () => {
  it('give the same results, whatever their number', async () => {
    for (const threads of [1, 2, 3]) {
      const plans = new Plans();
      const backend = started(plans, { threads });
      expect(backend.threads).toBe(threads);
      // Before the workers are up, and afterwards.
      expectRightResults(backend, plans);
      await backend.ready();
      for (let i = 0; i < 20; i++) expectRightResults(backend, plans);
    }
  });

  it('run every chunk exactly once and commands in order, also when there are many of them', async () => {
    const plans = new Plans();
    const backend = started(plans, { threads: 3 });
    await backend.ready();
    const chunks = 64;
    // cell[chunk] = 3 · cell[chunk] + cell[63 − chunk] of the other half: wrong if a command overtakes another.
    const step = kernelCode('step', (code, args, chunk) => {
      const into = code.local('i32', i32.add(i32.load(args), i32.shl(chunk, i32.const(2))));
      const from = i32.add(i32.load(args, { offset: 4 }), i32.shl(i32.sub(i32.const(63), chunk), i32.const(2)));
      code.emit(i32.store(into, i32.add(i32.mul(i32.load(into), i32.const(3)), i32.load(from))));
    });
    const a = at(output(0, 2 * chunks, 'int32'));
    const b = at(output(0, 2 * chunks, 'int32'), 4 * chunks);
    const commands = Array.from({ length: 400 }, (_, i) => command(step, i % 2 ? [a, b] : [b, a], chunks));
    const cells = Int32Array.from({ length: 2 * chunks }, (_, i) => i);
    const buffer = backend.upload(cells.slice(), 'int32');
    const plan = plans.of(commands);
    for (let run = 0; run < 5; run++) {
      backend.execute(plan, [], [buffer]);
      for (let i = 0; i < 400; i++) {
        const [into, from] = i % 2 ? [0, chunks] : [chunks, 0];
        for (let chunk = 0; chunk < chunks; chunk++) {
          cells[into + chunk] = Math.imul(cells[into + chunk]!, 3) + cells[from + 63 - chunk]!;
        }
      }
    }
    expect(buffer.readSync()).toEqual(cells);
  });

  it('work on chunks at the same time, with scratch memory of their own', async () => {
    const plans = new Plans();
    const backend = started(plans, { threads: 2 });
    await backend.ready();
    const words = backend.upload(new Int32Array(4), 'int32');
    const plan = plans.of([
      command(
        meeting('meet', () => {}),
        [at(output(0, 4, 'int32'))],
        2,
        1000,
      ),
    ]);
    backend.execute(plan, [], [words]);
    const [count, a, b] = words.readSync();
    expect(count).toBe(2);
    expect(Math.abs(a! - b!)).toBeGreaterThanOrEqual(1000);
    expect([a! % 64, b! % 64]).toEqual([0, 0]);
  });

  it('wake up after a pause', async () => {
    const plans = new Plans();
    const backend = started(plans, { threads: 2 });
    await backend.ready();
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      const words = backend.upload(new Int32Array(4), 'int32');
      backend.execute(
        plans.of([
          command(
            meeting('meet', () => {}),
            [at(output(0, 4, 'int32'))],
            2,
          ),
        ]),
        [],
        [words],
      );
      expect(words.readSync()[0]).toBe(2);
    }
  });

  it('report a trap of a worker with the kernel, and go on', async () => {
    const plans = new Plans();
    const backend = started(plans, { threads: 2 });
    await backend.ready();
    expect(() => meet(plans, backend, 'trapping kernel', (code) => code.trap())).toThrow(
      /^wasm: kernel 0 of the plan \(map, function trapping kernel\) failed: unreachable \(in worker thread 1\)$/,
    );
    expectRightResults(backend, plans);
    expect(backend.threads).toBe(2);
  });

  it('report a trap of the main thread with the kernel, and go on', async () => {
    const trap = kernelCode('out of bounds', (code, _args, chunk) =>
      code.if(i32.eq(chunk, i32.const(3)), () => code.emit(f32.store(i32.const(-4), f32.const(0)))),
    );
    for (const threads of [1, 3]) {
      const plans = new Plans();
      const backend = started(plans, { threads });
      const fine = command(
        kernelCode('fine', () => {}),
        [],
        2,
      );
      for (const chunks of [4, 9]) {
        const plan = plans.of([fine], [fine, command(trap, [], chunks)], [fine]);
        expect(() => backend.execute(plan, [], [])).toThrow(
          /kernel 1 of the plan \(map, function out of bounds\) failed/,
        );
        await backend.ready();
      }
      expectRightResults(backend, plans);
    }
  });

  it('are given up when they do not answer: one goes on', async () => {
    const plans = new Plans();
    const backend = started(plans, { threads: 2, patience: 300 });
    await backend.ready();
    expect(() => meet(plans, backend, 'endless', (code) => code.loop((again) => again()))).toThrow(
      /kernel 0 of the plan \(map, function endless\) failed: a worker thread has not answered for 0.3 s .* goes on alone/,
    );
    expect(backend.threads).toBe(1);
    expect(backend.describe()).toMatch(/^wasm: 1 thread; .*has not answered/);
    expectRightResults(backend, plans);
  });

  it('may end: that is an error once, then the others go on', async () => {
    const module = process.getBuiltinModule('node:worker_threads') as { Worker: typeof Worker };
    const { Worker: Original } = module;
    const workers: Worker[] = [];
    module.Worker = class extends Original {
      constructor(...parameters: ConstructorParameters<typeof Worker>) {
        super(...parameters);
        workers.push(this);
      }
    };
    const plans = new Plans();
    const backend = started(plans, { threads: 3 });
    module.Worker = Original;
    await backend.ready();
    expectRightResults(backend, plans);
    await workers[0]!.terminate();
    expect(() => expectRightResults(backend, plans)).toThrow(
      /worker thread 1 ended unexpectedly \(exit code 1\); nothing was computed, 2 threads go on: evaluate again/,
    );
    expectRightResults(backend, plans);
    await workers[1]!.terminate();
    expect(() => expectRightResults(backend, plans)).toThrow(/worker thread 2 .* one thread goes on/);
    expectRightResults(backend, plans);
  });

  it('get all code, also when the table of functions runs over', async () => {
    const plans = new Plans();
    const backend = started(plans, { threads: 2 });
    await backend.ready();
    const writing = (value: number) =>
      kernelCode(`write ${value}`, (code, args, chunk) => {
        const address = i32.add(i32.load(args), i32.shl(chunk, i32.const(2)));
        code.emit(i32.store(address, i32.const(value)));
      });
    const many = (first: number) => {
      const out = at(output(0, 4, 'int32'));
      return plans.of(Array.from({ length: 1500 }, (_, i) => command(writing(first + i), [out], 4)));
    };
    const generations = [many(0), many(10_000), many(20_000), many(30_000)];
    const out = backend.allocate('int32', 4);
    const inUse: number[] = [];
    for (let round = 0; round < 2; round++) {
      generations.forEach((plan, i) => {
        backend.execute(plan, [], [out]);
        expect(out.readSync()).toEqual(new Int32Array(4).fill(10_000 * i + 1499));
      });
      meet(plans, backend, `meeting in round ${round}`, () => {});
      inUse.push(backend.bytesInUse);
    }
    expect(inUse[1]! - inUse[0]!).toBeLessThan(2 ** 20);
    expectRightResults(backend, plans);
  });

  it('keep memory flat over 10,000 runs and no process alive', async () => {
    const script = new URL('lone.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, ['--conditions=@thetagrad/source', '--import', 'tsx', script]);
    let text = '';
    child.stdout.on('data', (data: Buffer) => (text += data.toString()));
    child.stderr.on('data', (data: Buffer) => (text += data.toString()));
    const code = await new Promise((resolve) => child.on('exit', resolve));
    expect(text).toBe('flat\n');
    expect(code).toBe(0);
  }, 30_000);
});

describe('workers of a browser', () => {
  /** What browsers have, made of Node's. */
  class BrowserWorker extends EventTarget {
    readonly #worker: Promise<Worker>;

    constructor(url: string) {
      super();
      this.#worker = this.#start(url);
    }

    async #start(url: string): Promise<Worker> {
      const source = await resolveObjectURL(url)!.text();
      const prelude = `
        const { parentPort } = require('node:worker_threads');
        globalThis.importScripts = () => {};
        parentPort.once('message', (data) => onmessage({ data }));
      `;
      const worker = new NodeWorker(prelude + source, { eval: true, execArgv: [] });
      worker.once('exit', () => this.dispatchEvent(Object.assign(new Event('error'), { message: '' })));
      return worker;
    }

    postMessage(message: unknown): void {
      void this.#worker.then((worker) => worker.postMessage(message));
    }

    terminate(): void {
      void this.#worker.then((worker) => worker.terminate());
    }
  }

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it('take part as those of Node do', async () => {
    vi.stubGlobal('Worker', BrowserWorker);
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    const plans = new Plans();
    const backend = started(plans, { threads: 2 });
    await backend.ready();
    meet(plans, backend, 'browser meeting', () => {});
    expectRightResults(backend, plans);
    expect(() => meet(plans, backend, 'browser trap', (code) => code.trap())).toThrow(/in worker thread 1/);
  });

  it('may be missing: there are fewer threads then', () => {
    vi.stubGlobal('Worker', undefined);
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    const plans = new Plans();
    const backend = started(plans, { threads: 3 });
    expect(backend.describe()).toMatch(/^wasm: 1 thread; .*no more workers/);
    expectRightResults(backend, plans);
  });
});
