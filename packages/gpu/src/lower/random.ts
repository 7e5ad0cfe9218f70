import { parameter, threefryExpression, type RoutineKernel } from '@thetagrad/core/backend';
import type { Command } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { emitElementwise } from './elementwise.ts';
import { applyEpilogue } from './map.ts';

const [key0, key1, counter] = [parameter('i32', 0), parameter('i32', 1), parameter('i32', 2)];
const [bits] = threefryExpression([key0, key1], 0, counter);

/** The element's number is the counter of Threefry, whose first word is the result. */
export function lowerRandomBits(kernel: RoutineKernel<'randomBits'>, language: Language): Command[] {
  const [{ slot, view }] = kernel.operands;
  return [
    emitElementwise(language, 'randomBits', kernel.output, (writer, element) => {
      const key = [0, 1].map((i) => writer.load(slot, String(view.offset + i * view.strides[0]!)));
      return applyEpilogue(writer, kernel, writer.evaluate(bits, [...key, writer.fromIndex(element)]), element);
    }),
  ];
}
