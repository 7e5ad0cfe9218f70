import { operandsOf, type Plan } from '@thetagrad/core/backend';
import type { Command, Location } from './code/command.ts';
import type { Device, DeviceBuffer } from './device/device.ts';
import { lower } from './lower/index.ts';

/** Limit on inputs of a command for devices without one, so that sources stay short. */
const defaultMaxInputs = 16;

/** A plan lowered to commands, and how long each intermediate is needed. */
export class Program {
  /** The slots that are inputs and outputs of the plan, with their numbers. */
  readonly inputs: Map<Location, number> = new Map();
  readonly outputs: Map<Location, number> = new Map();
  readonly #commands: readonly Command[];
  /** For each command, the number of its kernel. */
  readonly #kernelOf: readonly number[];
  /** For each command, the intermediates whose last use it is. */
  readonly #lastUses: readonly (readonly Location[])[];

  constructor({ kernels }: Plan, device: Device) {
    const lowered = kernels.map((kernel) =>
      kernel.output.size > 0 ? lower(kernel, device.language, device.maxInputs ?? defaultMaxInputs) : [],
    );
    const commands = lowered.flat();
    this.#commands = commands;
    this.#kernelOf = lowered.flatMap((commands, kernel) => commands.map(() => kernel));

    const lastUse = new Map<Location, number>();
    commands.forEach(({ inputs, output }, i) => {
      for (const input of inputs) lastUse.set(input, i);
      lastUse.set(output, i);
    });
    const slots = new Set(kernels.flatMap((kernel) => [kernel.output, ...operandsOf(kernel).map(({ slot }) => slot)]));
    for (const slot of slots) {
      if (slot.kind === 'arena') continue;
      (slot.kind === 'input' ? this.inputs : this.outputs).set(slot, slot.index);
      lastUse.delete(slot);
    }
    const lastUses: Location[][] = commands.map(() => []);
    for (const [location, i] of lastUse) lastUses[i]!.push(location);
    this.#lastUses = lastUses;
  }

  /** For each kernel of the plan, the source of its commands. */
  sources(kernels: number): string[] {
    return Array.from({ length: kernels }, (_, kernel) =>
      this.#commands
        .filter((_command, i) => this.#kernelOf[i] === kernel)
        .map(({ code }) => [...(code.helpers ?? []).map(({ source }) => source), code.source].join('\n'))
        .join('\n\n'),
    );
  }

  /**
   * Runs the commands, between `begin` and `end` of the device. `memory` holds the inputs, and gets the outputs.
   * @throws {Error} if a command cannot be compiled or run.
   */
  run(device: Device, memory: Map<Location, DeviceBuffer>, timings?: Float64Array): void {
    this.#commands.forEach(({ code, inputs, output, check }, i) => {
      const start = timings ? performance.now() : 0;
      const buffers = inputs.map((input) => memory.get(input)!);
      memory.set(output, device.dispatch(code, buffers, check));
      if (timings) this.#addTime(timings, i, performance.now() - start);
      for (const location of this.#lastUses[i]!) {
        device.free(memory.get(location)!);
        memory.delete(location);
      }
    });
  }

  /** Adds the milliseconds of each command to the timing of its kernel. */
  addTimes(timings: Float64Array, times: Float64Array): void {
    times.forEach((milliseconds, command) => this.#addTime(timings, command, milliseconds));
  }

  #addTime(timings: Float64Array, command: number, milliseconds: number): void {
    timings[this.#kernelOf[command]!]! += milliseconds;
  }
}
