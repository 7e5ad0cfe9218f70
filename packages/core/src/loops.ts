import type { TypedArray } from './dtype.ts';
import type { Elementwise, Reduce } from './primitives/primitive.ts';

// The inner loops of the reference backend, for each operation one of its own: an engine compiles a function into the
// loop that calls it only where the loop never calls another. A loop of one's own is code made from a string, which some
// pages forbid; there all operations share a plain loop, some forty times slower.

/** Rows of `length` elements: row r of input j begins at `starts[j][r]` and goes in steps of `steps[j]`. */
export type MapLoop = (
  output: TypedArray,
  length: number,
  inputs: readonly TypedArray[],
  starts: readonly Int32Array[],
  steps: readonly number[],
) => void;

/** Output i is combined from `initial` over the elements at `outer[i] + inner[k]`. */
export type ReduceLoop = (
  output: TypedArray,
  values: TypedArray,
  outer: Int32Array,
  inner: Int32Array,
  initial: number,
) => void;

/** By the number of inputs: a function may serve operations of several. */
const mapLoops: WeakMap<Elementwise['value'], MapLoop>[] = [];
const reduceLoops = new WeakMap<Reduce['combine'], ReduceLoop>();

export function mapLoop(f: Elementwise['value'], arity: number): MapLoop {
  const loops = (mapLoops[arity] ??= new WeakMap());
  let loop = loops.get(f);
  if (!loop) loops.set(f, (loop = own(mapSource(arity), f) ?? sharedMap(f)));
  return loop;
}

export function reduceLoop(f: Reduce['combine']): ReduceLoop {
  let loop = reduceLoops.get(f);
  if (!loop) reduceLoops.set(f, (loop = own(reduceSource, f) ?? sharedReduce(f)));
  return loop;
}

let made = 0;

function own<Loop>(source: string, f: unknown): Loop | undefined {
  try {
    // Engines share what they learn among functions of one source, so no two sources may be equal.
    // oxlint-disable-next-line typescript/no-implied-eval -- the source is a constant of this file
    return new Function('f', `return ${source}; // ${made++}`)(f) as Loop;
  } catch {
    return undefined;
  }
}

function mapSource(arity: number): string {
  const each = (part: (j: number) => string, separator: string): string =>
    Array.from({ length: arity }, (_, j) => part(j)).join(separator);
  return `(output, length, inputs, starts, steps) => {
    const ${each((j) => `x${j} = inputs[${j}], start${j} = starts[${j}], step${j} = steps[${j}]`, ', ')};
    for (let row = 0, i = 0; row < start0.length; row++) {
      let ${each((j) => `at${j} = start${j}[row]`, ', ')};
      for (let k = 0; k < length; k++, i++) {
        output[i] = f(${each((j) => `x${j}[at${j}]`, ', ')});
        ${each((j) => `at${j} += step${j};`, ' ')}
      }
    }
  }`;
}

const reduceSource = `(output, values, outer, inner, initial) => {
  for (let i = 0; i < output.length; i++) {
    let accumulator = initial;
    for (let k = 0; k < inner.length; k++) accumulator = f(accumulator, values[outer[i] + inner[k]]);
    output[i] = accumulator;
  }
}`;

function sharedMap(f: Elementwise['value']): MapLoop {
  return (output, length, inputs, starts, steps) => {
    for (let row = 0, i = 0; row < starts[0]!.length; row++) {
      for (let k = 0; k < length; k++, i++) {
        output[i] = f(...inputs.map((values, j) => values[starts[j]![row]! + k * steps[j]!]!));
      }
    }
  };
}

function sharedReduce(f: Reduce['combine']): ReduceLoop {
  return (output, values, outer, inner, initial) => {
    outer.forEach((start, i) => {
      output[i] = inner.reduce((accumulator, at) => f(accumulator, values[start + at]!), initial);
    });
  };
}
