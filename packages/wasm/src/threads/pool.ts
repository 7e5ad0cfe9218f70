// The threads that run commands: the main one and a persistent pool of workers.
import type { Heap } from '../memory/heap.ts';
import { codeRecord, commandEntry, controlWords, outcome, threadLine, threadWords } from './layout.ts';
import { runtimeModule } from './runtimeModule.ts';
import { startWorker, type WorkerHandle } from './worker.ts';

/** The number of entries of the function table; entry 0 stays empty. */
export const tableSize = 4096;

/** After waiting this long for another thread, the main thread sleeps now and then for that long, in milliseconds. */
const sleepAfterMs = 0.5;
const sleepMs = 0.05;

/** Browsers forbid their main thread to wait. */
const mayWait = ((): boolean => {
  try {
    return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1) === 'not-equal';
  } catch {
    return false;
  }
})();

export interface ThreadPoolOptions {
  readonly heap: Heap;
  /** Whether threads can share the heap. */
  readonly shared: boolean;
  /** Including the main one; more than one only if `shared`. */
  readonly threads: number;
  /** How long a worker may compute one chunk before it counts as lost. Default: 10,000. */
  readonly timeoutMs?: number;
}

interface RuntimeExports {
  /** Runs commands on this thread; others take part in all that have more than one chunk. */
  run(list: number, count: number): number;
  runAlone(list: number, count: number): void;
  /**
   * After a trap of this thread's chunk: waits for the other threads' chunks and withdraws those that none has taken.
   */
  abandon(): void;
}

/** Where workers find a module's bytes, see {@link codeRecord}. */
interface CodeRecord {
  readonly address: number;
  readonly bytes: number;
  readonly version: number;
}

/** A command failed: one of its chunks trapped. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  /** The number of the command in the list. */
  readonly command: number;

  constructor(command: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.command = command;
  }
}

/** A command failed because a worker stopped answering. */
class StalledError extends CommandError {
  override readonly name: string = 'StalledError';
}

/** A worker ended since the last run. */
class LostWorkerError extends Error {
  override readonly name: string = 'LostWorkerError';
}

export class ThreadPool {
  readonly table: WebAssembly.Table = new WebAssembly.Table({ element: 'anyfunc', initial: tableSize });
  readonly #heap: Heap;
  readonly #runtime: RuntimeExports;
  readonly #timeoutMs: number;
  readonly #workers = new Map<number, WorkerHandle>();
  /** Code that workers which start late have to load. */
  #records: CodeRecord[] = [];
  /** Code that no worker needs once all have loaded a later version. */
  #outdated: CodeRecord[] = [];
  #lastRecord = 0;
  #version = 0;
  #lost: string | undefined;
  /** The list of commands that is running. */
  #list = 0;
  #waitedMs = 0;
  #watchedAt = 0;
  #remarks: string[] = [];

