// Indexing operations whose shapes depend on values, and what wrong arguments of all of them throw.
import { arange, evaluateSync, grad, ones, random, tensor, zeros, type Tensor } from '@thetagrad/core';
import { describe, expect, test } from 'vitest';
import {
  argwhere,
  atAdd,
  atMax,
  atSet,
  bucketize,
  indexAdd,
  indexCopy,
  indexFill,
  indexReduce,
  intersect1d,
  lexsort,
  maskedFill,
  maskedScatter,
  maskedSelect,
  nonzero,
  ravelMultiIndex,
  scatter,
  searchsorted,
  setdiff1d,
  setxor1d,
  union1d,
  unique,
  uniqueConsecutive,
  unravelIndex,
} from '../src/index.ts';

const wrong = (value: unknown): never => value as never;
const int32 = (values: number[]): Tensor => tensor(values, { dtype: 'int32' });

describe('operations whose shapes depend on values', () => {
  const x = tensor([
    [0, 2, NaN],
    [-1, 0, 0],
  ]);

  test('nonzero and argwhere', async () => {
    const axes = await nonzero(x);
    expect(axes.map((indices) => [indices.dtype, indices.toArraySync()])).toEqual([
      ['int32', [0, 0, 1]],
      ['int32', [1, 2, 0]],
    ]);
    expect((await argwhere(x)).toArraySync()).toEqual([
      [0, 1],
      [0, 2],
      [1, 0],
    ]);
    expect((await argwhere(zeros([3, 0, 2]))).shape).toEqual([0, 3]);
    expect((await argwhere(tensor(5))).shape).toEqual([1, 0]);
    await expect(nonzero(tensor(5))).rejects.toThrow('nonzero: a scalar has no axes; use flatten');
  });

  test('maskedSelect, with its gradient', async () => {
    const chosen = await maskedSelect(x, x.greaterEqual(0));
    expect(chosen.toArraySync()).toEqual([0, 2, 0, 0]);
    expect((await maskedSelect(tensor([1, 2]), tensor([[true], [false]]))).toArraySync()).toEqual([1, 2]);
    expect((await maskedSelect(x, zeros([3], { dtype: 'bool' }))).shape).toEqual([0]);
    const mask = tensor([true, false, true]);
    evaluateSync(mask);
    const slope = grad((y: Tensor) => y.at(mask).square().sum())(tensor([1, 2, 3]));
    expect(slope.toArraySync()).toEqual([2, 0, 6]);
    await expect(maskedSelect(x, ones([3]))).rejects.toThrow('maskedSelect: the mask must be bool, got float32');
    await expect(maskedSelect(x, mask.at('0:2'))).rejects.toThrow(
      'maskedSelect: shapes [2, 3] and [2] do not broadcast',
    );
  });

  test('unique', async () => {
    const { values, indices, inverse, counts } = await unique(tensor([[3, NaN, NaN], [1, -0, 0]])); // prettier-ignore
    expect(values.toArraySync()).toEqual([-0, 1, 3, NaN]);
    expect([indices, counts].map((result) => [result.dtype, result.toArraySync()])).toEqual([
      ['int32', [4, 3, 0, 1]],
      ['int32', [2, 1, 1, 2]],
    ]);
    expect(inverse.toArraySync()).toEqual([[2, 3, 3], [1, 0, 0]]); // prettier-ignore
    expect((await unique(tensor([NaN, 1, NaN]), 0, { equalNan: false })).counts.toArraySync()).toEqual([1, 1, 1]);
    const bools = await unique(tensor([true, false, true]));
    expect([bools.values.dtype, bools.values.toArraySync()]).toEqual(['bool', [false, true]]);
    expect((await unique(zeros([0, 2]))).values.shape).toEqual([0]);
    expect((await unique(tensor(7))).values.toArraySync()).toEqual([7]);
  });

  test('unique slices, in lexicographic order', async () => {
    const columns = tensor([
      [1, 0, 1, 1],
      [2, 5, 2, 0],
    ]);
    const { values, indices, inverse, counts } = await unique(columns, 1);
    expect(values.toArraySync()).toEqual([
      [0, 1, 1],
      [5, 0, 2],
    ]);
    expect([indices, inverse, counts].map((result) => result.toArraySync())).toEqual([
      [1, 3, 0],
      [2, 0, 2, 1],
      [1, 1, 2],
    ]);
  });

  test('sets', async () => {
    const [a, b] = [tensor([[3, 1], [NaN, 3]]), int32([4, 3, 4])]; // prettier-ignore
    const results = await Promise.all([
      union1d(a, b),
      intersect1d(a, b),
      setdiff1d(a, b),
      setdiff1d(b, a),
      setxor1d(a, b),
    ]);
    expect(results.map((result) => result.toArraySync())).toEqual([[1, 3, 4, NaN], [3], [1, NaN], [4], [1, 4, NaN]]);
    expect(results.map(({ dtype }) => dtype)).toEqual(['float32', 'float32', 'float32', 'int32', 'float32']);
    await expect(union1d(a, wrong(3))).rejects.toThrow('union1d: expected a tensor, got 3');
  });

  test('uniqueConsecutive', async () => {
    const { values, indices, inverse, counts } = await uniqueConsecutive(int32([1, 1, 2, 1, 1, 1]));
    expect([values, indices, inverse, counts].map((result) => result.toArraySync())).toEqual([
      [1, 2, 1],
      [0, 2, 3],
      [0, 0, 1, 2, 2, 2],
      [2, 1, 3],
    ]);
    const rows = await uniqueConsecutive(tensor([[1, 2], [1, 2], [0, 2]]), 0); // prettier-ignore
    expect(rows.values.toArraySync()).toEqual([[1, 2], [0, 2]]); // prettier-ignore
  });
});

