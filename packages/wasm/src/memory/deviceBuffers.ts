// Which buffers occupy WebAssembly memory, and when they leave it.
import { allocate, type TypedArray } from '@thetagrad/core/backend';
import type { Storage, WasmBuffer } from './buffer.ts';
import { blockBytes, type Heap } from './heap.ts';
import { CollectionPacer } from './pacer.ts';

/** The total size of blocks, in bytes, beyond which some are evicted. */
const defaultBudget = 768 * 2 ** 20;
/** After new blocks of this many bytes, finalizers get a chance to run. */
const yieldAfterBytes = 8 * 2 ** 20;
/** What the smallest block counts as: its bookkeeping takes memory too, so the number of blocks must be bounded. */
const minCost = 512;

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
  #newBytes = 0;
  readonly #pacer = new CollectionPacer();

  /** @param minBudget The budget in bytes if no plan needs more. */
  constructor(heap: Heap, minBudget: number = defaultBudget) {
    this.#heap = heap;
    this.#budget = minBudget;
    heap.reclaim = () => this.#evict((storage) => storage.lastRun !== this.#run, 0);
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
    const cost = costOf(storage);
    // Evict down to half of the budget, so that the search for the oldest is rare.
    if (this.#cost + cost > this.#budget) this.#evict((each) => each.lastRun !== this.#run, this.#budget / 2);
    storage.address = this.#heap.allocate(blockBytes(storage.dtype, storage.size));
    this.#cost += cost;
    this.#newBytes += cost;
    this.#pacer.grow(this.#cost);
    this.#resident.add(storage);
    this.#finalizers.register(buffer, storage, storage);
    if (storage.host) {
      this.#view(storage).set(storage.host);
      storage.written = true;
    }
    return storage.address;
  }

  /** Whether many blocks have been allocated, and not freed, since the last {@link pause}. */
  get needsPause(): boolean {
    return this.#newBytes >= yieldAfterBytes;
  }

  /** Yields to the event loop so that finalizers can free unreachable buffers. */
  pause(): Promise<void> {
    this.#newBytes = 0;
    return this.#pacer.pause();
  }

  /** Evicts all buffers, those of the current run too: their addresses are invalid from here on. */
  evictAll(): void {
    this.#evict(() => true, 0);
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

  /** Drops the elements, wherever they are. */
  dispose(storage: Storage): void {
    storage.host = undefined;
    if (storage.address !== 0) this.#release(storage);
  }

  /** Evicts buffers that may be, the least recently used first, until the others cost at most `maxCost`. */
  #evict(mayEvict: (storage: Storage) => boolean, maxCost: number): void {
    const oldestFirst = [...this.#resident].filter(mayEvict).sort((a, b) => a.lastRun - b.lastRun);
    for (const storage of oldestFirst) {
      if (this.#cost <= maxCost) return;
      // First, because the host may have no memory for it.
      if (storage.written) storage.host ??= this.read(storage);
      this.#release(storage);
    }
  }

  /** Frees the block. From here on only the buffer holds the storage, so both are collected together. */
  #release(storage: Storage): void {
    this.#finalizers.unregister(storage);
    this.#free(storage);
  }

  #free(storage: Storage): void {
    this.#heap.free(storage.address, blockBytes(storage.dtype, storage.size));
    const cost = costOf(storage);
    this.#cost -= cost;
    this.#newBytes = Math.max(0, this.#newBytes - cost);
    this.#pacer.shrink(this.#cost);
    this.#resident.delete(storage);
    storage.address = 0;
    storage.written = false;
  }

  #view({ dtype, size, address }: Storage): TypedArray {
    return this.#heap.view(dtype, address, size);
  }
}
