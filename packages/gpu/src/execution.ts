import { operandsOf, runOnHost, type TypedArray } from '@thetagrad/core/backend';
import { Subarray, type GpuBuffer } from './buffer.ts';
import type { IndexCheck } from './code/command.ts';
import type { Device, DeviceBuffer } from './device/device.ts';
import type { Change, DeviceBuffers } from './deviceBuffers.ts';
import { decodeIndexCheck } from './lower/indexCheck.ts';
import { lowerSubarray } from './lower/subarray.ts';
import { Memory, type Read } from './memory.ts';
import { minResidentBytes, type DeviceCheck, type HostStep, type Program, type Section } from './program.ts';

const none: ReadonlySet<never> = new Set();

/** An error, or `undefined` if nothing failed. */
export type Outcome = Promise<Error | undefined>;

/** What an execution waits for before the host computes a kernel. */
interface Wait {
  /** Of the commands so far, if it is not known. */
  readonly outcome: Outcome | undefined;
  readonly reads: readonly Read[];
}

export interface ExecutionOptions {
  readonly program: Program;
  readonly inputs: readonly (GpuBuffer | Subarray)[];
  readonly outputs: readonly GpuBuffer[];
  readonly timings: Float64Array | undefined;
  /** Gets timings that the device has not reported yet. */
  readonly pendingTimings: Promise<void>[];
}

/**
 * One run of a program: sequences of commands on the device and, between them, kernels on the host, whose operands are read
 * and whose results are uploaded. All outputs get their values at the end, or after an error none does.
 */
export class Execution {
  /** What it has changed, also if it has failed. */
  readonly changes: Change[] = [];
  readonly #device: Device;
  readonly #deviceBuffers: DeviceBuffers;
  readonly #options: ExecutionOptions;

  constructor(device: Device, deviceBuffers: DeviceBuffers, options: ExecutionOptions) {
    this.#device = device;
    this.#deviceBuffers = deviceBuffers;
    this.#options = options;
  }

  /**
   * Runs at once, on a device that can be read at once if there are kernels for the host.
   * @returns the outcome, if it is not known.
   */
  run(): Outcome | undefined {
    const device = this.#device;
    const sections = this.#run();
    let step = sections.next();
    while (!step.done) {
      step = sections.next(
        step.value.reads.map(({ location: { dtype, size }, buffer }) => device.readSync(buffer, dtype, size)),
      );
    }
    return step.value;
  }

