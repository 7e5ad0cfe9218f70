import {
  f64,
  i32,
  type FunctionRef,
  type Local,
  type ModuleBuilder,
  type Statement,
  type Value,
} from '../../assembler/index.ts';
import type { Command } from '../../command.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { countMatrices, type Product } from './product.ts';
import { productNames, productWords } from './words.ts';
import { emitBatchOffset } from '../../emit/batch.ts';
import { countChunks, cutUnits, divideUp, emitMin, emitUnits } from '../../emit/units.ts';
import { readWords } from '../../emit/words.ts';
import { emitEpilogue } from '../../emit/epilogue.ts';

const tileSize = 3;

/**
 * The product of float64 or int32 matrices, which are read in place and multiplied in scalar tiles. A unit is a band of
 * rows.
 */
export function scalarCommand(product: Product, dtype: 'float64' | 'int32'): Command {
  const { rows, columns, depth } = product;
  const bands = countMatrices(product) * Math.ceil(rows / tileSize);
  const cut = cutUnits(bands, tileSize * columns * (depth + 1), 1 << 18);
  return {
    code: dtype === 'float64' ? float64Code : int32Code,
    words: productWords(product, dtype === 'float64' ? 8 : 4, cut),
    chunks: countChunks(cut),
    workspaceBytes: 0,
  };
}

const float64Code = kernelCode('matmul float64', {}, (module) =>
  assembleScalarProduct(module, 'f64', 8, { ...f64, zero: f64.const(0) }),
);

const int32Code = kernelCode('matmul int32', {}, (module) =>
  assembleScalarProduct(module, 'i32', 4, { ...i32, zero: i32.const(0) }),
);

/** The instructions of an element type. */
interface Arithmetic<T extends 'f64' | 'i32'> {
  readonly zero: Value<T>;
  readonly add: (a: Value<T>, b: Value<T>) => Value<T>;
  readonly mul: (a: Value<T>, b: Value<T>) => Value<T>;
  readonly load: (address: Value<'i32'>) => Value<T>;
  readonly store: (address: Value<'i32'>, value: Value<T>) => Statement;
}

function assembleScalarProduct<T extends 'f64' | 'i32'>(
  module: ModuleBuilder,
  type: T,
  size: number,
  { zero, add, mul, load, store }: Arithmetic<T>,
): FunctionRef {
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const w = readWords(code, args, productNames);
    const tile = [0, 1, 2];
    const aTile = tile.map(() => code.local('i32'));
    const bTile = tile.map(() => code.local('i32'));
    const sums = tile.map(() => tile.map(() => code.local(type)));
    const column = code.local('i32');
    const k = code.local('i32');
    const bands = code.local('i32', divideUp(w.rows, tileSize));
    emitUnits(code, chunk, w, (unit) => {
      const matrix = code.local('i32', i32.divU(unit, bands));
      const row = code.local('i32', i32.mul(i32.remU(unit, bands), i32.const(tileSize)));
      const [aOffset, bOffset] = emitBatchOffset(code, args, 4 * productNames.length, w.rank, matrix, 2);
      const first = code.local('i32', i32.mul(i32.add(i32.mul(matrix, w.rows), row), w.columns));
      // A tile over the edge repeats the last row or column, and does not store it.
      const within = (from: Local<'i32'>, i: number, count: Local<'i32'>): Local<'i32'> => {
        const index = code.local('i32', i32.add(from, i32.const(i)));
        code.if(i32.geU(index, count), () => code.set(index, i32.sub(count, i32.const(1))));
        return index;
      };
      code.for(column, i32.const(0), w.columns, tileSize, () => {
        for (const i of tile) {
          code.set(aTile[i]!, i32.add(i32.add(w.a, aOffset!), i32.mul(within(row, i, w.rows), w.aRow)));
          code.set(bTile[i]!, i32.add(i32.add(w.b, bOffset!), i32.mul(within(column, i, w.columns), w.bColumn)));
          for (const sum of sums[i]!) code.set(sum, zero);
        }
        code.for(k, i32.const(0), w.depth, 1, () => {
          const loaded = bTile.map((address) => code.local(type, load(address)));
          for (const i of tile) {
            const a = code.local(type, load(aTile[i]!));
            for (const j of tile) code.set(sums[i]![j]!, add(sums[i]![j]!, mul(a, loaded[j]!)));
          }
          for (const i of tile) {
            code.add(aTile[i]!, w.aDepth);
            code.add(bTile[i]!, w.bDepth);
          }
        });
        for (const i of tile) {
          for (const j of tile) {
            const inside = i32.and(
              i32.ltU(i32.add(row, i32.const(i)), w.rows),
              i32.ltU(i32.add(column, i32.const(j)), w.columns),
            );
            const index = i32.add(i32.add(first, i32.mul(w.columns, i32.const(i))), i32.add(column, i32.const(j)));
            code.if(inside, () => code.emit(store(i32.add(w.c, i32.mul(index, i32.const(size))), sums[i]![j]!)));
          }
        }
      });
      const count = emitMin(code, i32.const(tileSize), i32.sub(w.rows, row));
      emitEpilogue(code, w, first, i32.mul(count, w.columns));
    });
  });
}
