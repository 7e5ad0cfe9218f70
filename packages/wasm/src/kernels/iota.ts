import { i32, i32x4, v128 } from '../assembler/index.ts';
import type { Command, KernelCode, Word } from '../command.ts';
import { packWords, readWords } from '../emit/words.ts';
import { emitRange, rangeNames } from '../emit/stridedLoop.ts';
import { emitTail, tailNames, tailWords, type Tail } from '../emit/epilogue.ts';

const names = ['to', ...rangeNames, ...tailNames] as const;
const grain = 1 << 16;

/** int32: 0, 1, 2, … */
export function iotaCommand(to: Extract<Word, { place: unknown }>, size: number, tail?: Tail): Command {
  return {
    code: iotaCode,
    words: packWords(names, { to, size, grain, ...tailWords(tail) }),
    chunks: Math.ceil(size / grain),
    scratchBytes: 0,
  };
}

const iotaCode: KernelCode = {
  key: 'iota',
  assemble: (module) =>
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
      emitTail(code, w, begin, i32.sub(end, begin));
    }),
};
