// Long sums, in parts.
import { temporaryPlace, type Command, type Place } from '../code/code.ts';
import { coordinatesOf } from '../code/views.ts';
import { sumOf, times, valueTypeOf, type Value, type Writer } from '../code/writer.ts';
import { elementwise, type Language } from './language.ts';

/** So many terms are added one after another, then their sums: the error grows with both counts, not with the product. */
export const runLength = 256;

/** What becomes of many terms, in something that begins empty. */
export interface Gathering<Total> {
  readonly begin: () => Total;
  readonly add: (into: Total, k: string) => void;
  readonly merge: (into: Total, part: Total) => void;
}

/** As {@link Writer.loop}, with `step` of the bodies one after another, as loops cost more than what little is in them. */
export function unrolled(writer: Writer, count: number, step: number, body: (k: string) => void): void {
  const whole = Math.floor(count / step);
  const done = whole * step;
  if (whole > 0) {
    writer.loop(whole, (k) => {
      for (let i = 0; i < step; i++) body(step === 1 ? k : `(${sumOf([times(k, step), String(i)])})`);
    });
  }
  if (done < count) writer.loop(count - done, (k) => body(done === 0 ? k : `(${k} + ${done})`));
}

/** Adds terms 0, 1, …, count − 1 in runs, `step` of them one after another. */
export function inRuns<Total>(
  writer: Writer,
  count: number,
  { begin, add, merge }: Gathering<Total>,
  step: number = 1,
): Total {
  const total = begin();
  if (count <= runLength) {
    unrolled(writer, count, step, (k) => add(total, k));
    return total;
  }
  const whole = Math.floor(count / runLength);
  const run = (length: number, place: (k: string) => string): void => {
    const part = begin();
    unrolled(writer, length, step, (k) => add(part, `(${place(k)})`));
    merge(total, part);
  };
  writer.loop(whole, (block) => run(runLength, (k) => sumOf([times(block, runLength), k])));
  const done = whole * runLength;
  if (done < count) run(count - done, (k) => sumOf([k, String(done)]));
  return total;
}

/** Sums of values. */
export function sumsOf(writer: Writer, zero: Value, term: (k: string) => Value): Gathering<Value> {
  return {
    begin: () => writer.variable(zero),
    add: (into, k) => writer.increase(into, term(k)),
    merge: (into, part) => writer.increase(into, part),
  };
}

/** Of a long sum, what a thread adds: `length` parts, of which the k-th is visited if there is one. */
export interface Share {
  readonly length: number;
  readonly isWhole: boolean;
  visit(k: string, body: (part: string) => void): void;
}

/**
 * The commands for sums of `count` parts, of which a thread adds `most`. Where there are more, several threads have slices of
 * them for each element of the output, which a second kernel adds up.
 */
export function slicedSum(
  language: Language,
  name: string,
  output: Place,
  { count, most }: { readonly count: number; readonly most: number },
  sum: (writer: Writer, element: string, share: Share) => Value,
  finish: (writer: Writer, sum: Value, element: string) => Value,
): Command[] {
  if (count <= most) {
    const all: Share = { length: count, isWhole: true, visit: (k, body) => body(k) };
    return [
      elementwise(language, name, output, (writer, element) => finish(writer, sum(writer, element, all), element)),
    ];
  }
  const slices = Math.ceil(count / most);
  const partial = temporaryPlace(output.dtype, output.size * slices);
  const zeroOf = (writer: Writer): Value => writer.constant(valueTypeOf(output.dtype), 0);
  return [
    elementwise(language, `${name} (slices)`, partial, (writer, element) => {
      const [slice, own] = coordinatesOf(writer, element, [slices, output.size]) as [string, string];
      return sum(writer, own, shareOf(writer, slice, slices, count));
    }),
    elementwise(language, `${name} (sum of slices)`, output, (writer, element) => {
      const load = (slice: string): Value => writer.load(partial, sumOf([times(slice, output.size), element]));
      return finish(writer, inRuns(writer, slices, sumsOf(writer, zeroOf(writer), load)), element);
    }),
  ];
}

/** What the thread of a slice has: parts that follow one another, or, where slices are spread, each `slices`-th. */
export function shareOf(writer: Writer, slice: string, slices: number, count: number, isSpread = false): Share {
  const length = Math.ceil(count / slices);
  return {
    length,
    isWhole: false,
    visit: (k, body) => {
      const part = writer.integer(sumOf(isSpread ? [times(k, slices), slice] : [times(slice, length), k]));
      if (length * slices === count) return body(part);
      writer.block(`if (${part} < ${count})`, () => body(part));
    },
  };
}