test('indices of large shapes are exact', () => {
  const indices = [2 ** 30 + 3, 2 ** 24 + 1, -2, -1];
  for (const shape of [
    [2 ** 31 - 1],
    [2 ** 29, 3],
    [3, 2 ** 29],
    [46340, 46340],
    [5, 7, 61_356_675],
    [2 ** 31 - 1, 1],
  ]) {
    const axes = unravelIndex(indices, shape);
    const size = shape.reduce((product, length) => product * length, 1);
    const expected = indices.map((index) => (index < 0 ? index + size : index));
    expect(ravelMultiIndex(axes, shape).toArraySync()).toEqual(expected);
    axes.forEach((ofAxis, axis) => {
      const stride = shape.slice(axis + 1).reduce((product, length) => product * length, 1);
      expect(ofAxis.toArraySync()).toEqual(expected.map((index) => Math.floor(index / stride) % (shape[axis] ?? 1)));
    });
  }
});

test('many updates of few elements', () => {
  const stream = random.key(5).stream();
  for (const count of [1, 2, 7, 64, 100]) {
    const targets = Array.from({ length: count }, () => stream.integer(6));
    const updates = Array.from({ length: count }, () => stream.integer(7) - 3);
    const x = [1, -1, 2, 0, 3, 5];
    const reduced = (f: (a: number, b: number) => number): number[] =>
      x.map((value, i) => updates.filter((_, k) => targets[k] === i).reduce(f, value));
    const expected = {
      none: reduced((_, b) => b),
      sum: reduced((a, b) => a + b),
      prod: reduced(Math.imul),
      amax: reduced((a, b) => Math.max(a, b)),
      amin: reduced((a, b) => Math.min(a, b)),
    };
    for (const [reduce, values] of Object.entries(expected) as [keyof typeof expected, number[]][]) {
      const result = scatter(int32(x), targets, int32(updates), 0, { reduce });
      expect([count, reduce, result.toArraySync()]).toEqual([count, reduce, values]);
    }
  }
});

