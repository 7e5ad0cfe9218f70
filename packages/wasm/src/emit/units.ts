import { i32, type Code, type Local, type Value } from '../assembler/index.ts';

/** How units of work, which are too small each, are cut into chunks. */
export interface Units {
  readonly units: number;
  readonly unitsInChunk: number;
}

/** Cuts so that a chunk has about `work` of what a unit has `workOfUnit` of. */
export function cutUnits(units: number, workOfUnit: number, work: number): Units {
  return { units, unitsInChunk: Math.max(1, Math.round(work / Math.max(1, workOfUnit))) };
}

export function chunksOf({ units, unitsInChunk }: Units): number {
  return Math.ceil(units / unitsInChunk);
}

/** Emits a loop over the units of a chunk. */
export function emitUnits(
  code: Code,
  chunk: Local<'i32'>,
  { units, unitsInChunk }: Readonly<Record<keyof Units, Local<'i32'>>>,
  body: (unit: Local<'i32'>) => void,
): void {
  const unit = code.local('i32');
  const first = code.local('i32', i32.mul(chunk, unitsInChunk));
  const end = emitLeast(code, i32.add(first, unitsInChunk), units);
  code.for(unit, first, end, 1, () => body(unit));
}

/** The smaller of two unsigned numbers, in a local. */
export function emitLeast(code: Code, a: Value<'i32'>, b: Value<'i32'>): Local<'i32'> {
  const least = code.local('i32', a);
  code.if(i32.gtU(least, b), () => code.set(least, b));
  return least;
}

/** Cuts into equal parts of about `wanted`, each a multiple of `multiple` but for the last: how large they are. */
export function evenly(count: number, wanted: number, multiple: number): number {
  const parts = Math.max(1, Math.round(count / wanted));
  return Math.ceil(count / parts / multiple) * multiple;
}

/** An unsigned quotient, rounded up. */
export function divideUp(value: Value<'i32'>, by: number): Value<'i32'> {
  return i32.divU(i32.add(value, i32.const(by - 1)), i32.const(by));
}

/** The next multiple. */
export function roundUp(value: Value<'i32'>, multiple: number): Value<'i32'> {
  return i32.mul(divideUp(value, multiple), i32.const(multiple));
}
