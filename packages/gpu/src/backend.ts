import type { Backend, Buffer, DType, Plan, TypedArray } from '@thetagrad/core/backend';
import { GpuBuffer } from './buffer.ts';
import type { Location } from './code/command.ts';
import type { Device, DeviceBuffer } from './device/device.ts';
import { DeviceBuffers, type Change } from './deviceBuffers.ts';
import { Program } from './program.ts';

/** Host arrays below this size are uploaded for each run; larger ones stay on the device. */
const minResidentBytes = 4096;

/** A backend on gpu.js. */
export interface GpuBackend extends Backend {
  /** The mode of gpu.js. */
  readonly mode: string;
  /** Bytes allocated on the device, in use or pooled; 0 in the modes `webasm` and `cpu`. */
  readonly bytesAllocated: number;
  /** Bytes of variables, and of results that were not collected yet. */
  readonly bytesInUse: number;
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
    // One input is left for scratch: the last command of a scan reads the totals of blocks besides the kernel's operands.
    if (device.maxInputs !== undefined) this.maxOperands = device.maxInputs - 1;
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

  describe(): string {
    return `${this.#device.description}; ${this.#reason}`;
  }

  upload(values: TypedArray, dtype: DType): Buffer {
    return new GpuBuffer(this, this.#device, dtype, values.length, values);
  }

  allocate(dtype: DType, size: number): Buffer {
    return new GpuBuffer(this, this.#device, dtype, size);
  }

  /**
   * @throws {Error} for `timings` where the adapter cannot time kernels.
   * @throws {RangeError} for an index out of range, in the modes `webasm` and `cpu`; in others, when values are read.
   * @throws {Error} if a kernel cannot be compiled or run, or the device is lost; variables keep their values. A device may
   *   report it later: then {@link yieldToCollector} throws it, or else the next operation.
   */
  execute(plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[], timings?: Float64Array): void {
    const device = this.#device;
    const program = this.#programFor(plan);
    device.begin(timings !== undefined);
    const memory = new Map<Location, DeviceBuffer>();
    const uploads: DeviceBuffer[] = [];
    const changes: Change[] = [];
    try {
      const bound = (inputs as readonly GpuBuffer[]).map((buffer) => this.#resolve(buffer, uploads, changes));
      for (const [slot, index] of program.inputs) memory.set(slot, bound[index]!);
      program.run(device, memory, device.isSynchronous ? timings : undefined);
      for (const slot of program.inputs.keys()) memory.delete(slot);
      for (const [slot, index] of program.outputs) {
        const result = memory.get(slot);
        if (result) changes.push(this.#deviceBuffers.setValue(outputs[index] as GpuBuffer, result));
      }
      memory.clear();
    } finally {
      device.end();
      this.#deviceBuffers.commit(changes, device.outcome?.());
      // After an error, `memory` holds inputs, which are kept, and intermediates, which are freed.
      for (const slot of program.inputs.keys()) memory.delete(slot);
      for (const buffer of [...uploads, ...memory.values()]) device.free(buffer);
    }
    const pending = timings && device.times?.().then((times) => program.addTimes(timings, times));
    if (!pending) return;
    // `flushTimings` throws its error, however late it is called.
    pending.catch(() => undefined);
    this.#pendingTimings.push(pending);
  }

  async flushTimings(): Promise<void> {
    await Promise.all(this.#pendingTimings.splice(0));
  }

  /** @throws {Error} if the device has refused submitted work. */
  yieldToCollector(): Promise<void> | undefined {
    const pause = (): Promise<void> | undefined => this.#device.throttle() ?? this.#deviceBuffers.yieldToCollector();
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
    return new Program(plan, this.#device).sources(plan.kernels.length);
  }

  release(plan: Plan): void {
    this.#programs.delete(plan);
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

  #programFor(plan: Plan): Program {
    let program = this.#programs.get(plan);
    if (!program) this.#programs.set(plan, (program = new Program(plan, this.#device)));
    return program;
  }
}
