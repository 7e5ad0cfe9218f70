import type { Slot } from '@thetagrad/core/backend';
import { f32, f32x4, i32, v128 } from '../../assembler/index.ts';
import type { Command, Scratch } from '../../command.ts';
import { emitEpilogue, epilogueNames, epilogueWords, type Epilogue } from '../../emit/epilogue.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { countChunks, cutUnits, emitMin } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';

const names = ['from', 'to', 'slices', 'units', 'unitsInChunk', ...epilogueNames] as const;

export interface Slices {
  /** [slices, size] */
  readonly from: Scratch;
  readonly slices: number;
  readonly size: number;
  readonly epilogue: Epilogue | undefined;
}

/** Adds slices in order. A unit is an element. */
export function addSlicesCommand({ from, slices, size, epilogue }: Slices, output: Slot): Command {
  const cut = cutUnits(size, slices, 1 << 16);
  // Chunks are whole vectors.
  const whole = { ...cut, unitsInChunk: 4 * Math.ceil(cut.unitsInChunk / 4) };
  return {
    code: addSlices,
    words: packWords(names, {
      from: { slot: from, byteOffset: 0 },
      to: { slot: output, byteOffset: 0 },
      slices,
      ...whole,
      ...epilogueWords(epilogue),
    }),
    chunks: countChunks(whole),
    workspaceBytes: 0,
  };
}

const addSlices = kernelCode('winograd slices', {}, (module) =>
  module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const w = readWords(code, args, names);
    const first = code.local('i32', i32.mul(chunk, w.unitsInChunk));
    const count = emitMin(code, w.unitsInChunk, i32.sub(w.units, first));
    const from = code.local('i32', i32.add(w.from, i32.shl(first, i32.const(2))));
    const to = code.local('i32', i32.add(w.to, i32.shl(first, i32.const(2))));
    const end = code.local('i32', i32.add(to, i32.shl(count, i32.const(2))));
    const sliceBytes = code.local('i32', i32.shl(w.units, i32.const(2)));
    const lastFour = code.local('i32', i32.sub(end, i32.const(12)));
    const slice = code.local('i32');
    const vector = code.local('v128');
    const single = code.local('f32');
    code.while(i32.ltU(to, lastFour), () => {
      const at = code.local('i32', from);
      code.set(vector, v128.load(at, { align: 4 }));
      code.for(slice, i32.const(1), w.slices, 1, () => {
        code.add(at, sliceBytes);
        code.set(vector, f32x4.add(vector, v128.load(at, { align: 4 })));
      });
      code.emit(v128.store(to, vector, { align: 4 }));
      code.add(from, i32.const(16));
      code.add(to, i32.const(16));
    });
    code.while(i32.ltU(to, end), () => {
      const at = code.local('i32', from);
      code.set(single, f32.load(at));
      code.for(slice, i32.const(1), w.slices, 1, () => {
        code.add(at, sliceBytes);
        code.set(single, f32.add(single, f32.load(at)));
      });
      code.emit(f32.store(to, single));
      code.add(from, i32.const(4));
      code.add(to, i32.const(4));
    });
    emitEpilogue(code, w, first, count);
  }),
);
