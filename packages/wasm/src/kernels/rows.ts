import type { View } from '@thetagrad/core';
import { i32, type Code, type Local, type Value } from '../assembler/index.ts';
import { nestOf } from '../lower/nest.ts';
import type { Word } from '../program.ts';
import { emitLeast } from './packUnits.ts';

/** Where a routine reads or writes: memory seen through a view, `bytes` for each element. */
export interface Walked {
  readonly place: Extract<Word, { place: unknown }>['place'];
  readonly view: View;
  readonly bytes: number;
}

/** How several operands of one shape are walked together, row by row along an innermost axis. */
export interface Walk {
  /** A part of the code's key. */
  readonly rank: number;
  /** What {@link emitWalk} reads: the axes' sizes; then for each operand its address and its strides in bytes. */
  readonly words: readonly Word[];
}

/** Axes that all operands allow to join are one. */
export function walkOf(operands: readonly Walked[]): Walk {
  const { sizes, strides } = nestOf(operands.map(({ view }) => view));
  const words = operands.flatMap(({ place, view, bytes }, j): Word[] => [
    { place, byteOffset: view.offset * bytes },
    ...strides[j]!.map((stride) => stride * bytes),
  ]);
  return { rank: sizes.length, words: [...sizes, ...words] };
}

/** What a row's body may use: for each operand the address of the first element and the distance of the next, in bytes. */
export interface Row {
  readonly at: readonly Local<'i32'>[];
  readonly steps: readonly Local<'i32'>[];
  readonly count: Local<'i32'>;
}

/** Emits loops over elements `begin` to `end` in row-major order; `body` does (a part of) a row, and may change `at`. */
export function emitWalk(
  code: Code,
  words: Value<'i32'>,
  { rank, operands }: { readonly rank: number; readonly operands: number },
  begin: Local<'i32'>,
  end: Local<'i32'>,
  body: (row: Row) => void,
): void {
  const word = (index: number): Value<'i32'> => i32.load(words, { offset: 4 * index });
  const address = (j: number): number => rank + j * (1 + rank);
  const stride = (j: number, axis: number): Value<'i32'> => word(address(j) + 1 + axis);
  const all = Array.from({ length: operands }, (_, j) => j);
  const starts = all.map((j) => code.local('i32', word(address(j))));
  const steps = all.map((j) => code.local('i32', stride(j, rank - 1)));
  const at = all.map(() => code.local('i32'));
  const row = code.local('i32', word(rank - 1));
  const rest = code.local('i32', i32.divU(begin, row));
  const column = code.local('i32', i32.sub(begin, i32.mul(rest, row)));
  const outer: Local<'i32'>[] = [];
  for (let axis = rank - 2; axis >= 0; axis--) {
    const index = code.local('i32', i32.remU(rest, word(axis)));
    code.set(rest, i32.divU(rest, word(axis)));
    starts.forEach((start, j) => code.add(start, i32.mul(index, stride(j, axis))));
    outer[axis] = index;
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
        exit(i32.ltU(index, word(axis)));
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
