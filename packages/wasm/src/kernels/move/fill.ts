import { i32, i64, i64x2, v128 } from '../../assembler/index.ts';
import type { Command, KernelCode, Word } from '../../command.ts';
import { emitLeast } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';

const names = ['low', 'high', 'to', 'bytes'] as const;
const bytesInChunk = 1 << 18;

/** `bytes` bytes in which these eight repeat: elements of one value. */
export function fillCommand(to: Extract<Word, { place: unknown }>, bytes: number, pattern: Uint32Array): Command {
  const [low, high] = pattern as unknown as [number, number];
  return {
    code: fillCode,
    words: packWords(names, { low, high, to, bytes }),
    chunks: Math.ceil(bytes / bytesInChunk),
    scratchBytes: 0,
  };
}

const fillCode: KernelCode = {
  key: 'fill',
  assemble: (module) =>
    module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
      const w = readWords(code, args, names);
      const begin = code.local('i32', i32.mul(chunk, i32.const(bytesInChunk)));
      const left = emitLeast(code, i32.const(bytesInChunk), i32.sub(w.bytes, begin));
      const at = code.local('i32', i32.add(w.to, begin));
      const advance = (bytes: number): void => {
        code.add(at, i32.const(bytes));
        code.add(left, i32.const(-bytes));
      };
      const eight = code.local('i64', i64.load(args));
      const sixteen = code.local('v128', i64x2.splat(eight));
      code.while(i32.geU(left, i32.const(16)), () => {
        code.emit(v128.store(at, sixteen));
        advance(16);
      });
      code.if(i32.geU(left, i32.const(8)), () => {
        code.emit(i64.store(at, eight));
        advance(8);
      });
      // What is left are bytes of smaller elements, and begins with a whole one.
      code.while(left, () => {
        code.emit(i64.store8(at, eight));
        code.set(eight, i64.shrU(eight, i64.const(8n)));
        advance(1);
      });
    }),
};