test('the gradient of extremes is divided evenly among ties, and kept where there is no update', () => {
  const f = (x: Tensor, updates: Tensor): Tensor =>
    atMax(x, [[0, 0, 0, 1]], updates)
      .mul(tensor([12, 1, 5]))
      .sum();
  const [x, updates] = [tensor([2, 3, NaN]), tensor([2, 2, 1, 0])];
  expect(grad((y: Tensor) => f(y, updates))(x).toArraySync()).toEqual([4, 1, 5]);
  expect(grad((y: Tensor) => f(x, y))(updates).toArraySync()).toEqual([4, 4, 0, 0]);
});

test('dtypes are those of x', () => {
  const x = int32([1, 2]);
  expect(atSet(x, [0], 5).dtype).toBe('int32');
  expect(scatter(x, [0], 1, 0, { reduce: 'mean' }).toArraySync()).toEqual([1, 2]);
  expect(scatter(x, [0], int32([2]), 0, { reduce: 'mean' }).dtype).toBe('float32');
  expect(atSet(tensor([true, false]), [1], tensor(true)).toArraySync()).toEqual([true, true]);
  expect(atAdd(tensor([true, false]), [[0, 0]], tensor(true)).toArraySync()).toEqual([3, 0]);
  expect(atMax(tensor([false, false]), [[0, 0]], tensor(true)).toArraySync()).toEqual([true, false]);
  expect(Object.is(atSet(tensor([1, 2]), [0], -0).dataSync()[0], -0)).toBe(true);
  expect(atSet(tensor([1, 2]), ['5:'], 9).toArraySync()).toEqual([1, 2]);
});

