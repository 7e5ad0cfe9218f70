import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { expectEqual } from '../../../test/support/backends.ts';
import { operations } from '../../../test/support/operations.ts';
import { anyValues } from '../../../test/support/values.ts';
import { allocate, type Elementwise, type Reduce, type Step } from '../src/backend.ts';
import { type DType, type DTypeRule, type TypedArray } from '../src/index.ts';
import { Cast } from '../src/ops/cast.ts';
import * as reductions from '../src/ops/reduction.ts';
import { mapLoop, reduceLoop } from '../src/portable/loops.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Forbids code from strings, as pages with a content security policy do. */
function forbidCode(): void {
  class Forbidden {
    constructor() {
      throw new EvalError('code generation from strings disallowed for this context');
    }
  }
  vi.stubGlobal('Function', Forbidden);
}

/** The results of `run` with a compiled and with an interpreted loop. */
function runBoth<Result>(run: () => Result): { readonly compiled: Result; readonly interpreted: Result } {
  const compiled = run();
  forbidCode();
  const interpreted = run();
  vi.unstubAllGlobals();
  return { compiled, interpreted };
}

/** A step of a new function: loops are cached by functions, so that each run creates its loop. */
function step(value: Elementwise['value'], inputs: readonly number[], dtype: DType = 'float64'): Step {
  return { operation: { name: 'test', value: (...x) => value(...x) }, inputs, dtype };
}

/** Bodies with new functions each time. */
const bodies: readonly (() => Step[])[] = [
  () => [step((x) => x! * 2 + 1, [0]), step((x, y) => x! * y!, [1, 0], 'float32')],
  () => [step((x, y) => x! - 300 * y!, [0, 1], 'int32')],
  () => [
    step((x) => (x! > 0 ? 257 : 0), [0], 'bool'),
    step((x, y, z) => (x! > 0 ? y! : z!), [3, 1, 2]),
    step((x) => x! / 3, [4]),
  ],
];

const rows = fc.record({
  arity: fc.integer({ min: 1, max: 3 }),
  length: fc.integer({ min: 0, max: 5 }),
  count: fc.integer({ min: 0, max: 4 }),
  operands: fc.array(fc.record({ start: fc.nat(20), stride: fc.integer({ min: 0, max: 3 }) }), {
    minLength: 3,
    maxLength: 3,
  }),
});

describe('compiled and interpreted loops agree', () => {
  test('on maps', () => {
    const values = Float64Array.from({ length: 64 }, (_, i) => Math.sin(i));
    fc.assert(
      fc.property(rows, ({ arity, length, count, operands }) => {
        const starts = operands
          .slice(0, arity)
          .map(({ start }) => Int32Array.from({ length: count }, (_, row) => start + row * 5));
        const strides = operands.slice(0, arity).map(({ stride }) => stride);
        const inputs = starts.map(() => values);
        const { compiled, interpreted } = runBoth(() => {
          const output = new Float64Array(length * count);
          mapLoop(bodies[arity - 1]!(), arity)(output, length, inputs, starts, strides);
          return output;
        });
        expect(interpreted).toEqual(compiled);
      }),
    );
  });

  test.each([false, true])('on reductions, with index: %s', (index) => {
    const inputs = [Math.cos, Math.sin].map((f) => Float64Array.from({ length: 30 }, (_, i) => f(i)));
    const steps = (): Step[] => [step((x, y) => x! * y!, [0, 1]), step((x) => x! + 1, [2])];
    const larger = (): ((a: number, x: number) => number) => (a, x) => (x > a ? x : a);
    const outer = [Int32Array.from([0, 7, 13]), Int32Array.from([3, 1, 2])];
    const inner = [Int32Array.from([0, 4]), Int32Array.from([0, 5])];
    const { compiled, interpreted } = runBoth(() => {
      const output = new Float64Array(3);
      reduceLoop(steps(), 2, { combine: larger(), index, initial: -Infinity })(output, 2, inputs, outer, inner, [2, 1]);
      return output;
    });
    expect(interpreted).toEqual(compiled);
    const second = [
      [7, 1],
      [9, 2],
      [11, 6],
      [13, 7],
    ].map(([i, j]) => Math.cos(i!) * Math.sin(j!) + 1);
    const largest = Math.max(...second);
    expect(compiled[1]).toBe(index ? second.indexOf(largest) : largest);
  });
});

