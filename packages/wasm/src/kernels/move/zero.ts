import type { Slot } from '@thetagrad/core/backend';
import { i32, memory } from '../../assembler/index.ts';
import type { Command, Scratch } from '../../command.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { emitMin } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';

const names = ['to', 'bytes'] as const;
const bytesInChunk = 1 << 18;

/** Sets the first `bytes` bytes of a slot to 0. */
export function zeroCommand(slot: Slot | Scratch, bytes: number): Command {
  return {
    code: zero,
    words: packWords(names, { to: { slot, byteOffset: 0 }, bytes }),
    chunks: Math.ceil(bytes / bytesInChunk),
    workspaceBytes: 0,
  };
}

const zero = kernelCode('zero', {}, (module) =>
  module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const w = readWords(code, args, names);
    const at = code.local('i32', i32.mul(chunk, i32.const(bytesInChunk)));
    const bytes = emitMin(code, i32.const(bytesInChunk), i32.sub(w.bytes, at));
    code.emit(memory.fill(i32.add(w.to, at), i32.const(0), bytes));
  }),
);
