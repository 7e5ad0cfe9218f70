// Loops over the rows of operands, each of which is a single loop.
import { sizeOf } from '@thetagrad/core/backend';
import type { RowOperand } from '../command.ts';
import { accessOf, type Access } from './access.ts';
import { joinOperandAxes, type StridedOperand } from './stridedLoop.ts';

export interface RowLoop {
  /** The number of elements in a row. */
  readonly count: number;
  readonly operands: readonly RowOperand[];
  /** For each operand, its access along a row. */
  readonly accesses: readonly Access[];
}

/**
 * Cuts operands of one shape into `rows` equal rows, of which there are as many as in its first axes; `undefined` if rows,
 * or the elements of a row, do not lie at equal distances.
 */
export function rowLoop(operands: readonly StridedOperand[], rows: number): RowLoop | undefined {
  const { shape } = operands[0]!.view;
  const kept = shape.findIndex((_, axis) => sizeOf(shape.slice(0, axis + 1)) === rows) + 1;
  if (kept === 0) return undefined;
  const [outer, inner] = [joinOperandAxes(operands, 0, kept), joinOperandAxes(operands, kept)];
  if (outer.shape.length > 1 || inner.shape.length > 1) return undefined;
  return {
    count: inner.shape[0]!,
    operands: operands.map(({ slot, view, bytes }, j) => ({
      at: { slot, byteOffset: view.offset * bytes },
      rowStride: outer.strides[j]![0]! * bytes,
      step: inner.strides[j]![0]! * bytes,
    })),
    accesses: inner.strides.map(([step]) => accessOf(step!)),
  };
}
