import { i32, type Code, type Local, type Value } from '../assembler/index.ts';
import type { Word } from '../command.ts';

/** The words of an argument block, in the order of their names. */
export function packWords<N extends string>(names: readonly N[], words: Readonly<Record<N, Word>>): Word[] {
  return names.map((name) => words[name]);
}

/** Reads the words of the argument block at `args` into locals. */
export function readWords<N extends string>(
  code: Code,
  args: Local<'i32'>,
  names: readonly N[],
): Record<N, Local<'i32'>> {
  const locals = names.map((name, i) => [name, code.local('i32', i32.load(args, { offset: 4 * i }))] as const);
  return Object.fromEntries(locals) as Record<N, Local<'i32'>>;
}

/** The address after the words with these names. */
export function wordsAfter(args: Local<'i32'>, names: readonly string[]): Value<'i32'> {
  return i32.add(args, i32.const(4 * names.length));
}
