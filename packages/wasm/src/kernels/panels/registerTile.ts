import { f32x4, i32, v128, type Code, type Local, type Value } from '../../assembler/index.ts';

export interface RegisterTile {
  /**
   * The number of rows: rows · vectors accumulators and vectors + 1 operands have to fit 16 registers, which hold pairs of
   * vectors where the engine widens.
   */
  readonly rows: number;
  /** The number of columns, in vectors of 4. */
  readonly vectors: number;
  /**
   * The address of A's element (0, 0), from which element (i, k) is `i · aRow + k · aStep` bytes on, or the addresses of the
   * first elements of all rows. They are moved past the last ones.
   */
  readonly a: Local<'i32'> | readonly Local<'i32'>[];
  readonly aRow?: number;
  readonly aStep: number | Value<'i32'>;
  /** The same for B, whose element (k, j) is `k · bStep + 4j` bytes on. */
  readonly b: Local<'i32'>;
  readonly bStep: number | Value<'i32'>;
  /** The number of terms in each sum, at least 1. */
  readonly depth: Value<'i32'>;
  /** Whether to use relaxed SIMD: a fused multiply-add. */
  readonly relaxed: boolean;
}

/**
 * Emits the inner loop of products: a register tile of A · B, float32 sums in order of k. Returns the sums, row by row,
 * 4 columns to a vector, for the caller to store.
 *
 * The loop is not unrolled here and loads each operand at its use: the engine's compiler keeps loads in order, and with
 * more of them in flight it runs out of registers. V8 unrolls nested loops itself, which works better: emit the tile
 * inside the loops over tiles (as a separate function it is a sixth slower).
 */
export function emitTile(code: Code, tile: RegisterTile): Local<'v128'>[][] {
  const { a, b, relaxed } = tile;
  const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const sums = indices(tile.rows).map(() => indices(tile.vectors).map(() => code.local('v128')));
  const columns = indices(tile.vectors).map(() => code.local('v128'));
  const row = code.local('v128');
  // One local for all: the engine pairs only vectors that start from the same.
  const zero = code.local('v128', v128.const(new Float32Array(4)));
  for (const sum of sums.flat()) code.set(sum, zero);

  const left = code.local('i32', tile.depth);
  code.doWhile(() => {
    columns.forEach((column, j) => code.set(column, v128.load(b, { offset: 16 * j, align: 4 })));
    sums.forEach((sumsOfRow, i) => {
      code.set(row, 'length' in a ? v128.load32Splat(a[i]!) : v128.load32Splat(a, { offset: i * (tile.aRow ?? 0) }));
      sumsOfRow.forEach((sum, j) => {
        const column = columns[j]!;
        code.set(sum, relaxed ? f32x4.relaxedMadd(row, column, sum) : f32x4.add(sum, f32x4.mul(row, column)));
      });
    });
    for (const address of 'length' in a ? a : [a]) code.add(address, stepOf(tile.aStep));
    code.add(b, stepOf(tile.bStep));
    code.set(left, i32.sub(left, i32.const(1)));
  }, left);
  return sums;
}

function stepOf(step: number | Value<'i32'>): Value<'i32'> {
  return typeof step === 'number' ? i32.const(step) : step;
}
