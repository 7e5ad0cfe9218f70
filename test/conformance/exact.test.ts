// Operations that move, gather, sort or draw elements: exact.
import { arange, concat, eye, linspace, random, portable, type DType, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectSameSync, valuesOnSync, withBackend } from '../support/backends.ts';
import { tested } from './backends.ts';
import { expectWithin, unit } from '../support/bounds.ts';
import { gradientOf } from '../support/gradients.ts';
import { sizeOf } from '@thetagrad/core/backend';
import { expectInt32, int32Matrices, int32Table } from '../support/int32Table.ts';
import { makeView, layouts, shapes, type Layout } from '../support/layouts.ts';
import { anyValues, indexValues, integerValues, type MakeTensor } from '../support/values.ts';

const all: readonly DType[] = ['float32', 'float64', 'int32', 'bool'];
const dtypes = fc.constantFrom(...all);

interface Case {
  readonly shape: readonly number[];
  readonly layout: Layout;
  readonly axis: number;
  readonly dtype: DType;
  readonly seed: number;
}

const cases: fc.Arbitrary<Case> = shapes(1).chain((shape) =>
  fc.record({
    shape: fc.constant(shape),
    layout: layouts(shape),
    axis: fc.nat(shape.length - 1),
    dtype: dtypes,
    seed: fc.integer(),
  }),
);

const operand = ({ layout, dtype, seed }: Case, make: (dtype: DType, seed: number) => MakeTensor): Tensor =>
  makeView(layout, make(dtype, seed));

describe('movement', () => {
  test('concat, pad, slice, unfold, reshape, flip and their gradients', () => {
    fc.assert(
      fc.property(
        cases,
        fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { minLength: 5, maxLength: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 2 }),
        (given, widths, size, step, dilation) => {
          const { shape, axis, seed } = given;
          const moves: ((x: Tensor) => Tensor)[] = [
            (x) => concat([x, x.flip(axis), x.slice(shape.map((_, i) => (i === axis ? [1] : null)))], axis),
            (x) =>
              x.pad(
                shape.map((_, i) => widths[i]!),
                2,
              ),
            (x) => x.slice(shape.map((_, i) => [widths[i]![0], null, 1 + widths[i]![1]])),
            (x) => x.transpose(0, -1).flip().reshape([x.size]),
            (x) => x.flatten().broadcastTo([2, x.size]),
          ];
          if (shape[axis]! >= (size - 1) * dilation + 1) moves.push((x) => x.unfold(axis, size, step, dilation));
          expectSameSync(tested, () => moves.map((move) => move(operand(given, anyValues))));
          expectSameSync(tested, () =>
            moves.map((move) =>
              gradientOf(
                move,
                operand({ ...given, dtype: 'float32' }, integerValues),
                integerValues('float32', seed + 1),
              ),
            ),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  test('ranges', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 70 }), dtypes, (n, dtype) => {
        expectSameSync(tested, () => [
          arange(n, { dtype }),
          eye(n % 9, { dtype }),
          linspace(-1, 2, n + 1),
          arange(n).add(1).mul(3),
        ]);
      }),
      { numRuns: 20 },
    );
  });
});

