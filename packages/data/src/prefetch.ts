/**
 * Turns a synchronous producer into an async iterator that keeps up to `depth` items ready.
 *
 * There is one thread, so nothing is prepared at the same time as other JavaScript runs. After an item has been handed
 * over, the next one is prepared in a macrotask of its own: when the consumer waits for something that runs elsewhere (a
 * GPU, worker threads, a timer), that wait is used. A consumer that never lets the event loop turn finds nothing ready,
 * and the item is prepared when it is asked for, at the same cost as without prefetching.
 *
 * An error of the producer is thrown by the `next()` that would have returned the item; the iterator then ends.
 * `return()`, which leaving a `for await` loop calls, cancels the pending preparation and drops what is ready.
 */
export function prefetch<T>(source: Iterator<T>, depth = 1): AsyncIterableIterator<T, undefined> {
  checkDepth('prefetch: depth', depth);
  return new Prefetcher(source, depth);
}

/** @throws RangeError if a number of items to keep ready is not an integer of 0 or more */
export function checkDepth(name: string, depth: number): void {
  if (!Number.isInteger(depth) || depth < 0) {
    throw new RangeError(`${name} must be an integer of 0 or more, got ${depth}`);
  }
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown } | 'end';

class Prefetcher<T> implements AsyncIterableIterator<T, undefined> {
  private readonly source: Iterator<T>;
  private readonly depth: number;
  private readonly ready: Outcome<T>[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ended = false;

  constructor(source: Iterator<T>, depth: number) {
    this.source = source;
    this.depth = depth;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    const outcome = this.ready.shift() ?? this.produce();
    this.schedule();
    if (outcome === 'end') return { done: true, value: undefined };
    if ('error' in outcome) throw outcome.error;
    return { done: false, value: outcome.value };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.ready.length = 0;
    if (!this.ended) {
      this.ended = true;
      this.source.return?.();
    }
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private produce(): Outcome<T> {
    if (this.ended) return 'end';
    try {
      const result = this.source.next();
      if (result.done !== true) return { value: result.value };
      this.ended = true;
      return 'end';
    } catch (error) {
      this.ended = true;
      return { error };
    }
  }

  /** Prepares one item in a macrotask, then the next, until enough are ready. */
  private schedule(): void {
    if (this.timer !== undefined || this.ended || this.ready.length >= this.depth) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.ready.push(this.produce());
      this.schedule();
    }, 0);
  }
}
