// Operations that move, select, sort, count or draw elements, and sums of small integers: equal to the portable backend.
import { arange, concat, conv2d, full, random, vjp, zeros, type DType, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { valuesOn } from '../../../test/support/backends.ts';
import { expectInt32, int32Matrices, int32Table } from '../../../test/support/int32Table.ts';
import { makeView, layouts, shapes, type Layout } from '../../../test/support/layouts.ts';
import { integerValues, type MakeTensor } from '../../../test/support/values.ts';
import { anyValuesIn, backendOf, expectSame, modes, runs } from './modes.ts';

// Drivers in software compile slowly.
vi.setConfig({ testTimeout: 60_000 });

const dtypes: readonly DType[] = ['float32', 'int32', 'bool'];

interface Case {
  readonly shape: readonly number[];
  readonly layout: Layout;
  readonly axis: number;
  readonly seed: number;
}

const cases: fc.Arbitrary<Case> = shapes(1).chain((shape) =>
  fc.record({
    shape: fc.constant(shape),
    layout: layouts(shape),
    axis: fc.nat(shape.length - 1),
    seed: fc.integer(),
  }),
);

const operand = ({ layout, seed }: Case, dtype: DType, make: (dtype: DType, seed: number) => MakeTensor): Tensor =>
  makeView(layout, make(dtype, seed));

/** Gradients of functions of x, for some cotangent. Adding 0 drops the signs of zeros. */
function gradients(fs: readonly ((x: Tensor) => Tensor)[], x: Tensor, seed: number): Tensor[] {
  return fs.flatMap((f) => {
    const { value, pullback } = vjp(f, x);
    return pullback(integerValues('float32', seed)(value.shape)).map((g) => g.add(0));
  });
}

/** Indices from −length to length − 1. */
function indices(seed: number, length: number, shape: readonly number[]): Tensor {
  return integerValues(
    'int32',
    seed,
    2 ** 20,
  )(shape)
    .mod(Math.max(1, 2 * length))
    .sub(length);
}

describe.each(modes)('%s', (mode) => {
  const anyValues = anyValuesIn(mode);
  const property = async (check: (given: Case) => Promise<void>, numRuns = runs(mode, 12)): Promise<void> =>
    fc.assert(fc.asyncProperty(cases, check), { numRuns });

  test('movements, pad, concat and fold', () =>
    property(async (given) => {
      const { shape, axis, seed } = given;
      const size = 1 + (Math.abs(seed) % 3);
      const moves: ((x: Tensor) => Tensor)[] = [
        (x) => concat([x, x.flip(axis), x.slice(shape.map((_, i) => (i === axis ? [1] : null)))], axis),
        (x) =>
          x.pad(
            shape.map((_, i) => [i % 3, (i + seed) & 1] as [number, number]),
            2,
          ),
        (x) => x.slice(shape.map((_, i) => [i & 1, null, 1 + ((seed + i) & 1)])),
        (x) => x.transpose(0, -1).flip().reshape([x.size]),
      ];
      if (shape[axis]! >= size) moves.push((x) => x.unfold(axis, size, 1 + (seed & 1)));
      await expectSame(mode, () =>
        dtypes.flatMap((dtype) => moves.map((move) => move(operand(given, dtype, anyValues)))),
      );
      await expectSame(mode, () => gradients(moves, operand(given, 'float32', integerValues), seed + 1));
    }));

  test('reductions', () =>
    property(async (given) => {
      const { axis } = given;
      await expectSame(mode, () =>
        dtypes.flatMap((dtype) => {
          const x = operand(given, dtype, integerValues);
          return [
            x.sum(axis).add(0),
            x.sum().add(0),
            ...(x.size === 0 ? [] : [x.max(axis), x.min(), x.argmax(axis), x.argmin(axis)]),
          ];
        }),
      );
      await expectSame(mode, () =>
        dtypes.flatMap((dtype) => {
          const x = operand(given, dtype, anyValues);
          // Zeros of both signs are equal, so that either may be the result.
          return x.size === 0
            ? []
            : [x.max(axis).add(0), x.min(axis).add(0), x.argmax(axis), x.argmin(), x.max().add(0)];
        }),
      );
    }));

  test('long sums, maxima and arguments, also of large int32', () =>
    expectSame(mode, () => {
      const long = integerValues('float32', 3)([3, 5000]);
      const large = anyValues('int32', 4)([3, 700]);
      const tied = integerValues('float32', 6, 3)([2, 4000]);
      const longer = integerValues('float32', 7)([200_000]);
      return [
        long.sum(1),
        long.sum(),
        long.transpose().sum(0),
        long.argmax(1),
        large.sum(1),
        large.max(1),
        large.sum(),
        tied.argmax(1),
        tied.argmin(),
        tied.equal(3).sum(1),
        tied.greater(9).max(1),
        longer.sum(),
        longer.max(),
        longer.mul(2).min(),
        full([2 ** 23], 2 ** 31 - 1, { dtype: 'int32' }).sum(),
        full([2 ** 23], 2 ** 31 - 1, { dtype: 'int32' }).mean(),
        full([2 ** 24 + 1], true).sum(),
      ];
    }));

  test('maps of many elements, broadcast and not', () =>
    expectSame(mode, () => {
      const size = 2 ** 17 + 13;
      const row = integerValues('float32', 1)([1, 331]);
      const column = integerValues('float32', 2)([401, 1]);
      const indices = anyValues('int32', 3)([size]);
      return [indices.mul(3).add(1), indices.greater(0).logicalNot(), row.mul(column).relu().add(row), arange(size)];
    }));

  test('long matrix products and convolutions with large filters', () =>
    expectSame(mode, () => {
      const small = (seed: number, shape: readonly number[]): Tensor => integerValues('float32', seed, 3)(shape);
      return [
        small(1, [2, 20_000])
          .matmul(small(2, [20_000, 3]))
          .add(1),
        small(3, [9000]).matmul(small(4, [9000])),
        conv2d(small(5, [1, 2, 101, 102]), small(6, [2, 2, 100, 100]), { padding: 1 }).relu(),
      ];
    }));

  test('take, takeAlongAxis, scatterAdd and their gradients', () =>
    property(async (given) => {
      const { shape, axis, seed } = given;
      if (shape[axis] === 0) return;
      const at = shape.with(axis, seed & 7);
      const flat = (): Tensor => indices(seed + 1, shape[axis]!, [seed & 7, 2]);
      const along = (): Tensor => indices(seed + 2, shape[axis]!, at);
      await expectSame(mode, () =>
        dtypes.flatMap((dtype) => {
          const x = operand(given, dtype, anyValues);
          return [x.take(flat(), axis), x.takeAlongAxis(along(), axis)];
        }),
      );
      await expectSame(mode, () =>
        (['float32', 'int32'] as const).map((dtype) =>
          operand(given, dtype, integerValues)
            .scatterAdd(along(), integerValues(dtype, seed + 3)(at), axis)
            .add(0),
        ),
      );
      const fs = [(x: Tensor) => x.take(flat(), axis), (x: Tensor) => x.takeAlongAxis(along(), axis)];
      await expectSame(mode, () => gradients(fs, operand(given, 'float32', integerValues), seed + 4));
    }));

  test('an index out of range is the error of the portable backend', async () => {
    for (const [build, message] of [
      [() => zeros([0]).take(arange(1)), 'take: index 0 is out of range for axis 0 of length 0: the axis is empty'],
      [() => arange(5).take(arange(1).add(5)), 'take: index 5 is out of range for axis 0 of length 5; use -5 to 4'],
      [
        () => arange(5).scatterAdd(arange(1).sub(6), arange(1)),
        'scatterAdd: index -6 is out of range for axis 0 of length 5; use -5 to 4',
      ],
    ] as const) {
      await expect(valuesOn(await backendOf(mode), () => [build()])).rejects.toThrow(message);
      // It is not reported again.
      expect(await valuesOn(await backendOf(mode), () => [arange(3).add(1)])).toEqual([Int32Array.of(1, 2, 3)]);
    }
  });

  test('sort, argsort and topk: stable, NaN last', () =>
    property(
      async (given) => {
        const { axis, shape, seed } = given;
        const descending = (seed & 1) === 0;
        await expectSame(mode, () =>
          dtypes.flatMap((dtype) =>
            [integerValues, anyValues].flatMap((make) => {
              const x = operand(given, dtype, make);
              return [x.argsort(axis, { descending }), x.topk(Math.min(3, shape[axis]!), axis).indices];
            }),
          ),
        );
      },
      runs(mode, 6),
    ));

  test.each(int32Table)('int32 %s: as by BigInt', async (_, each) => {
    const backend = await backendOf(mode);
    await fc.assert(
      fc.asyncProperty(int32Matrices, (given) => expectInt32(backend, each, given)),
      { numRuns: runs(mode, 2) },
    );
  });

  test('random bits, ranges and permutations', async () => {
    const key = random.key(7);
    await expectSame(mode, () => [
      random.bits(key, [300]),
      random.uniform(key, [4, 5]),
      random.integers(key, [100], { low: -5, high: 1000 }),
      random.permutation(key, 70),
      arange(9).mul(3).add(1),
    ]);
  });

  test('matrix products and convolutions, and their gradients', () =>
    fc.assert(
      fc.asyncProperty(
        fc.record({ m: fc.nat(9), k: fc.nat(40), n: fc.nat(9), batch: fc.nat(3), seed: fc.integer() }),
        async ({ m, k, n, batch, seed }) => {
          const three = (f: (a: Tensor, b: Tensor) => Tensor, a: Tensor, b: Tensor): Tensor[] => {
            const { value, pullback } = vjp(f, a, b);
            return [value, ...pullback(integerValues('float32', seed + 2)(value.shape))].map((x) => x.add(0));
          };
          const make = (shape: readonly number[]): Tensor => integerValues('float32', seed + shape.length)(shape);
          await expectSame(mode, () => [
            ...three((a, b) => a.matmul(b), make([batch, m, k]), make([k, n])),
            ...three((a, b) => a.transpose().matmul(b.transpose()).add(1).relu(), make([k, m]), make([n, k])),
            anyValues('int32', seed)([m, k]).matmul(anyValues('int32', seed + 1)([k, n])),
          ]);
          const options = { padding: seed & 1, stride: 1 + (k & 1), dilation: 1 + (n & 1), groups: 1 + (m & 1) };
          await expectSame(mode, () =>
            three(
              (x, w) => conv2d(x, w, options).add(1).relu(),
              make([batch, 2 * (1 + (k & 3)), 5 + (m & 3), 6]),
              make([2 * (1 + (n & 1)), (2 * (1 + (k & 3))) / options.groups, 1 + (k % 3), 2]),
            ),
          );
        },
      ),
      { numRuns: runs(mode, 8) },
    ));

  test('empty tensors', () =>
    expectSame(mode, () => {
      const x = integerValues('float32', 1)([0, 3]);
      return [x.add(1), x.sum(), x.sum(0), x.matmul(integerValues('float32', 2)([3, 2])), x.transpose().matmul(x)];
    }));
});
