import { i32, type Code, type Local, type Value } from '../assembler/index.ts';

/** Words of a command whose chunks are ranges of `unitsInChunk` of `units` small pieces of work. */
export interface Units {
  readonly units: number;
  readonly unitsInChunk: number;
}

/** Cuts so that a chunk has about `workOfChunk` of what a unit has `workOfUnit` of. */
export function cutUnits(units: number, workOfUnit: number, workOfChunk: number): Units {
  return { units, unitsInChunk: Math.max(1, Math.round(workOfChunk / Math.max(1, workOfUnit))) };
}

export function countChunks({ units, unitsInChunk }: Units): number {
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
  const end = emitMin(code, i32.add(first, unitsInChunk), units);
  code.for(unit, first, end, 1, () => body(unit));
}

/** The smaller of two unsigned numbers, in a local. */
export function emitMin(code: Code, a: Value<'i32'>, b: Value<'i32'>): Local<'i32'> {
  const min = code.local('i32', a);
  code.if(i32.gtU(min, b), () => code.set(min, b));
  return min;
}

/** Repeats `body` `count` times. */
export function emitRepeat(code: Code, count: Local<'i32'>, body: () => void): void {
  const left = code.local('i32', count);
  code.while(left, () => {
    body();
    code.add(left, i32.const(-1));
  });
}

/** The size of equal parts of about `wanted`: a multiple of `multiple`, less for the last part. */
export function evenPartSize(count: number, wanted: number, multiple: number): number {
  const parts = Math.max(1, Math.round(count / wanted));
  return Math.ceil(count / parts / multiple) * multiple;
}

export function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(value, max));
}

/** The unsigned quotient, rounded up. */
export function divideUp(value: Value<'i32'>, by: number): Value<'i32'> {
  return i32.divU(i32.add(value, i32.const(by - 1)), i32.const(by));
}

/** The next multiple of `multiple`. */
export function roundUp(value: Value<'i32'>, multiple: number): Value<'i32'> {
  return i32.mul(divideUp(value, multiple), i32.const(multiple));
}
