// Outputs are cut into 4×4 tiles, and these into blocks that are multiplied together. The input rows of a block are
// copied into a strip of the workspace with zeros outside the input, so that no transform has to handle borders.
import type { Pair, View } from '@thetagrad/core/backend';
import { f32, i32, v128, type FunctionRef, type ModuleBuilder } from '../../assembler/index.ts';
import { emitMin } from '../../emit/units.ts';
import { readWords } from '../../emit/words.ts';

/**
 * The tiles of outputs [N, ·, height, width]. A block is a rectangle of tiles, whose rows may continue in the next
 * image.
 */
export interface TileGrid {
  readonly rowsInImage: number;
  readonly rows: number;
  readonly columns: number;
  readonly rowsInBlock: number;
  readonly columnsInBlock: number;
  readonly columnBlocks: number;
  /** The size of a row of the strip in bytes. */
  readonly stripBytes: number;
  readonly height: number;
  readonly width: number;
  /** The distance of images of the output, in bytes. */
  readonly outputBytes: number;
}

export const gridNames = [
  'rowsInImage',
  'rows',
  'columns',
  'rowsInBlock',
  'columnsInBlock',
  'columnBlocks',
  'stripBytes',
  'height',
  'width',
  'outputBytes',
] as const;

/**
 * Cuts into blocks of about `wanted` tiles; of several sizes close to it, chooses the one that fills groups of four
 * tiles best. `outputs` is the number of output channels.
 */
export function tileGrid(images: number, outputs: number, height: number, width: number, wanted: number): TileGrid {
  const rowsInImage = Math.ceil(height / 4);
  const rows = images * rowsInImage;
  const columns = Math.ceil(width / 4);
  const columnBlocks = Math.ceil(columns / (1.25 * wanted));
  const columnsInBlock = columnBlocks === 1 ? columns : 4 * Math.ceil(columns / columnBlocks / 4);
  const maxRows = Math.max(1, Math.min(rows, Math.floor((1.25 * wanted) / columnsInBlock)));
  let rowsInBlock = maxRows;
  let best = Infinity;
  for (let some = maxRows; 2 * some > maxRows; some--) {
    // A block costs about as much as a group.
    const cost = Math.ceil(rows / some) + countGroups({ rows, columnsInBlock, rowsInBlock: some });
    if (cost < best) [best, rowsInBlock] = [cost, some];
  }
  return {
    rowsInImage,
    rows,
    columns,
    rowsInBlock,
    columnsInBlock,
    columnBlocks: Math.ceil(columns / columnsInBlock),
    stripBytes: 16 * columnsInBlock + 16,
    height,
    width,
    outputBytes: 4 * outputs * height * width,
  };
}

export function countBlocks({ rows, rowsInBlock, columnBlocks }: TileGrid): number {
  return Math.ceil(rows / rowsInBlock) * columnBlocks;
}

/** The number of groups of four tiles in a column of blocks. */
function countGroups(grid: Pick<TileGrid, 'rows' | 'rowsInBlock' | 'columnsInBlock'>): number {
  const { rows, rowsInBlock, columnsInBlock } = grid;
  const whole = Math.floor(rows / rowsInBlock);
  return whole * Math.ceil((rowsInBlock * columnsInBlock) / 4) + Math.ceil(((rows % rowsInBlock) * columnsInBlock) / 4);
}

/** The number of tiles that are multiplied, including those that fill up groups of four. */
export function countPaddedTiles(grid: TileGrid): number {
  return 4 * countGroups(grid) * grid.columnBlocks;
}

/** The maximum number of tiles in a block, in whole groups of four. */
export function maxBlockTiles({ rowsInBlock, columnsInBlock }: TileGrid): number {
  return 4 * Math.ceil((rowsInBlock * columnsInBlock) / 4);
}

/** The maximum number of rows of a strip: four for each row of tiles, and two more where an image ends. */
export function maxStripRows({ rowsInBlock }: TileGrid): number {
  return 6 * rowsInBlock;
}

/** The source of strips: planes [N, ·, height, width]. */
export interface StripSource {
  readonly sourceHeight: number;
  readonly sourceWidth: number;
  /** The coordinates of the strip's first row and column, for tile (0, 0). */
  readonly firstRow: number;
  readonly firstColumn: number;
  readonly imageBytes: number;
  readonly rowBytes: number;
  readonly columnBytes: number;
}

export const sourceNames = [
  'sourceHeight',
  'sourceWidth',
  'firstRow',
  'firstColumn',
  'imageBytes',
  'rowBytes',
  'columnBytes',
] as const;

