import { operandsOf, type Plan, type TypedArray } from '@thetagrad/core/backend';
import { checkIndices, type Command, type IndexCheck, type Location } from './code/command.ts';
import type { Device, DeviceBuffer } from './device/device.ts';
import { lowerIndexCheck } from './lower/indexCheck.ts';
import { lower } from './lower/index.ts';
import { indexCheckOf } from './lower/indexing.ts';

/** Limit on inputs of a command for devices without one, so that sources stay short. */
const defaultMaxInputs = 16;

/** A command or a check of a plan. */
interface Step {
  /** The number of its kernel. */
  readonly kernel: number;
  readonly command?: Command;
  /** Indices that the commands of the kernel use. */
  readonly check?: IndexCheck;
}

/** A check of indices that the device computes; its result is at `output`. */
export interface DeviceCheck {
  readonly check: IndexCheck;
  readonly output: Location;
}

/** What a run has submitted. */
export interface Submitted {
  /** The checks whose results are to be read. */
  readonly checks: readonly DeviceCheck[];
  /** For each dispatched command, the number of its kernel. */
  readonly kernelOf: readonly number[];
}

/** The device's memory during a run of a program. */
export type Memory = Map<Location, DeviceBuffer>;

/** A plan lowered to commands, and how long each intermediate is needed. */
export class Program {
  /** The slots that are inputs and outputs of the plan, with their numbers. */
  readonly inputs: Map<Location, number> = new Map();
  readonly outputs: Map<Location, number> = new Map();
  readonly #steps: readonly Step[];
  /** For each step, the intermediates whose last use it is. */
  readonly #lastUses: readonly (readonly Location[])[];
  readonly #checkCommands = new Map<IndexCheck, readonly Command[]>();

  constructor({ kernels }: Plan, device: Device) {
    const steps = kernels.flatMap((kernel, i): Step[] => {
      const check = indexCheckOf(kernel);
      const commands =
        kernel.output.size > 0 ? lower(kernel, device.language, device.maxInputs ?? defaultMaxInputs) : [];
      return [...(check ? [{ kernel: i, check }] : []), ...commands.map((command) => ({ kernel: i, command }))];
    });
    this.#steps = steps;
    const lastUse = new Map<Location, number>();
    steps.forEach(({ command, check }, i) => {
      if (check) lastUse.set(check.indices, i);
      for (const input of command?.inputs ?? []) lastUse.set(input, i);
      if (command) lastUse.set(command.output, i);
    });
    const slots = new Set(kernels.flatMap((kernel) => [kernel.output, ...operandsOf(kernel).map(({ slot }) => slot)]));
    for (const slot of slots) {
      if (slot.kind === 'arena') continue;
      (slot.kind === 'input' ? this.inputs : this.outputs).set(slot, slot.index);
      lastUse.delete(slot);
    }
    const lastUses: Location[][] = steps.map(() => []);
    for (const [location, i] of lastUse) lastUses[i]!.push(location);
    this.#lastUses = lastUses;
  }

  /** For each kernel of the plan, the source of its commands. */
  sources(kernels: number): string[] {
    const sources = Array.from({ length: kernels }, (): string[] => []);
    for (const { kernel, command } of this.#steps) {
      if (!command) continue;
      const { helpers = [], source } = command.code;
      sources[kernel]!.push([...helpers.map((helper) => helper.source), source].join('\n'));
    }
    return sources.map((commands) => commands.join('\n\n'));
  }

  /**
   * Checks indices that are inputs of the plan and are on the host, as labels are, and returns these checks: all before the
   * first that the device has to make, so that the error is that of the first kernel.
   * @param hostOf the elements of an input, if they are on the host.
   * @throws {RangeError} for the first index out of range.
   */
  checkOnHost(hostOf: (input: number) => TypedArray | undefined): ReadonlySet<IndexCheck> {
    const passed = new Set<IndexCheck>();
    for (const { check } of this.#steps) {
      if (!check) continue;
      const input = this.inputs.get(check.indices);
      const host = input === undefined ? undefined : hostOf(input);
      if (!host) break;
      checkIndices((position) => host[position]!, check);
      passed.add(check);
    }
    return passed;
  }

  /**
   * Runs the commands, between `begin` and `end` of the device. `memory` holds the inputs, and gets the outputs and the
   * results of checks.
   * @param passed the checks that need not be made.
   * @throws {RangeError} for an index out of range, on devices that check at once.
   * @throws {Error} if a command cannot be compiled or run.
   */
  run(device: Device, memory: Memory, passed: ReadonlySet<IndexCheck>, timings?: Float64Array): Submitted {
    const checks: DeviceCheck[] = [];
    const kernelOf: number[] = [];
    const submit = (kernel: number, commands: readonly Command[]): void => {
      runCommands(device, memory, commands);
      for (let n = commands.length; n > 0; n--) kernelOf.push(kernel);
    };
    this.#steps.forEach(({ kernel, command, check }, i) => {
      const start = timings ? performance.now() : 0;
      if (command) submit(kernel, [command]);
      if (check && !passed.has(check)) {
        if (device.checkIndices) device.checkIndices(bufferOf(device, memory, check.indices), check);
        else {
          const commands = this.#commandsOf(check, device);
          submit(kernel, commands);
          const { output } = commands.at(-1)!;
          for (const scratch of commands) if (scratch.output !== output) free(device, memory, scratch.output);
          checks.push({ check, output });
        }
      }
      if (timings) timings[kernel]! += performance.now() - start;
      for (const location of this.#lastUses[i]!) free(device, memory, location);
    });
    return { checks, kernelOf };
  }

  #commandsOf(check: IndexCheck, device: Device): readonly Command[] {
    let commands = this.#checkCommands.get(check);
    if (!commands) this.#checkCommands.set(check, (commands = lowerIndexCheck(check, device.language)));
    return commands;
  }
}

function runCommands(device: Device, memory: Memory, commands: readonly Command[]): void {
  for (const { code, inputs, output } of commands) {
    const buffers = inputs.map((input) => bufferOf(device, memory, input));
    memory.set(output, device.dispatch(code, buffers));
  }
}

/** The buffer of a location. Kernels without elements run no commands, so that nothing has written theirs. */
function bufferOf(device: Device, memory: Memory, location: Location): DeviceBuffer {
  let buffer = memory.get(location);
  if (!buffer) memory.set(location, (buffer = device.upload(new Float32Array(), location.dtype)));
  return buffer;
}

function free(device: Device, memory: Memory, location: Location): void {
  const buffer = memory.get(location);
  memory.delete(location);
  if (buffer) device.free(buffer);
}
