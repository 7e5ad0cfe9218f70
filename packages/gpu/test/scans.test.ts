// Scans and pooling: equal to the portable backend where the arithmetic is exact, and within a bound elsewhere.
import { arange, avgPool2d, type DType, full, maxPool2d, portable, type Tensor, vjp } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, test, vi } from 'vitest';
import { valuesOn } from '../../../test/support/backends.ts';
import { expectWithin, unit } from '../../../test/support/bounds.ts';
import { caseOf, cases, operand, pools, scan, type Case } from '../../../test/support/scanCases.ts';
import { integerValues, uniformValues } from '../../../test/support/values.ts';
import { anyValuesIn, backendOf, expectSame, modes, runs } from './modes.ts';

// Drivers in software compile slowly.
vi.setConfig({ testTimeout: 60_000 });

const dtypes: readonly DType[] = ['float32', 'int32', 'bool'];
const names = ['cumsum', 'cumprod', 'cummax', 'cummin'] as const;

/** Scans with two, three and four levels of blocks. */
const large = caseOf(fc.constantFrom([16], [17], [256], [257], [3, 4097], [300, 5], [2, 3, 70]));
/** Adding 0 drops the signs of zeros. */
const gradient = (f: (x: Tensor) => Tensor, x: Tensor, seed: number): Tensor => {
  const { value, pullback } = vjp(f, x);
  return pullback(integerValues('float32', seed)(value.shape))[0].add(0);
};

/** An element is the result of at most 16 additions for each level of blocks. */
const scanError = (length: number): number =>
  (16 * Math.max(1, Math.ceil(Math.log(length) / Math.log(16))) + 1) * unit.float32;

