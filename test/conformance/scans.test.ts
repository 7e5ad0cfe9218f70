// Scans, products and pooling of any view: exact where the arithmetic is the same or exact, otherwise within a bound.
import { avgPool2d, type DType, isFloatingPoint, maxPool2d, portable, type Tensor, vjp } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { expectSameSync, valuesOnSync } from '../support/backends.ts';
import { tested } from './backends.ts';
import { expectWithin, sumError, unit } from '../support/bounds.ts';
import { gradientOf } from '../support/gradients.ts';
import { cases, large, operand, pools, scan, type Case } from '../support/scanCases.ts';
import { sizeOf } from '@thetagrad/core/backend';
import { anyValues, integerValues, uniformValues } from '../support/values.ts';

const all: readonly DType[] = ['float32', 'float64', 'int32', 'bool'];

describe.each(['cumsum', 'cumprod', 'cummax', 'cummin'] as const)('%s', (name) => {
  const scanned = (x: Tensor, given: Case): Tensor => scan(name, x, given);

  test.each(all)('%s: exactly', (dtype) => {
    fc.assert(
      fc.property(cases, (given) => {
        expectSameSync(tested, () => [
          scanned(
            operand(given, (seed) => anyValues(dtype, seed)),
            given,
          ),
        ]);
      }),
      { numRuns: 15 },
    );
    fc.assert(
      fc.property(large, (given) => {
        expectSameSync(tested, () => [
          scanned(
            operand(given, (seed) => uniformValues(dtype, seed)),
            given,
          ),
        ]);
      }),
      { numRuns: 2 },
    );
  });

  test('gradients: exactly', () => {
    fc.assert(
      fc.property(cases, (given) => {
        expectSameSync(tested, () => {
          const x = operand(given, (seed) => uniformValues('float32', seed));
          return [gradientOf((y) => scanned(y, given), x, uniformValues('float32', given.seed + 1))];
        });
      }),
      { numRuns: 15 },
    );
  });
});

test('logcumsumexp: within the errors of one exp and log for each element', () => {
  fc.assert(
    fc.property(cases, (given) => {
      const build = (): Tensor[] => [
        operand(given, (seed) => uniformValues('float32', seed))
          .mul(20)
          .logcumsumexp(given.axis, { reverse: given.reverse }),
      ];
      const [exact] = valuesOnSync(portable(), build);
      const length = given.shape[given.axis]!;
      // Exponents reach 40; a relative error of the sum is an absolute error of its logarithm.
      expectWithin(
        valuesOnSync(tested, build)[0]!,
        exact!,
        exact!.map((x) => (8 * length + 8 * Math.abs(x) + 8) * unit.float32),
      );
    }),
    { numRuns: 25 },
  );
});

describe('prod', () => {
  const axesOf = ({ shape, seed }: Case): number[] => shape.flatMap((_, axis) => ((seed >> axis) & 1 ? [axis] : []));

  test.each(all)('%s: exact for integers and for factors of ±1', (dtype) => {
    fc.assert(
      fc.property(fc.oneof({ weight: 10, arbitrary: cases }, { weight: 1, arbitrary: large }), (given) => {
        expectSameSync(tested, () => {
          // Floating-point factors are 1 and −1; integers wrap.
          const x = operand(given, (seed) => integerValues(dtype, seed, isFloatingPoint(dtype) ? 1 : 1000));
          const factors = isFloatingPoint(dtype) ? x.equal(0).where(1, x) : x;
          return [factors.prod(axesOf(given)), factors.prod()];
        });
      }),
      { numRuns: 20 },
    );
  });

  test('float32: within a relative n · ε/2, and so is the gradient', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const build = (): Tensor[] => {
          const x = operand(given, (seed) => uniformValues('float32', seed))
            .mul(0.1)
            .add(1);
          const { value, pullback } = vjp((y: Tensor) => y.prod(axesOf(given)), x);
          return [value, pullback(uniformValues('float32', given.seed + 1)(value.shape))[0].add(0)];
        };
        const exact = valuesOnSync(portable(), build);
        valuesOnSync(tested, build).forEach((values, i) => {
          expectWithin(
            values,
            exact[i]!,
            exact[i]!.map((x) => 2 * sizeOf(given.shape) * unit.float32 * Math.abs(x)),
          );
        });
      }),
      { numRuns: 25 },
    );
  });
});

describe('pooling', () => {
  test.each(all)('maxPool2d of %s: exactly', (dtype) => {
    fc.assert(
      fc.property(pools, ({ given, options }) => {
        expectSameSync(tested, () => [
          maxPool2d(
            operand(given, (seed) => anyValues(dtype, seed)),
            options,
          ),
        ]);
      }),
      { numRuns: 20 },
    );
  });

  test('maxPool2d: ties and gradients exactly', () => {
    fc.assert(
      fc.property(pools, ({ given, options }) => {
        expectSameSync(tested, () => {
          const x = operand(given, (seed) => integerValues('float32', seed, 2));
          return [gradientOf((y) => maxPool2d(y, options), x, integerValues('float32', given.seed + 1))];
        });
      }),
      { numRuns: 25 },
    );
  });

  test('avgPool2d and its gradient: within a bound of the sums', () => {
    fc.assert(
      fc.property(pools, fc.constantFrom('float32', 'float64'), ({ given, options }, dtype) => {
        const build = (magnitudes: boolean) => (): Tensor[] => {
          const abs = (x: Tensor): Tensor => (magnitudes ? x.abs() : x);
          const x = abs(operand(given, (seed) => uniformValues(dtype, seed)));
          const { value, pullback } = vjp((y: Tensor) => avgPool2d(y, options), x);
          return [value, pullback(abs(uniformValues(dtype, given.seed + 1)(value.shape)))[0].add(0)];
        };
        const exact = valuesOnSync(portable(), build(false));
        const magnitudes = valuesOnSync(portable(), build(true));
        valuesOnSync(tested, build(false)).forEach((values, i) => {
          const error = 2 * sumError(25, dtype);
          expectWithin(
            values,
            exact[i]!,
            magnitudes[i]!.map((sum) => error * sum),
          );
        });
      }),
      { numRuns: 25 },
    );
  });
});
