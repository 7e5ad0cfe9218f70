import { i32, type Code, type Local } from '../assembler/index.ts';
import type { Word } from '../command.ts';

/** An axis of a batch, with its stride in each operand. */
export interface BatchAxis {
  readonly size: number;
  readonly byteStrides: readonly number[];
}

/** Read by {@link emitBatchOffset}: each axis' size and strides, innermost first. */
export function batchWords(axes: readonly BatchAxis[]): Word[] {
  return axes.toReversed().flatMap(({ size, byteStrides }) => [size, ...byteStrides]);
}

/**
 * The offsets of an item of a batch in each of `operands` operands. The words of the batch's `rank` axes are at `args +
 * at`.
 */
export function emitBatchOffset(
  code: Code,
  args: Local<'i32'>,
  at: number,
  rank: Local<'i32'>,
  item: Local<'i32'>,
  operands: number,
): Local<'i32'>[] {
  const axis = code.local('i32', args);
  const bytes = 4 * (1 + operands);
  const end = code.local('i32', i32.add(args, i32.mul(rank, i32.const(bytes))));
  const rest = code.local('i32', item);
  const offsets = Array.from({ length: operands }, () => code.local('i32', i32.const(0)));
  code.while(i32.ltU(axis, end), () => {
    const index = code.local('i32', rest);
    // Along the outermost axis, nothing is left to divide.
    code.if(i32.ltU(i32.add(axis, i32.const(bytes)), end), () => {
      const size = code.local('i32', i32.load(axis, { offset: at }));
      code.set(index, i32.remU(rest, size));
      code.set(rest, i32.divU(rest, size));
    });
    offsets.forEach((offset, i) => code.add(offset, i32.mul(index, i32.load(axis, { offset: at + 4 * (i + 1) }))));
    code.add(axis, i32.const(bytes));
  });
  return offsets;
}
