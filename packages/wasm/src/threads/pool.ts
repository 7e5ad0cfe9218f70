// The threads that run commands: the main one and a persistent pool of workers.
import type { Heap } from '../runtime/heap.ts';
import { control, listed, outcome, record, runtimeModule, threadLine, threadWords } from './runtimeModule.ts';
import { startWorker, type WorkerHandle } from './worker.ts';

/** How many functions a table holds; slot 0 stays empty. */
export const tableSlots = 4096;

/** After so many milliseconds of waiting for another thread the main thread rests for so many, again and again. */
const restAfter = 0.5;
const restTime = 0.05;

/** Browsers forbid their main thread to wait. */
const mayWait = ((): boolean => {
  try {
    return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1) === 'not-equal';
  } catch {
    return false;
  }
})();

export interface PoolOptions {
  readonly heap: Heap;
  /** Whether threads can share the heap. */
  readonly shared: boolean;
  /** With the main one; more than one only if `shared`. */
  readonly threads: number;
  /** How many milliseconds a worker may compute one chunk before it counts as lost. */
  readonly patience?: number;
}

interface RuntimeExports {
  /** Runs commands on this thread; others take part in all that have more than one chunk. */
  run(list: number, count: number): number;
  runAlone(list: number, count: number): void;
  /** After a trap of this thread's chunk: waits for the other threads' chunks and forgets those that nobody took. */
  abandon(): void;
}

/** Where a module's bytes are for workers to load, see {@link record}. */
interface CodeRecord {
  readonly address: number;
  readonly bytes: number;
  readonly version: number;
}

/** A command failed: a chunk of it trapped. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  /** Its number in the list. */
  readonly command: number;

  constructor(command: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.command = command;
  }
}

/** A command failed because a worker stopped answering. */
export class StalledError extends CommandError {
  override readonly name: string = 'StalledError';
}

/** What a run may throw at its beginning: a worker ended since the last one. */
export class LostWorkerError extends Error {
  override readonly name: string = 'LostWorkerError';
}

export class Pool {
  readonly table: WebAssembly.Table = new WebAssembly.Table({ element: 'anyfunc', initial: tableSlots });
  readonly #heap: Heap;
  readonly #runtime: RuntimeExports;
  readonly #patience: number;
  readonly #workers = new Map<number, WorkerHandle>();
  /** Code that late workers still have to load, and code that none needs once all have loaded a later version. */
  #records: CodeRecord[] = [];
  #outdated: CodeRecord[] = [];
  #lastRecord = 0;
  #version = 0;
  #lost: string | undefined;
  /** What runs now. */
  #list = 0;
  #waited = 0;
  #watched = 0;
  #remarks: string[] = [];

