import type { TypedArray } from '@thetagrad/core/backend';
import type { GpuBuffer, Storage } from './buffer.ts';
import type { Device, Memory } from './device/device.ts';

/** What a buffer had before it was given other memory. */
export interface Change {
  readonly buffer: GpuBuffer;
  readonly host: TypedArray | undefined;
  readonly memory: Memory | undefined;
}

/** After so many bytes of new results it is time to let the collector report. */
const restAfter = 64 * 2 ** 20;
/** Results below this need no ballast: it would cost more than it tells. */
const leastBallast = 64 * 2 ** 10;

/**
 * Gives buffers memory, and frees that of buffers that the collector has taken. The collector sees memory of a device only
 * by a ballast: memory that is never touched, and so costs next to nothing, but is counted.
 *
 * A device may refuse an evaluation after it was submitted. Where that can be, what buffers had before stays until the
 * outcome is known, and is what they have again if it is a bad one; so it is with evaluations after it, which may use it.
 */
export class Residents {
  readonly #device: Device;
  readonly #collected: FinalizationRegistry<Storage>;
  /** The changes of evaluations whose outcome is not known, the first one first. */
  #open: (readonly Change[])[] = [];
  /** Settles when all of these are known, with what the last one fails of. */
  #known: Promise<Error | undefined> = Promise.resolve(undefined);
  #sinceRest = 0;

  constructor(device: Device) {
    this.#device = device;
    this.#collected = new FinalizationRegistry((storage) => this.#empty(storage));
  }

  /** Gives the buffer this memory; what it had before stays until {@link conclude}. */
  settle(buffer: GpuBuffer, memory: Memory): Change {
    const { storage } = buffer;
    const before = { buffer, host: storage.host, memory: storage.memory };
    const { bytes } = memory;
    if (!storage.memory) {
      this.#collected.register(buffer, storage);
      if (bytes >= leastBallast) buffer.ballast = globalThis.Buffer?.allocUnsafeSlow(bytes) ?? new ArrayBuffer(bytes);
      this.#sinceRest += bytes;
    }
    storage.memory = memory;
    storage.host = undefined;
    return before;
  }

  /** The changes of an evaluation are all made; its outcome may have to be waited for. */
  conclude(changes: readonly Change[], outcome: Promise<Error | undefined> | undefined): void {
    if (!outcome && this.#open.length === 0) return this.#keep(changes);
    this.#open.push(changes);
    this.#known = Promise.all([outcome, this.#known]).then(([own, before]) => {
      // It may have been undone with one before it.
      if (!this.#open.includes(changes)) return own ?? before;
      if (own) this.#undoAll(own);
      else this.#keep(this.#open.shift()!);
      return own;
    });
  }

  /** Settles when it is known of all evaluations whether they stand, with what the last one fails of. */
  known(): Promise<Error | undefined> | undefined {
    return this.#open.length === 0 ? undefined : this.#known;
  }

  /** Waits for the event loop's next turn, in which the collector reports, if many results were made since the last. */
  yieldToCollector(): Promise<void> | undefined {
    if (this.#sinceRest < restAfter) return undefined;
    this.#sinceRest = 0;
    return new Promise((resolve) => setTimeout(resolve));
  }

  #keep(changes: readonly Change[]): void {
    for (const { memory } of changes) if (memory) this.#device.free(memory);
  }

  #undoAll(failure: Error): void {
    for (const { buffer, host, memory } of this.#open.splice(0).flat().toReversed()) {
      this.#empty(buffer.storage);
      buffer.ballast = memory && buffer.ballast;
      const { storage } = buffer;
      storage.memory = memory;
      storage.host = host;
      if (!memory && !host) storage.failure = failure;
    }
  }

  #empty(storage: Storage): void {
    if (storage.memory) this.#device.free(storage.memory);
    storage.memory = undefined;
  }
}
