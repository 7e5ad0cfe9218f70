import { allocate, type TypedArray } from '@thetagrad/core/backend';
import type { Elements, GpuBuffer } from './buffer.ts';
import { asynchronousReadError, type Device, type DeviceBuffer } from './device/device.ts';

/** The elements of a buffer before they were replaced. */
export interface Change {
  readonly buffer: GpuBuffer;
  readonly host: TypedArray | undefined;
  readonly device: DeviceBuffer | undefined;
}

/** An evaluation whose outcome is unknown. */
interface Evaluation {
  readonly changes: readonly Change[];
  /** What it reads and writes, if it runs later. */
  readonly deferred?: Deferred;
  /** Whether who has started it waits for its outcome. */
  isAwaited: boolean;
  /** Why it was rolled back. */
  failure: Error | undefined;
}

/** The buffers of an evaluation that runs later. */
export interface Deferred {
  readonly inputs: readonly GpuBuffer[];
  /** Have no value until it has run. */
  readonly outputs: readonly GpuBuffer[];
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
  /** The evaluations whose outcome is unknown, in order. */
  #uncommitted: Evaluation[] = [];
  /** Settles when the outcomes of all of these are known, with the error of the last. */
  #outcome: Promise<Error | undefined> = Promise.resolve(undefined);
  /** The error of an evaluation that nothing has thrown yet. */
  #unreported: Error | undefined;
  #bytesSinceYield = 0;

  constructor(device: Device) {
    this.#device = device;
    this.#finalizers = new FinalizationRegistry((elements) => this.#free(elements));
  }

  /** Gives the buffer these elements; the previous ones are kept until {@link commit}. Cannot fail. */
  setValue(buffer: GpuBuffer, value: DeviceBuffer): Change {
    const { elements } = buffer;
    const previous = { buffer, host: elements.host, device: elements.device };
    const { bytes } = value;
    if (!elements.device) {
      this.#finalizers.register(buffer, elements, elements);
      if (bytes >= minHintedBytes) buffer.externalSizeHint = sizeHint(bytes);
      this.#bytesSinceYield += bytes;
    }
    elements.device = value;
    elements.host = undefined;
    return previous;
  }

  /** As {@link setValue}, of elements on the host. */
  setHostValue(buffer: GpuBuffer, host: TypedArray): Change {
    const { elements } = buffer;
    const previous = { buffer, host: elements.host, device: elements.device };
    elements.device = undefined;
    elements.host = host;
    return previous;
  }

