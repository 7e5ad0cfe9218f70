import { f32, i32, v128, type Code, type FunctionRef, type Local, type ModuleBuilder } from '../../assembler/index.ts';
import type { Command, Features, Scratch, SlotAddress } from '../../command.ts';
import { emitEpilogue, epilogueNames, epilogueWords, type Epilogue } from '../../emit/epilogue.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { emitMin, roundUp } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import {
  defineFillOffsets,
  defineGatherPanel,
  offsetWordCount,
  offsetWords,
  type OffsetAxes,
} from '../panels/gather.ts';
import { depthBlock } from '../panels/pack.ts';
import { defineMultiplyPanel } from '../panels/multiplyPanel.ts';
import { tileShape } from '../panels/tileShape.ts';

const names = [
  'input',
  'filter',
  'output',
  'rows',
  'columns',
  'depth',
  'rowsInChunk',
  'columnsInChunk',
  'depthInSlice',
  'rowChunks',
  'columnChunks',
  'slices',
  'inputGroupBytes',
  'filterGroupBytes',
  'groupBytes',
  'rowBytes',
  'sliceBytes',
  'plane',
  ...epilogueNames,
] as const;

/** Offsets of the words of the loops over terms, over columns in the input, and over columns in the output. */
const axesAt = (which: 0 | 1 | 2): number => 4 * (names.length + which * offsetWordCount);

/** A product for each group: filter [rows, depth] times patches [depth, columns]. Columns are output positions. */
export interface PatchProduct {
  readonly input: SlotAddress;
  readonly inputGroupBytes: number;
  readonly filter: Scratch;
  readonly groups: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly terms: OffsetAxes;
  readonly columnsInInput: OffsetAxes;
  readonly output: SlotAddress;
  readonly columnsInOutput: OffsetAxes;
  /** The distance of rows of the product in the output. */
  readonly rowBytes: number;
  /** The number of parts of the depth, whose products are stored `sliceBytes` apart. */
  readonly slices: number;
  readonly sliceBytes: number;
  /** Requires that a row's columns are contiguous planes. */
  readonly epilogue: { readonly epilogue: Epilogue; readonly plane: number } | undefined;
}

/** A chunk is a block of rows and columns of one slice of one group. */
export interface Cut {
  readonly rowsInChunk: number;
  readonly columnsInChunk: number;
  readonly depthInSlice: number;
}

export function patchProductCommand(product: PatchProduct, cut: Cut, features: Features): Command {
  const { rows, columns, depth, groups, rowBytes, slices } = product;
  const { rowsInChunk, columnsInChunk } = cut;
  const tile = tileShape(features);
  const rowChunks = Math.ceil(rows / rowsInChunk);
  const columnChunks = Math.ceil(columns / columnsInChunk);
  return {
    code: kernelCode('convolution multiply', features, assemble),
    words: [
      ...packWords(names, {
        input: product.input,
        filter: { slot: product.filter, byteOffset: 0 },
        output: product.output,
        rows,
        columns,
        depth,
        ...cut,
        rowChunks,
        columnChunks,
        slices,
        inputGroupBytes: product.inputGroupBytes,
        filterGroupBytes: 4 * Math.ceil(rows / tile.rows) * tile.rows * depth,
        groupBytes: rows * rowBytes,
        rowBytes,
        sliceBytes: product.sliceBytes,
        plane: product.epilogue?.plane ?? 0,
        ...epilogueWords(product.epilogue?.epilogue),
      }),
      ...offsetWords(product.terms),
      ...offsetWords(product.columnsInInput),
      ...offsetWords(product.columnsInOutput),
    ],
    chunks: groups * slices * rowChunks * columnChunks,
    workspaceBytes: 4 * (depthBlock + tile.columns * depthBlock + columnsInChunk * (2 + rowsInChunk)),
  };
}

