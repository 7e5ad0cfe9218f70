import type { Scalar } from './scalar.ts';

/** The arithmetic of 32-bit words that Threefry uses, on numbers or on scalar expressions. */
interface WordArithmetic<Word> {
  readonly add: (x: Word, y: Word | number) => Word;
  readonly xor: (x: Word, y: Word | number) => Word;
  readonly rotateLeft: (x: Word, bits: number) => Word;
}

const rotations = [13, 15, 26, 6, 17, 29, 16, 24];

/**
 * Threefry-2x32 with 20 rounds, a counter-based random number generator: maps a key and a counter of two 32-bit words each
 * to two random words. (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.)
 */
function rounds<Word>(
  { add, xor, rotateLeft }: WordArithmetic<Word>,
  [key0, key1]: readonly [Word, Word],
  [counter0, counter1]: readonly [Word | number, Word | number],
): readonly [Word, Word] {
  const keys = [key0, key1, xor(xor(key0, key1), 0x1bd11bda)];
  let x = add(key0, counter0);
  let y = add(key1, counter1);
  for (let round = 0; round < 20; round++) {
    x = add(x, y);
    y = xor(rotateLeft(y, rotations[round % 8]!), x);
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x = add(x, keys[injection % 3]!);
      y = add(add(y, keys[(injection + 1) % 3]!), injection);
    }
  }
  return [x, y];
}

const numbers: WordArithmetic<number> = {
  add: (x, y) => (x + y) | 0,
  xor: (x, y) => x ^ y,
  rotateLeft: (x, bits) => (x << bits) | (x >>> (32 - bits)),
};

const expressions: WordArithmetic<Scalar> = {
  add: (x, y) => x.add(y),
  xor: (x, y) => x.xor(y),
  rotateLeft: (x, bits) => x.shl(bits).or(x.shrU(32 - bits)),
};

/** Threefry-2x32-20 on numbers: the two random int32 of a key and a counter. */
export function threefry(
  key: readonly [number, number],
  counter0: number,
  counter1: number,
): readonly [number, number] {
  return rounds(numbers, key, [counter0, counter1]);
}

/** Threefry-2x32-20 as i32 expressions, for backends that generate code. */
export function threefryExpression(
  key: readonly [Scalar, Scalar],
  counter0: Scalar | number,
  counter1: Scalar | number,
): readonly [Scalar, Scalar] {
  return rounds(expressions, key, [counter0, counter1]);
}
