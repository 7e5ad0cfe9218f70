// Loops: where the inputs and outputs of a loop's plan are in each step.
import type { Loop } from '../graph/routines.ts';

/** A range of elements of one of the arrays that a loop uses. */
export interface LoopRange {
  /** An input of the routine, its output, or one of two arrays for the carries between steps. */
  readonly array: { readonly kind: 'input' | 'carries'; readonly index: number } | { readonly kind: 'output' };
  readonly start: number;
}

/** Where the plan of a loop reads and writes in a step. */
export interface LoopStep {
  readonly inputs: readonly LoopRange[];
  readonly outputs: readonly LoopRange[];
}

/** The number of elements of the carries of a step. */
export function carrySize({ outputSizes, carries }: Loop): number {
  return outputSizes.slice(0, carries).reduce((sum, size) => sum + size, 0);
}

/**
 * The places of the plan's inputs and outputs in step number `step`. Carries alternate between two arrays; those of the last step
 * go to the end of the output.
 * @param rowSizes the number of elements of a row of each input of the routine.
 */
export function stepOf(loop: Loop, step: number, rowSizes: readonly number[]): LoopStep {
  const { inputs, outputSizes, carries, count, reverse } = loop;
  const row = reverse ? count - 1 - step : step;
  const starts: number[] = [];
  let next = 0;
  outputSizes.forEach((size, i) => {
    if (i === carries) next = 0;
    starts.push(next);
    next += size;
  });
  const rowSize = outputSizes.length > carries ? next : 0;
  const isLast = step === count - 1;
  return {
    inputs: inputs.map(({ kind, input }): LoopRange => {
      if (kind === 'carry' && step > 0) {
        return { array: { kind: 'carries', index: (step - 1) % 2 }, start: starts[input]! };
      }
      return { array: { kind: 'input', index: input }, start: kind === 'row' ? row * rowSizes[input]! : 0 };
    }),
    outputs: outputSizes.map((_, i): LoopRange => {
      if (i >= carries) return { array: { kind: 'output' }, start: row * rowSize + starts[i]! };
      if (isLast) return { array: { kind: 'output' }, start: count * rowSize + starts[i]! };
      return { array: { kind: 'carries', index: step % 2 }, start: starts[i]! };
    }),
  };
}
