import { i32, type Code, type Local, type Value } from '../assembler/index.ts';
import type { Command, KernelCode, Word } from '../command.ts';
import { emitLeast } from './units.ts';
import { packWords, readWords } from './words.ts';

/** An elementwise end of a routine: a function (args, begin, end) on the flat output, in place, and its arguments. */
export interface Tail {
  readonly code: KernelCode;
  readonly args: Command;
}

export const tailNames = ['tail', 'tailArgs'] as const;

export function tailWords(tail: Tail | undefined): Record<(typeof tailNames)[number], Word> {
  return tail ? { tail: { code: tail.code }, tailArgs: { argsOf: tail.args } } : { tail: 0, tailArgs: 0 };
}

/** Emits the tail on `count` elements from `begin` on, if there is one. */
export function emitTail(
  code: Code,
  { tail, tailArgs }: Readonly<Record<(typeof tailNames)[number], Local<'i32'>>>,
  begin: Value<'i32'>,
  count: Value<'i32'>,
): void {
  code.if(tail, () => {
    const first = code.local('i32', begin);
    const end = i32.add(first, count);
    code.emit(code.callIndirect(tail, ['i32', 'i32', 'i32'], [], tailArgs, first, end));
  });
}

const wholeNames = ['size', 'sizeInChunk', ...tailNames] as const;
const sizeInChunk = 1 << 15;

/** The tail as a command of its own, for a routine that writes its output in no contiguous pieces. */
export function tailCommand(tail: Tail, size: number): Command {
  return {
    code: wholeCode,
    words: packWords(wholeNames, { size, sizeInChunk, ...tailWords(tail) }),
    chunks: Math.ceil(size / sizeInChunk),
    scratchBytes: 0,
  };
}

const wholeCode: KernelCode = {
  key: 'tail',
  assemble: (module) =>
    module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
      const w = readWords(code, args, wholeNames);
      const begin = code.local('i32', i32.mul(chunk, w.sizeInChunk));
      emitTail(code, w, begin, emitLeast(code, w.sizeInChunk, i32.sub(w.size, begin)));
    }),
};
