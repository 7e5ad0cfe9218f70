// The one WebAssembly memory that holds everything, and its allocator.
import { arrayOn, bytesPerElement, FreeList, type DType, type TypedArray } from '@thetagrad/core/backend';

const pageBytes = 65_536;
/** Growing takes microseconds, so memory grows by 1 MiB at a time. */
const pagesPerStep = 16;
/** Addresses have 32 bits. The last page stays unused, so that no block ends at 2³². */
const maxPages = 65_535;
/** Blocks begin and end at multiples of a cache line. */
const alignment = 64;
/** The last bytes stay unallocated: vectors at the end of a block read up to 12 bytes beyond it, which they do not use. */
const marginBytes = alignment;

/** The range of `limit`, in bytes. */
export const limits: { readonly min: number; readonly max: number } = {
  min: pagesPerStep * pageBytes,
  max: maxPages * pageBytes,
};

/** The size of a block for `size` elements. No block is empty, so that each has a distinct address. */
export function blockBytes(dtype: DType, size: number): number {
  return roundUpToBlock(bytesPerElement(dtype) * size);
}

/** Rounds up to whole cache lines, at least one. */
export function roundUpToBlock(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / alignment)) * alignment;
}

/** Thrown by {@link Heap.allocate} when memory is exhausted; what was allocated before stays valid. */
export class OutOfMemoryError extends RangeError {
  override readonly name: string = 'OutOfMemoryError';
}

/** A memory that grows on demand, allocated in blocks of whole cache lines, best fit. */
export class Heap {
  readonly memory: WebAssembly.Memory;
  /** Called once before {@link allocate} fails, to free what can be spared. */
  reclaim: () => void = () => {};
  readonly #start: number;
  readonly #free = new FreeList();
  #limit: number;
  #bytesInUse = 0;
  #words: Uint32Array;

  /**
   * Leaves the first `reserved` bytes unallocated. Engines reserve address space for a memory's maximum size: where one
   * refuses `limit` bytes, the limit becomes the largest half, quarter, … that it grants.
   * @throws {RangeError} if the engine does not grant 16 MiB.
   */
  constructor(options: { shared: boolean; limit: number; reserved: number }) {
    let maximum = Math.floor(options.limit / pageBytes);
    const initial = Math.max(pagesPerStep, Math.ceil(options.reserved / pageBytes));
    for (;;) {
      try {
        this.memory = new WebAssembly.Memory({ initial, maximum, shared: options.shared });
        break;
      } catch (cause) {
        if (maximum < 512) throw new RangeError('wasm: the engine grants no memory', { cause });
        maximum >>= 1;
      }
    }
    this.#limit = maximum * pageBytes;
    this.#start = roundUpToBlock(options.reserved);
    this.#words = new Uint32Array(this.memory.buffer);
  }

  /** The maximum size in bytes. */
  get limit(): number {
    return this.#limit;
  }

  get bytesInUse(): number {
    return this.#bytesInUse;
  }

  /**
   * The address of an uninitialized block of `bytes` bytes, rounded up to cache lines.
   * @throws {OutOfMemoryError} if no gap is large enough and the memory cannot grow, even after {@link reclaim}.
   */
  allocate(bytes: number): number {
    const size = roundUpToBlock(bytes);
    let address = this.#tryAllocate(size);
    if (address === undefined) {
      this.reclaim();
      address = this.#tryAllocate(size);
    }
    if (address === undefined) {
      throw new OutOfMemoryError(
        `wasm: no room for ${size} bytes more: ${this.#bytesInUse} bytes are in use and the memory's limit is ` +
          `${this.#limit} bytes; evaluate less at once, or raise memoryLimit`,
      );
    }
    this.#bytesInUse += size;
    return address;
  }

  /** Frees a block that {@link allocate} returned for the same number of bytes. */
  free(address: number, bytes: number): void {
    const size = roundUpToBlock(bytes);
    this.#free.free(address - this.#start, size);
    this.#bytesInUse -= size;
  }

  /** The whole memory as 32-bit words. Valid until the memory grows: read it again after allocating. */
  get words(): Uint32Array {
    // Growth detaches an unshared buffer; a shared one stays valid but short.
    if (this.#words.buffer !== this.memory.buffer) this.#words = new Uint32Array(this.memory.buffer);
    return this.#words;
  }

  /** The same, for `Atomics.wait` and `notify`. */
  get signedWords(): Int32Array {
    return new Int32Array(this.memory.buffer);
  }

  /** A view of `size` elements at `address`. Valid until the memory grows. */
  view(dtype: DType, address: number, size: number): TypedArray {
    return arrayOn(this.memory.buffer, dtype, address, size);
  }

  #tryAllocate(size: number): number | undefined {
    const offset = this.#free.allocate(size);
    const end = this.#start + offset + size;
    if (this.#growTo(end)) return this.#start + offset;
    // The part beyond the limit stays allocated, so that it is never found as a gap.
    const within = Math.min(size, this.#limit - marginBytes - this.#start - offset);
    if (within > 0) this.#free.free(offset, within);
    return undefined;
  }

  /** Makes room for blocks up to the address `end`. */
  #growTo(end: number): boolean {
    const held = this.memory.buffer.byteLength;
    const needed = end + marginBytes;
    if (needed <= held) return true;
    if (needed > this.#limit) return false;
    const step = pagesPerStep * pageBytes;
    const wanted = Math.min(this.#limit, Math.ceil(needed / step) * step);
    try {
      this.memory.grow((wanted - held) / pageBytes);
      return true;
    } catch {
      // The machine's memory is exhausted: from here on the current size is the limit.
      this.#limit = held;
      return false;
    }
  }
}

/** Memory whose contents last for one run: it grows to the largest size that was needed, and all runs share it. */
export class Region {
  readonly #heap: Heap;
  #address = 0;
  #bytes = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  get address(): number {
    return this.#address;
  }

  /** Grows to at least `bytes` bytes. Growing may move the region and loses its contents. */
  reserve(bytes: number): void {
    if (bytes <= this.#bytes) return;
    this.release();
    this.#address = this.#heap.allocate(bytes);
    this.#bytes = roundUpToBlock(bytes);
  }

  release(): void {
    if (this.#bytes > 0) this.#heap.free(this.#address, this.#bytes);
    this.#address = this.#bytes = 0;
  }
}
