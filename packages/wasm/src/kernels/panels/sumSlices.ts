import type { Slot } from '@thetagrad/core/backend';
import { f32x4, i32, memory, v128 } from '../../assembler/index.ts';
import type { Command, Scratch } from '../../command.ts';
import { emitEpilogue, epilogueNames, epilogueWords, type Epilogue } from '../../emit/epilogue.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { countChunks, cutUnits, emitUnits, evenPartSize } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { depthBlock } from './pack.ts';

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
  ...epilogueNames,
] as const;

export interface SlicedSum {
  /** [slices, channels, images, plane] */
  readonly from: Scratch;
  readonly slices: number;
  readonly images: number;
  readonly channels: number;
  readonly plane: number;
  readonly epilogue: Epilogue | undefined;
}

/** Adds slices in order, to [images, channels, plane]. A unit is a plane. */
export function sumSlicesCommand(
  { from, slices, images, channels, plane, epilogue }: SlicedSum,
  output: Slot,
): Command {
  const cut = cutUnits(images * channels, slices * plane + 32, 1 << 15);
  return {
    code: sumSlices,
    words: packWords(names, {
      from: { slot: from, byteOffset: 0 },
      to: { slot: output, byteOffset: 0 },
      images,
      channels,
      plane,
      slices,
      sliceBytes: 4 * images * channels * plane,
      ...cut,
      ...epilogueWords(epilogue),
    }),
    chunks: countChunks(cut),
    workspaceBytes: 4 * plane + 16,
  };
}

const sumSlices = kernelCode('sum of slices', {}, (module) =>
  module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
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
        // To the workspace first, because the last vector may exceed the plane.
        code.emit(v128.store(i32.add(workspace, at), sum));
      });
      code.emit(memory.copy(i32.add(w.to, i32.mul(unit, bytes)), workspace, bytes));
    });
    const first = code.local('i32', i32.mul(chunk, w.unitsInChunk));
    code.set(end, i32.sub(w.units, first));
    code.if(i32.gtU(end, w.unitsInChunk), () => code.set(end, w.unitsInChunk));
    emitEpilogue(code, w, i32.mul(first, w.plane), i32.mul(end, w.plane));
  }),
);

/** With fewer chunks, a long depth is cut into slices, so that all threads have work. */
const enoughChunks = 32;
const minSliceDepth = 1024;

/** A deeper product is cut in any case: its blocks are added one after another. */
const maxSliceDepth = depthBlock ** 2;

/** The depth of a slice, a multiple of {@link depthBlock}, if there are `chunks` chunks without slices. */
export function sliceDepth(depth: number, chunks: number): number {
  const isParallel = chunks >= enoughChunks || depth < 2 * minSliceDepth;
  if (isParallel && depth <= maxSliceDepth) return Math.max(1, depth);
  const wanted = isParallel ? 1 : Math.min(Math.ceil((1.5 * enoughChunks) / chunks), Math.floor(depth / minSliceDepth));
  return evenPartSize(depth, depth / Math.max(wanted, Math.ceil(depth / maxSliceDepth)), depthBlock);
}