const x = ones([2, 3]);
test.each<[() => unknown, typeof TypeError | typeof RangeError, string]>([
  [
    () => atSet(x, wrong(0), 1),
    TypeError,
    "atSet: index must be an array of the arguments of at, such as [0, '1:'], got 0",
  ],
  [() => atSet(x, [2], 1), RangeError, 'atSet: index 2 is out of range for axis 0 of length 2; use -2 to 1'],
  [() => atSet(x, [0], ones([2])), RangeError, 'atSet: shapes [2] and [3] do not broadcast'],
  [
    () => atSet(x, [0, 0], ones([2])),
    RangeError,
    'atSet: updates [2] do not broadcast to what they update, of shape []',
  ],
  [() => atSet(x, [0], wrong(undefined)), TypeError, 'atSet: the updates: expected a tensor, got undefined'],
  [() => atSet(int32([1]), [0], ones([])), TypeError, 'atSet: updates of float32 do not fit int32; convert them, or'],
  [() => atSet(int32([1]), [0], 0.5), RangeError, 'atSet: 0.5 is not an int32'],
  [() => scatter(x, [[0]], 1, 2), RangeError, 'scatter: axis 2 is out of range'],
  [() => scatter(x, [0], 1), RangeError, 'scatter: indices [1] must have the same rank as the tensor [2, 3]'],
  [() => scatter(x, [[0], [0], [0]], 1), RangeError, 'scatter: shapes [3, 1] and [2, 1] do not broadcast'],
  [
    () => scatter(ones([1, 3]), [[0], [0]], 1),
    RangeError,
    'scatter: indices [2, 1] exceed [1, 3] on an axis other than 1',
  ],
  [() => scatter(x, [[3]], 1), RangeError, 'scatter: index 3 is out of range for axis 1 of length 3; use -3 to 2'],
  [
    () => scatter(x, int32([3]).expandDims(0).add(0), 1).dataSync(),
    RangeError,
    'scatter: index 3 is out of range for axis 1',
  ],
  [
    () => scatter(x, [[0]], 1, 0, { reduce: wrong('max') }),
    TypeError,
    "scatter: unknown reduction 'max'; expected none, sum",
  ],
  [() => indexAdd(x, [2], 1), RangeError, 'indexAdd: index 2 is out of range for axis 0 of length 2'],
  [
    () => indexAdd(x, int32([2]).add(0), 1).dataSync(),
    RangeError,
    'indexAdd: index 2 is out of range for axis 0 of length 2',
  ],
  [() => indexAdd(x, [0], 1, 0, { alpha: wrong('1') }), TypeError, "indexAdd: alpha must be a number, got '1'"],
  [
    () => indexCopy(x, wrong(undefined), 1),
    TypeError,
    'indexCopy: indices must be an int32 tensor, or integers in arrays',
  ],
  [() => indexFill(x, [0], 1, wrong([0])), TypeError, 'indexFill: axis must be a single axis, not an array, got [0]'],
  [
    () => indexReduce(x, [0], 1, 0, wrong({})),
    TypeError,
    'indexReduce: unknown reduction undefined; expected none, sum',
  ],
  [() => lexsort([]), RangeError, 'lexsort: expected one key at least, and keys of one shape, got none'],
  [
    () => lexsort([x, ones([2])]),
    RangeError,
    'lexsort: expected one key at least, and keys of one shape, got [2, 3], [2]',
  ],
  [() => lexsort(wrong(x)), TypeError, 'lexsort: keys must be an array of tensors, got Tensor'],
  [() => maskedFill(x, x, 1), TypeError, 'maskedFill: the mask must be bool, got float32; compare'],
  [() => maskedFill(ones([3]), x.greater(0), 1), RangeError, 'maskedFill: the mask [2, 3] does not broadcast to [3]'],
  [() => maskedFill(ones([3]), tensor(true), x), RangeError, 'maskedFill: the value [2, 3] does not broadcast to [3]'],
  [
    () => maskedScatter(x, x.greater(0), arange(5)).dataSync(),
    RangeError,
    'maskedScatter: the mask is true at more elements than the source of shape [5] has',
  ],
  [
    () => searchsorted(tensor(1), 1),
    RangeError,
    'searchsorted: the sequence must be a vector, or have the leading axes',
  ],
  [
    () => searchsorted(x, ones([3, 3])),
    RangeError,
    'searchsorted: the sequence must be a vector, or have the leading axes',
  ],
  [
    () => searchsorted(x, x, { side: wrong('up') }),
    TypeError,
    "searchsorted: unknown side 'up'; expected 'left' or 'right'",
  ],
  [
    () => searchsorted(x, x, { sorter: [0] }),
    RangeError,
    'searchsorted: the sorter [1] must have the shape of the sequence',
  ],
  [
    () => unravelIndex([6], [2, 3]),
    RangeError,
    'unravelIndex: index 6 is out of range for axis 0 of length 6; use -6 to 5',
  ],
  [
    () => unravelIndex(int32([6]).add(0), [2, 3])[1]?.dataSync(),
    RangeError,
    'unravelIndex: index 6 is out of range for axis 0',
  ],
  [
    () => unravelIndex([6], [2 ** 30, 2]),
    RangeError,
    'unravelIndex: the number of elements of the shape must be an integer ≤ 2147483647',
  ],
  [() => unravelIndex([6], wrong(6)), TypeError, 'unravelIndex: shape must be an array of integers ≥ 0, got 6'],
  [
    () => ravelMultiIndex([[0], [3]], [2, 3]),
    RangeError,
    'ravelMultiIndex: index 3 is out of range for axis 1 of length 3',
  ],
  [
    () => ravelMultiIndex([[0]], [2, 3]),
    RangeError,
    'ravelMultiIndex: indices must be an array of indices for each of the 2 axes',
  ],
  [
    () =>
      ravelMultiIndex(
        [
          [0, 1],
          [0, 1, 2],
        ],
        [2, 3],
      ),
    RangeError,
    'ravelMultiIndex: shapes [2] and [3] do not broadcast',
  ],
  [
    () => ravelMultiIndex([0], [2], { mode: wrong('x') }),
    TypeError,
    "ravelMultiIndex: unknown mode 'x'; expected 'raise'",
  ],
  [() => bucketize(x, x), RangeError, 'bucketize: boundaries must be a vector'],
])('error %#', (call, kind, message) => {
  expect(call).toThrow(message);
  expect(call).toThrow(kind);
});
