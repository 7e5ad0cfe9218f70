// Threads in Node, and browsers' workers emulated with Node's.
import { spawn } from 'node:child_process';
import { resolveObjectURL } from 'node:buffer';
import { Worker as NodeWorker, type Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Plans } from './machine.ts';
import { expectRightResults, meet, started } from './rendezvous.ts';

describe('threads', () => {
  test('may end, which is an error once; then the others go on', async () => {
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

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

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
