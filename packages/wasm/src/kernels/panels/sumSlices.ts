import { f32x4, i32, memory, v128 } from '../../assembler/index.ts';
import type { Command, KernelCode, Temporary, Word } from '../../command.ts';
import { depthBlock } from './pack.ts';
import { chunksOf, cutUnits, emitUnits, evenly } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { emitTail, tailNames, tailWords, type Tail } from '../../emit/epilogue.ts';

const names = [
  'from',
  'to',
  'images',
  'channels',
  'plane',
  'slices',
  'sliceBytes',
  'units',
  'unitsInChunk',
  ...tailNames,
] as const;

export interface Sum {
  /** [slices, channels, images, plane] */
  readonly from: Temporary;
  readonly slices: number;
  readonly images: number;
  readonly channels: number;
  readonly plane: number;
  readonly tail: Tail | undefined;
}

/** Adds the slices in their order, to [images, channels, plane]. A unit is one plane. */
export function sumCommand(
  { from, slices, images, channels, plane, tail }: Sum,
  to: Extract<Word, { place: unknown }>,
): Command {
  const cut = cutUnits(images * channels, slices * plane + 32, 1 << 15);
  return {
    code: sumCode,
    words: packWords(names, {
      from: { place: from, byteOffset: 0 },
      to,
      images,
      channels,
      plane,
      slices,
      sliceBytes: 4 * images * channels * plane,
      ...cut,
      ...tailWords(tail),
    }),
    chunks: chunksOf(cut),
    scratchBytes: 4 * plane + 16,
  };
}

const sumCode: KernelCode = {
  key: 'sum of slices',
  assemble: (module) =>
    module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, scratch) => {
      const w = readWords(code, args, names);
      const bytes = code.local('i32', i32.shl(w.plane, i32.const(2)));
      const at = code.local('i32');
      const end = code.local('i32');
      const sum = code.local('v128');
      const slice = code.local('i32');
      emitUnits(code, chunk, w, (unit) => {
        const image = i32.divU(unit, w.channels);
        const channel = i32.remU(unit, w.channels);
        const from = code.local('i32', i32.add(w.from, i32.mul(i32.add(i32.mul(channel, w.images), image), bytes)));
        code.for(at, i32.const(0), bytes, 16, () => {
          const term = code.local('i32', i32.add(from, at));
          code.set(sum, v128.load(term, { align: 4 }));
          code.for(slice, i32.const(1), w.slices, 1, () => {
            code.add(term, w.sliceBytes);
            code.set(sum, f32x4.add(sum, v128.load(term, { align: 4 })));
          });
          // By way of scratch memory, since the last vector may be wider than what is left of the plane.
          code.emit(v128.store(i32.add(scratch, at), sum));
        });
        code.emit(memory.copy(i32.add(w.to, i32.mul(unit, bytes)), scratch, bytes));
      });
      const first = code.local('i32', i32.mul(chunk, w.unitsInChunk));
      code.set(end, i32.sub(w.units, first));
      code.if(i32.gtU(end, w.unitsInChunk), () => code.set(end, w.unitsInChunk));
      emitTail(code, w, i32.mul(first, w.plane), i32.mul(end, w.plane));
    }),
};

/** With fewer chunks than this, a long depth is cut into slices, so that all threads have work. */
const fewChunks = 32;
const shortestSlice = 1024;

/** How long a slice of the depth is, a multiple of {@link depthBlock}, where there are so many chunks without slices. */
export function sliceDepth(depth: number, chunks: number): number {
  if (chunks >= fewChunks || depth < 2 * shortestSlice) return Math.max(1, depth);
  const slices = Math.min(Math.ceil((1.5 * fewChunks) / chunks), Math.floor(depth / shortestSlice));
  return evenly(depth, depth / slices, depthBlock);
}
