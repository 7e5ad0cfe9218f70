/** So many compiled kernels are kept: those of the plans that core keeps, and more. */
const kept = 4096;

/** Compiled kernels by what they are compiled from, the most recently used last. */
export class KernelCache<Kernel> {
  readonly #kernels = new Map<string, Kernel>();

  /** The kernel of this key, which `compile` makes if there is none. */
  get(key: string, compile: () => Kernel): Kernel {
    const kernel = this.#kernels.get(key) ?? compile();
    this.#kernels.delete(key);
    this.#kernels.set(key, kernel);
    if (this.#kernels.size > kept) this.#kernels.delete(this.#kernels.keys().next().value!);
    return kernel;
  }

  /** After an error: all are compiled anew, so that one that is wrong says so again. */
  clear(): void {
    this.#kernels.clear();
  }
}
