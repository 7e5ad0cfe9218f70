/** Bytes of a page. */
const pageBytes = 65_536;
/** Kernels of gpu.js that need no more pages than this can run in one memory. */
const maxPages = 4096;

/** A memory of WebAssembly as floats. */
export interface KernelMemory {
  readonly memory: WebAssembly.Memory;
  /** Whether later runs get the same memory. */
  readonly isKept: boolean;
  floats: Float32Array<ArrayBuffer>;
}

/**
 * The memory in which kernels run one after another, since each copies its arrays in and its result out. It grows to the size
 * of the largest kernel's arrays, up to 256 MiB.
 */
export class WasmMemory {
  #shared: KernelMemory | undefined;

  /**
   * A memory of at least `pages`; above 256 MiB a new one, for one run.
   * @throws {RangeError} if there is not enough memory.
   */
  reserve(pages: number): KernelMemory {
    if (pages > maxPages) return createMemory(pages, pages, false);
    const shared = (this.#shared ??= createMemory(pages, maxPages, true));
    const missing = pages - shared.memory.buffer.byteLength / pageBytes;
    if (missing > 0) {
      shared.memory.grow(missing);
      shared.floats = new Float32Array(shared.memory.buffer as ArrayBuffer);
    }
    return shared;
  }

  /** Gives the memory up. Kernels run in a new one. */
  free(): void {
    this.#shared = undefined;
  }
}

function createMemory(initial: number, maximum: number, isKept: boolean): KernelMemory {
  const memory = new WebAssembly.Memory({ initial, maximum });
  return { memory, isKept, floats: new Float32Array(memory.buffer as ArrayBuffer) };
}
