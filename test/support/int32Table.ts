// int32 operations with their values by BigInt arithmetic, which no backend has a part in.
import {
  concat,
  conv2d,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  maxPool2d,
  notEqual,
  stack,
  sub,
  tensor,
  type Backend,
  type Tensor,
} from '@thetagrad/core';
import fc from 'fast-check';
import { expect } from 'vitest';
import { valuesOn } from './backends.ts';
import { ulps } from './bounds.ts';

const rows = 6;
const columns = 36;

/** Two matrices [rows, columns] of int32. */
export interface Given {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

const element = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 24 + 1, -(2 ** 24) - 1, 65_535) },
);
const matrix = fc.array(element, { minLength: rows * columns, maxLength: rows * columns });

/** Integers of all of int32, many of them beyond what float32 holds. */
export const int32Matrices: fc.Arbitrary<Given> = fc.record({ x: matrix, y: matrix });

/** An operation of int32 tensors [rows, columns], and the elements of its result. */
export interface Int32Case {
  readonly build: (x: Tensor, y: Tensor) => Tensor;
  readonly exact: (x: readonly bigint[], y: readonly bigint[]) => readonly (number | bigint | boolean)[];
  /** The largest error in units in the last place of float32. Default: 0. */
  readonly ulps?: number;
}

/** Expects the elements of a case on a backend. */
export async function expectInt32(
  backend: Backend,
  { build, exact, ulps: limit = 0 }: Int32Case,
  { x, y }: Given,
): Promise<void> {
  const make = (values: readonly number[]): Tensor => tensor(Int32Array.from(values), { shape: [rows, columns] });
  const [actual] = await valuesOn(backend, () => build(make(x), make(y)));
  const expected = exact(x.map(BigInt), y.map(BigInt)).map((value) =>
    typeof value === 'bigint' ? wrap(value) : Number(value),
  );
  expect(actual!.length).toBe(expected.length);
  const at = expected.findIndex((value, i) => !(ulps(actual![i]!, value) <= limit));
  expect([at, actual![at]]).toEqual([-1, expected[at]]);
}

const wrap = (value: bigint): number => Number(BigInt.asIntN(32, value));

type Integers = readonly bigint[];

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const add = (a: bigint, b: bigint): bigint => a + b;
const mul = (a: bigint, b: bigint): bigint => a * b;
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const magnitude = (a: bigint): bigint => (a < 0n ? -a : a);
const floorMod = (a: bigint, b: bigint): bigint => (b === 0n ? 0n : ((a % b) + b) % b);
const rowsOf = (x: Integers): Integers[] => range(rows).map((i) => x.slice(i * columns, (i + 1) * columns));
const columnsOf = (x: Integers): Integers[] => range(columns).map((j) => x.filter((_, i) => i % columns === j));
const dot = (a: Integers, b: Integers): bigint => a.map((value, i) => value * b[i]!).reduce(add, 0n);
/** Partial results of a fold, each but the last without the next elements. */
const scan = (x: Integers, f: (a: bigint, b: bigint) => bigint): bigint[] =>
  x.map((_, i) => x.slice(0, i + 1).reduce(f));
const firstIndex = (x: Integers, f: (a: bigint, b: bigint) => bigint): number => x.indexOf(x.reduce(f));
const power = (base: bigint, exponent: bigint): bigint => {
  if (exponent < 0n) return magnitude(base) === 1n ? power(base, -exponent) : 0n;
  if (exponent < 2n) return exponent === 0n ? 1n : base;
  return BigInt.asIntN(32, power(base, exponent / 2n) ** 2n * power(base, exponent % 2n));
};
const compare = (a: bigint, b: bigint): number => Number(a > b) - Number(a < b);
const order = (x: Integers): number[] => range(x.length).toSorted((i, j) => compare(x[i]!, x[j]!));

/** An elementwise operation of one matrix or two. */
const each = (build: Int32Case['build'], exact: (a: bigint, b: bigint) => number | bigint | boolean): Int32Case => ({
  build,
  exact: (x, y) => x.map((a, i) => exact(a, y[i]!)),
});

/** The cross-correlation of images [1, 2, 6, 18] with filters [2, 2 / groups, 3, 3], padded by 1. */
function correlate(x: Integers, weight: Integers, groups: number): bigint[] {
  const perGroup = 2 / groups;
  return [0, 1].flatMap((o) =>
    range(6).flatMap((row) =>
      range(18).map((column) => {
        let sum = 0n;
        for (let c = 0; c < perGroup; c++) {
          for (const k of range(9)) {
            const [i, j] = [row + Math.floor(k / 3) - 1, column + (k % 3) - 1];
            if (i < 0 || i > 5 || j < 0 || j > 17) continue;
            const channel = groups === 1 ? c : o;
            sum += x[(channel * 6 + i) * 18 + j]! * weight[(o * perGroup + c) * 9 + k]!;
          }
        }
        return sum;
      }),
    ),
  );
}
const convolve = (groups: number): Int32Case => ({
  build: (x, y) => {
    const weight = y.flatten().slice([[0, 36 / groups]]);
    return conv2d(x.reshape([1, 2, 6, 18]), weight.reshape([2, 2 / groups, 3, 3]), { padding: 1, groups });
  },
  exact: (x, y) => correlate(x, y, groups),
});

