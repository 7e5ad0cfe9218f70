import { copying, transferCommand } from '../move/transfer.ts';
import type { Walked } from '../../emit/stridedLoop.ts';
import type { Command, Temporary } from '../../command.ts';
import type { Lie } from '../../emit/access.ts';

/** Smaller operands are read faster where they are. */
const smallest = 1 << 12;

export interface Straightened {
  readonly operands: readonly Walked[];
  /** What copies those that are copies. */
  readonly commands: readonly Command[];
}

/**
 * Operands for loops with the axes in this order, the innermost last, along which the operands lie as given: of those that
 * lie apart there, and together along another axis, there are copies in the order of the loops.
 */
export function straightened(
  operands: readonly Walked[],
  order: readonly number[],
  lies: readonly Lie[],
): Straightened {
  const commands: Command[] = [];
  const straight = operands.map((operand, j): Walked => {
    const { view, bytes } = operand;
    if (lies[j] !== 'apart' || !view.strides.some((stride, axis) => stride === 1 && view.shape[axis]! >= 4)) {
      return operand;
    }
    // What repeats is copied once.
    const shape = view.shape.map((length, axis) => (view.strides[axis] === 0 ? 1 : length));
    const strides = new Array<number>(shape.length).fill(0);
    let size = 1;
    for (const axis of order.toReversed()) {
      if (view.strides[axis] !== 0) strides[axis] = size;
      size *= shape[axis]!;
    }
    if (size < smallest) return operand;
    const place: Temporary = { kind: 'temporary', bytes: size * bytes };
    const copy = { place, view: { shape: view.shape, strides, offset: 0 }, bytes };
    const once = (walked: Walked): Walked => ({ ...walked, view: { ...walked.view, shape } });
    commands.push(transferCommand(copying(bytes), once(copy), once(operand)));
    return copy;
  });
  return { operands: straight, commands };
}
