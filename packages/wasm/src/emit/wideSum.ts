// Sums in float64 of vectors of four float32: two vectors in memory.
import { f32x4, f64x2, v128, type Code, type Local, type Value } from '../assembler/index.ts';
import { shuffleLanes } from './lanes.ts';

export const wideSumBytes = 32;

/** Emits the addition of four float32 to the sums at an address. */
export function emitAddWide(code: Code, at: Local<'i32'>, terms: Local<'v128'>, offset: number = 0): void {
  [terms, shuffleLanes(terms, terms, [2, 3, 0, 1])].forEach((pair, i) => {
    const access = { offset: offset + 16 * i, align: 8 } as const;
    code.emit(v128.store(at, f64x2.add(v128.load(at, access), f64x2.promoteLowF32x4(pair)), access));
  });
}

/** The four sums at an address, rounded to float32. */
export function loadWide(at: Value<'i32'>): Value<'v128'> {
  const [low, high] = [0, 16].map((offset) => f32x4.demoteF64x2Zero(v128.load(at, { offset, align: 8 })));
  return shuffleLanes(low!, high!, [0, 1, 4, 5]);
}
