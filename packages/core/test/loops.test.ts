import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { mapLoop, reduceLoop } from '../src/loops.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** As on a page whose security policy forbids code from strings. */
function forbidCode(): void {
  class Forbidden {
    constructor() {
      throw new EvalError('code generation from strings disallowed for this context');
    }
  }
  vi.stubGlobal('Function', Forbidden);
}

/** New functions each time: loops are kept by function. */
const operations = [
  (): ((...x: number[]) => number) => (x) => x! * 2 + 1,
  (): ((...x: number[]) => number) => (x, y) => x! - 3 * y!,
  (): ((...x: number[]) => number) => (x, y, z) => (x! > 0 ? y! : z!),
];

const rows = fc.record({
  arity: fc.integer({ min: 1, max: 3 }),
  length: fc.integer({ min: 0, max: 5 }),
  count: fc.integer({ min: 0, max: 4 }),
  seed: fc.array(fc.record({ start: fc.nat(20), step: fc.integer({ min: 0, max: 3 }) }), {
    minLength: 3,
    maxLength: 3,
  }),
});

test('a map is the same with a loop of its own and with the shared one', () => {
  const values = Float64Array.from({ length: 64 }, (_, i) => Math.sin(i));
  fc.assert(
    fc.property(rows, ({ arity, length, count, seed }) => {
      const starts = seed
        .slice(0, arity)
        .map(({ start }) => Int32Array.from({ length: count }, (_, r) => start + r * 5));
      const steps = seed.slice(0, arity).map(({ step }) => step);
      const inputs = starts.map(() => values);
      const run = (): Float64Array => {
        const output = new Float64Array(length * count);
        mapLoop(operations[arity - 1]!(), arity)(output, length, inputs, starts, steps);
        return output;
      };
      const own = run();
      forbidCode();
      const shared = run();
      vi.unstubAllGlobals();
      expect(shared).toEqual(own);
    }),
  );
});

test('so is a reduction', () => {
  const values = Float64Array.from({ length: 30 }, (_, i) => Math.cos(i));
  const sum = (): ((a: number, x: number) => number) => (a, x) => a + x;
  const outer = Int32Array.from([0, 7, 13]);
  const inner = Int32Array.from([0, 2, 4, 9]);
  const run = (): Float64Array => {
    const output = new Float64Array(outer.length);
    reduceLoop(sum())(output, values, outer, inner, 0);
    return output;
  };
  const own = run();
  forbidCode();
  expect(run()).toEqual(own);
  expect(own[1]).toBe(values[7]! + values[9]! + values[11]! + values[16]!);
});
