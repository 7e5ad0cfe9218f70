// The threads that run commands: the main one and a persistent pool of workers.
import type { Heap } from '../memory/heap.ts';
import { codeRecord, commandEntry, controlWords, outcome, threadLine, threadWords } from './layout.ts';
import { runtimeModule } from './runtimeModule.ts';
import { sleep, Workers } from './workers.ts';

/** After waiting this long for another thread, the main thread sleeps for `sleepMs` between looks, in milliseconds. */
const sleepAfterMs = 0.5;
const sleepMs = 0.05;
/** The interval at which the waiting main thread looks for workers that have ended, in milliseconds. */
const lookIntervalMs = 1;
/** The size of records of code, in bytes, beyond which workers that have not read them are started again. */
const maxRecordBytes = 2 ** 20;

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
  /** Calls the function at an index of the table. */
  readonly invoke: (index: number, args: number, chunk: number, workspace: number) => void;
  /** Runs commands on this thread; others take part in all that have more than one chunk. */
  run(list: number, count: number): number;
  runAlone(list: number, count: number): void;
  /**
   * After a trap of this thread's chunk: waits for the other threads' chunks and withdraws those that none has taken.
   */
  abandon(): void;
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

/** A command failed because a worker ended or stopped answering. */
export class LostWorkerError extends CommandError {
  override readonly name: string = 'LostWorkerError';
}

export class ThreadPool {
  readonly #table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
  readonly #heap: Heap;
  readonly #runtime: RuntimeExports;
  readonly #timeoutMs: number;
  readonly #workers: Workers;
  /** Modules in the table that workers need. */
  readonly #modules = new Set<WebAssembly.Module>();
  /** Records of code that some worker may have to read, see {@link codeRecord}. */
  #records: { readonly address: number; readonly bytes: number }[] = [];
  #version = 0;
  /** Entries that workers have to empty with the next record. */
  #emptied: number[] = [];
  /** The list of commands that is running. */
  #list = 0;
  #waitedMs = 0;
  #watchedAt = 0;
  #lookAt = 0;

