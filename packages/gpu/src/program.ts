import { operandsOf, type Plan } from '@thetagrad/core/backend';
import type { Command, Place } from './code/code.ts';
import type { Device, Memory } from './device/device.ts';
import { lower } from './lower/index.ts';

/** A plan as the commands that its kernels come to, and how long each place in memory is needed. */
export class Program {
  /** The places that are inputs and outputs of the plan, with their numbers. */
  readonly inputs: Map<Place, number> = new Map();
  readonly outputs: Map<Place, number> = new Map();
  readonly #commands: readonly Command[];
  /** For each command, the number of the kernel that it belongs to. */
  readonly #kernels: readonly number[];
  /** For each command, the intermediates that nothing needs after it. */
  readonly #expiring: readonly (readonly Place[])[];

  constructor({ kernels }: Plan, device: Device) {
    const lowered = kernels.map((kernel) =>
      kernel.output.size > 0 ? lower(kernel, device.language, device.mostInputs ?? 16) : [],
    );
    const commands = lowered.flat();
    this.#commands = commands;
    this.#kernels = lowered.flatMap((own, kernel) => own.map(() => kernel));

    const lastUse = new Map<Place, number>();
    commands.forEach(({ inputs, output }, i) => {
      for (const place of inputs) lastUse.set(place, i);
      lastUse.set(output, i);
    });
    const slots = new Set(kernels.flatMap((kernel) => [kernel.output, ...operandsOf(kernel).map(({ slot }) => slot)]));
    for (const slot of slots) {
      if (slot.kind === 'arena') continue;
      (slot.kind === 'input' ? this.inputs : this.outputs).set(slot, slot.index);
      lastUse.delete(slot);
    }
    const expiring: Place[][] = commands.map(() => []);
    for (const [place, i] of lastUse) expiring[i]!.push(place);
    this.#expiring = expiring;
  }

  /** What is run, for people: for each kernel of the plan, the source of its commands. */
  sources(kernels: number): string[] {
    return Array.from({ length: kernels }, (_, kernel) =>
      this.#commands
        .filter((_command, i) => this.#kernels[i] === kernel)
        .map(({ code }) => [...(code.helpers ?? []).map(({ source }) => source), code.source].join('\n'))
        .join('\n\n'),
    );
  }

  /**
   * Runs the commands on a device that has begun, from inputs in `memory`, which gets the outputs.
   * @throws {Error} if a command cannot be compiled or run.
   */
  run(device: Device, memory: Map<Place, Memory>, timings?: Float64Array): void {
    this.#commands.forEach(({ code, inputs, output, check }, i) => {
      const start = timings ? performance.now() : 0;
      const arrays = inputs.map((place) => memory.get(place)!);
      memory.set(output, device.compute(code, arrays, check));
      if (timings) this.#charge(timings, i, performance.now() - start);
      for (const place of this.#expiring[i]!) {
        device.free(memory.get(place)!);
        memory.delete(place);
      }
    });
  }

  /** Adds the times of commands to those of the kernels that they belong to. */
  charge(timings: Float64Array, times: Float64Array): void {
    times.forEach((milliseconds, command) => this.#charge(timings, command, milliseconds));
  }

  #charge(timings: Float64Array, command: number, milliseconds: number): void {
    timings[this.#kernels[command]!]! += milliseconds;
  }
}
