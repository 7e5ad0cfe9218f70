// Loops over strided operands of one shape. Sizes, addresses and strides are words, so one function serves all shapes.
import {
  joinAxes,
  scalarTypeOf,
  sizeOf,
  type JoinedAxes,
  type Operand,
  type Slot,
  type View,
} from '@thetagrad/core/backend';
import { i32, type Code, type Local, type Value } from '../assembler/index.ts';
import type { Scratch, Word } from '../command.ts';
import { accessOf, type Access } from './access.ts';
import { bytesOf } from './elements.ts';
import { emitMin } from './units.ts';

/** An operand that a loop reads or writes: a slot seen through a view, with elements of `bytes` bytes. */
export interface StridedOperand {
  readonly slot: Slot | Scratch;
  readonly view: View;
  readonly bytes: number;
}

export function stridedOperand({ slot, view }: Operand): StridedOperand {
  return { slot, view, bytes: bytesOf(scalarTypeOf(slot.dtype)) };
}

/** A loop over several operands at once, row by row along the innermost axis. */
export interface StridedLoop {
  /** The lengths of the joined axes, at least one. */
  readonly shape: readonly number[];
  /** The number of axes, which code depends on. */
  readonly rank: number;
  /** For each operand, its access along the innermost axis. */
  readonly accesses: readonly Access[];
  /** Read by {@link emitStridedLoop}: the axes' lengths; for each operand its address and its strides in bytes. */
  readonly words: readonly Word[];
}

/**
 * Lengths and strides of the axes from `from` to before `to`, joined where all operands allow it; at least one axis.
 */
export function joinOperandAxes(operands: readonly StridedOperand[], from?: number, to?: number): JoinedAxes {
  const { shape, strides } = joinAxes(
    operands.map(({ view }) => view),
    from,
    to,
  );
  return shape.length > 0 ? { shape, strides } : { shape: [1], strides: strides.map(() => [0]) };
}

/** The loop over the axes from `from` to before `to`. */
export function stridedLoop(operands: readonly StridedOperand[], from?: number, to?: number): StridedLoop {
  const { shape, strides } = joinOperandAxes(operands, from, to);
  const starts = operands.map(({ slot, view, bytes }, j) => ({
    at: { slot, byteOffset: view.offset * bytes },
    strides: strides[j]!.map((stride) => stride * bytes),
  }));
  return {
    shape,
    rank: shape.length,
    accesses: strides.map((own) => accessOf(own.at(-1)!)),
    words: packStridedLoop(shape, starts),
  };
}

/** The words of a loop over operands that begin at `at`, with strides in bytes. */
export function packStridedLoop(
  shape: readonly number[],
  operands: readonly { readonly at: Word; readonly strides: readonly number[] }[],
): Word[] {
  return [...shape, ...operands.flatMap(({ at, strides }) => [at, ...strides])];
}

/** Reads the words of a loop. */
export interface StridedLoopWords {
  readonly length: (axis: number) => Value<'i32'>;
  /** The address of operand j's first element. */
  readonly address: (j: number) => Value<'i32'>;
  /** The stride of operand j along an axis, in bytes. */
  readonly stride: (j: number, axis: number) => Value<'i32'>;
}

export function readStridedLoop(words: Value<'i32'>, rank: number): StridedLoopWords {
  const word = (index: number): Value<'i32'> => i32.load(words, { offset: 4 * index });
  return {
    length: word,
    address: (j) => word(rank + j * (1 + rank)),
    stride: (j, axis) => word(rank + j * (1 + rank) + 1 + axis),
  };
}

/** A row or a part of one: for each operand the address of the first element and the distance of the next, in bytes. */
export interface Row {
  readonly at: readonly Local<'i32'>[];
  readonly steps: readonly Local<'i32'>[];
  readonly count: Local<'i32'>;
}

/** A loop whose words are in memory. */
export interface LoopSource {
  /** The address of the words. */
  readonly words: Value<'i32'>;
  readonly rank: number;
  /** The number of operands. */
  readonly operands: number;
}

/** A range of elements, in row-major order. */
export interface ElementRange {
  readonly begin: Local<'i32'>;
  readonly end: Local<'i32'>;
}

/** Emits the loop over a range of elements; `body` computes a part of a row, and may change `at` and `count`. */
export function emitStridedLoop(
  code: Code,
  { words, rank, operands }: LoopSource,
  { begin, end }: ElementRange,
  body: (row: Row) => void,
): void {
  const { length, address, stride } = readStridedLoop(words, rank);
  const all = Array.from({ length: operands }, (_, j) => j);
  const starts = all.map((j) => code.local('i32', address(j)));
  const steps = all.map((j) => code.local('i32', stride(j, rank - 1)));
  const at = all.map(() => code.local('i32'));
  const row = code.local('i32', length(rank - 1));
  const column = code.local('i32', begin);
  const outer: Local<'i32'>[] = [];
  if (rank > 1) {
    const rest = code.local('i32', i32.divU(begin, row));
    code.set(column, i32.sub(begin, i32.mul(rest, row)));
    for (let axis = rank - 2; axis >= 0; axis--) {
      const index = code.local('i32', axis > 0 ? i32.remU(rest, length(axis)) : rest);
      if (axis > 0) code.set(rest, i32.divU(rest, length(axis)));
      starts.forEach((start, j) => code.add(start, i32.mul(index, stride(j, axis))));
      outer[axis] = index;
    }
  }
  code.while(i32.ltU(begin, end), () => {
    const count = emitMin(code, i32.sub(row, column), i32.sub(end, begin));
    code.add(begin, count);
    for (const j of all) code.set(at[j]!, i32.add(starts[j]!, i32.mul(column, steps[j]!)));
    body({ at, steps, count });
    code.set(column, i32.const(0));
    // To the next row: increment the innermost of the outer indices, with carry.
    code.block((exit) => {
      for (let axis = rank - 2; axis >= 0; axis--) {
        const index = outer[axis]!;
        code.add(index, i32.const(1));
        starts.forEach((start, j) => code.add(start, stride(j, axis)));
        exit(i32.ltU(index, length(axis)));
        starts.forEach((start, j) => code.set(start, i32.sub(start, i32.mul(index, stride(j, axis)))));
        code.set(index, i32.const(0));
      }
    });
  });
}

/** Words of a command whose chunks are ranges of `grain` of `size` elements. */
export const rangeNames = ['size', 'grain'] as const;

export function countRanges({ size, grain }: { readonly size: number; readonly grain: number }): number {
  return Math.ceil(size / grain);
}

/** The elements of a chunk; the last chunk may have fewer. */
export function emitRange(
  code: Code,
  chunk: Local<'i32'>,
  { size, grain }: Readonly<Record<(typeof rangeNames)[number], Local<'i32'>>>,
): ElementRange {
  const begin = code.local('i32', i32.mul(chunk, grain));
  return { begin, end: emitMin(code, i32.add(begin, grain), size) };
}

/** The operand at index 0 of an axis, with that axis of another length and stride 0. */
export function holdAxis({ view, ...rest }: StridedOperand, axis: number, length: number): StridedOperand {
  return {
    ...rest,
    view: { ...view, shape: view.shape.with(axis, length), strides: view.strides.with(axis, 0) },
  };
}

/** The number of lines along an axis. */
export function countLines(shape: readonly number[], axis: number): number {
  return sizeOf(shape.with(axis, 1));
}
