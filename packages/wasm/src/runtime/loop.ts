// A routine that runs a plan repeatedly: the program of its body, and where the body reads and writes in each step.
import {
  bytesPerElement,
  carrySize,
  sizeOf,
  stepOf,
  type Kernel,
  type Loop,
  type LoopRange,
  type RoutineKernel,
} from '@thetagrad/core/backend';
import { roundUpToBlock } from '../memory/heap.ts';
import type { Program } from './program.ts';

/** The addresses of a program's inputs and outputs, and of its region. */
export interface Places {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly region: number;
}

/** The loop of a kernel, if it is one. */
export function loopOf(kernel: Kernel): Loop | undefined {
  return kernel.kind === 'routine' ? kernel.definition.loop : undefined;
}

/** A loop that is ready to run. */
export class LinkedLoop {
  readonly body: Program;
  readonly #kernel: RoutineKernel;
  readonly #loop: Loop;
  /** The bytes of one of the two arrays of carries, which are at the beginning of its region. */
  readonly #carryBytes: number;
  /** For each input of the routine, the number of elements of a row. */
  readonly #rowSizes: readonly number[];

  constructor(kernel: RoutineKernel, loop: Loop, body: Program) {
    this.body = body;
    this.#kernel = kernel;
    this.#loop = loop;
    this.#carryBytes = roundUpToBlock(carrySize(loop) * bytesPerElement(kernel.output.dtype));
    this.#rowSizes = kernel.operands.map(({ view }) => sizeOf(view.shape) / loop.count);
  }

  get count(): number {
    return this.#loop.count;
  }

  /** The memory that it needs, besides its inputs and output. */
  get regionBytes(): number {
    return 2 * this.#carryBytes + roundUpToBlock(this.body.regionBytes);
  }

  /**
   * The places of the body in a step.
   * @param region the address of the loop's region.
   */
  placesOf(step: number, inputs: readonly number[], output: number, region: number): Places {
    const { operands, output: slot } = this.#kernel;
    const addressOf = ({ array, start }: LoopRange): number => {
      if (array.kind === 'input')
        return inputs[array.index]! + start * bytesPerElement(operands[array.index]!.slot.dtype);
      const base = array.kind === 'output' ? output : region + array.index * this.#carryBytes;
      return base + start * bytesPerElement(slot.dtype);
    };
    const places = stepOf(this.#loop, step, this.#rowSizes);
    return {
      inputs: places.inputs.map(addressOf),
      outputs: places.outputs.map(addressOf),
      region: region + 2 * this.#carryBytes,
    };
  }
}
