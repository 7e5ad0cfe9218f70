import { arrayOn, bytesPerElement, type Slot } from '@thetagrad/core/backend';
import { i32, i64, i64x2, v128 } from '../../assembler/index.ts';
import type { Command, Scratch } from '../../command.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { emitMin } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';

/** A pattern of eight bytes, which is repeated. */
const names = ['lowWord', 'highWord', 'to', 'bytes'] as const;
const bytesInChunk = 1 << 18;

/** Sets all elements of a slot to `value`. */
export function fillCommand(slot: Slot, value: number): Command {
  const size = bytesPerElement(slot.dtype);
  const pattern = new Uint32Array(2);
  arrayOn(pattern.buffer, slot.dtype, 0, pattern.byteLength / size).fill(value);
  return fillBytes(slot, slot.size * size, pattern[0]!, pattern[1]!);
}

/** Sets all bytes of a scratch to 0. */
export function clearCommand(scratch: Scratch): Command {
  return fillBytes(scratch, scratch.bytes, 0, 0);
}

function fillBytes(slot: Slot | Scratch, bytes: number, lowWord: number, highWord: number): Command {
  return {
    code: fill,
    words: packWords(names, { lowWord, highWord, to: { slot, byteOffset: 0 }, bytes }),
    chunks: Math.ceil(bytes / bytesInChunk),
    workspaceBytes: 0,
  };
}

const fill = kernelCode('fill', {}, (module) =>
  module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const w = readWords(code, args, names);
    const begin = code.local('i32', i32.mul(chunk, i32.const(bytesInChunk)));
    const left = emitMin(code, i32.const(bytesInChunk), i32.sub(w.bytes, begin));
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
    // The remaining bytes begin with a whole element.
    code.while(left, () => {
      code.emit(i64.store8(at, eight));
      code.set(eight, i64.shrU(eight, i64.const(8n)));
      advance(1);
    });
  }),
);