/** Comparisons of matrices, and with plain numbers on both sides: exact, as doubles hold int32. */
const comparisons = [
  [equal, (a: number, b: number) => a === b],
  [notEqual, (a: number, b: number) => a !== b],
  [less, (a: number, b: number) => a < b],
  [lessEqual, (a: number, b: number) => a <= b],
  [greater, (a: number, b: number) => a > b],
  [greaterEqual, (a: number, b: number) => a >= b],
] as const;
const max = 2 ** 31 - 1;
const bounds = [max, max + 0.5, max + 1, 2 ** 24 + 0.5, 0.5, -max - 1, -max - 1.5, -max - 2, Infinity, -Infinity, NaN];
const compared = comparisons.map(([operation, exact]): [string, Int32Case] => [
  operation.primitive.name,
  {
    build: (x, y) => stack([operation(x, y), ...bounds.flatMap((c) => [operation(x, c), operation(c, x)])]),
    exact: (x, y) => [
      ...x.map((a, i) => exact(Number(a), Number(y[i]))),
      ...bounds.flatMap((c) => [x.map((a) => exact(Number(a), c)), x.map((a) => exact(c, Number(a)))].flat()),
    ],
  },
]);

/** A reduction of the rows, of the columns and of all elements. */
const reduce = (
  name: 'sum' | 'prod' | 'max' | 'min' | 'argmax' | 'argmin' | 'mean',
  exact: (x: Integers) => number | bigint,
): Int32Case => ({
  build: (x) => concat([x[name](1), x[name](0), x[name]().expandDims(0)]),
  exact: (x) => [...rowsOf(x), ...columnsOf(x), x].map(exact),
});