function assemble(module: ModuleBuilder, features: Features): FunctionRef {
  const tile = tileShape(features);
  const { rows: rowsOfTile, columns: tileColumns } = tile;
  const multiply = defineMultiplyPanel(module, { tile, isPacked: true, relaxed: features.relaxed });
  const fill = defineFillOffsets(module);
  const gather = defineGatherPanel(module, tileColumns);
  const scatter = defineScatterRows(module);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, names);
    const column = code.local('i32', i32.mul(i32.remU(chunk, w.columnChunks), w.columnsInChunk));
    const rest = code.local('i32', i32.divU(chunk, w.columnChunks));
    const row = code.local('i32', i32.mul(i32.remU(rest, w.rowChunks), w.rowsInChunk));
    code.set(rest, i32.divU(rest, w.rowChunks));
    const slice = code.local('i32', i32.remU(rest, w.slices));
    const group = code.local('i32', i32.divU(rest, w.slices));
    const rows = emitMin(code, w.rowsInChunk, i32.sub(w.rows, row));
    const columns = emitMin(code, w.columnsInChunk, i32.sub(w.columns, column));
    const paddedColumns = code.local('i32', roundUp(columns, tileColumns));
    const paddedRows = code.local('i32', roundUp(rows, rowsOfTile));
    const allRows = code.local('i32', roundUp(w.rows, rowsOfTile));

    // The workspace: offsets of terms, of columns in the input and in the output, a panel of B, the product.
    const rowBytes = code.local('i32', i32.shl(w.columnsInChunk, i32.const(2)));
    const sources = code.local('i32', i32.add(workspace, i32.const(4 * depthBlock)));
    const targets = code.local('i32', i32.add(sources, rowBytes));
    const panel = code.local('i32', i32.add(targets, rowBytes));
    const c = code.local('i32', i32.add(panel, i32.const(4 * tileColumns * depthBlock)));
    const axes = (which: 0 | 1 | 2) => i32.add(args, i32.const(axesAt(which)));
    code.emit(code.call(fill, axes(1), column, columns, paddedColumns, sources));
    code.emit(code.call(fill, axes(2), column, columns, columns, targets));

    const input = code.local('i32', i32.add(w.input, i32.mul(group, w.inputGroupBytes)));
    const filter = code.local('i32', i32.add(w.filter, i32.mul(group, w.filterGroupBytes)));
    const first = code.local('i32', i32.mul(slice, w.depthInSlice));
    const end = emitMin(code, i32.add(first, w.depthInSlice), w.depth);
    const from = code.local('i32');
    const j = code.local('i32');
    code.for(from, first, end, depthBlock, () => {
      const depth = emitMin(code, i32.const(depthBlock), i32.sub(end, from));
      code.emit(code.call(fill, axes(0), from, depth, depth, workspace));
      const elements = i32.add(i32.mul(from, allRows), i32.mul(row, depth));
      const rowsOfFilter = code.local('i32', i32.add(filter, i32.shl(elements, i32.const(2))));
      code.for(j, i32.const(0), paddedColumns, tileColumns, () => {
        const inRow = code.local('i32', i32.shl(j, i32.const(2)));
        code.emit(code.call(gather, input, i32.add(sources, inRow), workspace, depth, panel));
        // All tiles are whole, so none goes through the workspace; a packed factor needs no distances.
        const [unused, width] = [i32.const(0), i32.const(tileColumns)];
        const to = i32.add(c, inRow);
        const bDepth = i32.const(4 * tileColumns);
        const adds = i32.ne(from, first);
        code.emit(
          code.call(
            multiply,
            rowsOfFilter,
            unused,
            unused,
            panel,
            bDepth,
            depth,
            to,
            rowBytes,
            paddedRows,
            width,
            adds,
            unused,
          ),
        );
      });
    });
    const channel = code.local('i32', i32.add(i32.mul(group, w.rows), row));
    const output = i32.add(
      i32.add(w.output, i32.mul(slice, w.sliceBytes)),
      i32.add(i32.mul(group, w.groupBytes), i32.mul(row, w.rowBytes)),
    );
    code.emit(code.call(scatter, c, rowBytes, output, w.rowBytes, rows, columns, targets));

    emitEpilogues(code, args, w, { column, columns, channel, rows });
  });
}

/** Applies the epilogue to a block of the product: to each row's part of each image. */
function emitEpilogues(
  code: Code,
  args: Local<'i32'>,
  w: Readonly<Record<(typeof names)[number], Local<'i32'>>>,
  { column, columns, channel, rows }: Readonly<Record<'column' | 'columns' | 'channel' | 'rows', Local<'i32'>>>,
): void {
  code.if(w.epilogue, () => {
    const at = code.local('i32', column);
    const last = code.local('i32', i32.add(column, columns));
    const channels = i32.divU(i32.load(args, { offset: axesAt(2) + 8 }), i32.shl(w.plane, i32.const(2)));
    code.while(i32.ltU(at, last), () => {
      const image = code.local('i32', i32.divU(at, w.plane));
      const stop = emitMin(code, i32.mul(i32.add(image, i32.const(1)), w.plane), last);
      const i = code.local('i32');
      code.for(i, i32.const(0), rows, 1, () => {
        const plane = i32.add(i32.mul(image, channels), i32.add(channel, i));
        const begin = i32.add(i32.mul(plane, w.plane), i32.remU(at, w.plane));
        emitEpilogue(code, w, begin, i32.sub(stop, at));
      });
      code.set(at, stop);
    });
  });
}

type I32 = 'i32';

/**
 * Defines a function (from, fromBytes, to, toBytes, rows, columns, offsets) that copies rows; the elements of a row go
 * to increasing `offsets`.
 */
function defineScatterRows(
  module: ModuleBuilder,
): FunctionRef<readonly [I32, I32, I32, I32, I32, I32, I32], readonly []> {
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, from, fromBytes, to, toBytes, rows, columns, offsets) => {
      const row = code.local('i32');
      const end = code.local('i32', i32.shl(columns, i32.const(2)));
      const fours = code.local('i32', i32.and(end, i32.const(-16)));
      const j = code.local('i32');
      const offset = code.local('i32');
      const one = (): void => {
        const at = i32.add(to, i32.load(i32.add(offsets, j)));
        code.emit(f32.store(at, f32.load(i32.add(from, j))));
        code.add(j, i32.const(4));
      };
      code.for(row, i32.const(0), rows, 1, () => {
        code.set(j, i32.const(0));
        code.while(i32.ltU(j, fours), () => {
          code.set(offset, i32.load(i32.add(offsets, j)));
          const last = i32.load(i32.add(offsets, j), { offset: 12 });
          code.if(
            i32.eq(i32.sub(last, offset), i32.const(12)),
            () => {
              code.emit(v128.store(i32.add(to, offset), v128.load(i32.add(from, j)), { align: 4 }));
              code.add(j, i32.const(16));
            },
            () => {
              for (let lane = 0; lane < 4; lane++) one();
            },
          );
        });
        code.while(i32.ltU(j, end), one);
        code.add(from, fromBytes);
        code.add(to, toBytes);
      });
    },
  );
}