  /** Returns before the workers are up: until they are, they just take no chunks. */
  constructor({ heap, shared, threads, patience = 10_000 }: PoolOptions) {
    this.#heap = heap;
    this.#patience = patience;
    const { memory } = heap;
    const module = new WebAssembly.Module(runtimeModule(shared));
    const env = { memory, table: this.table, now: () => performance.now(), watch: (turn: number) => this.#watch(turn) };
    this.#runtime = new WebAssembly.Instance(module, { env }).exports as unknown as RuntimeExports;
    for (let thread = 1; thread < threads; thread++) {
      try {
        const start = { module, memory, thread, slots: tableSlots };
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

  /** How many threads take part, the main one included. */
  get threads(): number {
    return 1 + this.#workers.size;
  }

  /** Why there are fewer threads than were asked for. */
  get remarks(): readonly string[] {
    return this.#remarks;
  }

  /** Waits until all workers are up: for measuring, since nothing depends on it. */
  async ready(): Promise<void> {
    const up = (thread: number): boolean => this.#load(threadLine(thread) + threadWords.ready) === 1;
    while (![...this.#workers.keys()].every(up)) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  /** Instantiates a module, which puts its functions into the table, and has the workers do the same. */
  load(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#workers.size === 0) return this.loadHere(bytes, {});
    this.#freeOutdated();
    const size = record.bytes + bytes.length;
    const address = this.#heap.take(size);
    this.loadHere(bytes, {});
    const version = ++this.#version;
    new Uint8Array(this.#heap.memory.buffer).set(bytes, address + record.bytes);
    this.#store(address + record.next, 0);
    this.#store(address + record.version, version);
    this.#store(address + record.length, bytes.length);
    if (this.#lastRecord !== 0) this.#store(this.#lastRecord + record.next, address);
    if (this.#records.length === 0) this.#store(control.code, address);
    this.#records.push({ address, bytes: size, version });
    this.#lastRecord = address;
    // No command is published now, so no chunks are left in the low half.
    const tickets = new BigInt64Array(this.#heap.memory.buffer, control.ticket, 1);
    Atomics.store(tickets, 0, BigInt(version) << 32n);
    this.#store(control.sleepers, 0);
    const words = this.#heap.signedWords;
    Atomics.add(words, control.wake >>> 2, 1);
    Atomics.notify(words, control.wake >>> 2);
  }

  /** Instantiates a module on the main thread alone: one that imports JavaScript functions, as `js`. */
  loadHere(bytes: Uint8Array<ArrayBuffer>, functions: WebAssembly.ModuleImports): void {
    const env = { memory: this.#heap.memory, table: this.table };
    new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env,
      Math: Math as unknown as WebAssembly.ModuleImports,
      js: functions,
    });
  }

  /** All functions in the table are out of date: workers that start from here on need not load what was loaded so far. */
  forget(): void {
    this.#outdated.push(...this.#records);
    this.#records = [];
  }

  /** Where thread t has its scratch memory: at `address` + t · `stride`. Between runs only. */
  setScratch(address: number, stride: number): void {
    this.#store(control.scratch, address);
    this.#store(control.scratchStride, stride);
  }

  /**
   * To be called before anything is run.
   * @throws {LostWorkerError} once for workers that have ended. The others go on.
   */
  check(): void {
    if (this.#lost === undefined) return;
    const lost = this.#lost;
    this.#lost = undefined;
    const rest = this.threads === 1 ? 'one thread goes on' : `${this.threads} threads go on`;
    throw new LostWorkerError(`wasm: ${lost}; nothing was computed, ${rest}: evaluate again`);
  }

  /**
   * Runs `count` commands listed at `list`, see {@link listed}.
   * @throws {CommandError} if a chunk traps; the others of its command are finished or given up by then.
   * @throws {StalledError} if a worker does not finish its chunk. There is one thread from here on.
   */
  run(list: number, count: number): void {
    this.#list = list;
    if (this.#workers.size === 0) return this.#attempt(() => this.#runtime.runAlone(list, count));
    this.#attempt(() => {
      if (this.#runtime.run(list, count) === outcome.finished) return;
      const thread = this.#load(control.failed);
      this.#store(control.failed, 0);
      throw new CommandError(this.#current(), `${this.#message(thread)} (in worker thread ${thread})`);
    });
  }

  /** Ends all workers; the main thread goes on alone. Between runs only. */
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
      if (this.#isShared(this.#load(control.command))) this.#attempt(() => this.#runtime.abandon());
      this.#store(control.failed, 0);
      throw trap;
    }
  }

  /** Whether other threads may be at the command too. */
  #isShared(command: number): boolean {
    const isMainOnly = this.#load(command + listed.mainOnly) === 1;
    return this.#workers.size > 0 && !isMainOnly && this.#load(command + listed.chunks) > 1;
  }

  /** The number of the command that the main thread is at. */
  #current(): number {
    return (this.#load(control.command) - this.#list) / listed.bytes;
  }

  #message(thread: number): string {
    const line = threadLine(thread);
    const length = this.#load(line + threadWords.messageLength);
    const bytes = new Uint8Array(this.#heap.memory.buffer, line + threadWords.message, length);
    return String.fromCharCode(...bytes);
  }

  /** Called now and then while the main thread waits for the others' chunks, with 0 when a wait begins. */
  #watch(turn: number): void {
    const now = performance.now();
    // A long gap is no sign of a worker's end: the whole process may have been stopped.
    this.#waited = turn === 0 ? 0 : this.#waited + Math.min(now - this.#watched, 100);
    this.#watched = now;
    // The other thread may be waiting for this one's core.
    if (this.#waited > restAfter && mayWait) Atomics.wait(this.#heap.signedWords, 0, 0, restTime);
    if (this.#waited < this.#patience) return;
    throw new StalledError(
      this.#current(),
      `a worker thread has not answered for ${this.#patience / 1000} s while it computed; ` +
        `what was being computed is lost, updates of variables too; the main thread goes on alone`,
    );
  }

  #lose(thread: number, reason: string): void {
    const wasUp = this.#load(threadLine(thread) + threadWords.ready) === 1;
    const what = `worker thread ${thread} ended unexpectedly (${reason})`;
    this.#workers.delete(thread);
    this.#remarks.push(what);
    // One that never came up, as on pages that forbid workers, has broken nothing.
    if (wasUp) this.#lost = what;
  }

  #freeOutdated(): void {
    const versions = [...this.#workers.keys()].map((thread) => this.#load(threadLine(thread) + threadWords.version));
    const oldest = Math.min(...versions);
    // A worker stands on the last record it has loaded: it must have left it.
    const over = ({ version }: CodeRecord): boolean => version < oldest;
    for (const { address, bytes } of this.#outdated.filter(over)) this.#heap.give(address, bytes);
    this.#outdated = this.#outdated.filter((outdated) => !over(outdated));
  }

  #load(address: number): number {
    return Atomics.load(this.#heap.words, address >>> 2);
  }

  #store(address: number, value: number): void {
    Atomics.store(this.#heap.words, address >>> 2, value);
  }
}
