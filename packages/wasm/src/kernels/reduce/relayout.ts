import type { Command, Scratch } from '../../command.ts';
import type { Access } from '../../emit/access.ts';
import type { StridedOperand } from '../../emit/stridedLoop.ts';
import { copyTransfer, transferCommand } from '../move/transfer.ts';

/** Smaller operands are not worth a copy. */
const minSize = 1 << 12;

export interface Relayout {
  readonly operands: readonly StridedOperand[];
  /** The commands that copy operands. */
  readonly commands: readonly Command[];
}

/**
 * Copies operands to the order of loops over the axes `order`, the innermost last, where that makes them contiguous:
 * those that are strided along the innermost loop, by `accesses`, and contiguous along another axis.
 */
export function relayout(
  operands: readonly StridedOperand[],
  order: readonly number[],
  accesses: readonly Access[],
): Relayout {
  const commands: Command[] = [];
  const inOrder = operands.map((operand, j): StridedOperand => {
    const { view, bytes } = operand;
    const isContiguousElsewhere = view.strides.some((stride, axis) => stride === 1 && view.shape[axis]! >= 4);
    if (accesses[j] !== 'strided' || !isContiguousElsewhere) return operand;
    // Broadcast axes are copied once.
    const shape = view.shape.map((length, axis) => (view.strides[axis] === 0 ? 1 : length));
    const strides = new Array<number>(shape.length).fill(0);
    let size = 1;
    for (const axis of order.toReversed()) {
      if (view.strides[axis] !== 0) strides[axis] = size;
      size *= shape[axis]!;
    }
    if (size < minSize) return operand;
    const slot: Scratch = { kind: 'scratch', bytes: size * bytes };
    const copy = { slot, view: { shape: view.shape, strides, offset: 0 }, bytes };
    const withoutBroadcast = (each: StridedOperand): StridedOperand => ({ ...each, view: { ...each.view, shape } });
    commands.push(transferCommand(copyTransfer(bytes), withoutBroadcast(copy), withoutBroadcast(operand)));
    return copy;
  });
  return { operands: inOrder, commands };
}
