// Every reduction over any axes of any view, also of fused elementwise operations: extrema, indices and integers are exact,
// floating-point sums within the bound of sumError.
import { isFloatingPoint, portable, type DType, type Tensor, type TypedArray } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { expectSameSync, valuesOnSync } from '../support/backends.ts';
import { tested } from './backends.ts';
import { expectWithin, sumError } from '../support/bounds.ts';
import { sizeOf } from '@thetagrad/core/backend';
import { makeView, layouts, shapes, type Layout } from '../support/layouts.ts';
import { anyValues, integerValues, uniformValues, type MakeTensor } from '../support/values.ts';

const all: readonly DType[] = ['float32', 'float64', 'int32', 'bool'];

interface Case {
  readonly shape: readonly number[];
  readonly layouts: readonly Layout[];
  readonly axes: readonly number[];
  readonly keepdims: boolean;
  readonly seed: number;
}

function caseOf(shape: fc.Arbitrary<readonly number[]>): fc.Arbitrary<Case> {
  return shape.chain((lengths) =>
    fc.record({
      shape: fc.constant(lengths),
      layouts: fc.array(layouts(lengths), { minLength: 2, maxLength: 2 }),
      axes: fc.subarray(
        lengths.map((_, axis) => axis),
        { minLength: Math.min(1, lengths.length) },
      ),
      keepdims: fc.boolean(),
      seed: fc.integer(),
    }),
  );
}

const cases = fc.array(caseOf(shapes(1)), { minLength: 1, maxLength: 4 });
const withElements = fc.array(caseOf(shapes(1).filter((shape) => sizeOf(shape) > 0)), { minLength: 1, maxLength: 4 });
/** Long enough for reductions to be split into chunks and slices. */
const large = caseOf(
  fc.constantFrom(
    [70_001],
    [3, 30_001],
    [30_001, 3],
    [257, 260],
    [5, 129, 131],
    [131, 3, 200],
    [9000, 1, 7],
    [2, 40_000],
  ),
).map((each) => [each]);

const operand = ({ layouts: [layout], seed }: Case, make: (seed: number) => MakeTensor): Tensor =>
  makeView(layout!, make(seed));

describe.each(['max', 'min', 'argmax', 'argmin'] as const)('%s', (name) => {
  const reduced = (x: Tensor, { axes, keepdims, seed }: Case): Tensor => {
    if (name === 'max' || name === 'min') return x[name](axes, { keepdims });
    return x[name](seed % 2 === 0 ? axes[0] : undefined, { keepdims });
  };
  test.each(all)('%s: exactly', (dtype) => {
    fc.assert(
      fc.property(withElements, (given) => {
        // Adding 0 removes the sign of zeros: either zero may be the maximum.
        const dropSigns = (x: Tensor): Tensor => (isFloatingPoint(dtype) ? x.add(0) : x);
        expectSameSync(tested, () =>
          given.map((each) => reduced(dropSigns(operand(each, (seed) => anyValues(dtype, seed))), each)),
        );
      }),
      { numRuns: 10 },
    );
    fc.assert(
      fc.property(large, (given) => {
        expectSameSync(tested, () =>
          given.map((each) =>
            reduced(
              operand(each, (seed) => integerValues(dtype, seed, 1000)),
              each,
            ),
          ),
        );
      }),
      { numRuns: 2 },
    );
  });
});

/** The terms to sum: an operand, a product and a difference. */
function terms({ layouts: operandLayouts, seed }: Case, dtype: DType, make = uniformValues): Tensor[] {
  const [x, y] = operandLayouts.map((layout, i) => makeView(layout, make(dtype, seed + i))) as [Tensor, Tensor];
  return [x, x.mul(y), x.sub(y.abs())];
}

function sums(given: readonly Case[], dtype: DType, make = uniformValues): Tensor[] {
  return given.flatMap((each) => terms(each, dtype, make).map((x) => x.sum(each.axes, { keepdims: each.keepdims })));
}

/** The sums in double precision, of terms that `f` transforms. */
function sumsInDouble(given: readonly Case[], dtype: DType, f = (term: Tensor): Tensor => term): TypedArray[] {
  const makeDouble: typeof uniformValues = (_, seed) => (shape) => uniformValues(dtype, seed)(shape).astype('float64');
  return valuesOnSync(portable(), () =>
    given.flatMap((each) => terms(each, dtype, makeDouble).map((x) => f(x).sum(each.axes))),
  );
}

function assertForAllSizes(check: (given: readonly Case[]) => void): void {
  fc.assert(fc.property(cases, check), { numRuns: 25 });
  fc.assert(fc.property(large, check), { numRuns: 3 });
}

describe('sum', () => {
  test.each(['int32', 'bool'] as const)('%s: exactly, modulo 2³²', (dtype) => {
    assertForAllSizes((given) => expectSameSync(tested, () => sums(given, dtype, anyValues)));
  });

  test.each(['float32', 'float64'] as const)('%s: exact for integers', (dtype) => {
    fc.assert(
      fc.property(fc.oneof(cases, large), (given) => {
        expectSameSync(tested, () => sums(given, dtype, integerValues).map((sum) => sum.add(0)));
      }),
      { numRuns: 12 },
    );
  });

  test.each(['float32', 'float64'] as const)(
    '%s: within (min(n, 256) + 2) · ε/2, and ⌈n / 256⌉ · ε/2 for more terms, · Σ|x|',
    (dtype) => {
      assertForAllSizes((given) => {
        const values = valuesOnSync(tested, () => sums(given, dtype));
        const exact = sumsInDouble(given, dtype);
        const magnitudes = sumsInDouble(given, dtype, (term) => term.abs());
        values.forEach((value, i) => {
          const { shape, axes } = given[Math.floor(i / 3)]!;
          const error = sumError(sizeOf(axes.map((axis) => shape[axis]!)), dtype);
          expectWithin(
            value,
            exact[i]!,
            magnitudes[i]!.map((sum) => error * sum),
          );
        });
      });
    },
  );

  test.each(['float32', 'float64'] as const)('%s: infinities and NaN', (dtype) => {
    fc.assert(
      fc.property(cases, (given) => {
        const build = (): Tensor[] =>
          given.map((each) => {
            const x = operand(each, (seed) => anyValues(dtype, seed));
            // Clipping keeps partial sums from overflowing in any order.
            const sum = x.isfinite().where(x.clip(-1e30, 1e30), x).sum(each.axes);
            return sum.isfinite().where(0, sum);
          });
        expectSameSync(tested, build);
      }),
      { numRuns: 10 },
    );
  });
});

test('any and all', () => {
  fc.assert(
    fc.property(cases, fc.constantFrom(...all), (given, dtype) => {
      expectSameSync(tested, () =>
        given.flatMap((each) => {
          const x = operand(each, (seed) => integerValues(dtype, seed, 1));
          return [x.any(each.axes), x.all(each.axes), x.equal(x).all(each.axes)];
        }),
      );
    }),
    { numRuns: 12 },
  );
});
