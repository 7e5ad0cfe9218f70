/** More than the kernels of all plans that core caches. */
const maxKernels = 4096;

/** Compiled kernels by what they are compiled from; evicts the least recently used. */
export class KernelCache<Kernel> {
  readonly #kernels = new Map<string, Kernel>();

  /** The kernel for a key, compiled if there is none. */
  get(key: string, compile: () => Kernel): Kernel {
    const kernel = this.#kernels.get(key) ?? compile();
    this.#kernels.delete(key);
    this.#kernels.set(key, kernel);
    if (this.#kernels.size > maxKernels) this.#kernels.delete(this.#kernels.keys().next().value!);
    return kernel;
  }

  /** Called after an error: compiling again reports an invalid kernel again. */
  clear(): void {
    this.#kernels.clear();
  }
}