/**
 * The source for a view [N, ·, H, W] (or [·, N, H, W] if `imageAxis` is 1) with `padBefore` zeros before it. Leaves out
 * elements that no output of the grid uses with a filter of `size` × `size`.
 */
export function stripSource(
  { shape, strides }: View,
  imageAxis: 0 | 1,
  padBefore: Pair,
  { height, width }: TileGrid,
  size: number,
): StripSource {
  return {
    sourceHeight: Math.max(0, Math.min(shape[2]!, height + size - 1 - padBefore[0])),
    sourceWidth: Math.max(0, Math.min(shape[3]!, width + size - 1 - padBefore[1])),
    firstRow: -padBefore[0],
    firstColumn: -padBefore[1],
    imageBytes: 4 * strides[imageAxis]!,
    rowBytes: 4 * strides[2]!,
    columnBytes: 4 * strides[3]!,
  };
}

/** Offsets in an entry of the table that {@link defineListTiles} writes. */
export const tileEntry = { strip: 0, output: 4, rows: 8, columns: 12, bytes: 16 } as const;

/** Offsets in an entry of the table that {@link defineListRows} writes. */
const rowEntry = { source: 0, strip: 4, columns: 8, bytes: 12 } as const;

/** The size of the table for {@link maxStripRows} rows. */
export function rowTableBytes(grid: TileGrid): number {
  return rowEntry.bytes * maxStripRows(grid);
}

type I32 = 'i32';

/**
 * Defines a function (grid, block, to) → tiles that writes the position of each tile of a block in the strip and in the
 * output, in bytes, and its numbers of rows and columns; then empty tiles up to a whole group of four.
 */
export function defineListTiles(module: ModuleBuilder): FunctionRef<readonly [I32, I32, I32], readonly [I32]> {
  return module.function(['i32', 'i32', 'i32'], ['i32'], (code, grid, block, to) => {
    const w = readWords(code, grid, gridNames);
    const four = i32.const(4);
    const row = code.local('i32', i32.mul(i32.divU(block, w.columnBlocks), w.rowsInBlock));
    const endRow = emitMin(code, i32.add(row, w.rowsInBlock), w.rows);
    const firstColumn = code.local('i32', i32.mul(i32.remU(block, w.columnBlocks), w.columnsInBlock));
    const endColumn = emitMin(code, i32.add(firstColumn, w.columnsInBlock), w.columns);
    const column = code.local('i32');
    const strip = code.local('i32');
    const at = code.local('i32', to);
    code.while(i32.ltU(row, endRow), () => {
      const rowInImage = code.local('i32', i32.remU(row, w.rowsInImage));
      const y = code.local('i32', i32.shl(rowInImage, i32.const(2)));
      const image = i32.mul(i32.divU(row, w.rowsInImage), w.outputBytes);
      const output = code.local('i32', i32.add(image, i32.shl(i32.mul(y, w.width), i32.const(2))));
      const rows = emitMin(code, four, i32.sub(w.height, y));
      code.for(column, firstColumn, endColumn, 1, () => {
        const x = code.local('i32', i32.shl(column, i32.const(2)));
        const inStrip = i32.shl(i32.sub(column, firstColumn), four);
        code.emit(i32.store(at, i32.add(strip, inStrip), { offset: tileEntry.strip }));
        code.emit(i32.store(at, i32.add(output, i32.shl(x, i32.const(2))), { offset: tileEntry.output }));
        code.emit(i32.store(at, rows, { offset: tileEntry.rows }));
        code.emit(i32.store(at, emitMin(code, four, i32.sub(w.width, x)), { offset: tileEntry.columns }));
        code.add(at, i32.const(tileEntry.bytes));
      });
      const isLast = i32.eq(i32.add(rowInImage, i32.const(1)), w.rowsInImage);
      code.add(strip, i32.mul(w.stripBytes, i32.add(four, i32.shl(isLast, i32.const(1)))));
      code.add(row, i32.const(1));
    });
    const tiles = code.local('i32', i32.shrU(i32.sub(at, to), four));
    for (let i = 0; i < 3; i++) {
      code.emit(v128.store(at, v128.const(new Int32Array(4)), { offset: tileEntry.bytes * i, align: 4 }));
    }
    code.return(tiles);
  });
}

/**
 * Defines a function (grid, source, block, to) → end that writes the positions of existing rows in their plane and in
 * the strip. `grid` and `source` are addresses of words.
 */
