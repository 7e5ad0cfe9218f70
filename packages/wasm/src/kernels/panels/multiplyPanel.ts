import {
  f32,
  f32x4,
  i32,
  select,
  v128,
  type FunctionRef,
  type Local,
  type MemoryAccess,
  type ModuleBuilder,
} from '../../assembler/index.ts';
import { emitMin } from '../../emit/units.ts';
import { emitTile } from './registerTile.ts';
import type { TileShape } from './tileShape.ts';

export interface PanelStructure {
  readonly tile: TileShape;
  /** Whether A is packed into panels of the tile's rows, or else read in place. */
  readonly isPacked: boolean;
  readonly relaxed: boolean;
}

const params = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;

/**
 * Defines a function (a, aRow, aDepth, b, bDepth, depth, c, rowBytes, rows, columns, accumulate, workspace) that stores the
 * product of `rows` rows of A by one panel of B to `columns` columns at `c`, or adds it if `accumulate` is 1. `aRow`,
 * `aDepth`, `bDepth` and `rowBytes` are the distances of rows and of terms, in bytes; of a packed A they are not read. Tiles
 * over the edge go through the workspace.
 */
export function defineMultiplyPanel(
  module: ModuleBuilder,
  { tile, isPacked, relaxed }: PanelStructure,
): FunctionRef<typeof params, readonly []> {
  const addTile = defineAddTile(module, tile.columns);
  const indices = Array.from({ length: tile.rows }, (_, i) => i);
  return module.function(
    params,
    [],
    (code, a, aRow, aDepth, b, bDepth, depth, c, rowBytes, rows, columns, accumulate, workspace) => {
      const row = code.local('i32');
      const bTile = code.local('i32');
      const rowsOfA = indices.map(() => code.local('i32'));
      // The tile's destination, its row stride, and whether the tile is added to what is there.
      const target = code.local('i32');
      const stride = code.local('i32');
      const adds = code.local('i32');
      const at = code.local('i32');
      const isWhole = code.local('i32');
      code.for(row, i32.const(0), rows, tile.rows, () => {
        const rowCount = emitMin(code, i32.const(tile.rows), i32.sub(rows, row));
        code.set(isWhole, i32.and(i32.eq(rowCount, i32.const(tile.rows)), i32.eq(columns, i32.const(tile.columns))));
        code.set(target, select(isWhole, c, workspace));
        code.set(stride, select(isWhole, rowBytes, i32.const(tile.columns * 4)));
        code.set(adds, i32.and(isWhole, accumulate));
        code.set(bTile, b);
        const operands = { rows: tile.rows, vectors: tile.columns / 4, b: bTile, bStep: bDepth, depth, relaxed };
        if (!isPacked) {
          // Rows over the edge repeat the last one, for sums that are not used.
          rowsOfA.forEach((address, i) => {
            const next =
              i === 0 ? a : i32.add(rowsOfA[i - 1]!, select(i32.gtU(rowCount, i32.const(i)), aRow, i32.const(0)));
            code.set(address, next);
          });
          code.add(a, i32.mul(aRow, i32.const(tile.rows)));
        }
        const sums = isPacked
          ? emitTile(code, { ...operands, a, aRow: 4, aStep: tile.rows * 4 })
          : emitTile(code, { ...operands, a: rowsOfA, aStep: aDepth });
        const eachSum = (body: (sum: Local<'v128'>, access: MemoryAccess) => void): void => {
          code.set(at, target);
          for (const sumsOfRow of sums) {
            sumsOfRow.forEach((sum, j) => body(sum, { offset: 16 * j, align: 4 }));
            code.add(at, stride);
          }
        };
        // All loads come before the stores: otherwise the engine pairs none.
        code.if(adds, () => eachSum((sum, access) => code.set(sum, f32x4.add(v128.load(at, access), sum))));
        eachSum((sum, access) => code.emit(v128.store(at, sum, access)));
        code.if(i32.eqz(isWhole), () =>
          code.emit(code.call(addTile, workspace, c, rowBytes, rowCount, columns, accumulate)),
        );
        code.add(c, i32.mul(rowBytes, i32.const(tile.rows)));
      });
    },
  );
}

type I32 = 'i32';

/** Defines a function (from, to, rowBytes, rows, columns, accumulate) that stores or adds a part of a tile. */
function defineAddTile(
  module: ModuleBuilder,
  tileColumns: number,
): FunctionRef<readonly [I32, I32, I32, I32, I32, I32], readonly []> {
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, from, to, rowBytes, rows, columns, accumulate) => {
      const i = code.local('i32');
      const j = code.local('i32');
      const sum = code.local('f32');
      const end = code.local('i32', i32.shl(columns, i32.const(2)));
      code.for(i, i32.const(0), rows, 1, () => {
        code.for(j, i32.const(0), end, 4, () => {
          const at = i32.add(to, j);
          code.set(sum, f32.load(i32.add(from, j)));
          code.if(accumulate, () => code.set(sum, f32.add(f32.load(at), sum)));
          code.emit(f32.store(at, sum));
        });
        code.add(from, i32.const(tileColumns * 4));
        code.add(to, rowBytes);
      });
    },
  );
}
