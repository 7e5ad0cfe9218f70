import { i32, memory, type FunctionRef, type ModuleBuilder } from '../../assembler/index.ts';
import type { Command, Features, Scratch } from '../../command.ts';
import { batchWords, emitBatchOffset } from '../../emit/batch.ts';
import { emitEpilogue, epilogueNames, epilogueWords } from '../../emit/epilogue.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { emitMin, evenPartSize, roundUp } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { depthBlock } from '../panels/pack.ts';
import { sliceDepth, sumSlicesCommand } from '../panels/sumSlices.ts';
import { defineTileBlock, tileBlockWorkspaceBytes, tileShape } from '../panels/tileBlock.ts';
import { countMatrices, type Product } from './product.ts';

/** An operand in panels. */
export interface PackedOperand {
  readonly panels: Scratch;
  readonly commands: readonly Command[];
  /** For each batch axis of the product, in bytes. */
  readonly strides: readonly number[];
}

/** The number of multiply-adds in a chunk, approximately: 0.1 ms. */
const chunkWork = 1 << 21;
const maxRows = 64;

const names = [
  'a',
  'b',
  'c',
  'rows',
  'columns',
  'depth',
  'rowsInChunk',
  'columnsInChunk',
  'rowChunks',
  'columnChunks',
  'slices',
  'depthInSlice',
  'matrices',
  'rank',
  ...epilogueNames,
] as const;

/**
 * The product of packed operands. A chunk is a block of one matrix of the output. If there are few chunks of a long
 * depth, the depth is cut into slices, whose products a second command adds.
 */
export function multiplyCommands(product: Product, a: PackedOperand, b: PackedOperand, features: Features): Command[] {
  const { rows, columns, depth, batch, output, epilogue } = product;
  const matrices = countMatrices(product);
  const wanted = Math.max(64, Math.floor(chunkWork / (Math.max(1, depth) * maxRows)));
  // The number of slices decides how results are rounded, so it must not depend on the tile.
  const depthInSlice = sliceDepth(depth, matrices * Math.ceil(rows / maxRows) * Math.ceil(columns / wanted));
  const tile = tileShape(features);
  const rowsInChunk = evenPartSize(rows, maxRows, tile.rows * 2);
  const columnsInChunk = evenPartSize(columns, wanted, tile.columns);
  const rowChunks = Math.ceil(rows / rowsInChunk);
  const columnChunks = Math.ceil(columns / columnsInChunk);
  const slices = Math.max(1, Math.ceil(depth / depthInSlice));
  const whole = { slot: output, byteOffset: 0 };
  const sums: Scratch = { kind: 'scratch', bytes: 4 * slices * matrices * rows * columns };
  const multiply: Command = {
    code: kernelCode('matmul multiply', features, assembleMultiply),
    words: [
      ...packWords(names, {
        a: { slot: a.panels, byteOffset: 0 },
        b: { slot: b.panels, byteOffset: 0 },
        c: slices === 1 ? whole : { slot: sums, byteOffset: 0 },
        rows,
        columns,
        depth,
        rowsInChunk,
        columnsInChunk,
        rowChunks,
        columnChunks,
        slices,
        depthInSlice,
        matrices,
        rank: batch.length,
        ...epilogueWords(slices === 1 ? epilogue : undefined),
      }),
      ...batchWords(batch.map(({ size }, axis) => ({ size, byteStrides: [a.strides[axis]!, b.strides[axis]!] }))),
    ],
    chunks: matrices * rowChunks * columnChunks * slices,
    workspaceBytes: tileBlockWorkspaceBytes,
  };
  if (slices === 1) return [multiply];
  const sum = { from: sums, slices, images: 1, channels: matrices * rows, plane: columns, epilogue };
  return [multiply, sumSlicesCommand(sum, output)];
}

function assembleMultiply(module: ModuleBuilder, features: Features): FunctionRef {
  const tile = tileShape(features);
  const multiply = defineTileBlock(module, features);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, names);
    const column = code.local('i32', i32.mul(i32.remU(chunk, w.columnChunks), w.columnsInChunk));
    const rest = code.local('i32', i32.divU(chunk, w.columnChunks));
    const row = code.local('i32', i32.mul(i32.remU(rest, w.rowChunks), w.rowsInChunk));
    code.set(rest, i32.divU(rest, w.rowChunks));
    const start = code.local('i32', i32.mul(i32.remU(rest, w.slices), w.depthInSlice));
    const end = emitMin(code, i32.add(start, w.depthInSlice), w.depth);
    const matrix = code.local('i32', i32.divU(rest, w.slices));
    const inOutput = i32.add(i32.mul(i32.remU(rest, w.slices), w.matrices), matrix);
    const rows = emitMin(code, w.rowsInChunk, i32.sub(w.rows, row));
    const columns = emitMin(code, w.columnsInChunk, i32.sub(w.columns, column));
    const [aOffset, bOffset] = emitBatchOffset(code, args, 4 * names.length, w.rank, matrix, 2);
    const first = code.local('i32', i32.add(i32.mul(i32.add(i32.mul(inOutput, w.rows), row), w.columns), column));
    const c = code.local('i32', i32.add(w.c, i32.shl(first, i32.const(2))));
    const rowBytes = code.local('i32', i32.shl(w.columns, i32.const(2)));

    // Panels are [depth block][row panel]: those of all rows, padded, precede the next block of the depth.
    const aRows = code.local('i32', roundUp(w.rows, tile.rows));
    const bColumns = code.local('i32', roundUp(w.columns, tile.columns));
    const a = code.local('i32', i32.add(w.a, aOffset!));
    const b = code.local('i32', i32.add(w.b, bOffset!));
    const from = code.local('i32');
    code.for(from, start, end, depthBlock, () => {
      const depth = emitMin(code, i32.const(depthBlock), i32.sub(end, from));
      const elements = (count: typeof aRows, start: typeof row) =>
        i32.shl(i32.add(i32.mul(from, count), i32.mul(start, depth)), i32.const(2));
      code.emit(
        code.call(
          multiply,
          i32.add(a, elements(aRows, row)),
          i32.add(b, elements(bColumns, column)),
          depth,
          c,
          rowBytes,
          rows,
          columns,
          i32.ne(from, start),
          workspace,
        ),
      );
    });
    const i = code.local('i32');
    code.if(i32.eqz(w.depth), () =>
      code.for(i, i32.const(0), rows, 1, () => {
        const at = i32.add(c, i32.mul(i, rowBytes));
        code.emit(memory.fill(at, i32.const(0), i32.shl(columns, i32.const(2))));
      }),
    );
    code.if(w.epilogue, () =>
      code.if(
        i32.eq(columns, w.columns),
        () => emitEpilogue(code, w, first, i32.mul(rows, columns)),
        () =>
          code.for(i, i32.const(0), rows, 1, () =>
            emitEpilogue(code, w, i32.add(first, i32.mul(i, w.columns)), columns),
          ),
      ),
    );
  });
}