  /** Returns before the workers are up: until then they take no chunks. */
  constructor({ heap, shared, threads, timeoutMs = 10_000 }: ThreadPoolOptions) {
    this.#heap = heap;
    this.#timeoutMs = timeoutMs;
    const { memory } = heap;
    const module = new WebAssembly.Module(runtimeModule(shared));
    const env = { memory, table: this.table, now: () => performance.now(), watch: (turn: number) => this.#watch(turn) };
    this.#runtime = new WebAssembly.Instance(module, { env }).exports as unknown as RuntimeExports;
    for (let thread = 1; thread < threads; thread++) {
      try {
        const start = { module, memory, thread, tableSize };
        this.#workers.set(
          thread,
          startWorker(start, (reason) => this.#lose(thread, reason)),
        );
      } catch (error) {
        this.#remarks.push(`no more workers: ${String(error)}`);
        break;
      }
    }
  }

  /** The number of threads that take part, including the main one. */
  get threads(): number {
    return 1 + this.#workers.size;
  }

  /** Why there are fewer threads than requested. */
  get remarks(): readonly string[] {
    return this.#remarks;
  }

  /** Waits until all workers are up. Only measurements need this. */
  async ready(): Promise<void> {
    const up = (thread: number): boolean => this.#load(threadLine(thread) + threadWords.ready) === 1;
    while (![...this.#workers.keys()].every(up)) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  /** Instantiates a module, which puts its functions into the table, here and in all workers. */
  load(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#workers.size === 0) return this.loadHere(bytes, {});
    this.#freeOutdated();
    const size = codeRecord.bytes + bytes.length;
    const address = this.#heap.allocate(size);
    this.loadHere(bytes, {});
    const version = ++this.#version;
    new Uint8Array(this.#heap.memory.buffer).set(bytes, address + codeRecord.bytes);
    this.#store(address + codeRecord.next, 0);
    this.#store(address + codeRecord.version, version);
    this.#store(address + codeRecord.length, bytes.length);
    if (this.#lastRecord !== 0) this.#store(this.#lastRecord + codeRecord.next, address);
    if (this.#records.length === 0) this.#store(controlWords.code, address);
    this.#records.push({ address, bytes: size, version });
    this.#lastRecord = address;
    // No command is published now, so the low half of the ticket is 0.
    const tickets = new BigInt64Array(this.#heap.memory.buffer, controlWords.ticket, 1);
    Atomics.store(tickets, 0, BigInt(version) << 32n);
    this.#store(controlWords.sleepers, 0);
    const words = this.#heap.signedWords;
    Atomics.add(words, controlWords.wake >>> 2, 1);
    Atomics.notify(words, controlWords.wake >>> 2);
  }

  /** Instantiates a module on the main thread alone: one that imports JavaScript functions from `js`. */
  loadHere(bytes: Uint8Array<ArrayBuffer>, functions: WebAssembly.ModuleImports): void {
    const env = { memory: this.#heap.memory, table: this.table };
    new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env,
      Math: Math as unknown as WebAssembly.ModuleImports,
      js: functions,
    });
  }

  /** Drops all functions from the table: workers that start from here on need not load them. */
  forget(): void {
    this.#outdated.push(...this.#records);
    this.#records = [];
  }

  /** Puts the workspace of thread t at `address` + t · `stride`. Between runs only. */
  setWorkspaces(address: number, stride: number): void {
    this.#store(controlWords.workspaces, address);
    this.#store(controlWords.workspaceStride, stride);
  }

  /**
   * Reports workers that have ended; to be called before a run.
   * @throws {LostWorkerError} once for each. The others go on.
   */
  check(): void {
    if (this.#lost === undefined) return;
    const lost = this.#lost;
    this.#lost = undefined;
    const rest = this.threads === 1 ? 'one thread goes on' : `${this.threads} threads go on`;
    throw new LostWorkerError(`wasm: ${lost}; nothing was computed, ${rest}: evaluate again`);
  }

  /**
   * Runs `count` commands from `list`, an array of {@link commandEntry}.
   * @throws {CommandError} if a chunk traps; the other chunks of its command are finished or withdrawn by then.
   * @throws {StalledError} if a worker does not finish its chunk. From here on there is one thread.
   */
  run(list: number, count: number): void {
    this.#list = list;
    if (this.#workers.size === 0) return this.#attempt(() => this.#runtime.runAlone(list, count));
    this.#attempt(() => {
      if (this.#runtime.run(list, count) === outcome.finished) return;
      const thread = this.#load(controlWords.failed);
      this.#store(controlWords.failed, 0);
      throw new CommandError(this.#current(), `${this.#message(thread)} (in worker thread ${thread})`);
    });
  }

  /** Terminates all workers; the main thread goes on alone. Between runs only. */
  stop(): void {
    for (const worker of this.#workers.values()) worker.terminate();
    this.#workers.clear();
  }

  #attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (error instanceof StalledError) {
        this.stop();
        this.#remarks.push(error.message);
      }
      if (error instanceof CommandError) throw error;
      const message = error instanceof Error ? error.message : String(error);
      const trap = new CommandError(this.#current(), message, { cause: error });
      if (this.#isShared(this.#load(controlWords.command))) this.#attempt(() => this.#runtime.abandon());
      this.#store(controlWords.failed, 0);
      throw trap;
    }
  }

  /** Whether other threads may execute chunks of the command. */
  #isShared(command: number): boolean {
    const isMainOnly = this.#load(command + commandEntry.mainOnly) === 1;
    return this.#workers.size > 0 && !isMainOnly && this.#load(command + commandEntry.chunks) > 1;
  }

  /** The number of the command that the main thread is executing. */
  #current(): number {
    return (this.#load(controlWords.command) - this.#list) / commandEntry.bytes;
  }

  #message(thread: number): string {
    const line = threadLine(thread);
    const length = this.#load(line + threadWords.messageLength);
    const bytes = new Uint8Array(this.#heap.memory.buffer, line + threadWords.message, length);
    return String.fromCharCode(...bytes);
  }

  /** Called repeatedly while the main thread waits for the others' chunks, with `turn` 0 when a wait begins. */
  #watch(turn: number): void {
    const now = performance.now();
    // A long gap does not imply a lost worker: the whole process may have been suspended.
    this.#waitedMs = turn === 0 ? 0 : this.#waitedMs + Math.min(now - this.#watchedAt, 100);
    this.#watchedAt = now;
    // The other thread may need this one's core.
    if (this.#waitedMs > sleepAfterMs && mayWait) Atomics.wait(this.#heap.signedWords, 0, 0, sleepMs);
    if (this.#waitedMs < this.#timeoutMs) return;
    throw new StalledError(
      this.#current(),
      `a worker thread has not answered for ${this.#timeoutMs / 1000} s while it computed; ` +
        `what was being computed is lost, updates of variables too; the main thread goes on alone`,
    );
  }

  #lose(thread: number, reason: string): void {
    const wasUp = this.#load(threadLine(thread) + threadWords.ready) === 1;
    const what = `worker thread ${thread} ended unexpectedly (${reason})`;
    this.#workers.delete(thread);
    this.#remarks.push(what);
    // A worker that never came up, as on pages that forbid workers, has interrupted nothing.
    if (wasUp) this.#lost = what;
  }

  #freeOutdated(): void {
    const versions = [...this.#workers.keys()].map((thread) => this.#load(threadLine(thread) + threadWords.version));
    const oldest = Math.min(...versions);
    // A worker still reads the last record that it has loaded.
    const isUnused = ({ version }: CodeRecord): boolean => version < oldest;
    for (const { address, bytes } of this.#outdated.filter(isUnused)) this.#heap.free(address, bytes);
    this.#outdated = this.#outdated.filter((outdated) => !isUnused(outdated));
  }

  #load(address: number): number {
    return Atomics.load(this.#heap.words, address >>> 2);
  }

  #store(address: number, value: number): void {
    Atomics.store(this.#heap.words, address >>> 2, value);
  }
}
