import type { Pair } from '@thetagrad/core/backend';
import { f32, i32, memory } from '../../assembler/index.ts';
import type { Command, Scratch } from '../../command.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { countChunks, cutUnits, emitUnits } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import type { ConvolutionOperand } from './geometry.ts';

const names = [
  'from',
  'to',
  'channels',
  'rows',
  'columns',
  'firstRow',
  'height',
  'before',
  'width',
  'imageBytes',
  'channelBytes',
  'rowBytes',
  'columnBytes',
  'units',
  'unitsInChunk',
] as const;

/**
 * Copies the input between these coordinates, with zeros outside of it, to [N, C, rows, columns], so that no loop has
 * to handle borders. A unit is a row.
 */
export function padCommand({ slot, view }: ConvolutionOperand, rows: Pair, columns: Pair, to: Scratch): Command {
  const [images, channels, height, width] = view.shape as [number, number, number, number];
  const [imageStride, channelStride, rowStride, columnStride] = view.strides as [number, number, number, number];
  const length = columns[1] - columns[0];
  const firstColumn = Math.min(Math.max(columns[0], 0), width);
  const cut = cutUnits(images * channels * (rows[1] - rows[0]), length + 16, 1 << 16);
  return {
    code: pad,
    words: packWords(names, {
      from: { slot, byteOffset: 4 * (view.offset + firstColumn * columnStride) },
      to: { slot: to, byteOffset: 0 },
      channels,
      rows: rows[1] - rows[0],
      columns: length,
      firstRow: rows[0],
      height,
      before: Math.max(0, Math.min(length, firstColumn - columns[0])),
      width: Math.max(0, Math.min(columns[1], width) - firstColumn),
      imageBytes: 4 * imageStride,
      channelBytes: 4 * channelStride,
      rowBytes: 4 * rowStride,
      columnBytes: 4 * columnStride,
      ...cut,
    }),
    chunks: countChunks(cut),
    workspaceBytes: 0,
  };
}

const pad = kernelCode('convolution pad', {}, (module) =>
  module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const w = readWords(code, args, names);
    const rowLength = code.local('i32', i32.shl(w.columns, i32.const(2)));
    const beforeBytes = code.local('i32', i32.shl(w.before, i32.const(2)));
    const widthBytes = code.local('i32', i32.shl(w.width, i32.const(2)));
    const source = code.local('i32');
    const i = code.local('i32');
    emitUnits(code, chunk, w, (unit) => {
      const to = code.local('i32', i32.add(w.to, i32.mul(unit, rowLength)));
      const plane = code.local('i32', i32.divU(unit, w.rows));
      const row = code.local('i32', i32.add(i32.remU(unit, w.rows), w.firstRow));
      // As an unsigned number, a negative row exceeds the height too.
      const isInside = i32.and(i32.ltU(row, w.height), i32.ne(w.width, i32.const(0)));
      code.if(
        isInside,
        () => {
          const inner = code.local('i32', i32.add(to, beforeBytes));
          const image = i32.mul(i32.divU(plane, w.channels), w.imageBytes);
          const channel = i32.mul(i32.remU(plane, w.channels), w.channelBytes);
          code.set(source, i32.add(i32.add(w.from, i32.mul(row, w.rowBytes)), i32.add(image, channel)));
          code.emit(memory.fill(to, i32.const(0), beforeBytes));
          code.if(
            i32.eq(w.columnBytes, i32.const(4)),
            () => code.emit(memory.copy(inner, source, widthBytes)),
            () =>
              code.for(i, i32.const(0), widthBytes, 4, () => {
                code.emit(f32.store(i32.add(inner, i), f32.load(source)));
                code.add(source, w.columnBytes);
              }),
          );
          const end = i32.add(inner, widthBytes);
          code.emit(memory.fill(end, i32.const(0), i32.sub(i32.sub(rowLength, beforeBytes), widthBytes)));
        },
        () => code.emit(memory.fill(to, i32.const(0), rowLength)),
      );
    });
  }),
);
