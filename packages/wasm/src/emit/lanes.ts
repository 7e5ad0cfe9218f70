import { i8x16, v128, type Code, type Value } from '../assembler/index.ts';

/** Any four of the 32-bit lanes of two vectors, numbered 0 to 7. */
export function shuffleLanes(a: Value<'v128'>, b: Value<'v128'>, lanes: readonly number[]): Value<'v128'> {
  return i8x16.shuffle(
    a,
    b,
    lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]),
  );
}

/** Loads every second one of eight elements from `at` + `offset` on. (Reads the eighth, too.) */
export function loadEverySecond(at: Value<'i32'>, offset: number = 0): Value<'v128'> {
  return shuffleLanes(
    v128.load(at, { offset, align: 4 }),
    v128.load(at, { offset: offset + 16, align: 4 }),
    [0, 2, 4, 6],
  );
}

/** Transposes the 4×4 matrix whose rows are four vectors. */
export function transposeLanes(code: Code, rows: readonly Value<'v128'>[]): Value<'v128'>[] {
  const [a, b, c, d] = rows as [Value<'v128'>, Value<'v128'>, Value<'v128'>, Value<'v128'>];
  const lowAb = code.local('v128', shuffleLanes(a, b, [0, 4, 1, 5]));
  const highAb = code.local('v128', shuffleLanes(a, b, [2, 6, 3, 7]));
  const lowCd = code.local('v128', shuffleLanes(c, d, [0, 4, 1, 5]));
  const highCd = code.local('v128', shuffleLanes(c, d, [2, 6, 3, 7]));
  return [
    shuffleLanes(lowAb, lowCd, [0, 1, 4, 5]),
    shuffleLanes(lowAb, lowCd, [2, 3, 6, 7]),
    shuffleLanes(highAb, highCd, [0, 1, 4, 5]),
    shuffleLanes(highAb, highCd, [2, 3, 6, 7]),
  ];
}
