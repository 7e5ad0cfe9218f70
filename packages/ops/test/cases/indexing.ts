import { tensor, type NestedArray } from '@thetagrad/core';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import {
  atAdd,
  atMax,
  atMin,
  atMul,
  atSet,
  bucketize,
  indexAdd,
  indexCopy,
  indexFill,
  indexReduce,
  isin,
  lexsort,
  maskedFill,
  maskedScatter,
  ravelMultiIndex,
  scatter,
  searchsorted,
  unravelIndex,
} from '../../src/index.ts';

type Matrix = number[][];
type Combine = (element: number, update: number) => number;

const copy = (x: NestedArray): Matrix => (x as Matrix).map((row) => [...row]);
const set: Combine = (_element, update) => update;
const add: Combine = (element, update) => element + update;
const multiply: Combine = (element, update) => element * update;

/** Combines elements with updates, one after another. */
function updated(x: NestedArray, updates: readonly [row: number, column: number, value: number][], f: Combine): Matrix {
  const result = copy(x);
  for (const [row, column, value] of updates) result.at(row)![column] = f(result.at(row)![column]!, value);
  return result;
}

/** The updates of a scatter along axis 0 of [3, 2] by `rows`. */
const rows: Matrix = [
  [0, 2],
  [2, -1],
  [0, 0],
  [0, 2],
];
const each = (values: NestedArray): [number, number, number][] =>
  rows.flatMap((line, i) =>
    line.map((row, j): [number, number, number] => [(row + 3) % 3, j, (values as Matrix)[i]![j]!]),
  );
const isUpdated = (row: number, column: number): boolean => rows.some((line) => (line[column]! + 3) % 3 === row);

/** Without the element itself: those that are updated start from what leaves the first update as it is. */
function alone(x: NestedArray, neutral: number): Matrix {
  return (x as Matrix).map((line, i) => line.map((value, j) => (isUpdated(i, j) ? neutral : value)));
}

const counts = (own: number): Matrix =>
  [0, 1, 2].map((row) => [0, 1].map((j) => own + rows.filter((line) => (line[j]! + 3) % 3 === row).length));
const divided = (x: Matrix, by: Matrix): Matrix => x.map((row, i) => row.map((value, j) => value / (by[i]![j]! || 1)));

const x = { shape: [3, 2] };
const updates = { shape: [4, 2] };
/** Along axis 0, with plain integers as indices. */
const scattered = (reduce: 'none' | 'sum' | 'prod' | 'mean' | 'amax' | 'amin', includeSelf: boolean) =>
  ({
    apply: (a, b) => scatter(a!, rows, b!, 0, { reduce, includeSelf }),
    inputs: [x, updates],
  }) satisfies Partial<OperationCase>;

const withNaN = { values: [NaN, -1, 0, 0.5, 1, 1, 2, NaN, -Infinity, Infinity] };
/** The place of a value by linear search; NaN is the largest. */
const placeOf = (sorted: readonly number[], value: number, isRight: boolean): number =>
  sorted.filter((a) => {
    const isLess = a < value || (Number.isNaN(value) && !Number.isNaN(a));
    return isLess || (isRight && (a === value || (Number.isNaN(a) && Number.isNaN(value))));
  }).length;

/** Operations whose shapes depend on values, tested in indexing.test.ts. */
export const asynchronousIndexing: readonly string[] = [
  'argwhere',
  'maskedSelect',
  'nonzero',
  'unique',
  'uniqueConsecutive',
  'union1d',
  'intersect1d',
  'setdiff1d',
  'setxor1d',
];

