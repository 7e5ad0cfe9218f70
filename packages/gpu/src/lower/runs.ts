// Long sums, in parts: runs that one thread adds up one after another, and slices that several threads add up in parallel.
import { createScratch, type Command, type Location } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { coordinatesOf } from '../code/positions.ts';
import { plus, times, valueTypeOf, type Value, type Writer } from '../code/writer.ts';
import { emitElementwise } from './elementwise.ts';

/** The number of terms in a run. The rounding error grows with the sum of run length and number of runs, not the product. */
export const runLength = 256;

/** Accumulates numbered terms in totals that begin empty, and merges totals. */
export interface Accumulation<Total> {
  readonly begin: () => Total;
  readonly add: (total: Total, k: string) => void;
  readonly merge: (total: Total, part: Total) => void;
}

/** Accumulates values. */
export function sumOf(writer: Writer, zero: Value, term: (k: string) => Value): Accumulation<Value> {
  return {
    begin: () => writer.variable(zero),
    add: (total, k) => writer.addTo(total, term(k)),
    merge: (total, part) => writer.addTo(total, part),
  };
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

/** Accumulates terms 0, 1, …, count − 1 in runs, with loops unrolled by `step`. */
export function accumulateInRuns<Total>(
  writer: Writer,
  count: number,
  { begin, add, merge }: Accumulation<Total>,
  step: number = 1,
): Total {
  const total = begin();
  if (count <= runLength) {
    loopUnrolled(writer, count, step, (k) => add(total, k));
    return total;
  }
  const whole = Math.floor(count / runLength);
  const accumulateRun = (length: number, termAt: (k: string) => string): void => {
    const part = begin();
    loopUnrolled(writer, length, step, (k) => add(part, `(${termAt(k)})`));
    merge(total, part);
  };
  writer.loop(whole, (run) => accumulateRun(runLength, (k) => plus([times(run, runLength), k])));
  const done = whole * runLength;
  if (done < count) accumulateRun(count - done, (k) => plus([k, String(done)]));
  return total;
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
      return finish(writer, accumulateInRuns(writer, slices, sumOf(writer, zero, load)), element);
    }),
  ];
}