/** The dtypes that a rule computes in, with those of inputs and result. */
function typesOf(rule: DTypeRule, arity: number): { readonly inputs: readonly DType[]; readonly output: DType }[] {
  const common: readonly DType[] = {
    float: ['float32', 'float64'] as const,
    number: ['float32', 'float64', 'int32'] as const,
    comparison: ['float32', 'float64', 'int32'] as const,
    select: ['float32', 'float64', 'int32', 'bool'] as const,
    logical: ['bool'] as const,
    bitwise: ['int32'] as const,
  }[rule];
  return common.map((dtype) => ({
    inputs: Array.from({ length: arity }, (_, i) => (rule === 'select' && i === 0 ? 'bool' : dtype)),
    output: rule === 'comparison' ? 'bool' : dtype,
  }));
}

/** An operation whose functions are new, so that its loops are not cached. */
function renew<Operation extends Pick<Elementwise, 'name' | 'value' | 'integer'>>(operation: Operation): Operation {
  const { value, integer } = operation;
  return { ...operation, value: (...x) => value(...x), ...(integer && { integer: (...x: number[]) => integer(...x) }) };
}

const size = 200;

/** Elements of all kinds; the values of a dtype depend on `seed`. */
function elements(dtype: DType, seed: number): TypedArray {
  return anyValues(dtype, seed)([size]).buffer!.readSync();
}

const primitives = [...operations.map(([, { primitive }]) => primitive), Cast];

test.each(primitives)('maps apply the definition of $name', (primitive) => {
  const arity = primitive.domain.length;
  for (const { inputs, output: dtype } of typesOf(primitive.dtypes, arity)) {
    const columns = inputs.map((input, i) => elements(input, i));
    const definition = (dtype === 'int32' && primitive.integer) || primitive.value;
    const expected = allocate(dtype, size).map((_, i) => definition(...columns.map((column) => column[i]!)));
    const { compiled, interpreted } = runBoth(() => {
      const output = allocate(dtype, size);
      const steps = [{ operation: renew(primitive), inputs: [...columns.keys()], dtype }];
      const starts = columns.map(() => Int32Array.of(0));
      mapLoop(steps, arity)(
        output,
        size,
        columns,
        starts,
        columns.map(() => 1),
      );
      return output;
    });
    expectEqual([compiled, interpreted], [expected, expected]);
  }
});

const reduces = Object.values<unknown>(reductions).filter(
  (value): value is Reduce => typeof value === 'object' && value !== null && 'combine' in value,
);

test.each(reduces)('reductions apply the definition of $name', ({ initial, combine, integer, index = false }) => {
  for (const dtype of ['float32', 'float64', 'int32'] as const) {
    const output: DType = index ? 'int32' : dtype;
    const fold = (output === 'int32' && integer) || combine;
    const values = elements(dtype, 7);
    const expected = allocate(output, 4);
    for (let i = 0; i < 4; i++) {
      let [accumulator, last] = [initial, 0];
      for (let k = 0; k < 50; k++) {
        const next = fold(accumulator, values[i * 50 + k]!);
        if (!Object.is(next, accumulator)) last = k;
        accumulator = next;
      }
      expected[i] = index ? last : accumulator;
    }
    const { compiled, interpreted } = runBoth(() => {
      const result = allocate(output, 4);
      const loop = reduceLoop([], 1, { combine: (a, x) => fold(a, x), index, initial });
      loop(result, 10, [values], [Int32Array.of(0, 50, 100, 150)], [Int32Array.of(0, 10, 20, 30, 40)], [1]);
      return result;
    });
    expectEqual([compiled, interpreted], [expected, expected]);
  }
});

test('there are reductions', () => expect(reduces.map(({ name }) => name)).toContain('argmin'));
