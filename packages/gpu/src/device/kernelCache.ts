/** A compiled kernel. */
export interface CachedKernel {
  /** An estimate of the memory that it takes. */
  readonly bytes: number;
  /** Frees what the garbage collector does not. Submitted work that uses it goes on. */
  destroy?(): void;
}

/**
 * Compiled kernels by what they are compiled from. Bounded by their size, not their number: one of a large fused body takes a
 * hundred times the memory of a sum. Evicts the least recently used, but never the last.
 */
export class KernelCache<Kernel extends CachedKernel> {
  readonly #maxBytes: number;
  readonly #kernels = new Map<string, Kernel>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** An estimate of the memory of all kernels. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The kernel for a key, compiled if there is none. */
  get(key: string, compile: () => Kernel): Kernel {
    let kernel = this.#kernels.get(key);
    if (kernel) this.#kernels.delete(key);
    else {
      kernel = compile();
      this.#bytes += kernel.bytes;
    }
    this.#kernels.set(key, kernel);
    if (this.#bytes > this.#maxBytes) this.#evictAllBut(kernel);
    return kernel;
  }

  /** Called after an error: compiling again reports an invalid kernel again. */
  clear(): void {
    for (const kernel of this.#kernels.values()) kernel.destroy?.();
    this.#kernels.clear();
    this.#bytes = 0;
  }

  /** Evicts kernels until the others are small enough; the last one used stays. */
  #evictAllBut(last: Kernel): void {
    for (const [key, kernel] of this.#kernels) {
      if (this.#bytes <= this.#maxBytes || kernel === last) return;
      this.#kernels.delete(key);
      this.#bytes -= kernel.bytes;
      kernel.destroy?.();
    }
  }
}
