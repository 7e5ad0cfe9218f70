import { i32, memory } from '../../assembler/index.ts';
import type { Command, KernelCode, Word } from '../../command.ts';
import { emitLeast } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';

const names = ['to', 'bytes'] as const;
const bytesInChunk = 1 << 18;

/** Zeros for `size` elements: for outputs that meet no input. */
export function zeroCommand(to: Extract<Word, { place: unknown }>, size: number): Command {
  return {
    code: zeroCode,
    words: packWords(names, { to, bytes: 4 * size }),
    chunks: Math.ceil((4 * size) / bytesInChunk),
    scratchBytes: 0,
  };
}

const zeroCode: KernelCode = {
  key: 'zero',
  assemble: (module) =>
    module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
      const w = readWords(code, args, names);
      const at = code.local('i32', i32.mul(chunk, i32.const(bytesInChunk)));
      const bytes = emitLeast(code, i32.const(bytesInChunk), i32.sub(w.bytes, at));
      code.emit(memory.fill(i32.add(w.to, at), i32.const(0), bytes));
    }),
};
