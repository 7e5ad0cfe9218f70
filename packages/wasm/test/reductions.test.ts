// Generated reductions, at the borders of vectors, slices and chunks.
import { arange, tensor, type DType, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { fractionValues } from '../../../test/support/values.ts';
import { expectSame } from './backends.ts';

const kinds = ['max', 'min', 'argmax', 'argmin'] as const;

describe.each(kinds)('%s', (name) => {
  /** Reduces rows, columns and everything. */
  const expectReduced = (x: () => Tensor): void => {
    expectSame(() => x()[name](1));
    expectSame(() => x().transpose()[name](0));
    expectSame(() => x()[name]());
  };

  test('the first of equal numbers, in rows of any length', () => {
    for (const dtype of ['float32', 'float64', 'int32', 'bool'] as const) {
      for (const length of [1, 2, 3, 4, 5, 7, 15, 16, 17, 31, 64, 83, 530]) {
        expectReduced(() =>
          arange(9 * length)
            .mul(7)
            .mod(5)
            .reshape([9, length])
            .astype(dtype),
        );
      }
    }
  });

  test('NaN wins wherever it is, the first of them', () => {
    for (const length of [3, 16, 37]) {
      expectReduced(() => {
        const places = arange(length).reshape([length, 1]);
        const here = arange(length)
          .equal(places)
          .logicalOr(arange(length).equal(places.add(5)));
        return here.where(NaN, fractionValues('float32', 3)([length, length]));
      });
      expectReduced(() => tensor([NaN, NaN]).reshape([2, 1]).broadcastTo([2, length]).add(0));
    }
  });

  test('infinities, and nothing else', () => {
    for (const value of [-Infinity, Infinity, -0, 0, -(2 ** -149)]) {
      for (const length of [1, 5, 40]) {
        expectReduced(() => tensor(value).broadcastTo([5, length]).mul(1));
        expectReduced(() =>
          arange(length)
            .equal(length - 1)
            .where(-value, value)
            .broadcastTo([6, length])
            .abs()
            .mul(1),
        );
      }
    }
    expectReduced(() =>
      tensor([-(2 ** 31), 2 ** 31 - 1], { dtype: 'int32' })
        .reshape([2, 1])
        .broadcastTo([2, 19])
        .mul(1),
    );
  });

  test('along several axes, of any order in memory', () => {
    const cases = fc.record({
      shape: fc.tuple(...Array.from({ length: 3 }, () => fc.constantFrom(1, 2, 3, 5, 18, 33))),
      order: fc.shuffledSubarray([0, 1, 2], { minLength: 3, maxLength: 3 }),
      dtype: fc.constantFrom<DType>('float32', 'float64', 'int32'),
      axis: fc.constantFrom<number | undefined>(0, 1, 2, undefined),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(cases, ({ shape, order, dtype, axis, seed }) => {
        expectSame(() => fractionValues(dtype, seed)(shape).permute(order)[name](axis));
      }),
      { numRuns: 40 },
    );
  });
});

describe('few terms for each of many results', () => {
  test.each([1, 2, 4, 9, 16, 17, 20])('%d', (terms) => {
    const make = fractionValues('float32', terms);
    expectSame(() => make([1003, terms]).sum(1).add(0));
    expectSame(() => make([1003, terms]).max(1));
    expectSame(() => make([1003, terms]).argmin(1));
    expectSame(() => make([7, 11, terms, 6]).permute([0, 3, 1, 2]).min([1, 3]));
    expectSame(() => make([1003, terms]).greater(0).any(1));
  });
});

test('values that are the same for all terms are computed before them', () => {
  const [x, y] = [fractionValues('float32', 1), fractionValues('float32', 2)];
  for (const length of [3, 8, 70]) {
    expectSame(() => {
      const scale = y([30, 1]).mul(4).floor();
      return x([30, length]).mul(64).sub(scale.mul(scale).neg()).sum(1);
    });
    expectSame(() =>
      x([30, length])
        .mul(64)
        .add(y([30, 1]).greater(0).where(1, 2))
        .max(1),
    );
  }
});

test('sums of columns in groups of any size', () => {
  for (const columns of [1, 3, 4, 31, 32, 33, 70]) {
    expectSame(() => fractionValues('float32', columns)([600, columns]).sum(0).add(0));
    expectSame(() => fractionValues('int32', columns)([600, columns]).sum(0));
  }
});

test('long rows that are combined term after term', () => {
  for (const columns of [512, 519, 1032, 2500]) {
    const [x, y] = [fractionValues('float32', columns), fractionValues('float32', 2)];
    expectSame(() => x([37, columns]).sum(0).add(0));
    expectSame(() => x([300, columns]).max(0));
    expectSame(() => fractionValues('int32', columns)([19, columns]).prod(0));
    expectSame(() =>
      x([5, 9, columns])
        .permute([1, 0, 2])
        .mul(y([5, 1]))
        .sum([0, 1]),
    );
    expectSame(() =>
      x([40, columns])
        .sub(y([40, 1]))
        .mul(y([columns]))
        .sum(0),
    );
    expectSame(() => x([3, 40, columns]).min(1));
    expectSame(() => x([40, columns]).greater(0).all(0));
  }
});

test('operands of which some are transposed', () => {
  for (const dtype of ['float32', 'float64', 'int32'] as const) {
    const [x, y] = [fractionValues(dtype, 4), fractionValues(dtype, 5)];
    const product = (): Tensor =>
      x([131, 67])
        .transpose()
        .mul(y([67, 131]));
    for (const axis of [0, 1, undefined]) expectSame(() => product().max(axis));
    expectSame(() => product().argmin(1));
    // Broadcast along an axis, and in windows.
    const repeated = (): Tensor => x([70, 1, 65]).broadcastTo([70, 9, 65]).permute([2, 1, 0]);
    expectSame(() =>
      repeated()
        .mul(y([65, 9, 70]))
        .max([0, 2]),
    );
    expectSame(() =>
      repeated()
        .mul(y([65, 9, 70]))
        .min([1, 2]),
    );
    expectSame(() =>
      x([40, 120])
        .transpose()
        .unfold(0, 5, 2)
        .mul(y([58, 40, 5]))
        .max(0),
    );
  }
});
