import type { Backend, Buffer, DType, Plan, TypedArray } from '@thetagrad/core/backend';
import { GpuBuffer } from './buffer.ts';
import type { Place } from './code/code.ts';
import type { Device, Memory } from './device/device.ts';
import { Program } from './program.ts';
import { Residents, type Change } from './residents.ts';

/** Host arrays below this are uploaded for each run; larger ones stay on the device. */
const stagedBytes = 4096;

/**
 * Runs plans on a device of gpu.js. Results and variables stay there until they are read or collected; every kernel writes
 * to memory of its own, which the variable or result takes over, so that nothing is ever overwritten while it is read.
 */
export class GpuBackend implements Backend {
  readonly name: string;
  readonly dtypes: readonly DType[] = ['float32', 'int32', 'bool'];
  readonly maxOperands?: number;
  readonly #device: Device;
  readonly #reason: string;
  readonly #residents: Residents;
  /** The times that are not there yet. */
  readonly #timed: Promise<void>[] = [];
  readonly #programs = new WeakMap<Plan, Program>();

  constructor(device: Device, reason: string) {
    this.name = `gpu ${device.mode}`;
    this.#device = device;
    this.#reason = reason;
    this.#residents = new Residents(device);
    // Beside its operands, a kernel may read what was computed for it first, as scans do.
    if (device.mostInputs !== undefined) this.maxOperands = device.mostInputs - 1;
  }

  /** The mode of gpu.js that it runs in. */
  get mode(): string {
    return this.#device.mode;
  }

  /** How many bytes of the device's memory it has taken, in use or kept for use; 0 where arrays are the memory. */
  get bytesAllocated(): number {
    return this.#device.bytes;
  }

  /** How many of them hold variables, and results that were not collected yet. */
  get bytesInUse(): number {
    return this.#device.bytesInUse;
  }

  /** One line on what computes, and why it and nothing faster does. */
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
   * @throws {RangeError} for an index out of range, in modes that compute at once; in others, when values are read.
   * @throws {Error} if a kernel cannot be compiled or run, or the device is lost; variables are as they were then. Devices
   *   that compute elsewhere may find that out later: {@link rest} throws it, or else what is done next.
   */
  execute(plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[], timings?: Float64Array): void {
    const device = this.#device;
    const program = this.#programFor(plan);
    device.begin(timings !== undefined);
    const memory = new Map<Place, Memory>();
    const temporary: Memory[] = [];
    const changes: Change[] = [];
    try {
      const own = (inputs as readonly GpuBuffer[]).map((buffer) => this.#placed(buffer, temporary, changes));
      for (const [place, index] of program.inputs) memory.set(place, own[index]!);
      program.run(device, memory, device.isSynchronous ? timings : undefined);
      for (const place of program.inputs.keys()) memory.delete(place);
      for (const [place, index] of program.outputs) {
        const result = memory.get(place);
        if (result) changes.push(this.#residents.settle(outputs[index] as GpuBuffer, result));
      }
      memory.clear();
    } finally {
      device.end();
      this.#residents.conclude(changes, device.outcome?.());
      // What is left in `memory` after an error.
      for (const place of program.inputs.keys()) memory.delete(place);
      for (const one of [...temporary, ...memory.values()]) device.free(one);
    }
    const times = timings && device.times?.().then((all) => program.charge(timings, all));
    if (!times) return;
    // The error, if there is one, is that of `timed`, however late that is called.
    times.catch(() => undefined);
    this.#timed.push(times);
  }

  async flushTimings(): Promise<void> {
    await Promise.all(this.#timed.splice(0));
  }

  /** @throws {Error} if the device has refused what was submitted. */
  yieldToCollector(): Promise<void> | undefined {
    const rest = (): Promise<void> | undefined => this.#device.yieldToCollector() ?? this.#residents.yieldToCollector();
    const known = this.#residents.known();
    if (!known) return rest();
    return known.then((failure) => {
      const pause = rest();
      // If somebody else was told.
      if (failure) throw failure;
      return pause;
    });
  }

  sourcesOf(plan: Plan): string[] {
    return new Program(plan, this.#device).sources(plan.kernels.length);
  }

  release(plan: Plan): void {
    this.#programs.delete(plan);
  }

  /** The memory of an input, which it gets if it has none. */
  #placed(buffer: GpuBuffer, temporary: Memory[], changes: Change[]): Memory {
    const { host, memory, failure } = buffer.storage;
    if (memory) return memory;
    if (failure) throw failure;
    const uploaded = this.#device.upload(host ?? new Float32Array(), buffer.dtype);
    if (host && host.byteLength >= stagedBytes) changes.push(this.#residents.settle(buffer, uploaded));
    else temporary.push(uploaded);
    return uploaded;
  }

  #programFor(plan: Plan): Program {
    let program = this.#programs.get(plan);
    if (!program) this.#programs.set(plan, (program = new Program(plan, this.#device)));
    return program;
  }
}
