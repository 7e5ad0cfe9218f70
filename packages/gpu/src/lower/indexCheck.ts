// Kernels in GLSL that check indices, since those that use them can neither throw nor report.
import { parameter, sizeOf } from '@thetagrad/core/backend';
import { createScratch, type Command, type IndexCheck } from '../code/command.ts';
import { glsl } from '../code/language.ts';
import { positionsOf } from '../code/positions.ts';
import { plus, times, type Value, type Writer } from '../code/writer.ts';
import { emitElementwise } from './elementwise.ts';

/** The number of indices that a thread checks, one after another. */
const perThread = 256;

const name = 'index check';

/** Makes the commands that find the first index out of range: its number, counted from 1, and the index itself. */
export function lowerIndexCheck({ length, indices, view }: IndexCheck): Command[] {
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
      writer.block(`if (${i} < ${count} && ${found.text} == 0)`, () => writer.assign(found, candidate(writer, i)));
    });
    return found;
  };
  while (count > perThread) {
    const scratch = createScratch('int32', Math.ceil(count / perThread));
    commands.push(emitElementwise(glsl, name, scratch, findFirst));
    count = scratch.size;
    candidate = (writer, i) => writer.load(scratch, i);
  }
  const last = emitElementwise(glsl, name, createScratch('int32', 2), (writer, element) => {
    const found = findFirst(writer, '0');
    writer.block(`if (${element} == 1 && ${found.text} > 0)`, () =>
      writer.assign(found, load(writer, writer.bindIndex(`(${found.text} - 1)`))),
    );
    return found;
  });
  return [...commands, last];
}
