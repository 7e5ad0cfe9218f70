// Generated maps: selections that become one instruction, and transposed operands.
import {
  concat,
  defineBinary,
  evaluateSync,
  tensor,
  Variable,
  vjp,
  type DType,
  type Scalar,
  type Tensor,
} from '@thetagrad/core';
import { sizeOf } from '@thetagrad/core/backend';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layouts, makeView } from '../../../test/support/layouts.ts';
import { fractionValues } from '../../../test/support/values.ts';
import { expectSame } from './backends.ts';

const special = [0, -0, 1, -1, Infinity, -Infinity, NaN, 2 ** -149, -(2 ** -149), 2 ** 127, 0.5];
/** All pairs, in vectors and in the remaining elements. */
const rows = (): Tensor => tensor(special).reshape([special.length, 1]);
const columns = (): Tensor => tensor(special);

describe('the smaller and the larger of two', () => {
  test.each(['maximum', 'minimum'] as const)('%s, NaN and zeros included', (name) => {
    expectSame(() => rows()[name](columns()));
    expectSame(() => columns()[name](rows()));
    for (const x of special) expectSame(() => columns()[name](x));
    expectSame(() => rows().astype('float64')[name](columns()));
    const integers = (): Tensor => tensor([-(2 ** 31), -1, 0, 1, 2 ** 31 - 1], { dtype: 'int32' });
    expectSame(() => integers().reshape([5, 1])[name](integers()));
  });

  test('clip between any bounds', () => {
    expectSame(() => tensor(special).reshape([11, 1, 1]).clip(rows(), columns()));
    expectSame(() => columns().clip(-0.5, 0.5));
  });

  test('relu keeps NaN and −0', () => {
    expectSame(() => columns().relu());
    expectSame(() => concat([columns(), columns(), columns()], 0).relu().add(columns().relu().sum().mul(0)));
  });

  /** Every selection between the sides of a comparison, and between a side and 0. */
  const choices: Record<string, readonly [(x: Scalar, y: Scalar) => Scalar, (x: number, y: number) => number]> = {
    'x < y ? y : x': [(x, y) => x.lt(y).select(y, x), (x, y) => (x < y ? y : x)],
    'x < y ? x : y': [(x, y) => x.lt(y).select(x, y), (x, y) => (x < y ? x : y)],
    'x > y ? x : y': [(x, y) => x.gt(y).select(x, y), (x, y) => (x > y ? x : y)],
    'x > y ? y : x': [(x, y) => x.gt(y).select(y, x), (x, y) => (x > y ? y : x)],
    'x ≤ y ? x : y': [(x, y) => x.le(y).select(x, y), (x, y) => (x <= y ? x : y)],
    'x ≥ y ? x : y': [(x, y) => x.ge(y).select(x, y), (x, y) => (x >= y ? x : y)],
    'x < 0 ? −0 : x': [(x) => x.lt(0).select(-0, x), (x) => (x < 0 ? -0 : x)],
    'x < −0 ? 0 : x': [(x) => x.lt(-0).select(0, x), (x) => (x < 0 ? 0 : x)],
    'x > 1 ? 1 : x': [(x) => x.gt(1).select(1, x), (x) => (x > 1 ? 1 : x)],
    'x > 1 ? 2 : x': [(x) => x.gt(1).select(2, x), (x) => (x > 1 ? 2 : x)],
    'x < y ? x : 0': [(x, y) => x.lt(y).select(x, 0), (x, y) => (x < y ? x : 0)],
    'x < y ? 0 : y': [(x, y) => x.lt(y).select(0, y), (x, y) => (x < y ? 0 : y)],
    'x < y ? x : −0': [(x, y) => x.lt(y).select(x, -0), (x, y) => (x < y ? x : -0)],
    'x < y ? −0 : y': [(x, y) => x.lt(y).select(-0, y), (x, y) => (x < y ? -0 : y)],
  };
  test.each(Object.keys(choices))('%s', (name) => {
    const [lower, value] = choices[name]!;
    const domain = [
      { from: -3, to: 3 },
      { from: -3, to: 3 },
    ] as const;
    const choice = defineBinary({ name, dtypes: 'number', value, lower, derivatives: 'zero', domain });
    expectSame(() => choice(rows(), columns()));
    expectSame(() => choice(rows().astype('float64'), columns().astype('float64')));
    const integers = (): Tensor => tensor([-3, 0, 1, 2, 7], { dtype: 'int32' });
    expectSame(() => choice(integers().reshape([5, 1]), integers()));
  });
});

