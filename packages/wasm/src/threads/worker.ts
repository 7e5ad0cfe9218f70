// Worker threads in Node and in browsers.
import { codeRecord, controlWords, failedVersion, threadLine, threadWords } from './layout.ts';

/** The message that starts a worker. */
export interface WorkerStart {
  /** See runtimeModule.ts. */
  readonly runtime: WebAssembly.Module;
  /** The modules in use; later ones come as records of code. */
  readonly modules: WebAssembly.Module[];
  /** The version of the code that they are. */
  readonly version: number;
  readonly memory: WebAssembly.Memory;
  readonly thread: number;
  /** The number of the start. */
  readonly start: number;
}

export interface WorkerHandle {
  terminate(): void;
  /** Whether the thread is known to have ended: the event that says so waits for the event loop. */
  readonly hasEnded: () => boolean;
}

/** The message that a worker gets. */
interface WorkerMessage extends WorkerStart {
  /** In Node, a port that closes when the thread ends. */
  readonly life?: object;
}

/** The dropped code, in bytes, after which a worker yields to its event loop: engines free code only then. */
const yieldAfterBytes = 1 << 16;
/** The size hint that it allocates before, in bytes, never touched: the collector hardly counts code. */
const hintBytes = 1 << 26;

/**
 * The script of workers, as a string so that bundlers and loaders have nothing to resolve. It stays in `work`, which
 * returns when newer code is needed, and then reads the linked records of code. Modules export functions by their index
 * in the table. A trap is reported in the thread's words and the chunk counts as done: the main thread reads the report
 * when all chunks are done.
 */
const source = `
const main = async ({ runtime, modules, version, memory, thread, start, life }) => {
  globalThis.life = life;
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
  const imports = { env: { memory, table, now: () => performance.now(), watch: () => {} }, Math };
  const { work, invoke } = new WebAssembly.Instance(runtime, imports).exports;
  imports.env.invoke = invoke;
  const line = ${threadLine(0)} + thread * ${threadLine(1) - threadLine(0)};
  const words = new Int32Array(memory.buffer);
  const get = (at) => Atomics.load(new Int32Array(memory.buffer), at >>> 2) >>> 0;
  const set = (word, value) => Atomics.store(words, (line + word) >>> 2, value);
  const link = (module) => {
    for (const [index, f] of Object.entries(new WebAssembly.Instance(module, imports).exports)) {
      if (index >= table.length) table.grow(index - table.length + 1);
      table.set(Number(index), f);
    }
  };
  let published = -start;
  const publish = (value) => {
    // Unless another worker has been started in place of this one.
    if (Atomics.compareExchange(words, (line + ${threadWords.version}) >>> 2, published, value) === published) published = value;
  };
  let dropped = 0;
  const read = (record) => {
    // Growth by another thread reaches this one's view of the memory a moment later.
    while (memory.buffer.byteLength < record + ${codeRecord.words});
    const [, newer, emptied, length] = new Int32Array(memory.buffer, record, ${codeRecord.words} / 4);
    const start = record + ${codeRecord.words} + 4 * emptied;
    if (newer > version) {
      while (memory.buffer.byteLength < start + length);
      for (const index of new Int32Array(memory.buffer, record + ${codeRecord.words}, emptied)) {
        if (index < table.length) table.set(index, null);
      }
      link(new WebAssembly.Module(new Uint8Array(memory.buffer, start, length).slice()));
      version = newer;
      if (emptied > 0) dropped += length;
    }
    return get(record + ${codeRecord.next});
  };
  const load = () => {
    for (let record = get(${controlWords.code}); record !== 0;) record = read(record);
    // From here on it reads no record until there is a newer one.
    publish(version);
  };
  try {
    // The message stays referenced for as long as this function does not return.
    for (const module of modules.splice(0)) link(module);
    for (;;) {
      load();
      if (dropped > ${yieldAfterBytes}) {
        dropped = 0;
        try {
          new ArrayBuffer(${hintBytes});
        } catch {
          // No address space for a hint.
        }
        await new Promise((resolve) => {
          if (typeof setImmediate === 'function') return setImmediate(resolve);
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => resolve(port1.close());
          port2.postMessage(0);
        });
        continue;
      }
      try {
        work(thread, version);
      } catch (error) {
        const message = String(error?.message ?? error).slice(0, ${threadWords.messageBytes});
        const bytes = new Uint8Array(memory.buffer, line + ${threadWords.message}, message.length);
        for (let i = 0; i < bytes.length; i++) bytes[i] = message.charCodeAt(i);
        set(${threadWords.messageLength}, message.length);
        Atomics.compareExchange(words, ${controlWords.failed} >>> 2, 0, thread);
        Atomics.add(words, ${controlWords.done} >>> 2, 1);
        set(${threadWords.busy}, 0);
      }
    }
  } catch (error) {
    publish(${failedVersion});
    setTimeout(() => { throw error; });
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
    const isLost = !isOver;
    isOver = true;
    if (isLost) onLost(reason);
  };
  const worker = startInNode(end) ?? startInBrowser(end);
  worker.postMessage(start);
  return {
    terminate: () => {
      isOver = true;
      worker.terminate();
    },
    hasEnded: worker.hasEnded,
  };
}

interface Started extends WorkerHandle {
  postMessage(message: WorkerStart): void;
}

function startInNode(end: (reason: string) => void): Started | undefined {
  const node = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  if (!node) return undefined;
  // The worker needs none of the loaders that the main thread was started with.
  const worker = new node.Worker(source, { eval: true, execArgv: [] });
  worker.unref();
  const { port1, port2 } = new node.MessageChannel();
  worker.once('error', (error: Error) => end(error.message));
  worker.once('exit', (code) => end(`exit code ${code}`));
  return {
    postMessage: (message) => worker.postMessage({ ...message, life: port2 } satisfies WorkerMessage, [port2]),
    terminate: () => void worker.terminate(),
    hasEnded: () => {
      // This takes the notice that the other end has closed, without the event loop.
      node.receiveMessageOnPort(port1);
      return !isOpen(port1);
    },
  };
}

/** Whether a port is open: only then is the value looked at that it is to be transferred with, which always fails. */
function isOpen(port: object): boolean {
  let isLookedAt = false;
  const value = {
    get member(): never {
      isLookedAt = true;
      throw undefined;
    },
  };
  try {
    structuredClone(value, { transfer: [port as MessagePort] });
  } catch {
    // As intended.
  }
  return isLookedAt;
}

function startInBrowser(end: (reason: string) => void): Started {
  sourceUrl ??= URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(sourceUrl);
  worker.addEventListener('error', ({ message }) => end(message || 'its script was refused'));
  return {
    postMessage: (message) => worker.postMessage(message),
    terminate: () => worker.terminate(),
    hasEnded: () => false,
  };
}
