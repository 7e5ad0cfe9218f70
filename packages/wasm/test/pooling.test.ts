import { avgPool2d, type DType, maxPool2d, type Pool2dOptions, tensor, type Tensor, vjp } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layouts, makeView, permutations } from '../../../test/support/layouts.ts';
import { fractionValues } from '../../../test/support/values.ts';
import { expectSame } from './backends.ts';

const side = fc
  .record({
    kernel: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 5 }) }, fc.constantFrom(7, 9)),
    stride: fc.integer({ min: 1, max: 4 }),
    low: fc.nat(3),
    high: fc.nat(3),
    spare: fc.oneof({ weight: 2, arbitrary: fc.nat(5) }, fc.nat(40)),
  })
  .map((one) => ({ ...one, length: Math.max(1, one.kernel - one.low - one.high + one.spare) }));

const cases = fc
  .record({ batch: fc.nat(2), channels: fc.nat(3), y: side, x: side })
  .chain(({ batch, channels, y, x }) =>
    fc.record({
      layout: layouts([batch, channels, y.length, x.length]),
      options: fc.constant<Pool2dOptions>({
        kernelSize: [y.kernel, x.kernel],
        stride: [y.stride, x.stride],
        padding: [
          [y.low, y.high],
          [x.low, x.high],
        ],
      }),
      seed: fc.integer(),
      epilogue: fc.boolean(),
    }),
  );

/** Multiples of 1/64 are added exactly, and ties are frequent. */
const coarse =
  (dtype: DType, seed: number) =>
  (shape: readonly number[]): Tensor => {
    const values = fractionValues(dtype, seed)(shape);
    return dtype === 'bool' ? values : values.mul(4).round().astype(dtype);
  };

describe('pooling', () => {
  test.each(['float32', 'float64', 'int32', 'bool'] as const)('%s: the largest of each window of any view', (dtype) => {
    fc.assert(
      fc.property(cases, ({ layout, options, seed, epilogue }) => {
        expectSame(() => {
          const pooled = maxPool2d(makeView(layout, coarse(dtype, seed)), options);
          return epilogue && dtype !== 'bool' ? pooled.mul(2).add(1) : pooled;
        });
      }),
      { numRuns: 60 },
    );
  });

  test.each(['float32', 'float64'] as const)('%s: the mean of each window of any view', (dtype) => {
    fc.assert(
      fc.property(cases, ({ layout, options, seed }) => {
        expectSame(() => avgPool2d(makeView(layout, coarse(dtype, seed)), options));
      }),
      { numRuns: 60 },
    );
  });

  test.each(['float32', 'float64'] as const)('%s: gradients, of cotangents that are any views', (dtype) => {
    fc.assert(
      fc.property(cases, fc.boolean(), permutations(4), ({ layout, options, seed }, largest, cotangentOrder) => {
        expectSame(() => {
          const pool = (x: Tensor): Tensor => (largest ? maxPool2d(x, options) : avgPool2d(x, options).mul(16));
          const { value, pullback } = vjp(pool, makeView(layout, coarse(dtype, seed)));
          const stored = coarse(dtype, seed + 1)(cotangentOrder.map((axis) => value.shape[axis]!));
          const cotangent = stored.permute([0, 1, 2, 3].map((axis) => cotangentOrder.indexOf(axis)));
          // Multiples of kh · kw, so that dividing by it is exact.
          const [kh, kw] = options.kernelSize as [number, number];
          return pullback(cotangent.mul(largest ? 1 : kh * kw))[0].add(0);
        });
      }),
      { numRuns: 60 },
    );
  });

  test('NaN, infinities, and the smallest numbers', () => {
    const values = { float32: [NaN, Infinity, -Infinity, 0, 1], int32: [-(2 ** 31), 2 ** 31 - 1, 0] };
    for (const dtype of ['float32', 'int32'] as const) {
      const image = fc.array(fc.constantFrom(...values[dtype]), { minLength: 72, maxLength: 72 });
      fc.assert(
        fc.property(image, fc.constantFrom(1, 2, 3), fc.constantFrom(2, 3, 5), (x, stride, kernelSize) => {
          expectSame(() =>
            maxPool2d(tensor(Float64Array.from(x), { dtype }).reshape([1, 1, 6, 12]), {
              kernelSize,
              stride,
              padding: 1,
            }),
          );
        }),
        { numRuns: 40 },
      );
    }
  });

  test('large ones are cut into chunks', () => {
    for (const options of [{ kernelSize: 2 }, { kernelSize: 3, stride: 2, padding: 1 }]) {
      expectSame(() => maxPool2d(coarse('float32', 1)([3, 5, 61, 130]), options));
      expectSame(() => avgPool2d(coarse('float32', 2)([3, 5, 61, 130]), options));
      expectSame(() => {
        const { value, pullback } = vjp((x: Tensor) => avgPool2d(x, options), coarse('float32', 3)([3, 5, 61, 130]));
        return pullback(coarse('float32', 4)(value.shape).mul(9))[0];
      });
    }
    expect.hasAssertions();
  });
});
