// Commands that check indices on the device, since those that use them cannot throw.
import { indexError, parameter, sizeOf, type TypedArray } from '@thetagrad/core/backend';
import { createScratch, type Command, type IndexCheck } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { positionsOf } from '../code/positions.ts';
import { plus, times, type Value, type Writer } from '../code/writer.ts';
import { emitElementwise } from './elementwise.ts';

/** The number of indices that a thread checks, one after another. */
const perThread = 256;

const name = 'index check';

/**
 * Makes the commands that find the first index out of range. The output of the last is two int32: the number of that index,
 * counted from 1, or 0 if all are in range; and the index itself.
 */
export function lowerIndexCheck({ length, indices, view }: IndexCheck, language: Language): Command[] {
  const [index, number] = [parameter('i32', 0), parameter('i32', 1)];
  const isOutside = index.lt(-length).or(index.ge(length));
  const load = (writer: Writer, number: string): Value => writer.load(indices, positionsOf(writer, number, [view])[0]!);
  // Each pass reduces runs of candidates to their first that is not 0; the candidates of the first pass are the indices.
  let count = sizeOf(view.shape);
  let candidate = (writer: Writer, i: string): Value =>
    writer.evaluate(isOutside.select(number.add(1), 0), [load(writer, i), writer.fromIndex(i)]);
  const commands: Command[] = [];
  const findFirst = (writer: Writer, run: string): Value => {
    const found = writer.variable(writer.constant('i32', 0));
    writer.loop(Math.min(count, perThread), (k) => {
      const i = writer.bindIndex(`(${plus([times(run, perThread), k])})`);
      writer.block(`if (${i} < ${count})`, () =>
        writer.block(`if (${found.text} == 0)`, () => writer.assign(found, candidate(writer, i))),
      );
    });
    return found;
  };
  while (count > perThread) {
    const scratch = createScratch('int32', Math.ceil(count / perThread));
    commands.push(emitElementwise(language, name, scratch, findFirst));
    count = scratch.size;
    candidate = (writer, i) => writer.load(scratch, i);
  }
  const last = emitElementwise(language, name, createScratch('int32', 2), (writer, element) => {
    const found = findFirst(writer, '0');
    writer.block(`if (${element} == 1)`, () =>
      writer.block(`if (${found.text} > 0)`, () =>
        writer.assign(found, load(writer, writer.bindIndex(`(${found.text} - 1)`))),
      ),
    );
    return found;
  });
  return [...commands, last];
}

/** The error for what the commands found, if it is one. */
export function decodeIndexCheck({ operation, axis, length }: IndexCheck, found: TypedArray): RangeError | undefined {
  const [number, index] = found;
  return number === 0 ? undefined : indexError(operation, index!, length, axis);
}
