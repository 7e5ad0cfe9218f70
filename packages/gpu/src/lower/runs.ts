// Long sums, in parts: runs that one thread adds up one after another, and slices that several threads add up in parallel.
import { createScratch, type Command, type Location } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { coordinatesOf } from '../code/positions.ts';
import { plus, times, valueTypeOf, type Value, type Writer } from '../code/writer.ts';
import { emitElementwise } from './elementwise.ts';

/** The number of terms in a run, and of runs in a longer run: rounding errors grow with this times the number of levels. */
export const runLength = 256;

/** Accumulates numbered terms in totals that begin empty, and merges totals. */
export interface Accumulation<Total> {
  readonly begin: () => Total;
  readonly add: (total: Total, k: string) => void;
  readonly merge: (total: Total, part: Total) => void;
}

/** As {@link Writer.loop}, with `step` bodies in each iteration, since an iteration costs more than a short body. */
export function loopUnrolled(writer: Writer, count: number, step: number, body: (k: string) => void): void {
  const whole = Math.floor(count / step);
  const done = whole * step;
  if (whole > 0) {
    writer.loop(whole, (k) => {
      for (let i = 0; i < step; i++) body(step === 1 ? k : `(${plus([times(k, step), String(i)])})`);
    });
  }
  if (done < count) writer.loop(count - done, (k) => body(done === 0 ? k : `(${k} + ${done})`));
}

/**
 * Accumulates terms 0, 1, …, count − 1 in runs, the runs in runs of runs, and so on: at most {@link runLength} at each level.
 * Loops over terms are unrolled by `step`.
 */
export function accumulateInRuns<Total>(
  writer: Writer,
  count: number,
  accumulation: Accumulation<Total>,
  step: number = 1,
): Total {
  const { begin, add, merge } = accumulation;
  const total = begin();
  let length = 1;
  while (length * runLength < count) length *= runLength;
  if (length === 1) {
    loopUnrolled(writer, count, step, (k) => add(total, k));
    return total;
  }
  const accumulatePart = (length: number, termAt: (k: string) => string): void => {
    const terms = { ...accumulation, add: (part: Total, k: string) => add(part, `(${termAt(k)})`) };
    merge(total, accumulateInRuns(writer, length, terms, step));
  };
  const whole = Math.floor(count / length);
  writer.loop(whole, (part) => accumulatePart(length, (k) => plus([times(part, length), k])));
  const done = whole * length;
  if (done < count) accumulatePart(count - done, (k) => plus([k, String(done)]));
  return total;
}

/** Adds up terms 0, 1, …, count − 1 in runs: `add` adds term k to a variable. */
export function sumInRuns(writer: Writer, zero: Value, count: number, add: (sum: Value, k: string) => void): Value {
  const begin = (): Value => writer.variable(zero);
  return accumulateInRuns(writer, count, { begin, add, merge: (total, part) => writer.addTo(total, part) });
}

/** The terms of a sum that one thread adds. */
export interface Slice {
  readonly length: number;
  /** Whether these are all terms. */
  readonly isWhole: boolean;
  /** Runs `body` with the number of the k-th term, if there is one. */
  visit(k: string, body: (term: string) => void): void;
}

/** Slice number `slice` of `slices` equal ones: consecutive terms, or every `slices`-th if they are interleaved. */
export function sliceOf(writer: Writer, slice: string, slices: number, count: number, isInterleaved = false): Slice {
  const length = Math.ceil(count / slices);
  return {
    length,
    isWhole: false,
    visit: (k, body) => {
      const term = writer.bindIndex(plus(isInterleaved ? [times(k, slices), slice] : [times(slice, length), k]));
      if (length * slices === count) return body(term);
      writer.block(`if (${term} < ${count})`, () => body(term));
    },
  };
}

/**
 * Makes the commands for sums of `count` terms, of which a thread adds at most `max`. If there are more, several threads add
 * slices for each element of the output, and a second command adds these up.
 */
export function lowerSlicedSum(
  language: Language,
  name: string,
  output: Location,
  { count, max }: { readonly count: number; readonly max: number },
  sum: (writer: Writer, element: string, slice: Slice) => Value,
  finish: (writer: Writer, sum: Value, element: string) => Value,
): Command[] {
  if (count <= max) {
    const whole: Slice = { length: count, isWhole: true, visit: (k, body) => body(k) };
    return [
      emitElementwise(language, name, output, (writer, element) =>
        finish(writer, sum(writer, element, whole), element),
      ),
    ];
  }
  const slices = Math.ceil(count / max);
  const partial = createScratch(output.dtype, output.size * slices);
  return [
    emitElementwise(language, `${name} (slices)`, partial, (writer, element) => {
      const [slice, result] = coordinatesOf(writer, element, [slices, output.size]) as [string, string];
      return sum(writer, result, sliceOf(writer, slice, slices, count));
    }),
    emitElementwise(language, `${name} (sum of slices)`, output, (writer, element) => {
      const load = (slice: string): Value => writer.load(partial, plus([times(slice, output.size), element]));
      const zero = writer.constant(valueTypeOf(output.dtype), 0);
      const total = sumInRuns(writer, zero, slices, (sum, slice) => writer.addTo(sum, load(slice)));
      return finish(writer, total, element);
    }),
  ];
}
