import { random, tensor, type DType } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layouts, makeView } from '../../../test/support/layouts.ts';
import { fractionValues } from '../../../test/support/values.ts';
import { expectSame } from './backends.ts';

const lengths = fc.oneof({ weight: 6, arbitrary: fc.nat(6) }, { weight: 2, arbitrary: fc.constantFrom(8, 9, 33, 100) });

describe('argsort', () => {
  const cases = fc.integer({ min: 1, max: 3 }).chain((rank) =>
    fc.record({
      axis: fc.nat(rank - 1),
      layout: fc.array(lengths, { minLength: rank, maxLength: rank }).chain(layouts),
      dtype: fc.constantFrom<DType>('float32', 'float64', 'int32', 'bool'),
      descending: fc.boolean(),
      seed: fc.integer(),
      epilogue: fc.boolean(),
    }),
  );

  test('orders lines of any views, ties as they were', () => {
    fc.assert(
      fc.property(cases, ({ axis, layout, dtype, descending, seed, epilogue }) => {
        expectSame(() => {
          const found = makeView(layout, fractionValues(dtype, seed)).argsort(axis, { descending });
          return epilogue ? found.mul(3).add(1) : found;
        });
      }),
    );
  });

  const special = {
    float32: [NaN, -NaN, Infinity, -Infinity, 0, -0, 1e-45, -1e-45, 3.4e38, -3.4e38, 1, -1],
    float64: [NaN, -NaN, Infinity, -Infinity, 0, -0, 5e-324, -5e-324, 1.7e308, -1.7e308, 1, -1],
    int32: [2 ** 31 - 1, -(2 ** 31), 0, 1, -1],
  };
  test.each(['float32', 'float64', 'int32'] as const)('%s: all kinds of numbers, NaN last', (dtype) => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...special[dtype]), { maxLength: 40 }), fc.boolean(), (line, descending) => {
        expectSame(() => tensor(Float64Array.from(line), { dtype }).argsort(0, { descending }));
        expectSame(() => tensor(Float64Array.from(line), { dtype }).sort(0, { descending }));
      }),
    );
  });

  test('NaN of either sign are last', () => {
    const bits = Int32Array.of(-1, 0x7fc00000, 0x3f800000, -0x400000, 0);
    expectSame(() => tensor(new Float32Array(bits.buffer)).argsort());
    expectSame(() => tensor(new Float32Array(bits.buffer)).argsort(0, { descending: true }));
  });

  test('long lines, and many', () => {
    expectSame(() => random.permutation(random.key(1), 20_001));
    expectSame(() => fractionValues('float64', 1)([20_001]).argsort(0, { descending: true }));
    expectSame(() => fractionValues('float32', 1)([100, 301]).sort(0));
    expectSame(() => fractionValues('float32', 1)([100, 301]).topk(5).values);
  });

  test.each(['float32', 'float64', 'int32', 'bool'] as const)('topk of %s selects few of many', (dtype) => {
    const values = dtype === 'bool' ? [0, 1] : [...special[dtype], 2, 3, 4, 5, 6, 7, 8];
    const line = fc.array(fc.constantFrom(...values), { minLength: 60, maxLength: 200, size: 'max' });
    fc.assert(
      fc.property(line, fc.nat(40), fc.boolean(), fc.nat(3), ([...line], k, largest, kind) => {
        // The worst order drops what was collected again and again.
        if (kind === 1) line.sort((a, b) => (largest ? a - b : b - a));
        expectSame(() => {
          const x = tensor(Float64Array.from(line), { dtype });
          const lines = kind === 2 ? x.reshape([-1, 1]).mul(tensor([1, -1, 0], { dtype: 'int32' })) : x;
          return lines.topk(k, 0, { largest }).indices;
        });
      }),
      { numRuns: 60 },
    );
  });

  test('lines without elements, and no lines', () => {
    for (const shape of [[0], [3, 0], [0, 3]]) {
      expectSame(() => fractionValues('float32', 1)(shape).argsort(0));
      expectSame(() => fractionValues('float32', 1)(shape).argsort(-1));
      expectSame(() => fractionValues('float32', 1)(shape).topk(0, 0).indices);
    }
    expect.hasAssertions();
  });
});
