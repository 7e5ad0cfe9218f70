import type { DType, TypedArray } from '../data/dtype.ts';
import type { Elementwise, Reduce } from '../graph/primitive.ts';
import type { Step } from '../schedule/kernel.ts';

// Inner loops of the portable backend. Each body gets a loop compiled for it, because a JavaScript engine inlines the
// functions of operations only into a loop that always calls the same ones. Compiling needs code from a string; pages whose
// content security policy forbids that fall back to loops that interpret the body, some forty times slower.

/** Computes rows of `length` elements: row r of input j starts at index `starts[j][r]` and has the stride `strides[j]`. */
export type MapLoop = (
  output: TypedArray,
  length: number,
  inputs: readonly TypedArray[],
  starts: readonly Int32Array[],
  strides: readonly number[],
) => void;

/**
 * Reduces the body's values to each output i, over rows of `length` elements: row r of input j starts at index
 * `outer[j][i] + inner[j][r]` and has the stride `strides[j]`. A reduction to an index writes the number of the last element
 * that changed the accumulator.
 */
export type ReduceLoop = (
  output: TypedArray,
  length: number,
  inputs: readonly TypedArray[],
  outer: readonly Int32Array[],
  inner: readonly Int32Array[],
  strides: readonly number[],
) => void;

type Combination = Pick<Reduce, 'combine' | 'index' | 'initial'>;

const cache = new Map<string, MapLoop | ReduceLoop>();
const maxCachedLoops = 1024;

/** The loop for a map of a body with `arity` operands. */
export function mapLoop(steps: readonly Step[], arity: number): MapLoop {
  const functions = steps.map(definitionOf);
  return cached(`map ${arity}`, steps, functions, () => {
    return compile<MapLoop>(mapSource(steps, arity), functions) ?? interpretedMap(steps, arity);
  });
}

/** The loop for a reduction of a body with `arity` operands. */
export function reduceLoop(steps: readonly Step[], arity: number, combination: Combination): ReduceLoop {
  const { combine, index, initial } = combination;
  const functions = [...steps.map(definitionOf), combine];
  return cached(`reduce ${arity} ${index === true} ${initial}`, steps, functions, () => {
    const source = reduceSource(steps, arity, combination);
    return compile<ReduceLoop>(source, functions) ?? interpretedReduce(steps, arity, combination);
  });
}

type ScalarDefinition = (...x: number[]) => number;

/** Returns the cached loop for a body's structure and functions, or creates and caches it. */
function cached<Loop extends MapLoop | ReduceLoop>(
  kind: string,
  steps: readonly Step[],
  functions: readonly ScalarDefinition[],
  create: () => Loop,
): Loop {
  const structure = steps.map(({ inputs, dtype }) => `${inputs.join()} ${dtype}`);
  const key = [kind, ...functions.map(numberOf), ...structure].join(';');
  let loop = cache.get(key) as Loop | undefined;
  if (!loop) {
    if (cache.size >= maxCachedLoops) cache.clear();
    loop = create();
    cache.set(key, loop);
  }
  return loop;
}

let compiledCount = 0;

/** Compiles a loop from source in which `functions` are called f0, f1, …; `undefined` where the page forbids it. */
function compile<Loop>(source: string, functions: readonly ScalarDefinition[]): Loop | undefined {
  const names = functions.map((_, i) => `f${i}`);
  // A number makes each source unique: engines share type feedback among functions of equal source.
  const code = `return ${source}; // ${compiledCount++}`;
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- the source is made of constants of this file
    return (new Function(...names, code) as (...f: readonly ScalarDefinition[]) => Loop)(...functions);
  } catch {
    return undefined;
  }
}

const functionNumbers = new WeakMap<ScalarDefinition, number>();
let nextFunctionNumber = 0;

/** A number that identifies a function. */
function numberOf(f: ScalarDefinition): number {
  let number = functionNumbers.get(f);
  if (number === undefined) functionNumbers.set(f, (number = nextFunctionNumber++));
  return number;
}

function definitionOf({ operation, dtype }: Step): Elementwise['value'] {
  return dtype === 'int32' && operation.integer ? operation.integer : operation.value;
}

/** Wraps an expression to round as storing it would. */
function roundSource(dtype: DType, expression: string): string {
  if (dtype === 'float32') return `Math.fround(${expression})`;
  if (dtype === 'int32') return `${expression} | 0`;
  return dtype === 'bool' ? `${expression} & 255` : expression;
}

