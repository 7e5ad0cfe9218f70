import { i32, memory, type Code, type FunctionRef, type Local, type ModuleBuilder } from '../../assembler/index.ts';
import type { Command, Features, Scratch } from '../../command.ts';
import { batchWords, emitBatchOffset } from '../../emit/batch.ts';
import { emitEpilogue, epilogueNames, epilogueWords } from '../../emit/epilogue.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { clamp, countChunks, cutUnits, emitMin, emitUnits, evenPartSize, roundUp } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { definePackSpan, depthBlock, packCommand, panelElements } from '../panels/pack.ts';
import { sliceDepth, sumSlicesCommand } from '../panels/sumSlices.ts';
import { tileWorkspaceBytes } from '../panels/tileShape.ts';
import { defineMultiplyPanel, type PanelStructure } from '../panels/multiplyPanel.ts';
import { countMatrices, type Product } from './product.ts';
import { fastestTile } from './tile.ts';

/** The number of multiply-adds in a chunk, approximately: 0.02 to 0.05 ms. */
const chunkWork = 1 << 20;
/** The rows of a unit of a large product: a block of A of this height and of the depth of a block fits the second-level cache. */
const maxRows = 256;
/** The columns of a unit, approximately, unless B is packed for all. */
const maxColumns = 64;
/** The least size of a unit if both factors are packed: what it needs of them for a block of the depth fits that cache, too. */
const packedBlock = { rows: 96, columns: 128 } as const;
/** For the number of slices only. */
const nominalBlock = 64;
/** A of at most this size is read in place: it fits the second-level cache as it is. */
const smallElements = 1 << 16;
/** B of at most this size is read in place: it fits the first-level cache as it is. */
const tinyElements = 1 << 11;
/** Whether a unit reads B in panels that a command has packed for all, in place, or in panels that it packs. */
const bModes = { packed: 0, inPlace: 1, packs: 2 } as const;

const names = [
  'a',
  'b',
  'c',
  'rows',
  'columns',
  'depth',
  'aRow',
  'aDepth',
  'bColumn',
  'bDepth',
  'bMode',
  'rowsInUnit',
  'columnsInUnit',
  'rowUnits',
  'columnUnits',
  'slices',
  'depthInSlice',
  'matrices',
  'units',
  'unitsInChunk',
  'rank',
  ...epilogueNames,
] as const;

/**
 * The commands of a float32 product in register tiles. A unit is a block of one matrix of the output; it packs what it needs
 * of B into its workspace. Large factors are packed for all units by commands of their own, small ones are not packed. If
 * there are few units of a long depth, the depth is cut into slices, whose products another command adds.
 */
