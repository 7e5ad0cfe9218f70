// Every elementwise operation for every dtype it accepts, on operands that are broadcast, strided, flipped and transposed:
// exact, except for float32 functions, which are within 2 ulp of their values in double precision.
import * as core from '@thetagrad/core';
import { isFloatingPoint, portable, type DType, type Operation, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectSameSync, valuesOnSync } from '../support/backends.ts';
import { tested } from './backends.ts';
import { ulps } from '../support/bounds.ts';
import { dtypesOf, isApproximate, operations } from '../support/operations.ts';
import { dropLeadingAxes, layouts, makeView, shapes, type Layout } from '../support/layouts.ts';
import { anyValues } from '../support/values.ts';

const all: readonly DType[] = ['float32', 'float64', 'int32', 'bool'];

/** The largest error of a float32 function, in units in the last place. */
const maxUlps = 2;

interface Operand {
  readonly layout: Layout;
  /** The number of leading axes to drop. */
  readonly drop: number;
  readonly seed: number;
}

interface Case {
  readonly operands: readonly Operand[];
}

/** Several cases, for one plan. */
function casesOf(arity: number): fc.Arbitrary<Case[]> {
  const one = shapes().chain((shape) =>
    fc.record({
      operands: fc.array(
        fc.record({ layout: layouts(shape), drop: fc.constantFrom(0, 0, 0, 1, 2), seed: fc.integer() }),
        { minLength: arity, maxLength: arity },
      ),
    }),
  );
  return fc.array(one, { minLength: 1, maxLength: 6 });
}

/** The operands of a case; the first one of `where` is a condition. */
function operandsOf({ operands }: Case, { primitive }: Operation, dtype: DType): Tensor[] {
  return operands.map(({ layout, drop, seed }, i) => {
    const type = primitive.dtypes === 'select' && i === 0 ? 'bool' : dtype;
    return makeView(dropLeadingAxes(layout, drop), anyValues(type, seed));
  });
}

describe.each(operations)('%s', (_name, operation) => {
  const arity = operation.primitive.domain.length;

  test.each(dtypesOf(operation.primitive.dtypes, all))('%s', (dtype) => {
    // Only the rule 'float' converts integers to float32.
    const inFloat32 = dtype === 'float32' || (operation.primitive.dtypes === 'float' && dtype !== 'float64');
    const approximate = isApproximate(operation) && inFloat32;
    fc.assert(
      fc.property(casesOf(arity), (cases) => {
        const build = (): Tensor[] => cases.map((each) => operation(...operandsOf(each, operation, dtype)));
        if (!approximate) return expectSameSync(tested, build);
        const toDouble = (x: Tensor): Tensor => (isFloatingPoint(x.dtype) ? x : x.astype('float32')).astype('float64');
        const exact = valuesOnSync(portable(), () =>
          cases.map((each) => operation(...operandsOf(each, operation, dtype).map(toDouble))),
        );
        valuesOnSync(tested, build).forEach((values, i) => {
          expect(values.length).toBe(exact[i]!.length);
          const at = values.findIndex((value, j) => !(ulps(value, exact[i]![j]!) <= maxUlps));
          expect([i, at, values[at]]).toEqual([i, -1, exact[i]![at]]);
        });
      }),
      { numRuns: 3 },
    );
  });
});

describe('cast', () => {
  test.each(all.flatMap((from) => all.map((to) => [from, to] as const)))('%s to %s', (from, to) => {
    fc.assert(
      fc.property(casesOf(1), (cases) => {
        expectSameSync(tested, () =>
          cases.map(({ operands: [operand] }) => makeView(operand!.layout, anyValues(from, operand!.seed)).astype(to)),
        );
      }),
      { numRuns: 5 },
    );
  });
});

test('operations with plain numbers', () => {
  fc.assert(
    fc.property(
      casesOf(1),
      fc.constantFrom(...all),
      fc.constantFrom(0, -0, 1, 2.5, -3, NaN, Infinity),
      (cases, dtype, c) => {
        expectSameSync(tested, () =>
          cases.flatMap(({ operands: [operand] }) => {
            const x = makeView(operand!.layout, anyValues(dtype, operand!.seed));
            return [x.add(c), x.mul(c), core.sub(c, x), x.div(c), x.maximum(c), x.less(c), x.greater(0).where(x, c)];
          }),
        );
      },
    ),
    { numRuns: 20 },
  );
});

test('chains of operations in one kernel', () => {
  const arithmetic = operations.filter(([, operation]) => !isApproximate(operation));
  fc.assert(
    fc.property(
      casesOf(3),
      fc.constantFrom(...all),
      fc.array(fc.tuple(fc.nat(arithmetic.length - 1), fc.nat(), fc.nat(), fc.nat()), { minLength: 2, maxLength: 10 }),
      (cases, dtype, steps) => {
        expectSameSync(tested, () =>
          cases.slice(0, 2).map((each) => {
            const made = operandsOf(each, core.add, dtype);
            const pick = (n: number): Tensor => made[n % made.length]!;
            for (const [number, ...from] of steps) {
              const [, operation] = arithmetic[number]!;
              const inputs = from.slice(0, operation.primitive.domain.length).map(pick);
              const fit = operation.primitive.dtypes === 'bitwise' ? inputs.map((x) => x.astype('int32')) : inputs;
              made.push(operation(...fit));
            }
            return made.at(-1)!;
          }),
        );
      },
    ),
    { numRuns: 40 },
  );
});
