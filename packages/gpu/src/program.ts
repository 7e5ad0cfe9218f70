import {
  bytesPerElement,
  operandsOf,
  type Kernel,
  type Plan,
  type Slot,
  type TypedArray,
} from '@thetagrad/core/backend';
import { checkIndices, type Command, type IndexCheck, type Location } from './code/command.ts';
import type { Device } from './device/device.ts';
import { lowerIndexCheck } from './lower/indexCheck.ts';
import { lower } from './lower/index.ts';
import { indexCheckOf } from './lower/indexing.ts';
import type { Memory } from './memory.ts';

/** Limit on inputs of a command for devices without one, so that sources stay short. */
const defaultMaxInputs = 16;

/** Smaller arrays in bytes stay on the host if they are there, and are uploaded for each run; larger ones stay on the device. */
export const minResidentBytes = 4096;

/** A part of a kernel. */
interface Step {
  /** The number of the kernel in the plan. */
  readonly number: number;
  readonly command?: Command;
  /** Indices that the commands of the kernel use. */
  readonly check?: IndexCheck;
  /** What the host computes. */
  readonly onHost?: Kernel;
  /** The intermediates whose last use it is. */
  readonly lastUses: Location[];
}

/** A kernel that the host computes. */
export interface HostStep extends Step {
  readonly onHost: Kernel;
}

/** Steps that a device runs in one sequence, and the kernel that the host computes from their results. */
export interface Section {
  readonly steps: readonly Step[];
  /** Absent in the last section. */
  readonly host?: HostStep;
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

/** A plan lowered to commands, and how long each intermediate is needed. */
export class Program {
  /** The slots that are inputs and outputs of the plan, with their numbers. */
  readonly inputs: Map<Location, number> = new Map();
  readonly outputs: Map<Location, number> = new Map();
  /** One more than there are kernels for the host. */
  readonly sections: readonly Section[];
  /** What must be on the device: what commands and checks read, and large outputs. */
  readonly onDevice: Set<Location> = new Set();
  readonly #checkCommands = new Map<IndexCheck, readonly Command[]>();

  constructor({ kernels }: Plan, device: Device) {
    const steps = kernels.flatMap((kernel, number) => stepsOf(kernel, number, device));
    const lastUse = new Map<Location, Step>();
    for (const step of steps) {
      const { command, check, onHost } = step;
      const read = [...(check ? [check.indices] : []), ...(command?.inputs ?? [])];
      for (const location of read) this.onDevice.add(location);
      if (command) read.push(command.output);
      for (const location of [...read, ...(onHost ? slotsOf(onHost) : [])]) lastUse.set(location, step);
    }
    for (const slot of new Set(kernels.flatMap(slotsOf))) {
      if (slot.kind === 'arena') continue;
      (slot.kind === 'input' ? this.inputs : this.outputs).set(slot, slot.index);
      const isLarge = bytesPerElement(slot.dtype) * slot.size >= minResidentBytes;
      if (slot.kind === 'output' && isLarge) this.onDevice.add(slot);
      lastUse.delete(slot);
    }
    for (const [location, { lastUses }] of lastUse) lastUses.push(location);
    this.sections = sectionsOf(steps);
  }

  /** For each kernel of the plan, the source of its commands. */
  sources(kernels: number): string[] {
    const sources = Array.from({ length: kernels }, (): string[] => []);
    for (const { number, command } of this.#steps()) {
      if (!command) continue;
      const { helpers = [], source } = command.code;
      sources[number]!.push([...helpers.map((helper) => helper.source), source].join('\n'));
    }
    return sources.map((commands) => commands.join('\n\n'));
  }

  /**
   * Checks indices that are inputs of the plan and are on the host, as labels are, and returns these checks: all before the
   * first that the device has to make and before the first kernel on the host, so that the error is that of the first kernel.
   * @param hostOf the elements of an input, if they are on the host.
   * @throws {RangeError} for the first index out of range.
   */
  checkOnHost(hostOf: (input: number) => TypedArray | undefined): ReadonlySet<IndexCheck> {
    const passed = new Set<IndexCheck>();
    for (const { check } of this.sections[0]!.steps) {
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
   * Runs the commands of a section, between `begin` and `end` of the device. `memory` holds the inputs, and gets the outputs
   * and the results of checks.
   * @param passed the checks that need not be made.
   * @throws {RangeError} for an index out of range, on devices that check at once.
   * @throws {Error} if a command cannot be compiled or run.
   */
  run(
    { steps }: Section,
    device: Device,
    memory: Memory,
    passed: ReadonlySet<IndexCheck>,
    timings?: Float64Array,
  ): Submitted {
    const checks: DeviceCheck[] = [];
    const kernelOf: number[] = [];
    const submit = (number: number, commands: readonly Command[]): void => {
      for (const { code, inputs, output } of commands) {
        const buffers = inputs.map((input) => memory.bufferOf(input));
        memory.set(output, device.dispatch(code, buffers));
        kernelOf.push(number);
      }
    };
    for (const { number, command, check, lastUses } of steps) {
      const start = timings ? performance.now() : 0;
      if (command) submit(number, [command]);
      if (check && !passed.has(check)) {
        if (device.checkIndices) device.checkIndices(memory.bufferOf(check.indices), check);
        else {
          const commands = this.#commandsOf(check, device);
          submit(number, commands);
          const { output } = commands.at(-1)!;
          for (const scratch of commands) if (scratch.output !== output) memory.free(scratch.output);
          checks.push({ check, output });
        }
      }
      if (timings) timings[number]! += performance.now() - start;
      for (const location of lastUses) memory.free(location);
    }
    return { checks, kernelOf };
  }

  *#steps(): Iterable<Step> {
    for (const { steps } of this.sections) yield* steps;
  }

  #commandsOf(check: IndexCheck, device: Device): readonly Command[] {
    let commands = this.#checkCommands.get(check);
    if (!commands) this.#checkCommands.set(check, (commands = lowerIndexCheck(check, device.language)));
    return commands;
  }
}

function stepsOf(kernel: Kernel, number: number, { language, maxInputs = defaultMaxInputs }: Device): Step[] {
  const check = indexCheckOf(kernel);
  const { commands, onHost } = kernel.output.size > 0 ? lower(kernel, language, maxInputs) : { commands: [] };
  return [
    ...(check ? [{ number, check, lastUses: [] }] : []),
    ...commands.map((command) => ({ number, command, lastUses: [] })),
    ...(onHost ? [{ number, onHost, lastUses: [] }] : []),
  ];
}

function sectionsOf(steps: readonly Step[]): Section[] {
  const sections: Section[] = [];
  let own: Step[] = [];
  for (const step of steps) {
    if (isHostStep(step)) {
      sections.push({ steps: own, host: step });
      own = [];
    } else own.push(step);
  }
  return [...sections, { steps: own }];
}

function isHostStep(step: Step): step is HostStep {
  return step.onHost !== undefined;
}

function slotsOf(kernel: Kernel): Slot[] {
  return [kernel.output, ...operandsOf(kernel).map(({ slot }) => slot)];
}
