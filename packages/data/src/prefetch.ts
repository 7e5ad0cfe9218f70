import { checkInteger } from '@thetagrad/core/backend';

/**
 * Turns a synchronous iterator into an asynchronous one that prepares up to `depth` items ahead.
 *
 * Everything runs on one thread: after `next()` resolves, a macrotask prepares the next item, which uses the time in
 * which the consumer waits for a GPU, worker threads or a timer. If the consumer never yields to the event loop,
 * `next()` prepares the item itself, at the same cost as without prefetching.
 *
 * An error of the source is thrown by the `next()` that would have returned the item; the iterator then ends.
 * `return()`, which leaving a `for await` loop calls, cancels pending work and drops prepared items.
 *
 * @param depth Number of items to prepare ahead. Default: 1.
 * @throws {RangeError} if the depth is not an integer ≥ 0.
 */
export function prefetch<T>(source: Iterator<T>, depth = 1): AsyncIterableIterator<T, undefined> {
  checkInteger('prefetch', 'depth', depth, { min: 0 });
  return new Prefetcher(source, depth);
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown } | 'end';

class Prefetcher<T> implements AsyncIterableIterator<T, undefined> {
  readonly #source: Iterator<T>;
  readonly #depth: number;
  readonly #ready: Outcome<T>[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(source: Iterator<T>, depth: number) {
    this.#source = source;
    this.#depth = depth;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    const outcome = this.#ready.shift() ?? this.#produce();
    this.#schedule();
    if (outcome === 'end') return { done: true, value: undefined };
    if ('error' in outcome) throw outcome.error;
    return { done: false, value: outcome.value };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#ready.length = 0;
    if (!this.#ended) {
      this.#ended = true;
      this.#source.return?.();
    }
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #produce(): Outcome<T> {
    if (this.#ended) return 'end';
    try {
      const result = this.#source.next();
      if (result.done !== true) return { value: result.value };
      this.#ended = true;
      return 'end';
    } catch (error) {
      this.#ended = true;
      return { error };
    }
  }

  /** Prepares one item per macrotask until `depth` are ready. */
  #schedule(): void {
    if (this.#timer !== undefined || this.#ended || this.#ready.length >= this.#depth) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#ready.push(this.#produce());
      this.#schedule();
    }, 0);
  }
}
