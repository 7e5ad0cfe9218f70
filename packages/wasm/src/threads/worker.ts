// Worker threads in Node and in browsers.
import { control, record, threadLine, threadWords } from './runtimeModule.ts';

/** What a worker is told when it starts. */
export interface WorkerStart {
  /** The control module, see runtime.ts. */
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly thread: number;
  /** Of the function table. */
  readonly slots: number;
}

export interface WorkerHandle {
  terminate(): void;
}

/**
 * A worker's script, as a string so that bundlers and loaders have nothing to resolve. It stays inside `work`, which
 * returns when newer code is needed; it goes through the linked records of code then. A trap is reported in the thread's
 * control words, and the chunk counts as done: the main thread looks at the report when all chunks are.
 */
const source = `
const main = ({ module, memory, thread, slots }) => {
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: slots });
  const env = { memory, table, now: () => performance.now(), watch: () => {} };
  const { work } = new WebAssembly.Instance(module, { env }).exports;
  const line = ${threadLine(0)} + thread * ${threadLine(1) - threadLine(0)};
  const words = new Int32Array(memory.buffer);
  const set = (word, value) => Atomics.store(words, (line + word) >>> 2, value);
  let version = 0;
  let last = ${control.code};
  const next = () => Atomics.load(new Int32Array(memory.buffer), last >>> 2) >>> 0;
  const load = () => {
    for (let at; (at = next()) !== 0; last = at) {
      // Growth by another thread reaches this one's view of the memory a moment later.
      while (memory.buffer.byteLength < at + ${record.bytes});
      const [, newer, length] = new Int32Array(memory.buffer, at, ${record.bytes} / 4);
      while (memory.buffer.byteLength < at + ${record.bytes} + length);
      const bytes = new Uint8Array(memory.buffer, at + ${record.bytes}, length).slice();
      new WebAssembly.Instance(new WebAssembly.Module(bytes), { env, Math });
      set(${threadWords.version}, version = newer);
    }
  };
  set(${threadWords.ready}, 1);
  for (;;) {
    load();
    try {
      work(thread, version);
    } catch (error) {
      const message = String(error?.message ?? error).slice(0, ${threadWords.messageBytes});
      const bytes = new Uint8Array(memory.buffer, line + ${threadWords.message}, message.length);
      for (let i = 0; i < bytes.length; i++) bytes[i] = message.charCodeAt(i);
      set(${threadWords.messageLength}, message.length);
      Atomics.compareExchange(words, ${control.failed} >>> 2, 0, thread);
      Atomics.add(words, ${control.done} >>> 2, 1);
    }
  }
};
if (typeof importScripts === 'function') onmessage = ({ data }) => main(data);
else require('node:worker_threads').parentPort.once('message', main);
`;

let sourceUrl: string | undefined;

/**
 * Starts a worker thread, which keeps no process alive. `lost` is called at most once, when it ends by itself.
 * @throws {Error} where there are no workers.
 */
export function startWorker(start: WorkerStart, lost: (reason: string) => void): WorkerHandle {
  let over = false;
  const end = (reason: string): void => {
    if (!over) lost(reason);
    over = true;
  };
  const [worker, terminate] = startInNode(end) ?? startInBrowser(end);
  worker.postMessage(start);
  return {
    terminate: () => {
      over = true;
      terminate();
    },
  };
}

type Started = readonly [worker: { postMessage(message: WorkerStart): void }, terminate: () => void];

function startInNode(end: (reason: string) => void): Started | undefined {
  const node = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  if (!node) return undefined;
  // Loaders that the main thread was started with are of no use here.
  const worker = new node.Worker(source, { eval: true, execArgv: [] });
  worker.unref();
  worker.once('error', (error: Error) => end(error.message));
  worker.once('exit', (code) => end(`exit code ${code}`));
  return [worker, () => void worker.terminate()];
}

function startInBrowser(end: (reason: string) => void): Started {
  sourceUrl ??= URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(sourceUrl);
  worker.addEventListener('error', ({ message }) => end(message || 'its script was refused'));
  return [worker, () => worker.terminate()];
}
