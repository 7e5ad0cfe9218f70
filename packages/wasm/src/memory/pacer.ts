import { allocateSizeHint, nextTurn } from './collector.ts';

/** The least size of new blocks, in bytes, after which the collector is prompted. */
const minNewBytes = 128 * 2 ** 20;
/** How long finalizers are waited for. If all results are in use, none comes. */
const maxWaitMs = 50;
/** V8 starts collecting when host memory has grown by 64 MiB since it last did. */
const promptBytes = 72 * 2 ** 20;

/**
 * Prompts the collector, which does not see the size of blocks, when they take much more memory than after it last ran. Until
 * the blocks of unreachable buffers are free, new ones go to memory that was never used, which the system provides slowly:
 * for that, waiting is cheaper.
 */
export class CollectionPacer {
  #threshold = minNewBytes;
  /** Whether the collector was prompted, and nothing has been freed since. */
  #isAwaited = false;

  /** Tells that blocks have grown to `bytes` in all. */
  grow(bytes: number): void {
    if (bytes <= this.#threshold) return;
    this.#threshold = nextThreshold(bytes);
    this.#isAwaited = true;
    allocateSizeHint(promptBytes);
  }

  /** Tells that blocks have shrunk to `bytes` in all. */
  shrink(bytes: number): void {
    this.#threshold = Math.min(this.#threshold, nextThreshold(bytes));
    this.#isAwaited = false;
  }

  /** Gives finalizers a chance to run. Waits for them if the collector has been prompted. */
  async pause(): Promise<void> {
    if (!this.#isAwaited) return nextTurn();
    const start = performance.now();
    while (this.#isAwaited && performance.now() - start < maxWaitMs) await nextTurn();
    this.#isAwaited = false;
  }
}

/** Twice as much as is in use, so that collecting takes a bounded share of the time. */
function nextThreshold(bytes: number): number {
  return bytes + Math.max(minNewBytes, bytes);
}
