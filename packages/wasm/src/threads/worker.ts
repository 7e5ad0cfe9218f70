// Worker threads in Node and in browsers.
import { codeRecord, controlWords, threadLine, threadWords } from './layout.ts';

/** The message that starts a worker. */
export interface WorkerStart {
  /** See runtimeModule.ts. */
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly thread: number;
  readonly tableSize: number;
}

export interface WorkerHandle {
  terminate(): void;
}

/**
 * The script of workers, as a string so that bundlers and loaders have nothing to resolve. It stays in `work`, which
 * returns when newer code is needed, and then follows the linked records of code. A trap is reported in the thread's
 * words and the chunk counts as done: the main thread reads the report when all chunks are done.
 */
const source = `
const main = ({ module, memory, thread, tableSize }) => {
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: tableSize });
  const env = { memory, table, now: () => performance.now(), watch: () => {} };
  const { work } = new WebAssembly.Instance(module, { env }).exports;
  const line = ${threadLine(0)} + thread * ${threadLine(1) - threadLine(0)};
  const words = new Int32Array(memory.buffer);
  const set = (word, value) => Atomics.store(words, (line + word) >>> 2, value);
  let version = 0;
  let last = ${controlWords.code};
  const next = () => Atomics.load(new Int32Array(memory.buffer), last >>> 2) >>> 0;
  const load = () => {
    for (let at; (at = next()) !== 0; last = at) {
      // Growth by another thread reaches this one's view of the memory a moment later.
      while (memory.buffer.byteLength < at + ${codeRecord.bytes});
      const [, newer, length] = new Int32Array(memory.buffer, at, ${codeRecord.bytes} / 4);
      while (memory.buffer.byteLength < at + ${codeRecord.bytes} + length);
      const bytes = new Uint8Array(memory.buffer, at + ${codeRecord.bytes}, length).slice();
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
      Atomics.compareExchange(words, ${controlWords.failed} >>> 2, 0, thread);
      Atomics.add(words, ${controlWords.done} >>> 2, 1);
    }
  }
};
if (typeof importScripts === 'function') onmessage = ({ data }) => main(data);
else require('node:worker_threads').parentPort.once('message', main);
`;

let sourceUrl: string | undefined;

/**
 * Starts a worker thread, which does not keep the process alive. Calls `onLost` at most once, if the worker ends by
 * itself.
 * @throws {Error} where workers are not available.
 */
export function startWorker(start: WorkerStart, onLost: (reason: string) => void): WorkerHandle {
  let isOver = false;
  const end = (reason: string): void => {
    if (!isOver) onLost(reason);
    isOver = true;
  };
  const [worker, terminate] = startInNode(end) ?? startInBrowser(end);
  worker.postMessage(start);
  return {
    terminate: () => {
      isOver = true;
      terminate();
    },
  };
}

type Started = readonly [worker: { postMessage(message: WorkerStart): void }, terminate: () => void];

function startInNode(end: (reason: string) => void): Started | undefined {
  const node = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  if (!node) return undefined;
  // The worker needs none of the loaders that the main thread was started with.
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
