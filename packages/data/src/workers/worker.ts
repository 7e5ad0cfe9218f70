import { Worker } from 'node:worker_threads';

/** What a worker says of an item. */
export type Reply =
  | { readonly number: number; readonly value: unknown }
  | {
      readonly number: number;
      readonly error: unknown;
      /** Whether it is the error of loading the module. */
      readonly isOfModule: boolean;
    };

/** What happens to a worker. */
export interface WorkerEvents {
  readonly onReply: (reply: Reply) => void;
  /** It has ended by itself. */
  readonly onLost: (reason: string) => void;
}

/** A worker thread. */
export interface WorkerHandle {
  /**
   * Sends an item.
   * @throws {DOMException} if it cannot be copied.
   */
  send(number: number, item: unknown): void;
  /** Whether the process stays alive for it. */
  setWaited(isWaited: boolean): void;
  terminate(): Promise<unknown>;
}

/**
 * Code of a worker thread: applies the default export of a module to items. Runs as a script or as a module, which depends on the
 * flags of the process.
 */
const code = `
const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
const { isNativeError } = process.getBuiltinModule('node:util').types;
const loaded = import(workerData).then((module) => {
  if (typeof module.default === 'function') return module.default;
  throw new TypeError('its default export is not a function');
});
loaded.catch(() => {});

/** The memory of arrays in a value that occupy all of theirs. */
const collectBuffers = (value, seen = new Set(), buffers = new Set()) => {
  if (typeof value !== 'object' || value === null || seen.has(value)) return buffers;
  seen.add(value);
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength) buffers.add(value.buffer);
  } else if (Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value))) {
    for (const name in value) collectBuffers(value[name], seen, buffers);
  }
  return buffers;
};

const fail = (number, error, isOfModule) => {
  const plain = () => new Error(String(error?.message ?? error));
  const isCopied = typeof error !== 'object' || isNativeError(error);
  try {
    parentPort.postMessage({ number, error: isCopied ? error : plain(), isOfModule });
  } catch {
    parentPort.postMessage({ number, error: plain(), isOfModule });
  }
};

parentPort.on('message', async ({ number, item }) => {
  let prepare;
  try {
    prepare = await loaded;
  } catch (error) {
    return fail(number, error, true);
  }
  try {
    const value = await prepare(item);
    parentPort.postMessage({ number, value }, [...collectBuffers(value)]);
  } catch (error) {
    fail(number, error, false);
  }
});
`;

/** Starts a worker thread that applies the default export of a module to items. */
export function startWorker(module: string, { onReply, onLost }: WorkerEvents): WorkerHandle {
  const worker = new Worker(code, { eval: true, workerData: module });
  let isEnded = false;
  const lose = (reason: string): void => {
    if (!isEnded) onLost(reason);
    isEnded = true;
  };
  worker.on('message', onReply);
  worker.once('error', (error: Error) => lose(error.message));
  worker.once('exit', (exitCode) => lose(`exit code ${exitCode}`));
  return {
    send: (number, item) => worker.postMessage({ number, item }),
    setWaited: (isWaited) => {
      // `terminate` keeps the process alive until the worker has ended.
      if (isEnded) return;
      if (isWaited) worker.ref();
      else worker.unref();
    },
    terminate: () => {
      isEnded = true;
      return worker.terminate();
    },
  };
}
