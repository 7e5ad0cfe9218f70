// Which memory a kernel reads and writes for each row of its results.
import {
  bytesPerElement,
  contiguous,
  joinAxes,
  operandsOf,
  type Kernel,
  type Slot,
  type View,
} from '@thetagrad/core/backend';

/** A slot that a kernel reads or writes, and the view of it. */
export interface Access {
  readonly slot: Slot;
  readonly view: View;
  readonly isWrite: boolean;
}

/** All accesses of a kernel. */
export function accessesOf(kernel: Kernel): Access[] {
  const { output } = kernel;
  return [
    { slot: output, view: contiguous([output.size]), isWrite: true },
    ...operandsOf(kernel).map(({ slot, view }) => ({ slot, view, isWrite: false })),
  ];
}

/** How two accesses relate. Of an input and an output of the plan, the addresses decide when it runs. */
export type Relation = 'independent' | 'conflicting' | 'aliasing';

/** Whether the order of two accesses matters: one of them writes memory that the other may read or write. */
export function relate(a: Access, b: Access): Relation {
  if (!a.isWrite && !b.isWrite) return 'independent';
  if (a.slot.kind === 'arena' && b.slot.kind === 'arena') {
    const [first, second] = a.slot.byteOffset <= b.slot.byteOffset ? [a.slot, b.slot] : [b.slot, a.slot];
    return first.byteOffset + bytesOf(first) <= second.byteOffset ? 'independent' : 'conflicting';
  }
  if (a.slot.kind === 'arena' || b.slot.kind === 'arena') return 'independent';
  if (a.slot.kind !== b.slot.kind) return 'aliasing';
  return a.slot.index === b.slot.index ? 'conflicting' : 'independent';
}

/**
 * Whether both accesses, if their slots begin at the same address, touch for each of `rows` rows the same memory, which no
 * other row touches.
 */
export function keepsRows(a: Access, b: Access, rows: number): boolean {
  return bytesOf(a.slot) === bytesOf(b.slot) && isByRow(a, rows) && isByRow(b, rows);
}

/** Whether both slots begin at the same address, given that they are not an input and an output. */
export function beginTogether({ slot: a }: Access, { slot: b }: Access): boolean {
  return a.kind === 'arena' && b.kind === 'arena' ? a.byteOffset === b.byteOffset : true;
}

/** Whether row number r of the view, of `rows` rows, lies within part number r of as many equal parts of the slot. */
export function isByRow({ slot, view }: Access, rows: number): boolean {
  const { shape, strides } = joinAxes([view]);
  const [length = 1] = shape;
  const [stride = 0, ...innerStrides] = strides[0]!;
  const rowSize = slot.size / rows;
  if (length % rows !== 0 || !Number.isInteger(rowSize)) return false;
  const inRow = length / rows;
  if (rows > 1 && stride * inRow !== rowSize) return false;
  let first = view.offset;
  let last = view.offset;
  [inRow, ...shape.slice(1)].forEach((count, axis) => {
    const distance = (axis === 0 ? stride : innerStrides[axis - 1]!) * (count - 1);
    first += Math.min(0, distance);
    last += Math.max(0, distance);
  });
  return first >= 0 && last < rowSize;
}

export function bytesOf({ dtype, size }: Slot): number {
  return bytesPerElement(dtype) * size;
}

/** Whether both slots are the same memory, whatever inputs and outputs are bound to. */
export function isSameMemory({ slot: a }: Access, { slot: b }: Access): boolean {
  if (bytesOf(a) !== bytesOf(b)) return false;
  if (a.kind === 'arena' || b.kind === 'arena') {
    return a.kind === 'arena' && b.kind === 'arena' && a.byteOffset === b.byteOffset;
  }
  return a.kind === b.kind && a.index === b.index;
}
