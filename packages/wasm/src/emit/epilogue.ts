import { i32, type Code, type Local, type Value } from '../assembler/index.ts';
import type { Command, KernelCode, Word } from '../command.ts';
import { kernelCode } from './kernelCode.ts';
import { callKernel } from './kernelModule.ts';
import { emitMin } from './units.ts';
import { packWords, readWords } from './words.ts';

/** An elementwise function (args, begin, end) that a routine applies to ranges of its output, in place. */
export interface Epilogue {
  readonly code: KernelCode;
  /** A command without chunks, for its argument block. */
  readonly args: Command;
}

export const epilogueNames = ['epilogue', 'epilogueArgs'] as const;

export function epilogueWords(epilogue: Epilogue | undefined): Record<(typeof epilogueNames)[number], Word> {
  return epilogue
    ? { epilogue: { code: epilogue.code }, epilogueArgs: { argsOf: epilogue.args } }
    : { epilogue: 0, epilogueArgs: 0 };
}

/** Emits a call of the epilogue, if there is one, on `count` elements from `begin` on. */
export function emitEpilogue(
  code: Code,
  { epilogue, epilogueArgs }: Readonly<Record<(typeof epilogueNames)[number], Local<'i32'>>>,
  begin: Value<'i32'>,
  count: Value<'i32'>,
): void {
  code.if(epilogue, () => {
    const first = code.local('i32', begin);
    code.emit(callKernel(epilogue, epilogueArgs, first, i32.add(first, count)));
  });
}

const names = ['size', 'sizeInChunk', ...epilogueNames] as const;
const sizeInChunk = 1 << 15;

/** Applies the epilogue to the whole output, after a routine that does not complete contiguous ranges of it. */
export function epilogueCommand(epilogue: Epilogue, size: number): Command {
  return {
    code: wholeEpilogue,
    words: packWords(names, { size, sizeInChunk, ...epilogueWords(epilogue) }),
    chunks: Math.ceil(size / sizeInChunk),
    workspaceBytes: 0,
  };
}

const wholeEpilogue = kernelCode('epilogue', {}, (module) =>
  module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const w = readWords(code, args, names);
    const begin = code.local('i32', i32.mul(chunk, w.sizeInChunk));
    emitEpilogue(code, w, begin, emitMin(code, w.sizeInChunk, i32.sub(w.size, begin)));
  }),
);