export function defineListRows(module: ModuleBuilder): FunctionRef<readonly [I32, I32, I32, I32], readonly [I32]> {
  return module.function(['i32', 'i32', 'i32', 'i32'], ['i32'], (code, gridWords, sourceWords, block, to) => {
    const grid = readWords(code, gridWords, gridNames);
    const source = readWords(code, sourceWords, sourceNames);
    const row = code.local('i32', i32.mul(i32.divU(block, grid.columnBlocks), grid.rowsInBlock));
    const endRow = emitMin(code, i32.add(row, grid.rowsInBlock), grid.rows);
    // Columns are the same for all rows.
    const firstTile = i32.mul(i32.remU(block, grid.columnBlocks), grid.columnsInBlock);
    const x = code.local('i32', i32.add(source.firstColumn, i32.shl(firstTile, i32.const(2))));
    const start = code.local('i32', x);
    code.if(i32.ltS(x, i32.const(0)), () => code.set(start, i32.const(0)));
    const columns = code.local('i32', i32.add(x, i32.shl(grid.columnsInBlock, i32.const(2))));
    code.add(columns, i32.const(2));
    code.if(i32.gtS(columns, source.sourceWidth), () => code.set(columns, source.sourceWidth));
    code.set(columns, i32.sub(columns, start));
    code.if(i32.leS(columns, i32.const(0)), () => code.return(to));
    const before = code.local('i32', i32.shl(i32.sub(start, x), i32.const(2)));
    const inRow = code.local('i32', i32.mul(start, source.columnBytes));

    const i = code.local('i32');
    const strip = code.local('i32');
    code.while(i32.ltU(row, endRow), () => {
      // Rows of tiles of one image.
      const first = code.local('i32', i32.remU(row, grid.rowsInImage));
      const tileRows = emitMin(code, i32.sub(grid.rowsInImage, first), i32.sub(endRow, row));
      const image = code.local('i32', i32.mul(i32.divU(row, grid.rowsInImage), source.imageBytes));
      code.add(image, inRow);
      const y = code.local('i32', i32.add(source.firstRow, i32.shl(first, i32.const(2))));
      const end = code.local('i32', i32.add(i32.shl(tileRows, i32.const(2)), i32.const(2)));
      code.for(i, i32.const(0), end, 1, () => {
        // As an unsigned number, a negative row exceeds the height too.
        code.if(i32.ltU(y, source.sourceHeight), () => {
          const from = i32.add(image, i32.mul(y, source.rowBytes));
          code.emit(i32.store(to, from, { offset: rowEntry.source }));
          code.emit(i32.store(to, i32.add(strip, before), { offset: rowEntry.strip }));
          code.emit(i32.store(to, columns, { offset: rowEntry.columns }));
          code.add(to, i32.const(rowEntry.bytes));
        });
        code.add(y, i32.const(1));
        code.add(strip, grid.stripBytes);
      });
      code.add(row, tileRows);
    });
    code.return(to);
  });
}

/** Defines a function (plane, columnBytes, rows, endRows, strip) that copies the rows of a table into the strip. */
export function defineCopyStrip(module: ModuleBuilder): FunctionRef<readonly [I32, I32, I32, I32, I32], readonly []> {
  return module.function(['i32', 'i32', 'i32', 'i32', 'i32'], [], (code, plane, columnBytes, row, endRows, strip) => {
    const isContiguous = code.local('i32', i32.eq(columnBytes, i32.const(4)));
    const from = code.local('i32');
    const to = code.local('i32');
    code.while(i32.ltU(row, endRows), () => {
      code.set(from, i32.add(plane, i32.load(row, { offset: rowEntry.source })));
      code.set(to, i32.add(strip, i32.load(row, { offset: rowEntry.strip })));
      const columns = code.local('i32', i32.load(row, { offset: rowEntry.columns }));
      const end = code.local('i32', i32.add(to, i32.shl(columns, i32.const(2))));
      code.if(isContiguous, () => {
        const lastFour = code.local('i32', i32.sub(end, i32.const(12)));
        code.while(i32.ltU(to, lastFour), () => {
          code.emit(v128.store(to, v128.load(from, { align: 4 }), { align: 4 }));
          code.add(from, i32.const(16));
          code.add(to, i32.const(16));
        });
      });
      code.while(i32.ltU(to, end), () => {
        code.emit(f32.store(to, f32.load(from)));
        code.add(from, columnBytes);
        code.add(to, i32.const(4));
      });
      code.add(row, i32.const(rowEntry.bytes));
    });
  });
}