test('pairs along the last axis, of any views', () => {
  const cases = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom(7, 8, 9, 11, 33)).chain(([rows, length]) =>
    fc.record({
      rows: fc.constant(rows),
      length: fc.constant(length),
      layout: layouts([rows, length, 2]),
      dtypes: fc.tuple(...Array.from({ length: 4 }, () => fc.constantFrom<DType>('float32', 'int32', 'bool'))),
      seed: fc.integer(),
    }),
  );
  fc.assert(
    fc.property(cases, ({ rows, length, layout, dtypes, seed }) => {
      const [view, planar, column, pair] = dtypes.map((dtype, i) => fractionValues(dtype, seed + i));
      expectSame(() => {
        const planes = planar!([2, rows, length]).permute([1, 2, 0]);
        const repeated = column!([rows, length, 1]).broadcastTo([rows, length, 2]);
        const x = makeView(layout, view!);
        return x.mul(planes).add(repeated.sub(pair!([2])));
      });
      expectSame(() => column!([rows, length, 1]).broadcastTo([rows, length, 2]).reshape([-1]));
      expectSame(() => planar!([2, rows, length]).permute([1, 2, 0]).reshape([-1]));
    }),
    { numRuns: 40 },
  );
});

describe('transposed operands', () => {
  const dtypes = fc.constantFrom<DType>('float32', 'float64', 'int32', 'bool');
  const lengths = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(33, 67, 130));
  const cases = fc.integer({ min: 2, max: 4 }).chain((rank) =>
    fc
      .array(lengths, { minLength: rank, maxLength: rank })
      .filter((shape) => sizeOf(shape) <= 40_000)
      .chain((shape) =>
        fc.record({
          operands: fc.tuple(layouts(shape), layouts(shape)),
          columns: fc.constant(shape.at(-1)!),
          dtype: dtypes,
          seed: fc.integer(),
        }),
      ),
  );

  test('any views together', () => {
    fc.assert(
      fc.property(cases, ({ operands, columns, dtype, seed }) => {
        expectSame(() => {
          const [x, y] = operands.map((layout, i) => makeView(layout, fractionValues(dtype, seed + i))) as [
            Tensor,
            Tensor,
          ];
          const row = fractionValues(dtype, seed + 2)([columns]);
          return x.equal(y).where(x, y.add(row)).astype('float32').sub(x);
        });
      }),
      { numRuns: 60 },
    );
  });

  test.each(['float32', 'float64', 'int32', 'bool'] as const)(
    'large transposes of %s, in chunks and odd tiles',
    (dtype) => {
      const make = fractionValues(dtype, 5);
      expectSame(() => make([301, 403]).transpose().astype('float32').mul(2));
      expectSame(() => make([3, 5, 65, 131]).permute([0, 2, 3, 1]).equal(0));
      expectSame(() => make([130, 17, 70]).permute([2, 1, 0]).astype('int32').add(1));
    },
  );

  test('functions of double precision, which call JavaScript', () => {
    expectSame(() => fractionValues('float64', 6)([70, 90]).transpose().exp().astype('float32'));
  });

  test('the output may overwrite an operand', () => {
    const x = new Variable(fractionValues('float32', 7)([150, 150]));
    const start = x.value.toArraySync() as number[][];
    x.assign(x.value.mul(2).add(x.value.transpose()));
    evaluateSync(x);
    expect(x.value.toArraySync()).toEqual(start.map((row, i) => row.map((value, j) => 2 * value + start[j]![i]!)));
  });

  test('copies to parts of the output', () => {
    for (const dtype of ['float32', 'float64', 'bool'] as const) {
      const make = fractionValues(dtype, 8);
      expectSame(() => concat([make([130, 67]).transpose(), make([67, 130])], 0));
      expectSame(() => concat([make([67, 130]), make([40, 67]).transpose(), make([67, 3])], 1));
      expectSame(() =>
        make([3, 65, 33])
          .permute([0, 2, 1])
          .pad([
            [1, 0],
            [2, 1],
            [0, 3],
          ]),
      );
    }
  });

  test('additions to parts of the output', () => {
    expectSame(() => {
      const { pullback } = vjp((x: Tensor) => x.unfold(1, 5, 3), fractionValues('float32', 9)([40, 67]));
      return pullback(fractionValues('float32', 10)([5, 21, 40]).permute([2, 1, 0]))[0]!;
    });
  });
});