describe.each(modes)('%s', (mode) => {
  const anyValues = anyValuesIn(mode);

  describe.each(names)('%s', (name) => {
    /** Values whose sums (or products) are exact. */
    const exact = (given: Case, dtype: DType): Tensor => {
      if (dtype !== 'float32' || name === 'cummax' || name === 'cummin') {
        return operand(given, (seed) => anyValues(dtype, seed));
      }
      const x = operand(given, (seed) => integerValues(dtype, seed, name === 'cumprod' ? 1 : 4));
      return name === 'cumprod' ? x.equal(0).where(1, x) : x;
    };

    test('exactly', () =>
      fc.assert(
        fc.asyncProperty(fc.oneof({ weight: 2, arbitrary: cases }, { weight: 1, arbitrary: large }), (given) =>
          expectSame(mode, () => dtypes.map((dtype) => scan(name, exact(given, dtype), given))),
        ),
        { numRuns: runs(mode, 6) },
      ));

    test('gradients: exactly', () =>
      fc.assert(
        fc.asyncProperty(cases, (given) =>
          expectSame(mode, () => {
            const x = operand(given, (seed) => integerValues('float32', seed, name === 'cumprod' ? 1 : 4));
            return [gradient((y) => scan(name, y, given), x, given.seed + 1)];
          }),
        ),
        { numRuns: runs(mode, 4) },
      ));
  });

  test('long scans with epilogues', () =>
    expectSame(mode, () => {
      const long = integerValues('float32', 1)([70_001]);
      const large = anyValues('int32', 2)([2, 5000]);
      return [
        long.cumsum(0).mul(2).add(long),
        long.cummax(0, { reverse: true }),
        large.cumsum(1),
        large.cumprod(1, { reverse: true, exclusive: true }),
        large.cummin(1).mod(1000),
        large.transpose().cumsum(0, { reverse: true }),
      ];
    }));

  test('NaN and infinities persist', () =>
    expectSame(mode, () => {
      const x = integerValues('float32', 1)([40]);
      const at = (place: number, value: number): Tensor =>
        integerValues('int32', 2, 1)([40]).mul(0).add(1).cumsum(0).equal(place).where(value, x);
      return names.flatMap((name) => [
        scan(name, at(20, NaN), { axis: 0, reverse: false, exclusive: false }),
        scan(name, at(20, Infinity), { axis: 0, reverse: true, exclusive: false }),
      ]);
    }));

  test('products that overflow float32 after a 0 stay 0, as do gradients that do not depend on them', () =>
    expectSame(mode, () => {
      const length = 600;
      const places = arange(length);
      const at = (place: number, value: number): Tensor => places.equal(place).where(value, full([length], 1.5));
      return [
        at(3, 0).cumprod(0).abs(),
        at(3, -1e-30).cumprod(0).isfinite(),
        at(3, 0).cumprod(0).equal(0),
        at(3, 0).mul(at(100, Infinity)).cumprod(0),
        at(3, 0).mul(at(500, NaN)).cumprod(0),
        // The largest finite number does not count as overflow.
        places
          .equal(0)
          .where((2 - 2 ** -23) * 2 ** 127, 1)
          .cumprod(0)
          .isfinite(),
        gradient((x) => x.cumprod(0).slice([[0, 8]]), full([length], 1.5), 3),
      ];
    }));

  test.each(['cumsum', 'cumprod'] as const)('%s of any numbers: within a bound', async (name) => {
    for (const length of [40, 5000, 70_001]) {
      const make = (magnitudes: boolean) => (): Tensor[] => {
        const x = uniformValues('float32', 3)([length]);
        if (name === 'cumprod') return [x.mul(0.01).add(1).cumprod(0)];
        return [(magnitudes ? x.abs() : x).cumsum(0)];
      };
      const [exact] = await valuesOn(portable(), make(false));
      const [magnitudes] = await valuesOn(portable(), make(true));
      const [actual] = await valuesOn(await backendOf(mode), make(false));
      // Each element of a product may be off by half a unit, and errors of factors add up.
      const error = name === 'cumsum' ? () => scanError(length) : (i: number) => (i + 1) * unit.float32;
      expectWithin(
        actual!,
        exact!,
        magnitudes!.map((magnitude, i) => error(i) * Math.abs(magnitude)),
      );
    }
  });

  test('logcumsumexp: within the errors of exp and log of all elements', () =>
    fc.assert(
      fc.asyncProperty(cases, async (given) => {
        const build = (): Tensor[] => [
          operand(given, (seed) => uniformValues('float32', seed))
            .mul(20)
            .logcumsumexp(given.axis, { reverse: given.reverse }),
        ];
        const [exact] = await valuesOn(portable(), build);
        const length = given.shape[given.axis]!;
        expectWithin(
          (await valuesOn(await backendOf(mode), build))[0]!,
          exact!,
          exact!.map((x) => (8 * length + 8 * Math.abs(x) + 8) * unit.float32),
        );
      }),
      { numRuns: runs(mode, 5) },
    ));

  test('pooling and its gradients: exactly', () =>
    fc.assert(
      fc.asyncProperty(pools, async ({ given, options }) => {
        await expectSame(mode, () =>
          dtypes.map((dtype) =>
            maxPool2d(
              operand(given, (seed) => anyValues(dtype, seed)),
              options,
            ),
          ),
        );
        // Means of 2 × 4 elements are exact.
        const means = { ...options, kernelSize: [2, 4] as const };
        const fits = given.shape[2]! >= 2 && given.shape[3]! >= 4;
        await expectSame(mode, () => {
          const x = operand(given, (seed) => integerValues('float32', seed, 2));
          const fs = [
            (y: Tensor) => maxPool2d(y, options),
            ...(fits ? [(y: Tensor) => avgPool2d(y, means).add(1).relu()] : []),
          ];
          return fs.flatMap((f) => [f(x).add(0), gradient(f, x, given.seed + 1)]);
        });
      }),
      { numRuns: runs(mode, 6) },
    ));

  test('windows as large as the images', async () => {
    await expectSame(mode, () => {
      const x = integerValues('float32', 5, 9)([2, 3, 32, 64]);
      return [avgPool2d(x, { kernelSize: [32, 64] }), maxPool2d(x, { kernelSize: [32, 64] })];
    });
  });
});