  /** Returns before the workers are up: until then they take no chunks. */
  constructor({ heap, shared, threads, timeoutMs = 10_000 }: ThreadPoolOptions) {
    this.#heap = heap;
    this.#timeoutMs = timeoutMs;
    const runtime = new WebAssembly.Module(runtimeModule(shared));
    const env = {
      memory: heap.memory,
      table: this.#table,
      now: () => performance.now(),
      watch: (turn: number) => this.#watch(turn),
    };
    this.#runtime = new WebAssembly.Instance(runtime, { env }).exports as unknown as RuntimeExports;
    const begin = () => ({ runtime, modules: [...this.#modules], version: this.#version });
    this.#workers = new Workers({ heap, count: threads - 1, begin });
  }

  /** The number of threads that take part, including the main one. */
  get threads(): number {
    return 1 + this.#workers.count;
  }

  /** Why there are fewer threads than requested. */
  get remarks(): readonly string[] {
    return this.#workers.remarks;
  }

  /** Waits until all workers are up. Only measurements need this. */
  ready(): Promise<void> {
    return this.#workers.ready();
  }

  /**
   * Puts the functions of a module into the table, here and in all workers, or with `hostFunctions`, which it imports,
   * here alone. Exports are named by their index in the table. Between runs only.
   * @throws {OutOfMemoryError} if there is no room to pass it to the workers.
   */
  load(bytes: Uint8Array<ArrayBuffer>, hostFunctions?: WebAssembly.ModuleImports): WebAssembly.Module {
    const module = new WebAssembly.Module(bytes);
    const env = { memory: this.#heap.memory, invoke: this.#runtime.invoke };
    const { exports } = new WebAssembly.Instance(module, {
      env,
      Math: Math as unknown as WebAssembly.ModuleImports,
      js: hostFunctions ?? {},
    });
    if (!hostFunctions && this.#workers.count > 0) this.#publish(bytes);
    if (!hostFunctions) this.#modules.add(module);
    for (const [name, f] of Object.entries(exports)) {
      const index = Number(name);
      if (index >= this.#table.length) this.#table.grow(Math.max(index + 1 - this.#table.length, this.#table.length));
      this.#table.set(index, f as CallableFunction);
    }
    return module;
  }

  /** Empties entries of the table, all that a module has filled: engines can free its code then. Between runs only. */
  unload(module: WebAssembly.Module, indices: readonly number[]): void {
    for (const index of indices) {
      this.#table.set(index, null);
      if (this.#workers.count > 0) this.#emptied.push(index);
    }
    this.#modules.delete(module);
  }

  /** Frees the records of code, if all workers have read them. */
  freeRecords(): void {
    if (this.#records.length === 0 || !this.#workers.areAt(this.#version)) return;
    this.#store(controlWords.code, 0);
    for (const { address, bytes } of this.#records) this.#heap.free(address, bytes);
    this.#records = [];
  }

  /** Puts the workspace of thread t at `address` + t · `stride`. Between runs only. */
  setWorkspaces(address: number, stride: number): void {
    this.#store(controlWords.workspaces, address);
    this.#store(controlWords.workspaceStride, stride);
  }

  /**
   * Runs `count` commands from `list`, an array of {@link commandEntry}.
   * @throws {CommandError} if a chunk traps; the other chunks of its command are finished or withdrawn by then.
   * @throws {LostWorkerError} if a worker ends or does not finish its chunk. All have been replaced by then.
   */
  run(list: number, count: number): void {
    this.#list = list;
    if (this.#workers.count === 0) return this.#attempt(() => this.#runtime.runAlone(list, count));
    this.#attempt(() => {
      if (this.#runtime.run(list, count) === outcome.finished) return;
      const thread = this.#load(controlWords.failed);
      this.#store(controlWords.failed, 0);
      throw new CommandError(this.#current(), `${this.#message(thread)} (in worker thread ${thread})`);
    });
    this.#workers.markSuccess(this.#version);
  }

  /** Terminates all workers; the main thread goes on alone. Between runs only. */
  stop(): void {
    this.#workers.stop();
  }

  /** Passes a module to the workers. */
  #publish(bytes: Uint8Array<ArrayBuffer>): void {
    this.freeRecords();
    if (this.#records.reduce((sum, record) => sum + record.bytes, 0) > maxRecordBytes) {
      this.#workers.restartLate();
      this.freeRecords();
    }
    const emptied = this.#emptied;
    const size = codeRecord.words + 4 * emptied.length + bytes.length;
    const address = this.#heap.allocate(size);
    this.#emptied = [];
    this.#heap.words.set([0, ++this.#version, emptied.length, bytes.length, ...emptied], address / 4);
    new Uint8Array(this.#heap.memory.buffer).set(bytes, address + codeRecord.words + 4 * emptied.length);
    const last = this.#records.at(-1);
    this.#store(last ? last.address + codeRecord.next : controlWords.code, address);
    this.#records.push({ address, bytes: size });
    this.#withdraw();
    this.#store(controlWords.sleepers, 0);
    const words = this.#heap.signedWords;
    Atomics.add(words, controlWords.wake >>> 2, 1);
    Atomics.notify(words, controlWords.wake >>> 2);
  }

  /** Leaves no chunk to take, and requires the current version of the code. */
  #withdraw(): void {
    const tickets = new BigInt64Array(this.#heap.memory.buffer, controlWords.ticket, 1);
    Atomics.store(tickets, 0, BigInt(this.#version) << 32n);
  }

  #attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (error instanceof LostWorkerError) {
        this.#withdraw();
        this.#workers.replaceAll(error.message);
        this.#store(controlWords.failed, 0);
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
    return this.#workers.count > 0 && !isMainOnly && this.#load(command + commandEntry.chunks) > 1;
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
    if (turn === 0) this.#lookAt = lookIntervalMs;
    // The other thread may need this one's core.
    if (this.#waitedMs > sleepAfterMs) sleep(this.#heap.signedWords, sleepMs);
    if (this.#waitedMs >= this.#lookAt) {
      this.#lookAt = this.#waitedMs + lookIntervalMs;
      const lost = this.#workers.findLost();
      if (lost !== undefined) throw this.#lossOf(`worker thread ${lost} ended unexpectedly while it computed`);
    }
    if (this.#waitedMs < this.#timeoutMs) return;
    throw this.#lossOf(`a worker thread has not answered for ${this.#timeoutMs / 1000} s while it computed`);
  }

  #lossOf(what: string): LostWorkerError {
    return new LostWorkerError(this.#current(), `${what}; the workers have been replaced`);
  }

  #load(address: number): number {
    return Atomics.load(this.#heap.words, address >>> 2);
  }

  #store(address: number, value: number): void {
    Atomics.store(this.#heap.words, address >>> 2, value);
  }
}