export const indexingCases: readonly OperationCase[] = [
  {
    name: 'scatter',
    ...scattered('none', true),
    expected: (a, b) => updated(a!, each(b!), set),
  },
  { name: 'scatter, sum', ...scattered('sum', true), expected: (a, b) => updated(a!, each(b!), add) },
  { name: 'scatter, sum alone', ...scattered('sum', false), expected: (a, b) => updated(alone(a!, 0), each(b!), add) },
  { name: 'scatter, prod', ...scattered('prod', true), expected: (a, b) => updated(a!, each(b!), multiply) },
  {
    name: 'scatter, prod alone',
    ...scattered('prod', false),
    expected: (a, b) => updated(alone(a!, 1), each(b!), multiply),
  },
  {
    name: 'scatter, prod with zeros',
    apply: (a, b) => scatter(a!, [0, 0, 1, 1, 1], b!, 0, { reduce: 'prod' }),
    inputs: [{ shape: [3] }, { values: [0, 2, 0, 0, 3] }],
    expected: (a) => [0, 0, (a as number[])[2]!],
  },
  {
    name: 'scatter, mean',
    ...scattered('mean', true),
    expected: (a, b) => divided(updated(a!, each(b!), add), counts(1)),
  },
  {
    name: 'scatter, mean alone',
    ...scattered('mean', false),
    expected: (a, b) => divided(updated(alone(a!, 0), each(b!), add), counts(0)),
  },
  { name: 'scatter, amax', ...scattered('amax', true), expected: (a, b) => updated(a!, each(b!), Math.max) },
  {
    name: 'scatter, amax alone',
    ...scattered('amax', false),
    expected: (a, b) => updated(alone(a!, -Infinity), each(b!), Math.max),
  },
  { name: 'scatter, amin', ...scattered('amin', true), expected: (a, b) => updated(a!, each(b!), Math.min) },
  {
    name: 'scatter, amin alone',
    ...scattered('amin', false),
    expected: (a, b) => updated(alone(a!, Infinity), each(b!), Math.min),
  },
  {
    name: 'scatter, of int32 and along the last axis',
    apply: (a, indices, b) => scatter(a!, indices!, b!, -1, { reduce: 'amax' }),
    inputs: [
      { shape: [2, 3], from: -9, to: 9, dtype: 'int32' },
      { values: [[2, -1], [0, 0]], dtype: 'int32' }, // prettier-ignore
      { values: [[4, 5], [-9, -2]], dtype: 'int32' }, // prettier-ignore
    ],
    expected: (a) => {
      const [first, second] = copy(a!) as [number[], number[]];
      return [first.with(2, Math.max(first[2]!, 5)), second.with(0, Math.max(second[0]!, -2))];
    },
  },
  {
    name: 'atSet',
    apply: (a, b) => atSet(a!, [0, '1:'], b!),
    inputs: [{ shape: [2, 3] }, { shape: [2] }],
    expected: (a, b) => [[(a as Matrix)[0]![0]!, ...(b as number[])], (a as Matrix)[1]!],
  },
  {
    name: 'atSet, the last of several values',
    apply: (a, b) => atSet(a!, [[2, 0, 2], [1, 0, 1]], b!), // prettier-ignore
    inputs: [x, { shape: [3] }],
    expected: (a, b) => updated(a!, (b as number[]).map((value, i) => [[2, 0, 2][i]!, [1, 0, 1][i]!, value]), set), // prettier-ignore
  },
  {
    name: 'atSet, a mask and a broadcast value',
    apply: (a, b) => atSet(a!, [[[true, false], [false, true], [true, true]]], b!), // prettier-ignore
    inputs: [x, { shape: [] }],
    expected: (a, b) => updated(a!, [[0, 0], [1, 1], [2, 0], [2, 1]].map(([i, j]) => [i!, j!, b as number]), set), // prettier-ignore
  },
  {
    name: 'atAdd',
    apply: (a, b) => atAdd(a!, [[1, 1, -3], ':'], b!),
    inputs: [x, { shape: [3, 2] }],
    expected: (a, b) =>
      updated(a!, (b as Matrix).flatMap((row, i) => row.map((value, j): [number, number, number] => [[1, 1, 0][i]!, j, value])), add), // prettier-ignore
  },
  {
    name: 'atMul',
    apply: (a, b) => atMul(a!, [[1, 1, 0], 0], b!),
    inputs: [x, { shape: [3] }],
    expected: (a, b) =>
      updated(
        a!,
        (b as number[]).map((value, i) => [[1, 1, 0][i]!, 0, value]),
        multiply,
      ),
  },
  {
    name: 'atMul, a range',
    apply: (a, b) => atMul(a!, ['::2', -1], b!),
    inputs: [x, { shape: [2] }],
    expected: (a, b) =>
      updated(
        a!,
        (b as number[]).map((value, i) => [2 * i, 1, value]),
        multiply,
      ),
  },
  {
    name: 'atMin',
    apply: (a, b) => atMin(a!, [[1, 1, 0], [0, 0, 1]], b!), // prettier-ignore
    inputs: [x, { shape: [3] }],
    expected: (a, b) => updated(a!, (b as number[]).map((value, i) => [[1, 1, 0][i]!, [0, 0, 1][i]!, value]), Math.min), // prettier-ignore
  },
  {
    name: 'atMax',
    apply: (a, b) => atMax(a!, ['...', 0], b!),
    inputs: [x, { shape: [3] }],
    expected: (a, b) =>
      updated(
        a!,
        (b as number[]).map((value, i) => [i, 0, value]),
        Math.max,
      ),
  },
  {
    name: 'atMax, infinities and NaN',
    apply: (a, b) => atMax(a!, [[0, 0, 1, 2]], b!),
    inputs: [{ values: [0, NaN, -Infinity] }, { values: [NaN, 1, 5, -Infinity] }],
    derivatives: false,
    expected: () => [NaN, NaN, -Infinity],
  },
  {
    name: 'indexAdd',
    apply: (a, b) => indexAdd(a!, [1, 0, 1], b!, 1, { alpha: 3 }),
    inputs: [x, { shape: [3, 3] }],
    expected: (a, b) =>
      updated(a!, (b as Matrix).flatMap((row, i) => row.map((value, j): [number, number, number] => [i, [1, 0, 1][j]!, 3 * value])), add), // prettier-ignore
  },
  {
    name: 'indexCopy',
    apply: (a, b) => indexCopy(a!, [2, 0, 2], b!),
    inputs: [x, { shape: [3, 2] }],
    expected: (a, b) => [(b as Matrix)[1]!, (a as Matrix)[1]!, (b as Matrix)[2]!],
  },
  {
    name: 'indexFill',
    apply: (a) => indexFill(a!, [-1], 7, 1),
    inputs: [x],
    expected: (a) => (a as Matrix).map((row) => row.with(1, 7)),
  },
  {
    name: 'indexReduce',
    apply: (a, b) => indexReduce(a!, [1, 0, 1], b!, 1, { reduce: 'prod', includeSelf: false }),
    inputs: [x, { shape: [3, 3] }],
    expected: (_a, b) => (b as Matrix).map(([first, second, third]) => [second!, first! * third!]),
  },
  {
    name: 'isin',
    apply: (a) => [isin(a!, tensor([[1, 2], [NaN, 7]])), isin(a!, tensor([0]), { invert: true }), isin(a!, tensor([]))], // prettier-ignore
    inputs: [withNaN],
    expected: (a) => {
      const values = a as number[];
      return {
        outputs: [values.map((v) => [1, 2, 7].includes(v)), values.map((v) => v !== 0), values.map(() => false)],
      };
    },
    derivatives: false,
  },
  {
    name: 'lexsort',
    apply: (a, b, c) => lexsort([a!, b!, c!], 0),
    inputs: ['secondary', 'secondary', 'primary'].map((kind) => ({
      shape: [12, 2],
      from: 0,
      to: kind === 'primary' ? 2 : 3,
      dtype: 'int32',
    })),
    expected: (...keys) => {
      const key = (k: number, row: number, column: number): number => (keys[k] as Matrix)[row]![column]!;
      const sorted = [0, 1].map((column) =>
        Array.from({ length: 12 }, (_, row) => row).sort(
          (i, j) => [2, 1, 0].map((k) => key(k, i, column) - key(k, j, column)).find((d) => d !== 0) ?? i - j,
        ),
      );
      return sorted[0]!.map((first, row) => [first, sorted[1]![row]!]);
    },
  },
  {
    name: 'maskedFill',
    apply: (a, mask) => maskedFill(a!, mask!, -Infinity),
    inputs: [x, { values: [[true], [false], [true]], dtype: 'bool' }],
    expected: (a) => [[-Infinity, -Infinity], (a as Matrix)[1]!, [-Infinity, -Infinity]],
    derivatives: false,
  },
  {
    name: 'maskedFill, by a tensor',
    apply: (a, mask, value) => maskedFill(a!, mask!, value!),
    inputs: [x, { values: [true, false], dtype: 'bool' }, { shape: [] }],
    expected: (a, _mask, value) => (a as Matrix).map((row) => row.with(0, value as number)),
  },
  {
    name: 'maskedScatter',
    apply: (a, mask, b) => maskedScatter(a!, mask!, b!),
    inputs: [x, { values: [[false, true], [false, false], [true, true]], dtype: 'bool' }, { shape: [2, 2] }], // prettier-ignore
    expected: (a, _mask, b) => updated(a!, [[0, 1], [2, 0], [2, 1]].map(([i, j], k) => [i!, j!, (b as Matrix).flat()[k]!]), set), // prettier-ignore
  },
  {
    name: 'ravelMultiIndex',
    apply: (rows) => [
      ravelMultiIndex([rows!, 1, [2, 0, -1]], [2, 3, 4]),
      ravelMultiIndex([rows!.add(5), 1], [2, 3], { mode: 'wrap' }),
      ravelMultiIndex([rows!.add(5), [[-1]]], [2, 3], { mode: 'clip' }),
    ],
    inputs: [{ values: [0, -1, 1], dtype: 'int32' }],
    expected: () => ({ outputs: [[6, 16, 19], [4, 1, 1], [[3, 3, 3]]] }), // prettier-ignore
  },
  {
    name: 'unravelIndex',
    apply: (indices) => [...unravelIndex(indices!, [3, 2, 4]), ...unravelIndex(indices!, [2 ** 29, 2]), ...unravelIndex(indices!, [1, 2 ** 31 - 1])], // prettier-ignore
    inputs: [{ values: [[0, 23], [13, 7]], dtype: 'int32' }], // prettier-ignore
    expected: () => ({
      outputs: [
        [[0, 2], [1, 0]], // prettier-ignore
        [[0, 1], [1, 1]], // prettier-ignore
        [[0, 3], [1, 3]], // prettier-ignore
        [[0, 11], [6, 3]], // prettier-ignore
        [[0, 1], [1, 1]], // prettier-ignore
        [[0, 0], [0, 0]], // prettier-ignore
        [[0, 23], [13, 7]], // prettier-ignore
      ],
    }),
  },
  {
    name: 'searchsorted',
    apply: (sorted, values) => [
      searchsorted(sorted!, values!),
      searchsorted(sorted!, values!, { side: 'right' }),
      searchsorted(sorted!.flip(), values!, { sorter: [7, 6, 5, 4, 3, 2, 1, 0] }),
      searchsorted(sorted!, 1, { side: 'right' }),
    ],
    inputs: [{ values: [-Infinity, -1, 0, 1, 1, 1, 4, NaN] }, withNaN],
    expected: (sorted, values) => {
      const places = (isRight: boolean): number[] =>
        (values as number[]).map((value) => placeOf(sorted as number[], value, isRight));
      return { outputs: [places(false), places(true), places(false), 6] };
    },
    derivatives: false,
  },
  {
    name: 'searchsorted, a batch of integers',
    apply: (sorted, values) => searchsorted(sorted!, values!, { side: 'right' }),
    inputs: [
      { values: [[1, 3, 3, 2 ** 24, 2 ** 24 + 1], [-5, 0, 2, 4, 6]], dtype: 'int32' }, // prettier-ignore
      { values: [[3, 2 ** 24], [-6, 7]], dtype: 'int32' }, // prettier-ignore
    ],
    expected: () => [[3, 4], [0, 5]], // prettier-ignore
  },
  {
    name: 'searchsorted, nothing',
    apply: (values) => searchsorted(tensor([]), values!),
    inputs: [{ shape: [2] }],
    expected: () => [0, 0],
    derivatives: false,
  },
  {
    name: 'bucketize',
    apply: (values) => [
      bucketize(values!, tensor([-1, 0, 1])),
      bucketize(values!, tensor([-1, 0, 1]), { right: true }),
    ],
    inputs: [withNaN],
    expected: (values) => {
      const places = (isRight: boolean): number[] =>
        (values as number[]).map((value) => placeOf([-1, 0, 1], value, isRight));
      return { outputs: [places(false), places(true)] };
    },
    derivatives: false,
  },
];
