import type { Backend, Buffer, DType, Plan, TypedArray } from '@thetagrad/core/backend';
import { GpuBuffer, Subarray } from './buffer.ts';
import type { Device, DeviceBuffer } from './device/device.ts';
import { DeviceBuffers, type Change } from './deviceBuffers.ts';
import { decodeIndexCheck } from './lower/indexCheck.ts';
import { lowerSubarray } from './lower/subarray.ts';
import { Program, type DeviceCheck, type Memory } from './program.ts';

const none: ReadonlySet<never> = new Set();

/** Host arrays below this size are uploaded for each run; larger ones stay on the device. */
const minResidentBytes = 4096;

/** Frees what is left on the device of a backend that was garbage-collected. Nothing on a device refers to its backend. */
const abandoned = new FinalizationRegistry<Device>((device) => device.destroy());

/** A backend on gpu.js. */
export interface GpuBackend extends Backend {
  /** The mode of gpu.js. */
  readonly mode: string;
  /** Bytes allocated on the device, in use or pooled; 0 in the modes `webasm` and `cpu`. */
  readonly bytesAllocated: number;
  /** Bytes of variables, and of results that were not collected yet. */
  readonly bytesInUse: number;
  /** An estimate of the memory of compiled kernels, which {@link GpuOptions.maxKernelBytes} bounds. */
  readonly kernelBytes: number;
  /** One line that says what computes, and why no faster mode does. */
  describe(): string;
}

/**
 * Runs plans on a device of gpu.js. Results and variables stay on the device until they are read or collected. Each command
 * writes to a new device buffer, which its variable or result then takes over, so that nothing is overwritten while it is
 * still read.
 */
export class DeviceBackend implements GpuBackend {
  readonly name: string;
  readonly dtypes: readonly DType[] = ['float32', 'int32', 'bool'];
  readonly maxOperands?: number;
  /** Indices are int32. */
  readonly maxTerms: number = 2 ** 31 - 1;
  readonly #device: Device;
  readonly #reason: string;
  readonly #deviceBuffers: DeviceBuffers;
  /** Timings that the device has not reported yet. */
  readonly #pendingTimings: Promise<void>[] = [];
  readonly #programs = new WeakMap<Plan, Program>();

  constructor(device: Device, reason: string) {
    this.name = `gpu ${device.mode}`;
    this.#device = device;
    this.#reason = reason;
    this.#deviceBuffers = new DeviceBuffers(device);
    abandoned.register(this, device);
    // One input is left for scratch: the last command of a scan reads the totals of blocks besides the kernel's operands.
    if (device.maxInputs !== undefined) this.maxOperands = device.maxInputs - 1;
  }

  get isAsynchronous(): boolean {
    return !this.#device.isSynchronous;
  }

  get mode(): string {
    return this.#device.mode;
  }

  get bytesAllocated(): number {
    return this.#device.bytesAllocated;
  }

  get bytesInUse(): number {
    return this.#device.bytesInUse;
  }

  get kernelBytes(): number {
    return this.#device.kernelBytes;
  }

  describe(): string {
    return `${this.#device.description}; ${this.#reason}`;
  }

