// Which buffers occupy WebAssembly memory, and when they leave it.
import { allocate, type TypedArray } from '@thetagrad/core/backend';
import type { Storage, WasmBuffer } from './buffer.ts';
import { blockBytes, type Heap } from './heap.ts';

/**
 * The total size of blocks, in bytes, beyond which some are evicted. The collector, which counts a block as an eighth
 * of its size, does not start before they take 512 MiB.
 */
const defaultBudget = 768 * 2 ** 20;
/** After new blocks of this many bytes, finalizers get a chance to run. */
const yieldAfterBytes = 8 * 2 ** 20;
/** The size hint of a block as a fraction of its size: with more, the collector would interrupt loops too often. */
const hintFraction = 1 / 8;
/** Smaller blocks get no size hint: it would cost more than it saves. */
const minHintBytes = 64 * 2 ** 10;
/** What the smallest block counts as: its bookkeeping takes memory too, so the number of blocks must be bounded. */
const minCost = 512;

/**
 * Host memory that is never touched, and so costs next to nothing, but that the collector counts: it would not hurry to
 * collect a buffer that looks like a few words.
 */
function allocateSizeHint(bytes: number): ArrayBufferView | ArrayBuffer {
  return globalThis.Buffer?.allocUnsafeSlow(bytes) ?? new ArrayBuffer(bytes);
}

/** Resolves in the event loop's next turn. (Browsers throttle timers.) */
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

function costOf({ dtype, size }: Storage): number {
  return Math.max(minCost, blockBytes(dtype, size));
}

/**
 * The buffers that occupy a block of the heap. A finalizer frees the block when the buffer is collected, which may
 * happen late or, in a loop that never yields, not at all. So all blocks together stay within a budget: twice what the
 * largest plan needs for inputs and outputs, and at least {@link defaultBudget}. Beyond it, the least recently used
 * ones are evicted to host arrays, which the collector manages as any others: a loop of any length runs in bounded
 * memory.
 */
export class DeviceBuffers {
  readonly #heap: Heap;
  readonly #resident = new Set<Storage>();
  readonly #finalizers: FinalizationRegistry<Storage> = new FinalizationRegistry((storage) => this.#free(storage));
  #cost = 0;
  #budget: number;
  #run = 0;
  #bytesSinceYield = 0;

  /** @param minBudget The budget in bytes if no plan needs more. */
  constructor(heap: Heap, minBudget: number = defaultBudget) {
    this.#heap = heap;
    this.#budget = minBudget;
    heap.reclaim = () => this.#evict(0);
  }

  /** Begins a run that uses these buffers: none of them is evicted before the next run begins. */
  beginRun(...lists: readonly (readonly WasmBuffer[])[]): void {
    this.#run++;
    let needed = 0;
    for (const buffers of lists) {
      for (const { storage } of buffers) {
        storage.lastRun = this.#run;
        needed += costOf(storage);
      }
    }
    this.#budget = Math.max(this.#budget, 2 * needed);
  }

  /** The address of the buffer's block, which is allocated and filled from the host array if there is none. */
  load(buffer: WasmBuffer): number {
    const { storage } = buffer;
    if (storage.address !== 0) return storage.address;
    // Evict down to half of the budget, so that the search for the oldest is rare.
    if (this.#cost + costOf(storage) > this.#budget) this.#evict(this.#budget / 2);
    storage.address = this.#heap.allocate(blockBytes(storage.dtype, storage.size));
    this.#cost += costOf(storage);
    this.#resident.add(storage);
    this.#finalizers.register(buffer, storage, storage);
    this.#bytesSinceYield += costOf(storage);
    // A host array is a size hint already.
    if (!storage.host && costOf(storage) >= minHintBytes) {
      buffer.externalSizeHint = allocateSizeHint(costOf(storage) * hintFraction);
    }
    if (storage.host) {
      this.#view(storage).set(storage.host);
      storage.written = true;
    }
    return storage.address;
  }

  /** Yields to the event loop, so that finalizers can free unreachable buffers, if many blocks were allocated. */
  yieldToCollector(): Promise<void> | undefined {
    if (this.#bytesSinceYield < yieldAfterBytes) return undefined;
    this.#bytesSinceYield = 0;
    return nextTurn();
  }

  /** The host array of a buffer without a block. */
  hostValues({ storage }: WasmBuffer): TypedArray | undefined {
    return storage.address === 0 ? storage.host : undefined;
  }

  /** Records that a plan writes to the block, which invalidates the host copy. */
  markWritten({ storage }: WasmBuffer): void {
    storage.host = undefined;
    storage.written = true;
  }

  read(storage: Storage): TypedArray {
    if (storage.host) return storage.host.slice();
    const copy = allocate(storage.dtype, storage.size);
    if (storage.written) copy.set(this.#view(storage));
    return copy;
  }

  /** Evicts the least recently used buffers, but none of the current run, until the others cost at most `maxCost`. */
  #evict(maxCost: number): void {
    const oldestFirst = [...this.#resident].sort((a, b) => a.lastRun - b.lastRun);
    for (const storage of oldestFirst) {
      if (this.#cost <= maxCost || storage.lastRun === this.#run) return;
      // From here on only the buffer holds the storage, so both are collected together.
      this.#finalizers.unregister(storage);
      if (storage.written) storage.host ??= this.read(storage);
      this.#free(storage);
    }
  }

  #free(storage: Storage): void {
    this.#heap.free(storage.address, blockBytes(storage.dtype, storage.size));
    this.#cost -= costOf(storage);
    this.#resident.delete(storage);
    storage.address = 0;
    storage.written = false;
  }

  #view({ dtype, size, address }: Storage): TypedArray {
    return this.#heap.view(dtype, address, size);
  }
}