  /** Runs, waiting for what the host needs. */
  async runAsync(): Outcome {
    try {
      const sections = this.#run();
      let step = sections.next();
      while (!step.done) {
        let values: TypedArray[];
        try {
          values = await this.#valuesOf(step.value);
        } catch (error) {
          step = sections.throw(error);
          continue;
        }
        step = sections.next(values);
      }
      return await step.value;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async #valuesOf({ outcome, reads }: Wait): Promise<TypedArray[]> {
    const failure = await outcome;
    if (failure) throw failure;
    return Promise.all(reads.map(({ location: { dtype, size }, buffer }) => this.#device.read(buffer, dtype, size)));
  }

  /** Yields before each kernel on the host, and is given what it has to read. Returns the outcome of the last commands. */
  *#run(): Generator<Wait, Outcome | undefined, readonly TypedArray[]> {
    const memory = new Memory(this.#device);
    const { sections, onDevice } = this.#options.program;
    let outcome: Outcome | undefined;
    try {
      const passed = this.#checkOnHost();
      for (const section of sections) {
        const { host, steps } = section;
        const isNeeded = steps.length > 0 || section === sections[0] || memory.hasUploads(onDevice);
        if (isNeeded) outcome = this.#submit(section, memory, passed);
        if (!host) break;
        const reads = memory.missing(operandsOf(host.onHost).map(({ slot }) => slot));
        const values = yield { outcome, reads };
        reads.forEach(({ location }, i) => memory.setArray(location, values[i]!));
        this.#runOnHost(host, memory);
      }
      this.#store(memory);
      return outcome;
    } catch (error) {
      this.#device.abort();
      throw error;
    } finally {
      memory.freeAll();
    }
  }

  /** Runs the commands of a section in one sequence. Returns the outcome, if it is not known. */
  #submit(section: Section, memory: Memory, passed: ReadonlySet<IndexCheck>): Outcome | undefined {
    const device = this.#device;
    const { program, timings } = this.#options;
    device.begin(timings !== undefined);
    const copies = section === program.sections[0] ? this.#bindInputs(memory) : 0;
    memory.upload(program.onDevice);
    const timed = device.isSynchronous ? timings : undefined;
    const { checks, kernelOf } = program.run(section, device, memory, passed, timed);
    device.end();
    if (timings && device.times) this.#awaitTimings(timings, kernelOf, device.times(), copies);
    if (!device.isSynchronous) return this.#outcomeOf(checks, memory);
    this.#readChecks(checks, memory);
    return undefined;
  }

  #runOnHost({ onHost, number, lastUses }: HostStep, memory: Memory): void {
    const { timings } = this.#options;
    const start = timings ? performance.now() : 0;
    runOnHost(onHost, (slot) => memory.arrayOf(slot));
    if (timings) timings[number]! += performance.now() - start;
    memory.dropBuffer(onHost.output);
    for (const location of lastUses) memory.free(location);
  }

  /** Checks indices before anything is submitted, where kernels do not. */
  #checkOnHost(): ReadonlySet<IndexCheck> {
    // Elsewhere indices are checked in the order of kernels, as on the portable backend.
    if (this.#device.checkIndices) return none;
    const { program, inputs } = this.#options;
    return program.checkOnHost((input) => hostOf(inputs[input]!));
  }

  /** Gives the inputs to the run, on the host alone if the device does not need them. Returns the number of commands. */
  #bindInputs(memory: Memory): number {
    const { program, inputs } = this.#options;
    const resolved = new Map<GpuBuffer, DeviceBuffer>();
    const resolve = (buffer: GpuBuffer): DeviceBuffer => {
      let device = resolved.get(buffer);
      if (!device) resolved.set(buffer, (device = this.#resolve(buffer, memory)));
      return device;
    };
    let copies = 0;
    for (const [slot, index] of program.inputs) {
      const buffer = inputs[index]!;
      const host = hostOf(buffer);
      if (host) memory.setArray(slot, host);
      if (host && !program.onDevice.has(slot)) continue;
      if (buffer instanceof Subarray) {
        memory.bind(slot, this.#copy(buffer, resolve(buffer.whole), memory));
        if (buffer.size > 0) copies++;
      } else memory.bind(slot, resolve(buffer));
    }
    return copies;
  }

  /** The device buffer of an input, uploaded if it is on the host. */
  #resolve(buffer: GpuBuffer, memory: Memory): DeviceBuffer {
    const { host, device, failure } = buffer.elements;
    if (device) return device;
    if (failure && !host) throw failure;
    const uploaded = this.#device.upload(host ?? new Float32Array(), buffer.dtype);
    if (!host || host.byteLength < minResidentBytes) return memory.untilEnd(uploaded);
    this.changes.push(this.#deviceBuffers.setValue(buffer, uploaded));
    return uploaded;
  }

  /** Copies a part of an input, by a command unless it is empty. */
  #copy({ dtype, start, size, whole }: Subarray, input: DeviceBuffer, memory: Memory): DeviceBuffer {
    const device = this.#device;
    const first = memory.untilEnd(device.upload(Int32Array.of(start), 'int32'));
    const { code } = lowerSubarray(dtype, whole.size, size, device.language);
    return memory.untilEnd(size > 0 ? device.dispatch(code, [first, input]) : device.upload(new Float32Array(), dtype));
  }

  /** Hands the results over to the outputs. Cannot fail. */
  #store(memory: Memory): void {
    const { program, outputs } = this.#options;
    for (const [slot, index] of program.outputs) {
      const output = outputs[index]!;
      const result = memory.take(slot);
      const array = result ? undefined : memory.existingArrayOf(slot);
      if (result) this.changes.push(this.#deviceBuffers.setValue(output, result));
      else if (array) this.changes.push(this.#deviceBuffers.setHostValue(output, array));
    }
  }

  /** @throws {RangeError} for the first index out of range. */
  #readChecks(checks: readonly DeviceCheck[], memory: Memory): void {
    for (const { check, output } of checks) {
      const failure = decodeIndexCheck(check, this.#device.readSync(memory.bufferOf(output), 'int32', 2));
      if (failure) throw failure;
    }
  }

  /** The outcome of the sequence that has ended, if it is not known. Takes the results of checks from memory. */
  #outcomeOf(checks: readonly DeviceCheck[], memory: Memory): Outcome | undefined {
    const device = this.#device;
    const accepted = device.outcome?.();
    if (checks.length === 0) return accepted;
    const results = checks.map(({ check, output }) => ({ check, buffer: memory.take(output)! }));
    const read = async (): Outcome => {
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
    this.#options.pendingTimings.push(pending);
  }
}

/** The elements of an input, if they are on the host. */
function hostOf(buffer: GpuBuffer | Subarray): TypedArray | undefined {
  return buffer instanceof Subarray ? buffer.host : buffer.elements.host;
}