export const int32Table: readonly (readonly [string, Int32Case])[] = [
  ['add', each((x, y) => x.add(y), add)],
  [
    'add and sub of numbers',
    each(
      (x) => sub(max, x.add(max).sub(-5)),
      (a) => -a - 5n,
    ),
  ],
  [
    'sub',
    each(
      (x, y) => x.sub(y),
      (a, b) => a - b,
    ),
  ],
  ['mul', each((x, y) => x.mul(y), mul)],
  [
    'mul of a number',
    each(
      (x) => x.mul(987654321),
      (a) => a * 987654321n,
    ),
  ],
  ['mod', each((x, y) => x.mod(y), floorMod)],
  [
    'mod of numbers',
    each(
      (x) => x.mod(-max),
      (a) => floorMod(a, BigInt(-max)),
    ),
  ],
  ['pow', each((x, y) => x.pow(y), power)],
  [
    'pow of small numbers',
    each(
      (x, y) => x.mod(5).sub(2).pow(y.mod(15).sub(7)),
      (a, b) => power(floorMod(a, 5n) - 2n, floorMod(b, 15n) - 7n),
    ),
  ],
  ['maximum', each((x, y) => x.maximum(y), larger)],
  ['minimum', each((x, y) => x.minimum(y), smaller)],
  [
    'maximum of a bound below int32',
    each(
      (x) => x.maximum(-Infinity).maximum(-3e9),
      (a) => a,
    ),
  ],
  [
    'minimum of a bound above int32',
    each(
      (x) => x.minimum(Infinity).minimum(2 ** 31),
      (a) => a,
    ),
  ],
  [
    'clip',
    each(
      (x, y) => x.clip(y, max - 1),
      (a, b) => smaller(larger(a, b), BigInt(max - 1)),
    ),
  ],
  [
    'clip with bounds outside of int32',
    each(
      (x) => x.clip(0, 2 ** 31).clip(-Infinity, 2 ** 24 + 1),
      (a) => smaller(larger(a, 0n), 16777217n),
    ),
  ],
  [
    'bitwiseAnd',
    each(
      (x, y) => x.bitwiseAnd(y),
      (a, b) => a & b,
    ),
  ],
  [
    'neg',
    each(
      (x) => x.neg(),
      (a) => -a,
    ),
  ],
  ['abs', each((x) => x.abs(), magnitude)],
  [
    'sign',
    each(
      (x) => x.sign(),
      (a) => compare(a, 0n),
    ),
  ],
  [
    'square',
    each(
      (x) => x.square(),
      (a) => a * a,
    ),
  ],
  [
    'relu',
    each(
      (x) => x.relu(),
      (a) => larger(a, 0n),
    ),
  ],
  ...(['floor', 'ceil', 'round', 'trunc'] as const).map(
    (name) =>
      [
        name,
        each(
          (x) => x[name](),
          (a) => a,
        ),
      ] as const,
  ),
  ['where', each((x, y) => x.less(y).where(x, y), smaller)],
  [
    'to bool',
    each(
      (x) => x.astype('bool'),
      (a) => a !== 0n,
    ),
  ],
  [
    'to float32',
    each(
      (x) => x.astype('float32'),
      (a) => Math.fround(Number(a)),
    ),
  ],
  ...compared,
  ['sum', reduce('sum', (x) => x.reduce(add))],
  ['prod', reduce('prod', (x) => x.reduce(mul))],
  ['max', reduce('max', (x) => x.reduce(larger))],
  ['min', reduce('min', (x) => x.reduce(smaller))],
  ['argmax', reduce('argmax', (x) => firstIndex(x, larger))],
  ['argmin', reduce('argmin', (x) => firstIndex(x, smaller))],
  ['mean', { ...reduce('mean', (x) => Number(x.reduce(add)) / x.length), ulps: 2 }],
  [
    'sum of products',
    {
      build: (x, y) => x.mul(y).add(x).sum(1),
      exact: (x, y) => rowsOf(x.map((a, i) => a * y[i]! + a)).map((row) => row.reduce(add)),
    },
  ],
  [
    'prod of sums',
    {
      build: (x, y) => x.add(y).mul(2).add(1).prod(0),
      exact: (x, y) => columnsOf(x.map((a, i) => (a + y[i]!) * 2n + 1n)).map((column) => column.reduce(mul)),
    },
  ],
  [
    'sum of bool',
    {
      build: (x) => x.less(0).broadcastTo([300, rows, columns]).sum(),
      exact: (x) => [300 * x.filter((a) => a < 0n).length],
    },
  ],
  ['cumsum', { build: (x) => x.cumsum(), exact: (x) => rowsOf(x).flatMap((row) => scan(row, add)) }],
  ['cumprod', { build: (x) => x.cumprod(), exact: (x) => rowsOf(x).flatMap((row) => scan(row, mul)) }],
  ['cummax', { build: (x) => x.cummax(), exact: (x) => rowsOf(x).flatMap((row) => scan(row, larger)) }],
  ['cummin', { build: (x) => x.cummin(), exact: (x) => rowsOf(x).flatMap((row) => scan(row, smaller)) }],
  ['argsort', { build: (x) => x.argsort(), exact: (x) => rowsOf(x).flatMap(order) }],
  ['sort', { build: (x) => x.sort(), exact: (x) => rowsOf(x).flatMap((row) => order(row).map((i) => row[i]!)) }],
  [
    'topk',
    {
      build: (x) => x.topk(3).values,
      exact: (x) =>
        rowsOf(x).flatMap((row) =>
          order(row)
            .slice(-3)
            .map((i) => row[i]!)
            .toReversed(),
        ),
    },
  ],
  [
    'take',
    {
      build: (x) => x.take(tensor([-1, 0], { dtype: 'int32' })),
      exact: (x) => [rowsOf(x)[rows - 1]!, rowsOf(x)[0]!].flat(),
    },
  ],
  [
    'scatterAdd',
    {
      build: (x, y) => x.scatterAdd(y.mod(3), y),
      exact: (x, y) =>
        rowsOf(x).flatMap((row, i) =>
          row.map((a, j) =>
            j > 2 ? a : rowsOf(y)[i]!.reduce((sum, b) => (floorMod(b, 3n) === BigInt(j) ? sum + b : sum), a),
          ),
        ),
    },
  ],
  [
    'pad',
    {
      build: (x) =>
        x.pad(
          [
            [1, 0],
            [0, 0],
          ],
          -max - 1,
        ),
      exact: (x) => [...range(columns).map(() => -max - 1), ...x],
    },
  ],
  [
    'matmul',
    {
      build: (x, y) => x.matmul(y.transpose()),
      exact: (x, y) => rowsOf(x).flatMap((a) => rowsOf(y).map((b) => dot(a, b))),
    },
  ],
  [
    'matmul and what follows it',
    {
      build: (x, y) => x.transpose().matmul(y).mul(987654321).add(1),
      exact: (x, y) => columnsOf(x).flatMap((a) => columnsOf(y).map((b) => dot(a, b) * 987654321n + 1n)),
    },
  ],
  ['matmul of vectors', { build: (x, y) => x.flatten().matmul(y.flatten()), exact: (x, y) => [dot(x, y)] }],
  ['conv2d', convolve(1)],
  ['conv2d in groups', convolve(2)],
  [
    'maxPool2d',
    {
      build: (x) => maxPool2d(x.reshape([1, 1, rows, columns]), { kernelSize: [rows, 1] }),
      exact: (x) => columnsOf(x).map((column) => column.reduce(larger)),
    },
  ],
];