  /** Ends an evaluation that made these changes: frees the replaced elements, once its outcome is known. */
  commit(changes: readonly Change[], outcome: Promise<Error | undefined> | undefined): void {
    if (!outcome && this.#uncommitted.length === 0) return this.#freeReplaced(changes);
    this.#append({ changes, isAwaited: false, failure: undefined }, outcome);
  }

  /**
   * Runs an evaluation when the outcomes of all earlier ones are known, unless one has failed that it depends on.
   * @param changes gets what it changes.
   */
  defer(deferred: Deferred, changes: readonly Change[], run: () => Promise<Error | undefined>): void {
    const evaluation: Evaluation = { changes, deferred, isAwaited: false, failure: undefined };
    const start = async (): Promise<Error | undefined> => {
      await this.pendingOutcome();
      return evaluation.failure ?? run();
    };
    this.#append(evaluation, this.#uncommitted.length === 0 ? run() : start());
  }

  /** Whether an evaluation is still to run, or to go on. */
  get hasDeferred(): boolean {
    return this.#uncommitted.some(({ deferred }) => deferred);
  }

  #append(evaluation: Evaluation, outcome: Promise<Error | undefined> | undefined): void {
    this.#uncommitted.push(evaluation);
    this.#outcome = Promise.all([outcome, this.#outcome]).then(([failure]) => {
      // An earlier failure has rolled it back already.
      if (evaluation.failure) return evaluation.failure;
      if (failure) this.#fail(evaluation, failure);
      else this.#freeReplaced(this.#uncommitted.shift()!.changes);
      return failure;
    });
  }

  /** Rolls back a failed evaluation, and later ones. */
  #fail(evaluation: Evaluation, failure: Error): void {
    const { deferred, isAwaited } = evaluation;
    if (!deferred || !isAwaited) {
      this.#unreported = failure;
      return this.#rollBack(this.#uncommitted, failure);
    }
    // The later ones have not run yet, and those that do not depend on it can. Who waits for it reports the failure.
    const lost = new Set(deferred.outputs);
    const dependsOnLost = ({ deferred: later }: Evaluation): boolean => {
      if (!later) return true;
      const depends = [...later.inputs, ...later.outputs].some((buffer) => lost.has(buffer));
      if (depends) for (const output of later.outputs) lost.add(output);
      return depends;
    };
    this.#rollBack(this.#uncommitted.filter(dependsOnLost), failure);
  }

  #rollBack(evaluations: readonly Evaluation[], failure: Error): void {
    const changes = evaluations.flatMap((evaluation) => evaluation.changes);
    this.revert(changes, failure);
    for (const evaluation of evaluations) {
      evaluation.failure = failure;
      for (const { elements } of evaluation.deferred?.outputs ?? []) {
        if (!elements.device && !elements.host) elements.failure ??= failure;
      }
    }
    this.#uncommitted = this.#uncommitted.filter((evaluation) => !evaluations.includes(evaluation));
  }

  /** Undoes changes. Buffers that had no elements before fail with this error from here on. */
  revert(changes: readonly Change[], failure?: Error): void {
    for (const { buffer, host, device } of changes.toReversed()) {
      const { elements } = buffer;
      this.#free(elements);
      if (!device) {
        this.#finalizers.unregister(elements);
        buffer.externalSizeHint = undefined;
      }
      elements.device = device;
      elements.host = host;
      if (!device && !host) elements.failure = failure;
    }
  }

  /** As {@link pendingOutcome}, for who has started the last evaluation, and reports its failure. */
  awaitOutcome(): Promise<Error | undefined> | undefined {
    const last = this.#uncommitted.at(-1);
    if (last) last.isAwaited = true;
    return this.pendingOutcome();
  }

  /** Settles when the outcomes of all evaluations are known, with the error of the last. */
  pendingOutcome(): Promise<Error | undefined> | undefined {
    return this.#uncommitted.length === 0 ? undefined : this.#outcome;
  }

  /** @throws {Error} the error of an evaluation that failed after it was submitted, once. */
  throwUnreported(): void {
    const failure = this.#unreported;
    this.#unreported = undefined;
    if (failure) throw failure;
  }

  /** Drops the elements, wherever they are. Work that was submitted or deferred still reads and writes them. */
  dispose(elements: Elements): void {
    elements.failure = new Error('gpu: the value has been disposed of');
    const drop = (): void => {
      this.#finalizers.unregister(elements);
      this.#free(elements);
      elements.host = undefined;
    };
    if (this.hasDeferred) void this.#outcome.then(drop);
    else drop();
  }

  /** Yields to the event loop if many results were made since it last did, so that finalizers can free unreachable ones. */
  yieldToCollector(): Promise<void> | undefined {
    if (this.#bytesSinceYield < yieldAfterBytes) return undefined;
    this.#bytesSinceYield = 0;
    return new Promise((resolve) => setTimeout(resolve));
  }

  /** Why the buffer has no elements. */
  failureOf({ elements: { device, failure } }: GpuBuffer): Error | undefined {
    return failure ?? (device && this.#device.failure);
  }

  /** Copies the elements. Waits for outcomes, after which they may be others. */
  async read(buffer: GpuBuffer): Promise<TypedArray> {
    await this.pendingOutcome();
    this.throwUnreported();
    const { device } = buffer.elements;
    return device ? this.#device.read(device, buffer.dtype, buffer.size) : readHost(buffer);
  }

  readSync(buffer: GpuBuffer): TypedArray {
    if (this.#uncommitted.some(({ deferred }) => deferred?.outputs.includes(buffer))) throw asynchronousReadError();
    const { device } = buffer.elements;
    return device ? this.#device.readSync(device, buffer.dtype, buffer.size) : readHost(buffer);
  }

  #freeReplaced(changes: readonly Change[]): void {
    for (const { device } of changes) if (device) this.#device.free(device);
  }

  #free(elements: Elements): void {
    if (elements.device) this.#device.free(elements.device);
    elements.device = undefined;
  }
}

/** Without memory to reserve, there is no hint: the elements themselves are there already. */
function sizeHint(bytes: number): ArrayBufferView | ArrayBuffer | undefined {
  try {
    return globalThis.Buffer?.allocUnsafeSlow(bytes) ?? new ArrayBuffer(bytes);
  } catch {
    return undefined;
  }
}

/** A copy of the host's elements: zeros if nothing was written. */
function readHost({ elements: { host, failure }, dtype, size }: GpuBuffer): TypedArray {
  if (host) return host.slice();
  if (failure) throw failure;
  return allocate(dtype, size);
}
