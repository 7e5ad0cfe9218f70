import type { View } from '@thetagrad/core/backend';
import { i32, type Code, type Local, type Value } from '../assembler/index.ts';
import { lieOf, nestOf, type Lie } from './access.ts';
import type { Word } from '../command.ts';
import { emitLeast } from './units.ts';

/** Where a routine reads or writes: memory seen through a view, `bytes` for each element. */
export interface Walked {
  readonly place: Extract<Word, { place: unknown }>['place'];
  readonly view: View;
  readonly bytes: number;
}

/** How several operands of one shape are walked together, row by row along an innermost axis. */
export interface Walk {
  /** Of the axes. Their number is a part of the code's key. */
  readonly sizes: readonly number[];
  readonly rank: number;
  /** Of each operand along the innermost axis. */
  readonly lies: readonly Lie[];
  /** What {@link emitWalk} reads: the axes' sizes; then for each operand its address and its strides in bytes. */
  readonly words: readonly Word[];
}

/** Along the axes from `from` to `to`; those that all operands allow to join are one. */
export function walkOf(operands: readonly Walked[], from?: number, to?: number): Walk {
  const { sizes, strides } = nestOf(
    operands.map(({ view }) => view),
    from,
    to,
  );
  const walked = operands.map(({ place, view, bytes }, j) => ({
    at: { place, byteOffset: view.offset * bytes },
    strides: strides[j]!.map((stride) => stride * bytes),
  }));
  return {
    sizes,
    rank: sizes.length,
    lies: strides.map((own) => lieOf(own.at(-1)!)),
    words: walkWordsOf(sizes, walked),
  };
}

/** The words of a walk over operands that begin somewhere, with strides in bytes. */
export function walkWordsOf(
  sizes: readonly number[],
  operands: readonly { readonly at: Word; readonly strides: readonly number[] }[],
): Word[] {
  return [...sizes, ...operands.flatMap(({ at, strides }) => [at, ...strides])];
}

/** The words of a walk, in memory from `words` on. */
export interface WalkWords {
  readonly length: (axis: number) => Value<'i32'>;
  /** Of operand j's first element. */
  readonly address: (j: number) => Value<'i32'>;
  /** Of operand j along an axis, in bytes. */
  readonly stride: (j: number, axis: number) => Value<'i32'>;
}

export function walkWords(words: Value<'i32'>, rank: number): WalkWords {
  const word = (index: number): Value<'i32'> => i32.load(words, { offset: 4 * index });
  return {
    length: word,
    address: (j) => word(rank + j * (1 + rank)),
    stride: (j, axis) => word(rank + j * (1 + rank) + 1 + axis),
  };
}

/** (A part of) a row: for each operand the address of the first element and the distance of the next, in bytes. */
export interface Row {
  readonly at: readonly Local<'i32'>[];
  readonly steps: readonly Local<'i32'>[];
  readonly count: Local<'i32'>;
}

/**
 * Emits loops over elements `begin` to `end` in row-major order; `body` does (a part of) a row, and may change `at` and
 * `count`.
 */
export function emitWalk(
  code: Code,
  words: Value<'i32'>,
  { rank, operands }: { readonly rank: number; readonly operands: number },
  begin: Local<'i32'>,
  end: Local<'i32'>,
  body: (row: Row) => void,
): void {
  const { length, address, stride } = walkWords(words, rank);
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
    const count = emitLeast(code, i32.sub(row, column), i32.sub(end, begin));
    code.add(begin, count);
    for (const j of all) code.set(at[j]!, i32.add(starts[j]!, i32.mul(column, steps[j]!)));
    body({ at, steps, count });
    code.set(column, i32.const(0));
    // On to the next row: as a counter of several digits goes on by one.
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

export const rangeNames = ['size', 'grain'] as const;

/** The elements of a chunk: `grain` of `size`, fewer in the last one. */
export function emitRange(
  code: Code,
  chunk: Local<'i32'>,
  { size, grain }: Readonly<Record<(typeof rangeNames)[number], Local<'i32'>>>,
): { begin: Local<'i32'>; end: Local<'i32'> } {
  const begin = code.local('i32', i32.mul(chunk, grain));
  return { begin, end: emitLeast(code, i32.add(begin, grain), size) };
}
