import { i32, i64, i8x16, v128, type Code, type Local, type Statement, type Value } from '../assembler/index.ts';

type Address = Value<'i32'>;

/** A matrix in memory, whose columns (or rows) are `stride` bytes apart; their elements follow each other. */
export interface Lines {
  readonly at: Local<'i32'>;
  readonly stride: Local<'i32'>;
}

/** From one row of a copy to the next: with a cache line between, they do not fall on each other in the cache. */
export function copyStride(bytes: number, columns: number): number {
  return bytes * columns + 64;
}

/** Emits a copy of `rows` × `columns` elements from a matrix stored by columns to one stored by rows. */
export function emitTransposed(
  code: Code,
  bytes: number,
  from: Lines,
  to: Lines,
  rows: Local<'i32'>,
  columns: Local<'i32'>,
): void {
  const size = i32.const(bytes);
  const [column, left] = [code.local('i32', from.at), code.local('i32', columns)];
  const target = code.local('i32', to.at);
  const [source, place, rest] = [code.local('i32'), code.local('i32'), code.local('i32')];
  /** `width` columns: blocks of as many rows where the width is 4, then single rows. */
  const emitColumns = (width: number): void => {
    code.set(source, column);
    code.set(place, target);
    code.set(rest, rows);
    if (width === 4) {
      code.while(i32.geU(rest, i32.const(4)), () => {
        emitBlock(code, { at: source, stride: from.stride }, { at: place, stride: to.stride });
        code.add(source, i32.const(16));
        code.add(place, i32.shl(to.stride, i32.const(2)));
        code.add(rest, i32.const(-4));
      });
    }
    code.while(rest, () => {
      for (let k = 0; k < width; k++) {
        const element = k === 0 ? source : i32.add(source, i32.mul(from.stride, i32.const(k)));
        code.emit(copyOne(bytes, i32.add(place, i32.const(k * bytes)), element));
      }
      code.add(source, size);
      code.add(place, to.stride);
      code.add(rest, i32.const(-1));
    });
    code.add(column, i32.mul(from.stride, i32.const(width)));
    code.add(target, i32.const(width * bytes));
    code.add(left, i32.const(-width));
  };
  if (bytes === 4) code.while(i32.geU(left, i32.const(4)), () => emitColumns(4));
  code.while(left, () => emitColumns(1));
}

function copyOne(bytes: number, to: Address, from: Address): Statement {
  if (bytes === 8) return i64.store(to, i64.load(from));
  return bytes === 4 ? i32.store(to, i32.load(from)) : i32.store8(to, i32.load8U(from));
}

/** Four vectors along the columns become four along the rows. */
function emitBlock(code: Code, from: Lines, to: Lines): void {
  const line = ({ at, stride }: Lines, k: number): Address =>
    k === 0 ? at : i32.add(at, i32.mul(stride, i32.const(k)));
  const vector = (value: Value<'v128'>): Local<'v128'> => code.local('v128', value);
  const [a, b, c, d] = [0, 1, 2, 3].map((k) => vector(v128.load(line(from, k), { align: 1 }))) as Four;
  // Rows 0 and 1 of columns 0 and 1, and so on.
  const [ab, cd] = [vector(i8x16.shuffle(a, b, lowWords)), vector(i8x16.shuffle(c, d, lowWords))];
  const [ab2, cd2] = [vector(i8x16.shuffle(a, b, highWords)), vector(i8x16.shuffle(c, d, highWords))];
  const rows = [
    i8x16.shuffle(ab, cd, lowPairs),
    i8x16.shuffle(ab, cd, highPairs),
    i8x16.shuffle(ab2, cd2, lowPairs),
    i8x16.shuffle(ab2, cd2, highPairs),
  ];
  rows.forEach((row, k) => code.emit(v128.store(line(to, k), row, { align: 1 })));
}

type Four = [Local<'v128'>, Local<'v128'>, Local<'v128'>, Local<'v128'>];

/** The bytes of these 32-bit lanes of two vectors. */
function lanes(...words: readonly number[]): number[] {
  return words.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte));
}

const lowWords = lanes(0, 4, 1, 5);
const highWords = lanes(2, 6, 3, 7);
const lowPairs = lanes(0, 1, 4, 5);
const highPairs = lanes(2, 3, 6, 7);
