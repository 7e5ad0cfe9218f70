// Where elements of an output are added up one after another: float32 in float64, as on the portable backend.
import { scalarTypeOf, sizeOf, type Slot, type View } from '@thetagrad/core/backend';
import type { Command, Scratch } from '../../command.ts';
import { stridedOperand, type StridedOperand } from '../../emit/stridedLoop.ts';
import { clearCommand, fillCommand } from './fill.ts';
import { addTransfer, narrow, transferCommand, widenAndAdd, type Transfer } from './transfer.ts';

export interface Sums {
  /** The elements to add to: of the output, or of a scratch. */
  readonly to: StridedOperand;
  readonly clear: Command;
  readonly add: Transfer;
  /** Moves the sums to the output, if they are not there. */
  readonly finish: readonly Command[];
}

/** The sums for an output that is not bool, seen through a contiguous view, of at most `terms` terms each. */
export function sumsOf(output: Slot, view: View, terms: number): Sums {
  const type = scalarTypeOf(output.dtype);
  const to = stridedOperand({ slot: output, view });
  // The sum of two is the same in float32.
  if (type !== 'f32' || terms <= 2) {
    return { to, clear: fillCommand(output, 0), add: addTransfer(type === 'bool' ? 'i32' : type), finish: [] };
  }
  const scratch: Scratch = { kind: 'scratch', bytes: 8 * sizeOf(view.shape) };
  const wide = { slot: scratch, view, bytes: 8 };
  return { to: wide, clear: clearCommand(scratch), add: widenAndAdd, finish: [transferCommand(narrow, to, wide)] };
}