/** Joins the source text for j = 0, …, count − 1. */
function repeatSource(count: number, text: (j: number) => string, separator: string): string {
  return Array.from({ length: count }, (_, j) => text(j)).join(separator);
}

/** The source of a body: constants v0, v1, … for the elements of its operands and the results of its steps. */
function bodySource(steps: readonly Step[], arity: number, element: (j: number) => string): string {
  const results = steps.map(
    ({ inputs, dtype }, i) =>
      `v${arity + i} = ${roundSource(dtype, `f${i}(${inputs.map((n) => `v${n}`).join(', ')})`)}`,
  );
  return `const ${[repeatSource(arity, (j) => `v${j} = ${element(j)}`, ', '), ...results].join(', ')};`;
}

function mapSource(steps: readonly Step[], arity: number): string {
  return `(output, length, inputs, starts, strides) => {
    const ${repeatSource(arity, (j) => `x${j} = inputs[${j}], start${j} = starts[${j}], stride${j} = strides[${j}]`, ', ')};
    for (let row = 0, i = 0; row < start0.length; row++) {
      let ${repeatSource(arity, (j) => `index${j} = start${j}[row]`, ', ')};
      for (let k = 0; k < length; k++, i++) {
        ${bodySource(steps, arity, (j) => `x${j}[index${j}]`)}
        output[i] = v${arity + steps.length - 1};
        ${repeatSource(arity, (j) => `index${j} += stride${j};`, ' ')}
      }
    }
  }`;
}

function reduceSource(steps: readonly Step[], arity: number, { index, initial }: Combination): string {
  const combined = `f${steps.length}(accumulator, v${arity + steps.length - 1})`;
  return `(output, length, inputs, outer, inner, strides) => {
    const ${repeatSource(arity, (j) => `x${j} = inputs[${j}], outer${j} = outer[${j}], inner${j} = inner[${j}], stride${j} = strides[${j}]`, ', ')};
    for (let i = 0; i < output.length; i++) {
      let accumulator = ${initial}, last = 0;
      for (let row = 0, k = 0; row < inner0.length; row++) {
        let ${repeatSource(arity, (j) => `index${j} = outer${j}[i] + inner${j}[row]`, ', ')};
        for (const end = k + length; k < end; k++) {
          ${bodySource(steps, arity, (j) => `x${j}[index${j}]`)}
          ${index ? `const next = ${combined}; if (!Object.is(next, accumulator)) { last = k; accumulator = next; }` : `accumulator = ${combined};`}
          ${repeatSource(arity, (j) => `index${j} += stride${j};`, ' ')}
        }
      }
      output[i] = ${index ? 'last' : 'accumulator'};
    }
  }`;
}

function interpretedMap(steps: readonly Step[], arity: number): MapLoop {
  const body = interpretedBody(steps, arity);
  return (output, length, inputs, starts, strides) => {
    for (let row = 0, i = 0; row < starts[0]!.length; row++) {
      for (let k = 0; k < length; k++, i++) {
        output[i] = body(inputs.map((values, j) => values[starts[j]![row]! + k * strides[j]!]!));
      }
    }
  };
}

function interpretedReduce(
  steps: readonly Step[],
  arity: number,
  { combine, index, initial }: Combination,
): ReduceLoop {
  const body = interpretedBody(steps, arity);
  return (output, length, inputs, outer, inner, strides) => {
    for (let i = 0; i < output.length; i++) {
      let accumulator = initial;
      let last = 0;
      for (let k = 0; k < inner[0]!.length * length; k++) {
        const [row, column] = [Math.floor(k / length), k % length];
        const indexOf = (j: number): number => outer[j]![i]! + inner[j]![row]! + column * strides[j]!;
        const next = combine(accumulator, body(inputs.map((values, j) => values[indexOf(j)]!)));
        if (!Object.is(next, accumulator)) last = k;
        accumulator = next;
      }
      output[i] = index ? last : accumulator;
    }
  };
}

const rounding: Readonly<Record<DType, (x: number) => number>> = {
  float32: Math.fround,
  float64: (x) => x,
  int32: (x) => x | 0,
  bool: (x) => x & 255,
};

/** A function from one element of each operand to the body's result. */
function interpretedBody(steps: readonly Step[], arity: number): (elements: readonly number[]) => number {
  return (elements) => {
    const values = elements.slice(0, arity);
    for (const step of steps) {
      const result = definitionOf(step)(...step.inputs.map((number) => values[number]!));
      values.push(rounding[step.dtype](result));
    }
    return values.at(-1)!;
  };
}
