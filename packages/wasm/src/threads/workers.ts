// The worker threads of a pool: starts them, notices their end, and replaces them.
import type { Heap } from '../memory/heap.ts';
import { failedVersion, threadLine, threadWords } from './layout.ts';
import { startWorker, type WorkerHandle, type WorkerStart } from './worker.ts';

/** When this many workers in a row have ended, without a successful run in between, none is replaced any more. */
const maxLossesInARow = 16;
/** How long to wait for terminated threads to stop, in milliseconds. */
const stopTimeoutMs = 2000;

const mayWait = ((): boolean => {
  try {
    return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1) === 'not-equal';
  } catch {
    return false;
  }
})();

/** Sleeps where that is allowed: browsers forbid their main thread to wait. `words` is a view of shared memory. */
export function sleep(words: Int32Array, milliseconds: number): void {
  if (mayWait) Atomics.wait(words, 0, 0, milliseconds);
}

export interface WorkersOptions {
  readonly heap: Heap;
  /** The number of workers. */
  readonly count: number;
  /** The code that a worker begins with. */
  readonly begin: () => Pick<WorkerStart, 'runtime' | 'modules' | 'version'>;
}

export class Workers {
  /** Why there are fewer than requested. */
  readonly remarks: string[] = [];
  readonly #heap: Heap;
  readonly #begin: WorkersOptions['begin'];
  readonly #handles = new Map<number, WorkerHandle>();
  #starts = 0;
  /** Whether any has been up. */
  #canStart = false;
  #lossesInARow = 0;

  /** Returns before the workers are up. */
  constructor({ heap, count, begin }: WorkersOptions) {
    this.#heap = heap;
    this.#begin = begin;
    for (let thread = 1; thread <= count && this.#start(thread); thread++);
  }

  get count(): number {
    return this.#handles.size;
  }

  /** Waits until all are up. */
  async ready(): Promise<void> {
    const isUp = (thread: number): boolean => this.#word(thread, 'version') >= 0;
    while (!this.#threads().every(isUp)) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  /** Whether all have loaded this version of the code completely, so that they read no record any more. */
  areAt(version: number): boolean {
    return this.#threads().every((thread) => this.#word(thread, 'version') === version);
  }

  /** Replaces those that are not up yet by ones that begin with the current code. */
  restartLate(): void {
    for (const thread of this.#threads()) {
      if (this.#word(thread, 'version') >= 0) continue;
      this.#terminate(thread);
      this.#start(thread);
    }
  }

  /** To be called after each successful run of this version of the code. */
  markSuccess(version: number): void {
    if (this.#lossesInARow > 0 && this.areAt(version)) this.#lossesInARow = 0;
  }

  /**
   * Finds workers that have ended during the run. Those that had no chunk are replaced.
   * @returns the number of one that ended while it computed.
   */
  findLost(): number | undefined {
    for (const thread of this.#threads()) {
      const hasEnded = this.#handles.get(thread)!.hasEnded() || this.#word(thread, 'version') === failedVersion;
      if (!hasEnded) continue;
      if (this.#word(thread, 'busy') === 1) return thread;
      this.#terminate(thread);
      this.#replace(thread, 'its thread has stopped');
    }
    return undefined;
  }

  /** Terminates all, waits until they have stopped, and starts new ones. */
  replaceAll(reason: string): void {
    const threads = this.#threads();
    const handles = [...this.#handles.values()];
    this.stop();
    const began = performance.now();
    const words = this.#heap.signedWords;
    for (const handle of handles) {
      while (mayWait && !handle.hasEnded() && performance.now() < began + stopTimeoutMs) sleep(words, 0.1);
    }
    for (const thread of threads) this.#replace(thread, reason);
  }

  /** Terminates all. */
  stop(): void {
    for (const thread of this.#threads()) this.#terminate(thread);
  }

  #terminate(thread: number): void {
    this.#handles.get(thread)!.terminate();
    this.#handles.delete(thread);
  }

  #start(thread: number): boolean {
    const start = ++this.#starts;
    this.#setWord(thread, 'version', -start);
    this.#setWord(thread, 'busy', 0);
    try {
      const message = { ...this.#begin(), memory: this.#heap.memory, thread, start };
      const handle = startWorker(message, (reason) => this.#lose(thread, reason));
      this.#handles.set(thread, handle);
      return true;
    } catch (error) {
      this.remarks.push(`no more workers: ${String(error)}`);
      return false;
    }
  }

  /** Called from the event loop, between runs. */
  #lose(thread: number, reason: string): void {
    const isUp = (each: number): boolean => this.#word(each, 'version') >= 0;
    this.#canStart ||= this.#threads().some(isUp) || this.#word(thread, 'version') === failedVersion;
    this.#terminate(thread);
    // Where none has ever been up, as on pages that forbid workers, another would not be either.
    this.#replace(thread, reason, this.#canStart);
  }

  #replace(thread: number, reason: string, canStart = true): void {
    if (canStart && ++this.#lossesInARow <= maxLossesInARow) this.#start(thread);
    else this.remarks.push(`worker thread ${thread} ended unexpectedly (${reason})`);
  }

  #threads(): number[] {
    return [...this.#handles.keys()];
  }

  #word(thread: number, word: keyof typeof threadWords): number {
    return Atomics.load(this.#heap.signedWords, (threadLine(thread) + threadWords[word]) >>> 2);
  }

  #setWord(thread: number, word: keyof typeof threadWords, value: number): void {
    Atomics.store(this.#heap.signedWords, (threadLine(thread) + threadWords[word]) >>> 2, value);
  }
}
