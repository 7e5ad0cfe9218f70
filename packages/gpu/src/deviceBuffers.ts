import type { TypedArray } from '@thetagrad/core/backend';
import type { Elements, GpuBuffer } from './buffer.ts';
import type { Device, DeviceBuffer } from './device/device.ts';

/** The elements of a buffer before they were replaced. */
export interface Change {
  readonly buffer: GpuBuffer;
  readonly host: TypedArray | undefined;
  readonly device: DeviceBuffer | undefined;
}

/** Bytes of new results after which the event loop gets a turn for finalizers. */
const yieldAfterBytes = 64 * 2 ** 20;
/** Results below this size have no size hint: it would cost more than it tells. */
const minHintedBytes = 64 * 2 ** 10;

/**
 * Gives buffers their elements on the device, and frees those of buffers that were garbage-collected. The collector does not
 * see memory of a device, so each large buffer holds a size hint: host memory that is never touched, and so is not paged in,
 * but is counted.
 *
 * A device may refuse an evaluation after it was submitted. Until its outcome is known, replaced elements are kept. If it
 * failed, they are restored, as are those replaced by later evaluations, which may depend on it.
 */
export class DeviceBuffers {
  readonly #device: Device;
  readonly #finalizers: FinalizationRegistry<Elements>;
  /** The changes of evaluations whose outcome is unknown, in order. */
  #uncommitted: (readonly Change[])[] = [];
  /** Settles when the outcomes of all of these are known, with the error of the last. */
  #outcome: Promise<Error | undefined> = Promise.resolve(undefined);
  #bytesSinceYield = 0;

  constructor(device: Device) {
    this.#device = device;
    this.#finalizers = new FinalizationRegistry((elements) => this.#free(elements));
  }

  /** Gives the buffer these elements; the previous ones are kept until {@link commit}. */
  setValue(buffer: GpuBuffer, value: DeviceBuffer): Change {
    const { elements } = buffer;
    const previous = { buffer, host: elements.host, device: elements.device };
    const { bytes } = value;
    if (!elements.device) {
      this.#finalizers.register(buffer, elements);
      if (bytes >= minHintedBytes) {
        buffer.externalSizeHint = globalThis.Buffer?.allocUnsafeSlow(bytes) ?? new ArrayBuffer(bytes);
      }
      this.#bytesSinceYield += bytes;
    }
    elements.device = value;
    elements.host = undefined;
    return previous;
  }

  /** Ends an evaluation that made these changes: frees the replaced elements, once its outcome is known. */
  commit(changes: readonly Change[], outcome: Promise<Error | undefined> | undefined): void {
    if (!outcome && this.#uncommitted.length === 0) return this.#freeReplaced(changes);
    this.#uncommitted.push(changes);
    this.#outcome = Promise.all([outcome, this.#outcome]).then(([failure, earlier]) => {
      // An earlier failure has rolled it back already.
      if (!this.#uncommitted.includes(changes)) return failure ?? earlier;
      if (failure) this.#rollBack(failure);
      else this.#freeReplaced(this.#uncommitted.shift()!);
      return failure;
    });
  }

  /** Settles when the outcomes of all evaluations are known, with the error of the last. */
  pendingOutcome(): Promise<Error | undefined> | undefined {
    return this.#uncommitted.length === 0 ? undefined : this.#outcome;
  }

  /** Yields to the event loop if many results were made since it last did, so that finalizers can free unreachable ones. */
  yieldToCollector(): Promise<void> | undefined {
    if (this.#bytesSinceYield < yieldAfterBytes) return undefined;
    this.#bytesSinceYield = 0;
    return new Promise((resolve) => setTimeout(resolve));
  }

  #freeReplaced(changes: readonly Change[]): void {
    for (const { device } of changes) if (device) this.#device.free(device);
  }

  /** Restores the elements from before all uncommitted evaluations. */
  #rollBack(failure: Error): void {
    for (const { buffer, host, device } of this.#uncommitted.splice(0).flat().toReversed()) {
      const { elements } = buffer;
      this.#free(elements);
      buffer.externalSizeHint = device && buffer.externalSizeHint;
      elements.device = device;
      elements.host = host;
      if (!device && !host) elements.failure = failure;
    }
  }

  #free(elements: Elements): void {
    if (elements.device) this.#device.free(elements.device);
    elements.device = undefined;
  }
}
