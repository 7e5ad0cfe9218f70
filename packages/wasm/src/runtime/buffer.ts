// Buffers, and which of them occupy memory.
import type { Backend, Buffer, DType, TypedArray } from '@thetagrad/core/backend';
import { blockBytes, hostArray, type Heap } from './heap.ts';

/**
 * The elements of a buffer: in a host array, in a block of the heap, or in both. It does not know its buffer, so that
 * holding it does not keep the buffer from being collected. (A WeakRef would: until the current job ends.)
 */
export interface Storage {
  readonly dtype: DType;
  readonly size: number;
  /** Neither it nor a block: nothing has been written yet. */
  host: TypedArray | undefined;
  /** Of its block; 0 if there is none. */
  address: number;
  /** Whether the block holds the elements. */
  written: boolean;
  /** The last run that named it. */
  lastRun: number;
}

/** Elements that live in WebAssembly memory or wait in a host array to be moved there. */
export class WasmBuffer implements Buffer {
  readonly backend: Backend;
  /** For {@link Residents} alone. */
  readonly storage: Storage;
  /** What makes the collector see how large the buffer is. */
  ballast: ArrayBufferView | ArrayBuffer | undefined;
  readonly #residents: Residents;

  constructor(backend: Backend, residents: Residents, dtype: DType, size: number, host?: TypedArray) {
    this.backend = backend;
    this.#residents = residents;
    this.storage = { dtype, size, host, address: 0, written: false, lastRun: 0 };
  }

  get dtype(): DType {
    return this.storage.dtype;
  }

  get size(): number {
    return this.storage.size;
  }

  /** A copy of the elements; zeros if nothing was written. */
  readSync(): TypedArray {
    return this.#residents.read(this.storage);
  }

  async read(): Promise<TypedArray> {
    return this.readSync();
  }
}

/**
 * What blocks may occupy together before some are moved out. The collector, which takes a block for an eighth of its size,
 * does not begin before they take 512 MiB.
 */
const usualBudget = 768 * 2 ** 20;
/** After so many bytes of new blocks it is time to let the collector report. */
const restAfter = 8 * 2 ** 20;
/** The ballast of a block, as a share of its size: the collector would stop a loop with large results too often for more. */
const ballastShare = 1 / 8;
/** Blocks below this need no ballast: it would cost more than it tells. */
const leastBallast = 64 * 2 ** 10;

/**
 * Memory that is never touched, and so costs next to nothing, but that the collector counts: it would not hurry to collect
 * a buffer that it takes for a few words.
 */
function ballastOf(bytes: number): ArrayBufferView | ArrayBuffer {
  return globalThis.Buffer?.allocUnsafeSlow(bytes) ?? new ArrayBuffer(bytes);
}
/** What the smallest block counts for: keeping account of it takes memory as well, so there must not be too many. */
const leastCost = 512;

/** Resolves in the event loop's next turn. (Timers would be late: browsers hold them back.) */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

function cost({ dtype, size }: Storage): number {
  return Math.max(leastCost, blockBytes(dtype, size));
}

/**
 * The buffers that occupy a block. A block is given back when the collector takes its buffer. It may do so late, or, in
 * a loop that never waits, not at all: so the blocks together stay within a budget, twice what the largest plan needs
 * for inputs and outputs and at least {@link usualBudget}. Beyond it, those that were not used for longest are moved out to host
 * arrays, which are the collector's like any other. A loop over any number of steps thus runs in bounded memory.
 */
export class Residents {
  readonly #heap: Heap;
  readonly #stored = new Set<Storage>();
  readonly #collected: FinalizationRegistry<Storage> = new FinalizationRegistry((storage) => this.#free(storage));
  #cost = 0;
  #budget: number;
  #run = 0;
  #sinceRest = 0;

  /** @param leastBudget the budget where no plan needs more, in bytes. */
  constructor(heap: Heap, leastBudget: number = usualBudget) {
    this.#heap = heap;
    this.#budget = leastBudget;
    heap.reclaim = () => this.#moveOut(0);
  }

  /** Begins a run that uses these buffers: none of them is moved out before the next run begins. */
  begin(...lists: readonly (readonly WasmBuffer[])[]): void {
    this.#run++;
    let needed = 0;
    for (const buffers of lists) {
      for (const { storage } of buffers) {
        storage.lastRun = this.#run;
        needed += cost(storage);
      }
    }
    this.#budget = Math.max(this.#budget, 2 * needed);
  }

  /** The address of the buffer's block, which it gets if it has none, with the elements in it. */
  place(buffer: WasmBuffer): number {
    const { storage } = buffer;
    if (storage.address !== 0) return storage.address;
    // To half of the budget, so that looking for the oldest is rare.
    if (this.#cost + cost(storage) > this.#budget) this.#moveOut(this.#budget / 2);
    storage.address = this.#heap.take(blockBytes(storage.dtype, storage.size));
    this.#cost += cost(storage);
    this.#stored.add(storage);
    this.#collected.register(buffer, storage, storage);
    this.#sinceRest += cost(storage);
    // What has a host array is counted by that.
    if (!storage.host && cost(storage) >= leastBallast) buffer.ballast = ballastOf(cost(storage) * ballastShare);
    if (storage.host) {
      this.#view(storage).set(storage.host);
      storage.written = true;
    }
    return storage.address;
  }

  /** Waits for the event loop's next turn, in which the collector reports, if many blocks were made since the last. */
  yieldToCollector(): Promise<void> | undefined {
    if (this.#sinceRest < restAfter) return undefined;
    this.#sinceRest = 0;
    return nextTurn();
  }

  /** The elements if they are in a host array alone. */
  onHost({ storage }: WasmBuffer): TypedArray | undefined {
    return storage.address === 0 ? storage.host : undefined;
  }

  /** Notes that a plan writes to the block: a host copy is out of date. */
  overwritten({ storage }: WasmBuffer): void {
    storage.host = undefined;
    storage.written = true;
  }

  read(storage: Storage): TypedArray {
    if (storage.host) return storage.host.slice();
    const copy = hostArray(storage.dtype, storage.size);
    if (storage.written) copy.set(this.#view(storage));
    return copy;
  }

  /** Moves the oldest out, but nothing of the current run, until the rest costs at most `most`. */
  #moveOut(most: number): void {
    const oldestFirst = [...this.#stored].sort((a, b) => a.lastRun - b.lastRun);
    for (const storage of oldestFirst) {
      if (this.#cost <= most || storage.lastRun === this.#run) return;
      // From here on only its buffer holds it: if that is out of reach, so are the elements.
      this.#collected.unregister(storage);
      if (storage.written) storage.host ??= this.read(storage);
      this.#free(storage);
    }
  }

  #free(storage: Storage): void {
    this.#heap.give(storage.address, blockBytes(storage.dtype, storage.size));
    this.#cost -= cost(storage);
    this.#stored.delete(storage);
    storage.address = 0;
    storage.written = false;
  }

  #view({ dtype, size, address }: Storage): TypedArray {
    return this.#heap.view(dtype, address, size);
  }
}
