import {
  f32,
  f32x4,
  i32,
  select,
  v128,
  type MemoryAccess,
  type FunctionRef,
  type Local,
  type ModuleBuilder,
} from '../../assembler/index.ts';
import type { Features } from '../../command.ts';
import { emitMin } from '../../emit/units.ts';
import { emitTile } from './registerTile.ts';

/** The size of a register tile: the widths of A's and B's panels. */
export interface TileShape {
  readonly rows: number;
  readonly columns: number;
}

export function tileShape({ wide, tileRows }: Features): TileShape {
  return { rows: tileRows, columns: wide ? 16 : 8 };
}

/** The size of the workspace for a tile. */
export const tileBlockWorkspaceBytes: number = 8 * 16 * 4;

type I32 = 'i32';
const params = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;
type TileBlock = FunctionRef<typeof params, readonly []>;

/**
 * Defines a function (a, b, depth, c, rowBytes, rows, columns, accumulate, workspace) that stores the product of A's
 * and B's panels to `rows` × `columns` elements at `c`, or adds it if `accumulate` is 1. Rows of `c` are `rowBytes`
 * apart. Panels follow each other without gaps, each of `depth` ≥ 1 columns or rows, the last one padded. Tiles over
 * the edge go through the workspace.
 */
export function defineTileBlock(module: ModuleBuilder, features: Features): TileBlock {
  const { rows: rowsOfTile, columns: tileColumns } = tileShape(features);
  const addTile = defineAddTile(module, tileColumns);
  return module.function(params, [], (code, aPanels, b, depth, c, rowBytes, rows, columns, accumulate, workspace) => {
    const row = code.local('i32');
    const column = code.local('i32');
    const a = code.local('i32');
    const bTile = code.local('i32');
    // The tile's destination, its row stride, and whether the tile is added to what is there.
    const corner = code.local('i32');
    const target = code.local('i32');
    const at = code.local('i32');
    const stride = code.local('i32');
    const adds = code.local('i32');
    code.for(column, i32.const(0), columns, tileColumns, () => {
      code.set(a, aPanels);
      code.set(corner, i32.add(c, i32.shl(column, i32.const(2))));
      const columnCount = emitMin(code, i32.const(tileColumns), i32.sub(columns, column));
      code.for(row, i32.const(0), rows, rowsOfTile, () => {
        const rowCount = emitMin(code, i32.const(rowsOfTile), i32.sub(rows, row));
        const isWhole = code.local(
          'i32',
          i32.and(i32.eq(rowCount, i32.const(rowsOfTile)), i32.eq(columnCount, i32.const(tileColumns))),
        );
        code.set(target, select(isWhole, corner, workspace));
        code.set(stride, select(isWhole, rowBytes, i32.const(tileColumns * 4)));
        code.set(adds, i32.and(isWhole, accumulate));
        code.set(bTile, b);
        // The loop moves both addresses to the next panels.
        const sums = emitTile(code, {
          rows: rowsOfTile,
          vectors: tileColumns / 4,
          a,
          aRow: 4,
          aStep: rowsOfTile * 4,
          b: bTile,
          bStep: tileColumns * 4,
          depth,
          relaxed: features.relaxed,
        });
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
          code.emit(code.call(addTile, workspace, corner, rowBytes, rowCount, columnCount, accumulate)),
        );
        code.add(corner, i32.mul(rowBytes, i32.const(rowsOfTile)));
      });
      code.set(b, bTile);
    });
  });
}

/** Defines a function (from, to, rowBytes, rows, columns, accumulate) that stores or adds a part of a tile. */
export function defineAddTile(
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