describe('indexing', () => {
  test('take, takeAlongAxis, scatterAdd and their gradients', () => {
    fc.assert(
      fc.property(
        cases.filter(({ shape, axis }) => shape[axis]! > 0),
        fc.integer({ min: 0, max: 9 }),
        (given, count) => {
          const { shape, axis, seed } = given;
          const at = shape.with(axis, count);
          const flat = (): Tensor => indexValues(shape[axis]!, seed + 1)([count, 2]);
          const along = (): Tensor => indexValues(shape[axis]!, seed + 2)(at);
          expectSameSync(tested, () => {
            const x = operand(given, anyValues);
            return [x.take(flat(), axis), x.takeAlongAxis(along(), axis)];
          });
          const numeric = { ...given, dtype: given.dtype === 'bool' ? 'int32' : given.dtype } as const;
          expectSameSync(tested, () => {
            const x = operand(numeric, integerValues);
            return [x.scatterAdd(along(), integerValues(numeric.dtype, seed + 3)(at), axis).add(0)];
          });
          expectSameSync(tested, () => {
            const x = operand({ ...given, dtype: 'float32' }, integerValues);
            return [(y: Tensor) => y.take(flat(), axis), (y: Tensor) => y.takeAlongAxis(along(), axis)].map((f) =>
              gradientOf(f, x, integerValues('float32', seed + 4)),
            );
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  test('oneHot, and computed indices', () => {
    fc.assert(
      fc.property(shapes(), fc.integer({ min: 0, max: 9 }), dtypes, fc.integer(), (shape, depth, dtype, seed) => {
        const make = (): Tensor => integerValues('int32', seed, 6)(shape);
        expectSameSync(tested, () => [make().oneHot(depth, { dtype }), arange(9).take(make().abs())]);
      }),
      { numRuns: 30 },
    );
  });

  test('an index out of range throws the same error', () => {
    const message = (run: () => Tensor): string => {
      try {
        run().dataSync();
      } catch (error) {
        return (error as Error).message;
      }
      return 'none';
    };
    for (const index of [5, -6, 2 ** 31 - 1]) {
      for (const f of [
        () => arange(5).take(arange(1).add(index)),
        () => arange(5).takeAlongAxis(arange(1).add(index), 0),
        () => arange(5).scatterAdd(arange(1).add(index), arange(1)),
      ]) {
        const expected = withBackend(portable(), () => message(f));
        expect(expected).toContain('is out of range');
        expect(withBackend(tested, () => message(f))).toBe(expected);
      }
    }
  });
});

test('sort, argsort and topk: stable, NaN last', () => {
  fc.assert(
    fc.property(cases, fc.boolean(), fc.boolean(), (given, descending, ties) => {
      const { shape, axis } = given;
      expectSameSync(tested, () => {
        const x = operand(given, ties ? integerValues : anyValues);
        const { values, indices: order } = x.topk(Math.min(3, shape[axis]!), axis);
        return [x.sort(axis, { descending }), x.argsort(axis, { descending }), values, order];
      });
    }),
    { numRuns: 50 },
  );
  expectSameSync(tested, () => {
    const x = anyValues('float32', 1)([3, 5000]);
    return [x.sort(), x.sort(-1, { descending: true }), x.transpose().argsort(0)];
  });
});

describe.each([
  ['portable', portable()],
  ['wasm', tested],
] as const)('int32 arithmetic on %s', (_, backend) => {
  test.each(int32Table)('%s: as by BigInt', (_name, each) =>
    fc.assert(
      fc.asyncProperty(int32Matrices, (given) => expectInt32(backend, each, given)),
      { numRuns: 5 },
    ),
  );
});

describe('random numbers', () => {
  const key = fc.integer().map((seed) => random.key(seed));
  test('bits, uniform, integers, bernoulli and permutations: exactly', () => {
    fc.assert(
      fc.property(key, shapes(), fc.integer({ min: 1, max: 1000 }), (k, shape, high) => {
        expectSameSync(tested, () => [
          random.bits(k, shape),
          random.uniform(k, shape),
          random.uniform(k, shape, { dtype: 'float64', low: -3, high: 5 }),
          random.integers(k, shape, { low: -5, high }),
          random.bernoulli(k, shape, 0.3),
          random.permutation(k, sizeOf(shape)),
        ]);
      }),
      { numRuns: 40 },
    );
  });

  test('normal: within a relative 16 · ε/2', () => {
    fc.assert(
      fc.property(key, shapes(), (k, shape) => {
        const build = (): Tensor[] => [random.normal(k, shape)];
        const [exact] = valuesOnSync(portable(), build);
        expectWithin(
          valuesOnSync(tested, build)[0]!,
          exact!,
          exact!.map((x) => 16 * unit.float32 * Math.abs(x)),
        );
      }),
      { numRuns: 30 },
    );
  });
});
