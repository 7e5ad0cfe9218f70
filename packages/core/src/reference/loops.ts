import type { DType, TypedArray } from '../data/dtype.ts';
import type { Step } from '../schedule/kernel.ts';
import type { Elementwise, Reduce } from '../graph/primitive.ts';

// The inner loops of the reference backend, for each body of operations one of its own: an engine compiles a function
// into the loop that calls it only where the loop never calls another. A loop of one's own is code made from a string,
// which some pages forbid; there all share a plain loop, some forty times slower.

/** Rows of `length` elements: row r of input j begins at `starts[j][r]` and goes in steps of `steps[j]`. */
export type MapLoop = (
  output: TypedArray,
  length: number,
  inputs: readonly TypedArray[],
  starts: readonly Int32Array[],
  steps: readonly number[],
) => void;

/**
 * Output i is combined from `initial` over the body's values at `outer[j][i] + inner[j][k]` of each input j; with `index`
 * it is the k that changed the combined value last.
 */
export type ReduceLoop = (
  output: TypedArray,
  inputs: readonly TypedArray[],
  outer: readonly Int32Array[],
  inner: readonly Int32Array[],
  initial: number,
) => void;

type Combine = Pick<Reduce, 'combine' | 'index'>;

const loops = new Map<string, MapLoop | ReduceLoop>();
const loopsKept = 1024;

export function mapLoop(steps: readonly Step[], arity: number): MapLoop {
  return kept(`map ${arity}`, steps, undefined, (own) =>
    own ? (own(mapSource(steps, arity)) as MapLoop) : sharedMap(steps, arity),
  );
}

export function reduceLoop(steps: readonly Step[], arity: number, reduce: Combine): ReduceLoop {
  return kept(`reduce ${arity} ${reduce.index === true}`, steps, reduce.combine, (own) =>
    own ? (own(reduceSource(steps, arity, reduce.index)) as ReduceLoop) : sharedReduce(steps, arity, reduce),
  );
}

/** Makes a loop out of its source. */
type Own = (source: string) => unknown;

function kept<Loop extends MapLoop | ReduceLoop>(
  kind: string,
  steps: readonly Step[],
  combine: Reduce['combine'] | undefined,
  make: (own?: Own) => Loop,
): Loop {
  const functions = [...steps.map(definitionOf), ...(combine ? [combine] : [])];
  const key = [kind, ...functions.map(numberOf), ...steps.map(({ inputs, dtype }) => `${inputs.join()} ${dtype}`)].join(
    ';',
  );
  let loop = loops.get(key) as Loop | undefined;
  if (!loop) {
    if (loops.size >= loopsKept) loops.clear();
    try {
      loop = make((source) => {
        const names = functions.map((_, i) => `f${i}`);
        // Engines share what they learn among functions of one source, so no two sources may be equal.
        // oxlint-disable-next-line typescript/no-implied-eval -- the source is made of constants of this file
        return (new Function(...names, `return ${source}; // ${made++}`) as (...f: unknown[]) => unknown)(...functions);
      });
    } catch {
      loop = make();
    }
    loops.set(key, loop);
  }
  return loop;
}

let made = 0;

const numbers = new WeakMap<(...x: number[]) => number, number>();
let numbered = 0;

function numberOf(f: (...x: number[]) => number): number {
  let number = numbers.get(f);
  if (number === undefined) numbers.set(f, (number = numbered++));
  return number;
}

function definitionOf({ operation, dtype }: Step): Elementwise['value'] {
  return dtype === 'int32' && operation.integer ? (operation.integer as Elementwise['value']) : operation.value;
}

/** As storing and loading it would round it. */
function rounded(dtype: DType, code: string): string {
  if (dtype === 'float32') return `Math.fround(${code})`;
  if (dtype === 'int32') return `${code} | 0`;
  return dtype === 'bool' ? `${code} & 255` : code;
}

