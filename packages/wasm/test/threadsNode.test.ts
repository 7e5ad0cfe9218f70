// Threads in Node, and browsers' workers emulated with Node's.
import { spawn } from 'node:child_process';
import { resolveObjectURL } from 'node:buffer';
import { Worker as NodeWorker, type Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ThreadPoolBackend } from '../src/backend.ts';
import { affine, affineWords, at, command, input, output, Plans } from './machine.ts';
import { expectRightResults, meet, rendezvous, started } from './rendezvous.ts';

/** A backend and its Node workers, also those that it starts later; they are not up yet. */
function startWorkers(plans: Plans, threads: number): [ThreadPoolBackend, Worker[]] {
  const module = process.getBuiltinModule('node:worker_threads') as { Worker: typeof Worker };
  const workers: Worker[] = [];
  const Original = module.Worker;
  vi.spyOn(module, 'Worker').mockImplementation(function (...parameters) {
    workers.push(new Original(...parameters));
    return workers.at(-1)!;
  });
  return [started(plans, { threads }), workers];
}

/** The same once they are up. */
async function withWorkers(plans: Plans, threads: number): Promise<[ThreadPoolBackend, Worker[]]> {
  const [backend, workers] = startWorkers(plans, threads);
  await backend.ready();
  return [backend, workers];
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('threads', () => {
  test('that end between steps are replaced, and nothing fails', async () => {
    const plans = new Plans();
    const [backend, workers] = await withWorkers(plans, 3);
    for (let i = 0; i < 4; i++) {
      expectRightResults(backend, plans);
      // The last one is noticed, if at all, in the next run.
      const ended = workers.at(-1)!.terminate();
      if (i < 3) await ended;
      expectRightResults(backend, plans);
    }
    await backend.ready();
    expect(backend.threads).toBe(3);
    meet(plans, backend, 'with a new worker', () => {});
    expect(backend.describe()).not.toMatch('ended');
  });

  test('that end while they compute are found at once; what was being written is marked', async () => {
    const plans = new Plans();
    const [backend, workers] = await withWorkers(plans, 2);
    const n = 4;
    const add = (index: number) => command(affine, affineWords(at(output(index, n)), at(input(index, n)), n, 1, 1));
    const endless = rendezvous('endless in worker', (code) => code.loop((again) => again()));
    const plan = plans.of([add(0)], [command(endless, [at(output(1, n, 'int32'))], 2)], [add(2)]);
    const variables = [0, 1, 2].map((value) => backend.upload(new Float32Array(n).fill(value), 'float32'));
    variables[1] = backend.upload(new Int32Array(n), 'int32');
    // Called by the main thread while it waits.
    const now = performance.now.bind(performance);
    const began = now();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
      if (now() > began + 50) void workers[0]!.terminate();
      return now();
    });
    expect(() => backend.execute(plan, variables, variables)).toThrow(
      /kernel 1 of the plan \(map, function endless in worker\) failed: worker thread 1 ended unexpectedly .* replaced/,
    );
    clock.mockRestore();
    expect(() => variables[0]!.readSync()).toThrow(
      /the value was lost when an evaluation failed; assign or load it anew: .* ended unexpectedly/,
    );
    await expect(variables[1]!.read()).rejects.toThrow('the value was lost');
    expect(variables[2]!.readSync()).toEqual(new Float32Array(n).fill(2));

    const increment = plans.of([add(0)]);
    expect(() => backend.execute(increment, [variables[0]!], [variables[2]!])).toThrow('the value was lost');
    backend.execute(increment, [variables[2]!], [variables[0]!]);
    expect(variables[0]!.readSync()).toEqual(new Float32Array(n).fill(3));

    await backend.ready();
    expect(backend.threads).toBe(2);
    meet(plans, backend, 'with the new worker', () => {});
    expectRightResults(backend, plans);
  });

  test('that come up and end during one run are found at once', () => {
    const plans = new Plans();
    const [backend, workers] = startWorkers(plans, 2);
    // The main thread waits, and so looks at the clock, once both compute.
    const now = performance.now.bind(performance);
    let began = Infinity;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
      began = Math.min(began, now());
      if (now() > began + 50) void workers[0]!.terminate();
      return now();
    });
    const run = (): void => meet(plans, backend, 'endless in new worker', (code) => code.loop((again) => again()));
    expect(run).toThrow(/worker thread 1 ended unexpectedly .* replaced/);
    clock.mockRestore();
    expectRightResults(backend, plans);
  });

  test('are not started for ever', async () => {
    const plans = new Plans();
    const [backend, workers] = await withWorkers(plans, 2);
    for (let i = 0; i < workers.length && i < 100; i++) {
      await backend.ready();
      await workers[i]!.terminate();
    }
    expect(workers.length).toBeLessThan(50);
    expect(backend.threads).toBe(1);
    expect(backend.describe()).toMatch(/worker thread 1 ended unexpectedly \(exit code 1\)/);
    expectRightResults(backend, plans);
  });

  test('keep memory flat over 10,000 runs and no process alive', async () => {
    const script = new URL('standalone.ts', import.meta.url).pathname;
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
  /** A browser's Worker, emulated with Node's. */
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

  test('take part like those of Node', async () => {
    vi.stubGlobal('Worker', BrowserWorker);
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    const plans = new Plans();
    const backend = started(plans, { threads: 2 });
    await backend.ready();
    meet(plans, backend, 'browser rendezvous', () => {});
    expectRightResults(backend, plans);
    expect(() => meet(plans, backend, 'browser trap', (code) => code.trap())).toThrow(/in worker thread 1/);
  });

  test('may be missing: there are fewer threads then', () => {
    vi.stubGlobal('Worker', undefined);
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    const plans = new Plans();
    const backend = started(plans, { threads: 3 });
    expect(backend.describe()).toMatch(/^wasm: 1 thread; .*no more workers/);
    expectRightResults(backend, plans);
  });
});
