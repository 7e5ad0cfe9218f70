import type { Backend, Buffer, DType, Kernel, Plan, TypedArray } from '@thetagrad/core/backend';
import { GpuBuffer, Subarray } from './buffer.ts';
import type { Device } from './device/device.ts';
import { DeviceBuffers } from './deviceBuffers.ts';
import { Execution, type Outcome } from './execution.ts';
import { hostPartOf } from './lower/index.ts';
import { Program } from './program.ts';

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
   * Either all outputs get their values or, after an error, none does. Where the host computes kernels and the device can only be
   * read asynchronously, this and later plans run when what they read is there, in order.
   * @throws {Error} for `timings` where the adapter cannot time kernels.
   * @throws {RangeError} for an index out of range.
   * @throws {Error} if a kernel cannot be compiled or run, or the device is lost. A device may report it, and an index out of
   *   range that it has computed, later; so is an error of a plan that runs later. Then {@link yieldToCollector} throws it, or
   *   else the next operation.
   */
  execute(plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[], timings?: Float64Array): void {
    const deviceBuffers = this.#deviceBuffers;
    deviceBuffers.throwUnreported();
    const program = this.#programFor(plan);
    const read = inputs as readonly (GpuBuffer | Subarray)[];
    const written = outputs as readonly GpuBuffer[];
    const execution = new Execution(this.#device, deviceBuffers, {
      program,
      inputs: read,
      outputs: written,
      timings,
      pendingTimings: this.#pendingTimings,
    });
    const { changes } = execution;
    const waits = program.sections.length > 1 || deviceBuffers.hasDeferred;
    if (waits && !this.#device.isSynchronous) {
      const whole = read.map((buffer) => (buffer instanceof Subarray ? buffer.whole : buffer));
      return deviceBuffers.defer({ inputs: whole, outputs: written }, changes, () => execution.runAsync());
    }
    let outcome: Outcome | undefined;
    try {
      outcome = execution.run();
    } catch (error) {
      deviceBuffers.revert(changes);
      throw error;
    }
    deviceBuffers.commit(changes, outcome);
  }

  async flushTimings(): Promise<void> {
    await this.#deviceBuffers.pendingOutcome();
    await Promise.all(this.#pendingTimings.splice(0));
  }

  /** @throws {Error} if the device has refused submitted work, or computed an index out of range. */
  yieldToCollector(): Promise<void> | undefined {
    const pause = (): Promise<void> | undefined => {
      this.#deviceBuffers.throwUnreported();
      return this.#device.throttle() ?? this.#deviceBuffers.yieldToCollector();
    };
    const pending = this.#deviceBuffers.awaitOutcome();
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

  runsOnHost(kernel: Kernel): boolean {
    return hostPartOf(kernel, this.#device.language) !== undefined;
  }

  release(plan: Plan): void {
    this.#programs.delete(plan);
  }

  #programFor(plan: Plan): Program {
    let program = this.#programs.get(plan);
    if (!program) this.#programs.set(plan, (program = new Program(plan, this.#device)));
    return program;
  }
}