function each(count: number, part: (j: number) => string, separator: string): string {
  return Array.from({ length: count }, (_, j) => part(j)).join(separator);
}

/** Values v0, v1, … of a body from the elements of its operands. */
function bodySource(steps: readonly Step[], arity: number, element: (j: number) => string): string {
  const computed = steps.map(
    ({ inputs, dtype }, i) => `v${arity + i} = ${rounded(dtype, `f${i}(${inputs.map((n) => `v${n}`).join(', ')})`)}`,
  );
  return `const ${[each(arity, (j) => `v${j} = ${element(j)}`, ', '), ...computed].join(', ')};`;
}

function mapSource(steps: readonly Step[], arity: number): string {
  return `(output, length, inputs, starts, steps) => {
    const ${each(arity, (j) => `x${j} = inputs[${j}], start${j} = starts[${j}], step${j} = steps[${j}]`, ', ')};
    for (let row = 0, i = 0; row < start0.length; row++) {
      let ${each(arity, (j) => `at${j} = start${j}[row]`, ', ')};
      for (let k = 0; k < length; k++, i++) {
        ${bodySource(steps, arity, (j) => `x${j}[at${j}]`)}
        output[i] = v${arity + steps.length - 1};
        ${each(arity, (j) => `at${j} += step${j};`, ' ')}
      }
    }
  }`;
}

function reduceSource(steps: readonly Step[], arity: number, index = false): string {
  const combined = `f${steps.length}(accumulator, v${arity + steps.length - 1})`;
  return `(output, inputs, outer, inner, initial) => {
    const ${each(arity, (j) => `x${j} = inputs[${j}], outer${j} = outer[${j}], inner${j} = inner[${j}]`, ', ')};
    for (let i = 0; i < output.length; i++) {
      let accumulator = initial, last = 0;
      ${each(arity, (j) => `const at${j} = outer${j}[i];`, ' ')}
      for (let k = 0; k < inner0.length; k++) {
        ${bodySource(steps, arity, (j) => `x${j}[at${j} + inner${j}[k]]`)}
        ${index ? `const next = ${combined}; if (!Object.is(next, accumulator)) { last = k; accumulator = next; }` : `accumulator = ${combined};`}
      }
      output[i] = ${index ? 'last' : 'accumulator'};
    }
  }`;
}

function sharedMap(steps: readonly Step[], arity: number): MapLoop {
  const body = sharedBody(steps, arity);
  return (output, length, inputs, starts, strides) => {
    for (let row = 0, i = 0; row < starts[0]!.length; row++) {
      for (let k = 0; k < length; k++, i++) {
        output[i] = body(inputs.map((values, j) => values[starts[j]![row]! + k * strides[j]!]!));
      }
    }
  };
}

function sharedReduce(steps: readonly Step[], arity: number, { combine, index }: Combine): ReduceLoop {
  const body = sharedBody(steps, arity);
  return (output, inputs, outer, inner, initial) => {
    for (let i = 0; i < output.length; i++) {
      let accumulator = initial;
      let last = 0;
      for (let k = 0; k < inner[0]!.length; k++) {
        const next = combine(accumulator, body(inputs.map((values, j) => values[outer[j]![i]! + inner[j]![k]!]!)));
        if (!Object.is(next, accumulator)) last = k;
        accumulator = next;
      }
      output[i] = index ? last : accumulator;
    }
  };
}

function sharedBody(steps: readonly Step[], arity: number): (elements: readonly number[]) => number {
  const round = {
    float32: Math.fround,
    float64: (x: number) => x,
    int32: (x: number) => x | 0,
    bool: (x: number) => x & 255,
  };
  return (elements) => {
    const values = elements.slice(0, arity);
    for (const step of steps) {
      values.push(round[step.dtype](definitionOf(step)(...step.inputs.map((number) => values[number]!))));
    }
    return values.at(-1)!;
  };
}
