import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import type { DType } from '../src/index.ts';
import type { Elementwise, Step } from '../src/backend.ts';
import { mapLoop, reduceLoop } from '../src/reference/loops.ts';

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

function step(value: Elementwise['value'], inputs: readonly number[], dtype: DType = 'float64'): Step {
  const domain = inputs.map(() => ({ from: -1, to: 1 }));
  const operation = {
    kind: 'elementwise',
    name: 'test',
    dtypes: 'number',
    value,
    derivatives: 'zero',
    domain,
  } as const;
  return { operation, inputs, dtype };
}

/** Bodies of new functions each time: loops are kept by function. */
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
        mapLoop(bodies[arity - 1]!(), arity)(output, length, inputs, starts, steps);
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

test.each([false, true])('so is a reduction, with index: %s', (index) => {
  const inputs = [Math.cos, Math.sin].map((f) => Float64Array.from({ length: 30 }, (_, i) => f(i)));
  const steps = (): Step[] => [step((x, y) => x! * y!, [0, 1]), step((x) => x! + 1, [2])];
  const larger = (): ((a: number, x: number) => number) => (a, x) => (x > a ? x : a);
  const outer = [Int32Array.from([0, 7, 13]), Int32Array.from([3, 1, 2])];
  const inner = [Int32Array.from([0, 2, 4, 9]), Int32Array.from([0, 1, 5, 2])];
  const run = (): Float64Array => {
    const output = new Float64Array(3);
    reduceLoop(steps(), 2, { combine: larger(), index })(output, inputs, outer, inner, -Infinity);
    return output;
  };
  const own = run();
  forbidCode();
  expect(run()).toEqual(own);
  const second = [0, 1, 2, 3].map((k) => Math.cos(7 + inner[0]![k]!) * Math.sin(1 + inner[1]![k]!) + 1);
  const largest = Math.max(...second);
  expect(own[1]).toBe(index ? second.indexOf(largest) : largest);
});