export function tiledCommands(product: Product, features: Features): Command[] {
  const { rows, columns, depth, batch, output, epilogue } = product;
  const tile = fastestTile(rows, columns, features);
  const isPacked = rows * depth > smallElements && columns > 64;
  const structure: PanelStructure = { tile, isPacked, relaxed: features.relaxed };
  const a = isPacked ? pack(product, 'a', tile.rows) : undefined;
  // Otherwise each unit packs what it needs of B, which others need again if there are more rows.
  const b = rows > maxRows && columns > 64 ? pack(product, 'b', tile.columns) : undefined;
  const isReadable = product.b.column === 1 && columns % tile.columns === 0;
  const isReadOnce = rows <= tile.rows || columns * depth <= tinyElements;
  const bMode = b ? 'packed' : isReadable && isReadOnce ? 'inPlace' : 'packs';

  const matrices = countMatrices(product);
  // The number of slices decides how sums are rounded, so it must not depend on the tile.
  const blocks = matrices * Math.ceil(rows / nominalBlock) * Math.ceil(columns / nominalBlock);
  const depthInSlice = sliceDepth(depth, blocks);
  const slices = Math.max(1, Math.ceil(depth / depthInSlice));
  const terms = Math.max(1, Math.min(depth, depthInSlice));
  const wantedRows = clamp(chunkWork / (terms * Math.min(columns, nominalBlock)), 48, b ? packedBlock.rows : maxRows);
  const rowsInUnit = evenPartSize(rows, wantedRows, tile.rows);
  const wantedColumns = chunkWork / (terms * Math.min(rows, rowsInUnit));
  const columnsInUnit = evenPartSize(
    columns,
    b ? Math.max(packedBlock.columns, wantedColumns) : clamp(wantedColumns, 32, maxColumns),
    tile.columns,
  );
  const rowUnits = Math.ceil(rows / rowsInUnit);
  const columnUnits = Math.ceil(columns / columnsInUnit);
  const unitWork = Math.min(rows, rowsInUnit) * Math.min(columns, columnsInUnit) * terms;
  const cut = cutUnits(matrices * rowUnits * columnUnits * slices, unitWork + 200, chunkWork);
  const sums: Scratch = { kind: 'scratch', bytes: 4 * slices * matrices * rows * columns };
  const multiply: Command = {
    code: kernelCode('matmul', structure, assemble),
    words: [
      ...packWords(names, {
        a: a ? { slot: a.panels, byteOffset: 0 } : { slot: product.a.slot, byteOffset: 4 * product.a.offset },
        b: b ? { slot: b.panels, byteOffset: 0 } : { slot: product.b.slot, byteOffset: 4 * product.b.offset },
        c: { slot: slices === 1 ? output : sums, byteOffset: 0 },
        rows,
        columns,
        depth,
        aRow: 4 * product.a.row,
        aDepth: 4 * product.a.depth,
        bColumn: 4 * product.b.column,
        bDepth: 4 * product.b.depth,
        bMode: bModes[bMode],
        rowsInUnit,
        columnsInUnit,
        rowUnits,
        columnUnits,
        slices,
        depthInSlice,
        matrices,
        ...cut,
        rank: batch.length,
        ...epilogueWords(slices === 1 ? epilogue : undefined),
      }),
      ...batchWords(
        batch.map((axis, i) => ({
          size: axis.size,
          byteStrides: [a ? a.strides[i]! : 4 * axis.a, b ? b.strides[i]! : 4 * axis.b],
        })),
      ),
    ],
    chunks: countChunks(cut),
    workspaceBytes: tileWorkspaceBytes + 4 * panelElements(columnsInUnit, Math.min(depth, depthBlock), tile.columns),
  };
  const commands = [...(a ? [a.command] : []), ...(b ? [b.command] : []), multiply];
  if (slices === 1) return commands;
  const sum = { from: sums, slices, images: 1, channels: matrices * rows, plane: columns, epilogue };
  return [...commands, sumSlicesCommand(sum, output)];
}

/** Packs an operand; along batch axes where it is broadcast, once. */
function pack({ a, b, rows, columns, depth, batch }: Product, operand: 'a' | 'b', width: number) {
  const { slot, offset, depth: depthStride } = operand === 'a' ? a : b;
  const count = operand === 'a' ? rows : columns;
  let bytes = 4 * panelElements(count, depth, width);
  const strides = batch.toReversed().map((axis) => {
    if (axis[operand] === 0) return 0;
    const stride = bytes;
    bytes *= axis.size;
    return stride;
  });
  const source = {
    slot,
    offset,
    batch: batch.flatMap((axis) => (axis[operand] === 0 ? [] : [{ size: axis.size, stride: axis[operand] }])),
    count,
    depth,
    rowStride: operand === 'a' ? a.row : b.column,
    depthStride,
  };
  const panels: Scratch = { kind: 'scratch', bytes };
  return { panels, command: packCommand(source, width, panels), strides: strides.toReversed() };
}

type Words = Readonly<Record<(typeof names)[number], Local<'i32'>>>;

