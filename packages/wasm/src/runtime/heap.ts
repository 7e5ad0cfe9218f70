// The one WebAssembly memory that everything lies in, and how it is dealt out.
import { FreeList, type DType, type TypedArray } from '@thetagrad/core/backend';

const pageBytes = 65_536;
/** Growing costs microseconds, so it goes in steps of one MiB. */
const pagesPerStep = 16;
/** Addresses have 32 bits. The last page stays unused, so that no end of a block is 2³². */
const mostPages = 65_535;
/** Cache lines and vector loads: every block begins and ends at a multiple. */
const alignment = 64;

const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array } as const;

/** What `limit` may be, in bytes. */
export const limits: { readonly least: number; readonly most: number } = {
  least: pagesPerStep * pageBytes,
  most: mostPages * pageBytes,
};

/** The bytes of a block for so many elements. No block is empty, so that each has an address of its own. */
export function blockBytes(dtype: DType, size: number): number {
  return padded(arrays[dtype].BYTES_PER_ELEMENT * size);
}

/** Rounded up to what the heap deals in. */
export function padded(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / alignment)) * alignment;
}

/** A zero-filled array in memory of its own. */
export function hostArray(dtype: DType, size: number): TypedArray {
  return new arrays[dtype](size);
}

/** Thrown by {@link Heap.take} where there is no room; what was taken before stays as it is. */
export class OutOfMemoryError extends RangeError {
  override readonly name: string = 'OutOfMemoryError';
}

/** A memory that grows on demand, dealt out in blocks of whole cache lines: the smallest gap that fits comes first. */
export class Heap {
  readonly memory: WebAssembly.Memory;
  /** Called once before {@link take} gives up: may give back what can be spared. */
  reclaim: () => void = () => {};
  readonly #start: number;
  readonly #free = new FreeList();
  #limit: number;
  #taken = 0;
  #words: Uint32Array;

  /**
   * Leaves the first `reserved` bytes alone. Engines set address space aside for the largest size that a memory may
   * get: if this one refuses `limit` bytes, the limit becomes the largest half, quarter, … that it grants.
   * @throws {RangeError} if the engine grants not even 16 MiB.
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
    this.#start = padded(options.reserved);
    this.#words = new Uint32Array(this.memory.buffer);
  }

  /** In bytes; the memory never grows beyond. */
  get limit(): number {
    return this.#limit;
  }

  /** The bytes that are taken now. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * The address of a block of `bytes` bytes, rounded up to cache lines, with any contents.
   * @throws {OutOfMemoryError} if no gap is large enough and the memory cannot grow, also after {@link reclaim}.
   */
  take(bytes: number): number {
    const size = padded(bytes);
    let address = this.#tryTake(size);
    if (address === undefined) {
      this.reclaim();
      address = this.#tryTake(size);
    }
    if (address === undefined) {
      throw new OutOfMemoryError(
        `wasm: no room for ${size} bytes more: ${this.#taken} bytes are in use and the memory's limit is ` +
          `${this.#limit} bytes; evaluate less at once, or raise memoryLimit`,
      );
    }
    this.#taken += size;
    return address;
  }

  /** Gives back what {@link take} gave for as many bytes. */
  give(address: number, bytes: number): void {
    const size = padded(bytes);
    this.#free.give(address - this.#start, size);
    this.#taken -= size;
  }

  /** The whole memory as 32-bit words. Valid until the memory grows: ask again after taking. */
  get words(): Uint32Array {
    // An unshared buffer is detached by growth, a shared one stays valid but short.
    if (this.#words.buffer !== this.memory.buffer) this.#words = new Uint32Array(this.memory.buffer);
    return this.#words;
  }

  /** The same, for `Atomics.wait` and `notify`. */
  get signedWords(): Int32Array {
    return new Int32Array(this.memory.buffer);
  }

  /** A window of `size` elements. Valid until the memory grows. */
  view(dtype: DType, address: number, size: number): TypedArray {
    return new arrays[dtype](this.memory.buffer, address, size);
  }

  #tryTake(size: number): number | undefined {
    const place = this.#free.take(size);
    const end = this.#start + place + size;
    if (this.#growTo(end)) return this.#start + place;
    // What lies beyond the limit stays taken, so that it is never found as a gap.
    const within = Math.min(size, this.#limit - this.#start - place);
    if (within > 0) this.#free.give(place, within);
    return undefined;
  }

  #growTo(end: number): boolean {
    const held = this.memory.buffer.byteLength;
    if (end <= held) return true;
    if (end > this.#limit) return false;
    const step = pagesPerStep * pageBytes;
    const wanted = Math.min(this.#limit, Math.ceil(end / step) * step);
    try {
      this.memory.grow((wanted - held) / pageBytes);
      return true;
    } catch {
      // The machine has no more: what there is, is the limit from here on.
      this.#limit = held;
      return false;
    }
  }
}

/** Memory whose contents last for one run: it grows to the largest need, and all runs share it. */
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

  /** Makes it at least so large; it may move, and its contents are lost then. */
  reserve(bytes: number): void {
    if (bytes <= this.#bytes) return;
    this.release();
    this.#address = this.#heap.take(bytes);
    this.#bytes = padded(bytes);
  }

  /** Gives all of it back. */
  release(): void {
    if (this.#bytes > 0) this.#heap.give(this.#address, this.#bytes);
    this.#address = this.#bytes = 0;
  }
}
