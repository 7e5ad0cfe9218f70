import { concat, grad, jvp, tensor, type DType, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { layouts, makeView, type Layout } from '../../../test/support/layouts.ts';
import { fractionValues } from '../../../test/support/values.ts';
import { expectSame } from './backends.ts';

const dtypes = fc.constantFrom<DType>('float32', 'float64', 'int32', 'bool');
const lengths = fc.oneof({ weight: 8, arbitrary: fc.nat(6) }, { weight: 1, arbitrary: fc.constantFrom(17, 40) });

/** Layouts of a rank. */
const layoutsOf = (rank: number): fc.Arbitrary<Layout> =>
  fc.array(lengths, { minLength: rank, maxLength: rank }).chain(layouts);

/** Appends operations that the scheduler makes an epilogue. */
const finish = (x: Tensor, epilogue: boolean): Tensor => (epilogue && x.dtype !== 'bool' ? x.mul(2).add(3) : x);

describe('pad', () => {
  const cases = fc.nat(4).chain((rank) =>
    fc.record({
      layout: layoutsOf(rank),
      pads: fc.tuple(...Array.from({ length: rank }, () => fc.tuple(fc.nat(3), fc.nat(3)))),
      dtype: dtypes,
      value: fc.constantFrom(0, 1),
      seed: fc.integer(),
      epilogue: fc.boolean(),
    }),
  );

  test('puts a value around any view', () => {
    fc.assert(
      fc.property(cases, ({ layout, pads, dtype, value, seed, epilogue }) => {
        expectSame(() => finish(makeView(layout, fractionValues(dtype, seed)).pad(pads, value), epilogue));
      }),
    );
  });

  test('accepts any value of the dtype', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      for (const value of [0.1, -0, NaN, Infinity, -1e-30]) {
        expectSame(() => tensor([1, 2, 3], { dtype }).pad([[1, 2]], value));
      }
    }
    expectSame(() => tensor([1, 2], { dtype: 'int32' }).pad([[3, 0]], -(2 ** 31)));
  });

  test('and between elements, where strided slices send their gradients', () => {
    const sliced = fc.record({
      length: fc.integer({ min: 1, max: 30 }),
      columns: fc.integer({ min: 1, max: 9 }),
      start: fc.nat(3),
      step: fc.integer({ min: 2, max: 4 }),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(sliced, ({ length, columns, start, step, seed }) => {
        expectSame(() => {
          const x = fractionValues('float32', seed)([length + 3, columns]);
          return grad((t: Tensor) =>
            t
              .slice([[start, null, step]])
              .square()
              .sum(),
          )(x);
        });
      }),
    );
  });

  test('large ones are cut into chunks', () => {
    expectSame(() =>
      fractionValues(
        'float32',
        1,
      )([50, 40, 60]).pad(
        [
          [1, 0],
          [2, 3],
          [0, 1],
        ],
        7,
      ),
    );
    expectSame(() =>
      fractionValues(
        'bool',
        1,
      )([300, 1001])
        .permute([1, 0])
        .pad(
          [
            [1, 1],
            [1, 1],
          ],
          1,
        ),
    );
  });
});

describe('concat', () => {
  const cases = fc.integer({ min: 1, max: 4 }).chain((rank) =>
    fc.nat(rank - 1).chain((axis) =>
      fc.record({
        axis: fc.constant(axis),
        parts: fc.tuple(...Array.from({ length: rank }, () => lengths)).chain((shape) =>
          fc.array(
            lengths.chain((length) => layouts(shape.with(axis, length))),
            { minLength: 1, maxLength: 5 },
          ),
        ),
        dtype: dtypes,
        seed: fc.integer(),
        epilogue: fc.boolean(),
      }),
    ),
  );

  test('joins any views along any axis', () => {
    fc.assert(
      fc.property(cases, ({ axis, parts, dtype, seed, epilogue }) => {
        expectSame(() => {
          const tensors = parts.map((layout, i) => makeView(layout, fractionValues(dtype, seed + i)));
          return finish(concat(tensors, axis), epilogue);
        });
      }),
    );
  });

  test('large ones are cut into chunks', () => {
    expectSame(() =>
      concat(
        [1, 2, 3].map((seed) => fractionValues('float64', seed)([7, 11_001])),
        0,
      ),
    );
    expectSame(() =>
      concat(
        [1, 2, 3].map((seed) => fractionValues('float32', seed)([300, 301]).permute([1, 0])),
        1,
      ),
    );
  });
});

describe('fold', () => {
  const cases = fc.integer({ min: 1, max: 3 }).chain((rank) =>
    fc.nat(rank - 1).chain((axis) =>
      fc
        .record({
          shape: fc.tuple(...Array.from({ length: rank }, () => fc.integer({ min: 0, max: 12 }))),
          size: fc.integer({ min: 1, max: 4 }),
          step: fc.integer({ min: 1, max: 5 }),
          dilation: fc.integer({ min: 1, max: 3 }),
          dtype: fc.constantFrom<DType>('float32', 'float64'),
          seed: fc.integer(),
          epilogue: fc.boolean(),
        })
        .map((all) => ({
          ...all,
          axis,
          shape: all.shape.with(axis, all.shape[axis]! + 1 + (all.size - 1) * all.dilation),
        })),
    ),
  );

  test('adds up windows, overlapping or not', () => {
    fc.assert(
      fc.property(cases, ({ shape, axis, size, step, dilation, dtype, seed, epilogue }) => {
        expectSame(() => {
          const x = fractionValues(dtype, seed)(shape);
          const weights = fractionValues(dtype, seed + 1)(x.unfold(axis, size, step, dilation).shape);
          return finish(grad((t: Tensor) => t.unfold(axis, size, step, dilation).mul(weights).sum())(x), epilogue);
        });
      }),
    );
  });

  test('tangents are folded as well', () => {
    expectSame(() => {
      const x = fractionValues('float32', 1)([9]);
      const gradient = grad((t: Tensor) => t.unfold(0, 3, 2).square().sum());
      return jvp(gradient, [x], [fractionValues('float32', 2)([9])]).tangent;
    });
  });

  test('large ones are cut into chunks', () => {
    expectSame(() => {
      const x = fractionValues('float32', 1)([6, 70, 300]);
      return grad((t: Tensor) => t.unfold(1, 3, 1).square().sum())(x);
    });
    expectSame(() => {
      const x = fractionValues('float32', 1)([6, 70, 300]);
      return grad((t: Tensor) => t.unfold(1, 2, 2).unfold(2, 2, 2).square().sum())(x);
    });
  });
});
