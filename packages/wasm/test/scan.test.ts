import { logcumsumexp, tensor, vjp, type DType, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scan } from '../../../test/support/scanCases.ts';
import { layouts, makeView } from '../../../test/support/layouts.ts';
import { fractionValues } from '../../../test/support/values.ts';
import { expectSame } from './backends.ts';

const lengths = fc.oneof(
  { weight: 6, arbitrary: fc.nat(6) },
  { weight: 2, arbitrary: fc.constantFrom(8, 9, 17, 33, 100) },
);
const all = ['float32', 'float64', 'int32', 'bool'] as const;
const names = ['cumsum', 'cumprod', 'cummax', 'cummin'] as const;

const cases = fc.integer({ min: 1, max: 3 }).chain((rank) =>
  fc.record({
    axis: fc.nat(rank - 1),
    layout: fc.array(lengths, { minLength: rank, maxLength: rank }).chain(layouts),
    exclusive: fc.boolean(),
    reverse: fc.boolean(),
    seed: fc.integer(),
    epilogue: fc.boolean(),
  }),
);

describe.each(names)('%s', (name) => {
  test.each(all)('%s: along any axis of any view', (dtype) => {
    fc.assert(
      fc.property(cases, ({ axis, layout, exclusive, reverse, seed, epilogue }) => {
        expectSame(() => {
          const scanned = scan(name, makeView(layout, fractionValues(dtype, seed)), { axis, exclusive, reverse });
          return epilogue && scanned.dtype !== 'bool' ? scanned.mul(3).add(1) : scanned;
        });
      }),
      { numRuns: 60 },
    );
  });

  test.each(['float32', 'float64'] as const)('%s: NaN, infinities and zeros', (dtype) => {
    const values = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...values), { minLength: 24, maxLength: 24 }),
        fc.boolean(),
        (x, reverse) => {
          const made = (): Tensor => tensor(Float64Array.from(x), { dtype });
          expectSame(() => made()[name](0, { reverse }));
          expectSame(() => made().reshape([4, 6])[name](0, { reverse }));
        },
      ),
      { numRuns: 40 },
    );
  });
});

test('int32 wraps', () => {
  const x = (): Tensor => tensor(Int32Array.from({ length: 40 }, (_, i) => 2 ** 31 - 1 - i * 12_345_678));
  for (const name of ['cumsum', 'cumprod'] as const) {
    expectSame(() => x()[name](0));
    expectSame(() => x().reshape([8, 5])[name](0));
  }
  expect.hasAssertions();
});

test('many columns, many rows and long lines', () => {
  const shapes: readonly (readonly [shape: readonly number[], axis: number])[] = [
    [[7, 1501], 0],
    [[3, 700, 21], 1],
    [[1501, 7], 1],
    [[100_003], 0],
    [[40_001, 3], 0],
    [[2, 3, 6000], 0],
  ];
  for (const [shape, axis] of shapes) {
    for (const dtype of ['float32', 'int32'] satisfies DType[]) {
      expectSame(() => fractionValues(dtype, 1)(shape).cumsum(axis));
      expectSame(() => fractionValues(dtype, 2)(shape).cummin(axis, { reverse: true }));
    }
  }
  expect.hasAssertions();
});

test('axes without elements, and no lines', () => {
  for (const shape of [[0], [3, 0], [0, 3]]) {
    expectSame(() => fractionValues('float32', 1)(shape).cumsum(0));
    expectSame(() => fractionValues('float32', 1)(shape).cumprod(-1, { exclusive: true }));
  }
  expect.hasAssertions();
});

test('gradients, which are scans of recurrences', () => {
  fc.assert(
    fc.property(cases, ({ axis, layout, exclusive, reverse, seed }) => {
      for (const f of [
        (x: Tensor) => x.cumprod(axis, { exclusive, reverse }),
        (x: Tensor) => x.cummax(axis, { reverse }),
        (x: Tensor) => x.cumsum(axis, { exclusive, reverse }),
      ]) {
        expectSame(() => {
          const { value, pullback } = vjp(f, makeView(layout, fractionValues('float32', seed)));
          return pullback(fractionValues('float32', seed + 1)(value.shape))[0].add(0);
        });
      }
    }),
    { numRuns: 40 },
  );
});

test('float64: logarithms of sums of exponentials', () => {
  fc.assert(
    fc.property(cases, ({ axis, layout, reverse, seed }) => {
      expectSame(() => logcumsumexp(makeView(layout, fractionValues('float64', seed)).mul(50), axis, { reverse }));
    }),
    { numRuns: 30 },
  );
});
