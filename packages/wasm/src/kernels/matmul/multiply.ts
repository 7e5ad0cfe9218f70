import { i32, memory } from '../../assembler/index.ts';
import type { Command, Features, KernelCode, Temporary } from '../../command.ts';
import type { Packed, Product } from './matmul.ts';
import { matricesOf } from './words.ts';
import { depthBlock } from '../panels/pack.ts';
import { batchWords, emitBatchOffset } from '../../emit/batch.ts';
import { emitLeast, evenly, roundUp } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { tileBlock, tileBlockScratchBytes, tileColumns, tileRows } from '../panels/tileBlock.ts';
import { sliceDepth, sumCommand } from '../panels/sumSlices.ts';
import { emitTail, tailNames, tailWords } from '../../emit/epilogue.ts';

/** Multiply-adds of one chunk, about: 0.1 ms. */
const chunkWork = 1 << 21;
const mostRows = 64;

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
  ...tailNames,
] as const;

/**
 * The product of packed operands. A chunk is a block of one matrix of the output. With few chunks and a long depth, it is
 * such a block of a slice of the depth, and a second command adds the slices.
 */
export function multiplyCommands(product: Product, a: Packed, b: Packed, features: Features): Command[] {
  const { rows, columns, depth, batch, output, tail } = product;
  const matrices = matricesOf(product);
  const rowsInChunk = evenly(rows, mostRows, tileRows(features) * 2);
  const wanted = Math.max(64, Math.floor(chunkWork / (Math.max(1, depth) * rowsInChunk)));
  const columnsInChunk = evenly(columns, wanted, tileColumns);
  const rowChunks = Math.ceil(rows / rowsInChunk);
  const columnChunks = Math.ceil(columns / columnsInChunk);
  const chunks = matrices * rowChunks * columnChunks;
  const depthInSlice = sliceDepth(depth, chunks);
  const slices = Math.max(1, Math.ceil(depth / depthInSlice));
  const whole = { place: output, byteOffset: 0 };
  const sums: Temporary = { kind: 'temporary', bytes: 4 * slices * matrices * rows * columns };
  const multiply: Command = {
    code: multiplyCode(features),
    words: [
      ...packWords(names, {
        a: { place: a.panels, byteOffset: 0 },
        b: { place: b.panels, byteOffset: 0 },
        c: slices === 1 ? whole : { place: sums, byteOffset: 0 },
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
        ...tailWords(slices === 1 ? tail : undefined),
      }),
      ...batchWords(batch.map(({ size }, axis) => ({ size, byteStrides: [a.strides[axis]!, b.strides[axis]!] }))),
    ],
    chunks: chunks * slices,
    scratchBytes: tileBlockScratchBytes,
  };
  if (slices === 1) return [multiply];
  const sum = { from: sums, slices, images: 1, channels: matrices * rows, plane: columns, tail };
  return [multiply, sumCommand(sum, whole)];
}

function multiplyCode({ relaxed }: Features): KernelCode {
  const rowsOfTile = tileRows({ relaxed });
  return {
    key: `matmul multiply${relaxed ? ' relaxed' : ''}`,
    assemble: (module) => {
      const multiply = tileBlock(module, { relaxed });
      return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, scratch) => {
        const w = readWords(code, args, names);
        const column = code.local('i32', i32.mul(i32.remU(chunk, w.columnChunks), w.columnsInChunk));
        const rest = code.local('i32', i32.divU(chunk, w.columnChunks));
        const row = code.local('i32', i32.mul(i32.remU(rest, w.rowChunks), w.rowsInChunk));
        code.set(rest, i32.divU(rest, w.rowChunks));
        const start = code.local('i32', i32.mul(i32.remU(rest, w.slices), w.depthInSlice));
        const end = emitLeast(code, i32.add(start, w.depthInSlice), w.depth);
        const matrix = code.local('i32', i32.divU(rest, w.slices));
        const inOutput = i32.add(i32.mul(i32.remU(rest, w.slices), w.matrices), matrix);
        const rows = emitLeast(code, w.rowsInChunk, i32.sub(w.rows, row));
        const columns = emitLeast(code, w.columnsInChunk, i32.sub(w.columns, column));
        const [aOffset, bOffset] = emitBatchOffset(code, args, 4 * names.length, w.rank, matrix, 2);
        const first = code.local('i32', i32.add(i32.mul(i32.add(i32.mul(inOutput, w.rows), row), w.columns), column));
        const c = code.local('i32', i32.add(w.c, i32.shl(first, i32.const(2))));
        const rowBytes = code.local('i32', i32.shl(w.columns, i32.const(2)));

        // A block of the depth has the panels of all rows; the panels' elements, padded, come before this chunk's.
        const aRows = code.local('i32', roundUp(w.rows, rowsOfTile));
        const bColumns = code.local('i32', roundUp(w.columns, tileColumns));
        const a = code.local('i32', i32.add(w.a, aOffset!));
        const b = code.local('i32', i32.add(w.b, bOffset!));
        const from = code.local('i32');
        code.for(from, start, end, depthBlock, () => {
          const depth = emitLeast(code, i32.const(depthBlock), i32.sub(end, from));
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
              scratch,
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
        code.if(w.tail, () =>
          code.if(
            i32.eq(columns, w.columns),
            () => emitTail(code, w, first, i32.mul(rows, columns)),
            () =>
              code.for(i, i32.const(0), rows, 1, () =>
                emitTail(code, w, i32.add(first, i32.mul(i, w.columns)), columns),
              ),
          ),
        );
      });
    },
  };
}
