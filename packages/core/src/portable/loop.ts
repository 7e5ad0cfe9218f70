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

/** Where carries and results begin in the arrays that hold those of a step, and the sizes of these arrays. */
function layoutOf(loop: Loop): { readonly starts: readonly number[]; readonly rowSize: number } {
  const { outputSizes, carries } = loop;
  const starts: number[] = [];
  let next = 0;
  outputSizes.forEach((size, i) => {
    if (i === carries) next = 0;
    starts.push(next);
    next += size;
  });
  return { starts, rowSize: outputSizes.length > carries ? next : 0 };
}

/** Where carry number `input` is before a step. */
function carryBefore(step: number, input: number, start: number): LoopRange {
  if (step === 0) return { array: { kind: 'input', index: input }, start: 0 };
  return { array: { kind: 'carries', index: (step - 1) % 2 }, start };
}

/**
 * The places of the plan's inputs and outputs in step number `step`. Carries alternate between two arrays; those of the last step
 * go to the end of the output.
 * @param rowSizes the number of elements of a row of each input of the routine.
 */
export function stepOf(loop: Loop, step: number, rowSizes: readonly number[]): LoopStep {
  const { inputs, outputSizes, carries, count, reverse } = loop;
  const { starts, rowSize } = layoutOf(loop);
  const row = reverse ? count - 1 - step : step;
  return {
    inputs: inputs.map(({ kind, input }): LoopRange => {
      if (kind === 'carry') return carryBefore(step, input, starts[input]!);
      return { array: { kind: 'input', index: input }, start: kind === 'row' ? row * rowSizes[input]! : 0 };
    }),
    outputs: outputSizes.map((_, i): LoopRange => {
      if (i >= carries) return { array: { kind: 'output' }, start: row * rowSize + starts[i]! };
      if (step === count - 1) return { array: { kind: 'output' }, start: count * rowSize + starts[i]! };
      return { array: { kind: 'carries', index: step % 2 }, start: starts[i]! };
    }),
  };
}

/** A copy of elements from one range to another. */
export interface LoopCopy {
  readonly from: LoopRange;
  readonly to: LoopRange;
  readonly size: number;
}

/** Where the element is that ends a conditional loop before a step. */
export function conditionOf(step: number): LoopRange {
  return carryBefore(step, 0, 0);
}

/** What remains to be copied when a conditional loop ends before a step: its carries, to the end and to the results of all rows left. */
export function endOf(loop: Loop, step: number): LoopCopy[] {
  const { outputSizes, carries, count, reverse, resultCarries } = loop;
  const { starts, rowSize } = layoutOf(loop);
  const copy = (carry: number, start: number): LoopCopy => ({
    from: carryBefore(step, carry, starts[carry]!),
    to: { array: { kind: 'output' }, start },
    size: outputSizes[carry]!,
  });
  const copies = starts.slice(0, carries).map((start, carry) => copy(carry, count * rowSize + start));
  // Without results there may be more steps than an array can hold.
  if (rowSize === 0) return copies;
  for (let left = step; left < count; left++) {
    const row = reverse ? count - 1 - left : left;
    resultCarries.forEach((carry, i) => copies.push(copy(carry, row * rowSize + starts[carries + i]!)));
  }
  return copies;
}