  upload(values: TypedArray, dtype: DType): Buffer {
    return new GpuBuffer(this, this.#deviceBuffers, dtype, values.length, values);
  }

  allocate(dtype: DType, size: number): Buffer {
    return new GpuBuffer(this, this.#deviceBuffers, dtype, size);
  }

  subarray(buffer: Buffer, start: number, size: number): Buffer {
    return new Subarray(buffer as GpuBuffer, start, size);
  }

  /**
   * Either all outputs get their values or, after an error, none does.
   * @throws {Error} for `timings` where the adapter cannot time kernels.
   * @throws {RangeError} for an index out of range.
   * @throws {Error} if a kernel cannot be compiled or run, or the device is lost. A device may report it, and an index out of
   *   range that it has computed, later: then {@link yieldToCollector} throws it, or else the next operation.
   */
  execute(plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[], timings?: Float64Array): void {
    const device = this.#device;
    const buffers = inputs as readonly (GpuBuffer | Subarray)[];
    this.#deviceBuffers.throwUnreported();
    const program = this.#programFor(plan);
    // Elsewhere indices are checked in the order of kernels, as on the portable backend.
    const passed = device.checkIndices ? none : program.checkOnHost((input) => hostOf(buffers[input]!));
    device.begin(timings !== undefined);
    const memory: Memory = new Map();
    const uploads: DeviceBuffer[] = [];
    const changes: Change[] = [];
    let outcome: Promise<Error | undefined> | undefined;
    try {
      const bound = new Map<GpuBuffer, DeviceBuffer>();
      for (const buffer of buffers) {
        if (buffer instanceof GpuBuffer) bound.set(buffer, this.#resolve(buffer, uploads, changes));
      }
      let copies = 0;
      for (const [slot, index] of program.inputs) {
        const buffer = buffers[index]!;
        if (buffer instanceof Subarray) {
          memory.set(slot, this.#copy(buffer, bound.get(buffer.whole)!, uploads));
          if (buffer.size > 0) copies++;
        } else memory.set(slot, bound.get(buffer)!);
      }
      const { checks, kernelOf } = program.run(device, memory, passed, device.isSynchronous ? timings : undefined);
      device.end();
      if (device.isSynchronous) this.#readChecks(checks, memory);
      for (const slot of program.inputs.keys()) memory.delete(slot);
      for (const [slot, index] of program.outputs) {
        const result = memory.get(slot);
        memory.delete(slot);
        if (result) changes.push(this.#deviceBuffers.setValue(outputs[index] as GpuBuffer, result));
      }
      outcome = this.#outcomeOf(checks, memory);
      if (timings && device.times) this.#awaitTimings(timings, kernelOf, device.times(), copies);
    } catch (error) {
      device.abort();
      this.#deviceBuffers.revert(changes.splice(0));
      throw error;
    } finally {
      this.#deviceBuffers.commit(changes, outcome);
      // After an error, `memory` holds inputs, which are kept, and intermediates, which are freed.
      for (const slot of program.inputs.keys()) memory.delete(slot);
      for (const buffer of [...uploads, ...memory.values()]) device.free(buffer);
    }
  }

  async flushTimings(): Promise<void> {
    await Promise.all(this.#pendingTimings.splice(0));
  }

  /** @throws {Error} if the device has refused submitted work, or computed an index out of range. */
  yieldToCollector(): Promise<void> | undefined {
    const pause = (): Promise<void> | undefined => {
      this.#deviceBuffers.throwUnreported();
      return this.#device.throttle() ?? this.#deviceBuffers.yieldToCollector();
    };
    const pending = this.#deviceBuffers.pendingOutcome();
    if (!pending) return pause();
    return pending.then((failure) => {
      const paused = pause();
      // `pause` throws the failure unless it was already thrown elsewhere.
      if (failure) throw failure;
      return paused;
    });
  }

  sourcesOf(plan: Plan): string[] {
    return this.#programFor(plan).sources(plan.kernels.length);
  }

  release(plan: Plan): void {
    this.#programs.delete(plan);
  }

  /** @throws {RangeError} for the first index out of range. */
  #readChecks(checks: readonly DeviceCheck[], memory: Memory): void {
    for (const { check, output } of checks) {
      const failure = decodeIndexCheck(check, this.#device.readSync(memory.get(output)!, 'int32', 2));
      if (failure) throw failure;
    }
  }

  /** The outcome of the sequence that has ended, if it is not known. Takes the results of checks from memory. */
  #outcomeOf(checks: readonly DeviceCheck[], memory: Memory): Promise<Error | undefined> | undefined {
    const device = this.#device;
    const accepted = device.outcome?.();
    if (device.isSynchronous || checks.length === 0) return accepted;
    const results = checks.map(({ check, output }) => ({ check, buffer: memory.get(output)! }));
    for (const { output } of checks) memory.delete(output);
    const read = async (): Promise<Error | undefined> => {
      // After a refusal the results are not those of the checks.
      const refusal = await accepted;
      if (refusal) return refusal;
      const values = await Promise.all(results.map(({ buffer }) => device.read(buffer, 'int32', 2)));
      return results.map(({ check }, i) => decodeIndexCheck(check, values[i]!)).find((failure) => failure);
    };
    return read()
      .catch((error: Error) => error)
      .finally(() => {
        for (const { buffer } of results) device.free(buffer);
      });
  }

  /** @param copies the number of commands before those of kernels. */
  #awaitTimings(
    timings: Float64Array,
    kernelOf: readonly number[],
    times: Promise<Float64Array>,
    copies: number,
  ): void {
    const pending = times.then((times) =>
      times.subarray(copies).forEach((milliseconds, command) => {
        timings[kernelOf[command]!]! += milliseconds;
      }),
    );
    // `flushTimings` throws its error, however late it is called.
    pending.catch(() => undefined);
    this.#pendingTimings.push(pending);
  }

  /** The device buffer of an input, uploaded if it is on the host. */
  #resolve(buffer: GpuBuffer, uploads: DeviceBuffer[], changes: Change[]): DeviceBuffer {
    const { host, device, failure } = buffer.elements;
    if (device) return device;
    if (failure) throw failure;
    const uploaded = this.#device.upload(host ?? new Float32Array(), buffer.dtype);
    if (host && host.byteLength >= minResidentBytes) changes.push(this.#deviceBuffers.setValue(buffer, uploaded));
    else uploads.push(uploaded);
    return uploaded;
  }

  /** Copies a part of an input, by a command unless it is empty. */
  #copy({ dtype, start, size, whole }: Subarray, input: DeviceBuffer, uploads: DeviceBuffer[]): DeviceBuffer {
    const device = this.#device;
    const first = device.upload(Int32Array.of(start), 'int32');
    uploads.push(first);
    const { code } = lowerSubarray(dtype, whole.size, size, device.language);
    const copy = size > 0 ? device.dispatch(code, [first, input]) : device.upload(new Float32Array(), dtype);
    uploads.push(copy);
    return copy;
  }

  #programFor(plan: Plan): Program {
    let program = this.#programs.get(plan);
    if (!program) this.#programs.set(plan, (program = new Program(plan, this.#device)));
    return program;
  }
}

/** The elements of an input, if they are on the host. */
function hostOf(buffer: GpuBuffer | Subarray): TypedArray | undefined {
  return buffer instanceof Subarray ? buffer.host : buffer.elements.host;
}
