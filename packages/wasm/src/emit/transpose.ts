import { i32, i64, v128, type Code, type Local, type Statement, type Value } from '../assembler/index.ts';
import { shuffleLanes } from './lanes.ts';

type Address = Value<'i32'>;

/** A matrix in memory: its columns (or rows) are `stride` bytes apart, and contiguous. */
export interface Lines {
  readonly at: Local<'i32'>;
  readonly stride: Local<'i32'>;
}

/** The row stride of a copy in bytes: padded by a cache line, so that rows do not map to the same set of the cache. */
export function copyStride(bytes: number, columns: number): number {
  return bytes * columns + 64;
}

/** Emits a copy of `rows` × `columns` elements from a column-major matrix to a row-major one. */
export function emitTransposeCopy(
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
  const [source, row, rest] = [code.local('i32'), code.local('i32'), code.local('i32')];
  /** Copies `width` columns: blocks of four rows if the width is 4, then single rows. */
  const emitColumns = (width: number): void => {
    code.set(source, column);
    code.set(row, target);
    code.set(rest, rows);
    if (width === 4) {
      code.while(i32.geU(rest, i32.const(4)), () => {
        emitBlock(code, { at: source, stride: from.stride }, { at: row, stride: to.stride });
        code.add(source, i32.const(16));
        code.add(row, i32.shl(to.stride, i32.const(2)));
        code.add(rest, i32.const(-4));
      });
    }
    code.while(rest, () => {
      for (let k = 0; k < width; k++) {
        const element = k === 0 ? source : i32.add(source, i32.mul(from.stride, i32.const(k)));
        code.emit(copyOne(bytes, i32.add(row, i32.const(k * bytes)), element));
      }
      code.add(source, size);
      code.add(row, to.stride);
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

/** Transposes four vectors along columns to four along rows. */
function emitBlock(code: Code, from: Lines, to: Lines): void {
  const line = ({ at, stride }: Lines, k: number): Address =>
    k === 0 ? at : i32.add(at, i32.mul(stride, i32.const(k)));
  const vector = (value: Value<'v128'>): Local<'v128'> => code.local('v128', value);
  const [a, b, c, d] = [0, 1, 2, 3].map((k) => vector(v128.load(line(from, k), { align: 1 }))) as [
    Local<'v128'>,
    Local<'v128'>,
    Local<'v128'>,
    Local<'v128'>,
  ];
  const [ab, cd] = [vector(shuffleLanes(a, b, [0, 4, 1, 5])), vector(shuffleLanes(c, d, [0, 4, 1, 5]))];
  const [ab2, cd2] = [vector(shuffleLanes(a, b, [2, 6, 3, 7])), vector(shuffleLanes(c, d, [2, 6, 3, 7]))];
  const rows = [
    shuffleLanes(ab, cd, [0, 1, 4, 5]),
    shuffleLanes(ab, cd, [2, 3, 6, 7]),
    shuffleLanes(ab2, cd2, [0, 1, 4, 5]),
    shuffleLanes(ab2, cd2, [2, 3, 6, 7]),
  ];
  rows.forEach((row, k) => code.emit(v128.store(line(to, k), row, { align: 1 })));
}
