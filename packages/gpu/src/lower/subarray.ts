import type { DType } from '@thetagrad/core/backend';
import { createScratch, type Command } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { emitElementwise } from './elementwise.ts';

/**
 * Makes the command that copies `size` elements of an array. Its inputs are the number of the first element and the array,
 * so that one kernel serves all parts of this size.
 */
export function lowerSubarray(dtype: DType, wholeSize: number, size: number, language: Language): Command {
  const [start, whole] = [createScratch('int32', 1), createScratch(dtype, wholeSize)];
  return emitElementwise(language, 'slice', createScratch(dtype, size), (writer, element) => {
    const first = writer.bindIndex(writer.toIndex(writer.load(start, '0')), wholeSize);
    return writer.load(whole, writer.bindIndex(`(${element} + ${first})`, wholeSize));
  });
}
