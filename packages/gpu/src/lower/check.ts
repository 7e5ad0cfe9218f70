// Kernels that look at indices, in GLSL, where those that use them can neither throw nor report.
import { parameter } from '@thetagrad/core/backend';
import { temporaryPlace, type Command, type IndexCheck } from '../code/code.ts';
import { placesOf, product } from '../code/views.ts';
import { sumOf, times, type Value, type Writer } from '../code/writer.ts';
import { elementwise, glsl } from './language.ts';

/** So many indices are looked at one after another. */
const runLength = 256;

const name = 'index check';

/**
 * The commands that find the first index out of range. The last one's output are two integers: its number among the indices,
 * from 1 on, or 0 if there is none; and the index.
 */
export function lowerCheck({ length, indices, view }: IndexCheck): Command[] {
  const [index, number] = [parameter('i32', 0), parameter('i32', 1)];
  const isOutside = index.lt(-length).or(index.ge(length));
  const load = (writer: Writer, number: string): Value => writer.load(indices, placesOf(writer, number, [view])[0]!);
  let count = product(view.shape);
  let candidate = (writer: Writer, i: string): Value =>
    writer.evaluate(isOutside.select(number.add(1), 0), [load(writer, i), writer.fromIndex(i)]);
  const commands: Command[] = [];
  /** The first candidate of a run that is not 0. */
  const first = (writer: Writer, run: string): Value => {
    const found = writer.variable(writer.constant('i32', 0));
    writer.loop(Math.min(count, runLength), (k) => {
      const at = writer.integer(`(${sumOf([times(run, runLength), k])})`);
      writer.block(`if (${at} < ${count} && ${found.text} == 0)`, () => writer.set(found, candidate(writer, at)));
    });
    return found;
  };
  while (count > runLength) {
    const place = temporaryPlace('int32', Math.ceil(count / runLength));
    commands.push(elementwise(glsl, name, place, first));
    count = place.size;
    candidate = (writer, i) => writer.load(place, i);
  }
  const last = elementwise(glsl, name, temporaryPlace('int32', 2), (writer, element) => {
    const found = first(writer, '0');
    writer.block(`if (${element} == 1 && ${found.text} > 0)`, () =>
      writer.set(found, load(writer, writer.integer(`(${found.text} - 1)`))),
    );
    return found;
  });
  return [...commands, last];
}
