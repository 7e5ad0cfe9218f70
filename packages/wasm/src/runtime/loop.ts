// A routine that runs a plan repeatedly: the program of its body, and where the body reads and writes in each step.
import {
  bytesPerElement,
  carrySize,
  conditionOf,
  endOf,
  sizeOf,
  stepOf,
  type Kernel,
  type Loop,
  type LoopRange,
  type RoutineKernel,
} from '@thetagrad/core/backend';
import { roundUpToBlock, type Heap } from '../memory/heap.ts';
import type { Program } from './program.ts';

/** The addresses of a program's inputs and outputs, and of its region. */
export interface Places {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly region: number;
}

/** The addresses of a loop's inputs and output, and of its region. */
export interface LoopPlaces {
  readonly inputs: readonly number[];
  readonly output: number;
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

  /** The memory that it needs, besides its inputs and output. */
  get regionBytes(): number {
    return 2 * this.#carryBytes + roundUpToBlock(this.body.regionBytes);
  }

  /**
   * Runs the body once for each step.
   * @param places the addresses of the routine's inputs and output, and of the loop's region.
   */
  run(places: LoopPlaces, heap: Heap, runBody: (body: Program, places: Places) => void): void {
    const { dtype } = this.#kernel.output;
    const addressOf = (range: LoopRange): number => this.#addressOf(range, places);
    for (let step = 0; step < this.#loop.count; step++) {
      if (this.#loop.isConditional && heap.view(dtype, addressOf(conditionOf(step)), 1)[0] === 0) {
        for (const { from, to, size } of endOf(this.#loop, step)) {
          heap.view(dtype, addressOf(to), size).set(heap.view(dtype, addressOf(from), size));
        }
        return;
      }
      const { inputs, outputs } = stepOf(this.#loop, step, this.#rowSizes);
      runBody(this.body, {
        inputs: inputs.map(addressOf),
        outputs: outputs.map(addressOf),
        region: places.region + 2 * this.#carryBytes,
      });
    }
  }

  #addressOf({ array, start }: LoopRange, { inputs, output, region }: LoopPlaces): number {
    const { operands, output: slot } = this.#kernel;
    if (array.kind === 'input')
      return inputs[array.index]! + start * bytesPerElement(operands[array.index]!.slot.dtype);
    const base = array.kind === 'output' ? output : region + array.index * this.#carryBytes;
    return base + start * bytesPerElement(slot.dtype);
  }
}