function assemble(module: ModuleBuilder, structure: PanelStructure): FunctionRef {
  const { tile, isPacked } = structure;
  const multiplyPanel = defineMultiplyPanel(module, structure);
  const packPanels = definePackSpan(module, tile.columns);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, names);
    const panels = code.local('i32', i32.add(workspace, i32.const(tileWorkspaceBytes)));
    const rowBytes = code.local('i32', i32.shl(w.columns, i32.const(2)));
    const paddedRows = code.local('i32', roundUp(w.rows, tile.rows));
    const paddedColumns = code.local('i32', roundUp(w.columns, tile.columns));
    const unitsInMatrix = code.local('i32', i32.mul(i32.mul(w.columnUnits, w.rowUnits), w.slices));
    const matrix = code.local('i32');
    const column = code.local('i32');
    const row = code.local('i32');
    const slice = code.local('i32');
    const from = code.local('i32');
    const j = code.local('i32');
    const at = code.local('i32');
    const b = code.local('i32');
    const bDepth = code.local('i32');
    const bPanel = code.local('i32');
    emitUnits(code, chunk, w, (unit) => {
      code.set(matrix, unit);
      code.if(i32.ne(unitsInMatrix, i32.const(1)), () => {
        code.set(matrix, i32.divU(unit, unitsInMatrix));
        const rest = code.local('i32', i32.remU(unit, unitsInMatrix));
        code.set(column, i32.mul(i32.remU(rest, w.columnUnits), w.columnsInUnit));
        code.set(rest, i32.divU(rest, w.columnUnits));
        code.set(row, i32.mul(i32.remU(rest, w.rowUnits), w.rowsInUnit));
        code.set(slice, i32.divU(rest, w.rowUnits));
      });
      const start = code.local('i32', i32.mul(slice, w.depthInSlice));
      const end = emitMin(code, i32.add(start, w.depthInSlice), w.depth);
      const rows = emitMin(code, w.rowsInUnit, i32.sub(w.rows, row));
      const columns = emitMin(code, w.columnsInUnit, i32.sub(w.columns, column));
      const [aOffset, bOffset] = emitBatchOffset(code, args, 4 * names.length, w.rank, matrix, 2);
      const inOutput = i32.add(i32.mul(slice, w.matrices), matrix);
      const first = code.local('i32', i32.add(i32.mul(i32.add(i32.mul(inOutput, w.rows), row), w.columns), column));
      const c = code.local('i32', i32.add(w.c, i32.shl(first, i32.const(2))));
      const bMatrix = code.local('i32', i32.add(w.b, bOffset!));
      code.for(from, start, end, depthBlock, () => {
        const depth = emitMin(code, i32.const(depthBlock), i32.sub(end, from));
        // Panels are [depth block][row panel]: those of all rows, padded, precede the next block of the depth.
        const offset = isPacked
          ? i32.shl(i32.add(i32.mul(from, paddedRows), i32.mul(row, depth)), i32.const(2))
          : i32.add(i32.mul(row, w.aRow), i32.mul(from, w.aDepth));
        const a = code.local('i32', i32.add(i32.add(w.a, aOffset!), offset));
        const source = i32.add(bMatrix, i32.add(i32.mul(from, w.bDepth), i32.mul(column, w.bColumn)));
        code.set(b, panels);
        code.set(bDepth, i32.const(4 * tile.columns));
        code.if(
          i32.eq(w.bMode, i32.const(bModes.inPlace)),
          () => {
            code.set(b, source);
            code.set(bDepth, w.bDepth);
            code.set(bPanel, i32.mul(w.bColumn, i32.const(tile.columns)));
          },
          () => {
            code.set(bPanel, i32.mul(depth, bDepth));
            code.if(
              w.bMode,
              () => code.emit(code.call(packPanels, source, columns, w.bColumn, w.bDepth, depth, panels)),
              () => {
                const before = i32.add(i32.mul(from, paddedColumns), i32.mul(column, depth));
                code.set(b, i32.add(bMatrix, i32.shl(before, i32.const(2))));
              },
            );
          },
        );
        code.set(at, c);
        code.for(j, i32.const(0), columns, tile.columns, () => {
          const count = emitMin(code, i32.const(tile.columns), i32.sub(columns, j));
          const adds = i32.ne(from, start);
          code.emit(
            code.call(multiplyPanel, a, w.aRow, w.aDepth, b, bDepth, depth, at, rowBytes, rows, count, adds, workspace),
          );
          code.add(b, bPanel);
          code.add(at, i32.const(4 * tile.columns));
        });
      });
      code.if(i32.eqz(w.depth), () => emitZeros(code, c, rowBytes, rows, columns));
      emitUnitEpilogue(code, w, first, rows, columns);
    });
  });
}

function emitZeros(
  code: Code,
  c: Local<'i32'>,
  rowBytes: Local<'i32'>,
  rows: Local<'i32'>,
  columns: Local<'i32'>,
): void {
  const i = code.local('i32');
  code.for(i, i32.const(0), rows, 1, () => {
    code.emit(memory.fill(i32.add(c, i32.mul(i, rowBytes)), i32.const(0), i32.shl(columns, i32.const(2))));
  });
}

/** Applies the epilogue to a block, row by row unless its rows are contiguous. */
function emitUnitEpilogue(code: Code, w: Words, first: Local<'i32'>, rows: Local<'i32'>, columns: Local<'i32'>): void {
  const i = code.local('i32');
  code.if(w.epilogue, () =>
    code.if(
      i32.eq(columns, w.columns),
      () => emitEpilogue(code, w, first, i32.mul(rows, columns)),
      () =>
        code.for(i, i32.const(0), rows, 1, () => emitEpilogue(code, w, i32.add(first, i32.mul(i, w.columns)), columns)),
    ),
  );
}
