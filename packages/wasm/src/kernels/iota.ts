import type { RoutineKernel } from '@thetagrad/core/backend';
import { i32, i32x4, v128 } from '../assembler/index.ts';
import type { Command } from '../command.ts';
import { emitEpilogue, epilogueNames, epilogueWords, type Epilogue } from '../emit/epilogue.ts';
import { kernelCode } from '../emit/kernelCode.ts';
import { countRanges, emitRange, rangeNames } from '../emit/stridedLoop.ts';
import { packWords, readWords } from '../emit/words.ts';

const names = ['to', ...rangeNames, ...epilogueNames] as const;
const grain = 1 << 16;

export function iotaCommand({ output }: Pick<RoutineKernel<'iota'>, 'output'>, epilogue?: Epilogue): Command {
  const range = { size: output.size, grain };
  return {
    code: iota,
    words: packWords(names, { to: { slot: output, byteOffset: 0 }, ...range, ...epilogueWords(epilogue) }),
    chunks: countRanges(range),
    workspaceBytes: 0,
  };
}

const iota = kernelCode('iota', {}, (module) =>
  module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const w = readWords(code, args, names);
    const { begin, end } = emitRange(code, chunk, w);
    const i = code.local('i32', begin);
    const at = i32.add(w.to, i32.shl(i, i32.const(2)));
    const four = code.local('v128', i32x4.add(i32x4.splat(i), v128.const(Int32Array.of(0, 1, 2, 3))));
    code.while(i32.leU(i32.add(i, i32.const(4)), end), () => {
      code.emit(v128.store(at, four));
      code.set(four, i32x4.add(four, i32x4.splat(i32.const(4))));
      code.add(i, i32.const(4));
    });
    code.while(i32.ltU(i, end), () => {
      code.emit(i32.store(at, i));
      code.add(i, i32.const(1));
    });
    emitEpilogue(code, w, begin, i32.sub(end, begin));
  }),
);
