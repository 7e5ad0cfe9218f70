import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arange, tensor, zeros, type Tensor } from '../src/index.ts';
import { deviation, indicesOf, models, numbers, ordinary, shapes, toTensor, type Model } from './helpers.ts';

/** The groups of elements that a reduction over axes combines, and the shape of the result. */
function groups(model: Model, axes: readonly number[], keepdims: boolean): { shape: number[]; groups: number[][] } {
  const kept = model.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const inside = model.shape.map((length, axis) => (axes.includes(axis) ? length : 1));
  const strides = model.shape.map((_, axis) => model.shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  return {
    shape: keepdims ? kept : kept.filter((_, axis) => !axes.includes(axis)),
    groups: indicesOf(kept).map((outer) =>
      indicesOf(inside).map(
        (inner) => model.data[outer.reduce((flat, i, axis) => flat + (i + inner[axis]!) * strides[axis]!, 0)]!,
      ),
    ),
  };
}

interface Case {
  readonly model: Model;
  readonly axes: readonly number[];
  /** The same axes in one of the forms that users may give. */
  readonly written: number[] | number | undefined;
  readonly keepdims: boolean;
}

function cases(element: fc.Arbitrary<number> = ordinary, minLength = 0): fc.Arbitrary<Case> {
  const shape = fc.array(fc.integer({ min: minLength, max: 4 }), { maxLength: 4 });
  return models(shape, element).chain((model) => {
    const rank = model.shape.length;
    const subset = fc.shuffledSubarray(model.shape.map((_, axis) => axis));
    return fc
      .record({
        model: fc.constant(model),
        keepdims: fc.boolean(),
        axes: subset,
        written: fc.constant(undefined),
        negative: fc.boolean(),
        all: fc.boolean(),
      })
      .map(({ axes, negative, all, keepdims }) => {
        if (all) return { model, axes: model.shape.map((_, axis) => axis), written: undefined, keepdims };
        const written = negative ? axes.map((axis) => axis - rank) : axes;
        return { model, axes, written: written.length === 1 ? written[0]! : written, keepdims };
      });
  });
}

function agrees(
  operation: (x: Tensor, c: Case) => Tensor,
  naive: (group: number[]) => number,
  element?: fc.Arbitrary<number>,
  minLength = 0,
  tolerance = 0,
): void {
  fc.assert(
    fc.property(cases(element, minLength), (c) => {
      const result = operation(toTensor(c.model), c);
      const expected = groups(c.model, c.axes, c.keepdims);
      expect(result.shape).toEqual(expected.shape);
      expect(deviation(numbers(result), expected.groups.map(naive))).toBeLessThanOrEqual(tolerance);
    }),
  );
}

const total = (group: readonly number[]): number => group.reduce((a, b) => a + b, 0);
const average = (group: readonly number[]): number => total(group) / group.length;
const spread = (group: readonly number[], correction: number): number =>
  total(group.map((value) => (value - average(group)) ** 2)) / Math.max(0, group.length - correction);
const withNaN = fc.oneof({ weight: 9, arbitrary: ordinary }, fc.constantFrom(NaN, Infinity, -Infinity));
const few = fc.integer({ min: -1, max: 1 });

describe('against loops, over any axes', () => {
  test('sum', () => agrees((x, c) => x.sum(c.written, { keepdims: c.keepdims }), total));
  test('sum with NaN and infinities', () =>
    agrees((x, c) => x.sum(c.written, { keepdims: c.keepdims }), total, withNaN));
  test('mean', () => agrees((x, c) => x.mean(c.written, { keepdims: c.keepdims }), average, ordinary, 0, 1e-15));
  test('max', () =>
    agrees(
      (x, c) => x.max(c.written, { keepdims: c.keepdims }),
      (group) => Math.max(...group),
      withNaN,
      1,
    ));
  test('min', () =>
    agrees(
      (x, c) => x.min(c.written, { keepdims: c.keepdims }),
      (group) => Math.min(...group),
      withNaN,
      1,
    ));
  test('any', () =>
    agrees(
      (x, c) => x.any(c.written, { keepdims: c.keepdims }),
      (group) => Number(group.some((v) => v !== 0)),
      few,
    ));
  test('all', () =>
    agrees(
      (x, c) => x.all(c.written, { keepdims: c.keepdims }),
      (group) => Number(group.every((v) => v !== 0)),
      few,
    ));
  test('variance', () =>
    agrees(
      (x, c) => x.variance(c.written, { keepdims: c.keepdims }),
      (group) => spread(group, 0),
      ordinary,
      0,
      1e-12,
    ));
  test('std, corrected', () =>
    agrees(
      (x, c) => x.std(c.written, { keepdims: c.keepdims, correction: 1 }),
      (group) => Math.sqrt(spread(group, 1)),
      ordinary,
      2,
      1e-12,
    ));
  test('norm', () => {
    agrees(
      (x, c) => x.norm(c.written, { keepdims: c.keepdims }),
      (group) => Math.hypot(...group),
      ordinary,
      0,
      1e-14,
    );
    agrees(
      (x, c) => x.norm(c.written, { keepdims: c.keepdims, ord: 1 }),
      (group) => total(group.map(Math.abs)),
    );
    agrees(
      (x, c) => x.norm(c.written, { keepdims: c.keepdims, ord: Infinity }),
      (group) => Math.max(...group.map(Math.abs)),
      ordinary,
      1,
    );
  });
  test('logsumexp', () =>
    agrees(
      (x, c) => x.logsumexp(c.written, { keepdims: c.keepdims }),
      (group) => Math.log(total(group.map(Math.exp))),
      ordinary,
      0,
      1e-13,
    ));
});

describe('argmax and argmin', () => {
  const naive = (group: readonly number[], best: number): number =>
    group.some(Number.isNaN) ? group.findIndex(Number.isNaN) : group.indexOf(best);

  test('along an axis, the first of ties, and the first NaN', () => {
    const element = fc.oneof({ weight: 9, arbitrary: few }, fc.constantFrom(NaN, Infinity, -Infinity));
    fc.assert(
      fc.property(cases(element, 1), fc.nat(), ({ model, keepdims }, pick) => {
        const rank = model.shape.length;
        const axis = rank === 0 ? undefined : pick % (rank + 1) === rank ? undefined : pick % (rank + 1);
        const expected = groups(model, axis === undefined ? model.shape.map((_, i) => i) : [axis], keepdims);
        for (const name of ['argmax', 'argmin'] as const) {
          const result = toTensor(model)[name](axis, { keepdims });
          const best = name === 'argmax' ? Math.max : Math.min;
          expect(result.dtype).toBe('int32');
          expect(result.shape).toEqual(expected.shape);
          expect(numbers(result)).toEqual(expected.groups.map((group) => naive(group, best(...group))));
        }
      }),
    );
  });
});

test('zeros of both signs are a tie', () => {
  for (const values of [
    [0, -0],
    [-0, 0],
  ]) {
    expect(numbers(tensor(values).argmax())).toEqual([0]);
    expect(numbers(tensor(values).argmin())).toEqual([0]);
  }
});

describe('dtypes', () => {
  test('of results', () => {
    const table = (['bool', 'int32', 'float32', 'float64'] as const).map((dtype) => {
      const x = tensor([1, 1], { dtype });
      return [x.sum(), x.max(), x.mean(), x.argmin(), x.any(), x.variance(), x.norm(), x.norm(0, { ord: 1 })].map(
        (result) => result.dtype,
      );
    });
    expect(table).toEqual([
      ['int32', 'bool', 'float32', 'int32', 'bool', 'float32', 'float32', 'float32'],
      ['int32', 'int32', 'float32', 'int32', 'bool', 'float32', 'float32', 'float32'],
      ['float32', 'float32', 'float32', 'int32', 'bool', 'float32', 'float32', 'float32'],
      ['float64', 'float64', 'float64', 'int32', 'bool', 'float64', 'float64', 'float64'],
    ]);
    expect(numbers(tensor([3, 5, -2], { dtype: 'int32' }).max())).toEqual([5]);
    expect(tensor([false, true]).max().toArraySync()).toBe(true);
    expect(tensor([false, true]).min().toArraySync()).toBe(false);
    expect(numbers(tensor([1, 2], { dtype: 'int32' }).mean())).toEqual([1.5]);
  });

  test('a long float32 sum does not lose small terms', () => {
    const x = tensor(Float32Array.from({ length: 100_000 }, () => 0.1));
    // A sequential sum in float32 is 9998.6. Sums of 32 terms, added in float64, have an error of at most 32 half ulps.
    expect(Math.abs(x.sum().itemSync() - Math.fround(0.1) * 100_000)).toBeLessThan(10_000 * 32 * 2 ** -24);
  });
});

describe('softmax and its relatives', () => {
  const rows = models(shapes(3, 1).filter((shape) => !shape.includes(0)));

  test('along each axis, by the formula', () => {
    fc.assert(
      fc.property(rows, fc.nat(), (model, pick) => {
        const axis = pick % model.shape.length;
        const x = toTensor(model);
        const { groups: lines } = groups(model, [axis], true);
        const sums = lines.map((line) => total(line.map(Math.exp)));
        const expected = x.exp().div(tensor(sums, { dtype: 'float64' }).reshape(model.shape.with(axis, 1)));
        expect(deviation(numbers(x.softmax(axis)), numbers(expected))).toBeLessThan(1e-13);
        expect(deviation(numbers(x.logSoftmax(axis)), numbers(expected.log()))).toBeLessThan(1e-13);
      }),
    );
  });

  test('large and infinite inputs', () => {
    const x = tensor([
      [1000, 1000],
      [-1000, -1000],
      [-Infinity, 0],
      [3e38, -3e38],
    ]);
    expect(numbers(x.softmax())).toEqual([0.5, 0.5, 0.5, 0.5, 0, 1, 1, 0]);
    expect(numbers(x.logsumexp(1))).toEqual(
      [1000, -1000].map((v) => Math.fround(v + Math.log(2))).concat([0, Math.fround(3e38)]),
    );
    expect(numbers(x.logSoftmax().slice([[0, 3]]))).toEqual(
      [-Math.log(2), -Math.log(2), -Math.log(2), -Math.log(2), -Infinity, 0].map(Math.fround),
    );
    expect(numbers(tensor([-Infinity, -Infinity]).logsumexp())).toEqual([-Infinity]);
    expect(numbers(tensor([Infinity, 1]).logsumexp())).toEqual([Infinity]);
    expect(numbers(tensor([NaN, 1]).logsumexp())).toEqual([NaN]);
  });

  test('of no elements', () => {
    expect(numbers(zeros([2, 0]).logsumexp(1))).toEqual([-Infinity, -Infinity]);
    expect(zeros([0, 2]).softmax(0).shape).toEqual([0, 2]);
    expect(zeros([2, 0]).logSoftmax().shape).toEqual([2, 0]);
  });

  test('variance of nearly equal large numbers does not cancel', () => {
    const x = tensor([1e8, 1e8 + 1, 1e8 + 2], { dtype: 'float64' });
    expect(x.variance().itemSync()).toBeCloseTo(2 / 3, 12);
    expect(x.variance(0, { correction: 1 }).itemSync()).toBe(1);
  });
});

describe('empty axes', () => {
  test('sums of no elements are 0, means are NaN', () => {
    expect(zeros([2, 0]).sum(1).toArraySync()).toEqual([0, 0]);
    expect(zeros([0, 2]).sum(1).shape).toEqual([0]);
    expect(zeros([0]).mean().itemSync()).toBeNaN();
    expect(zeros([0]).variance().itemSync()).toBeNaN();
    expect(tensor([1]).variance(0, { correction: 1 }).itemSync()).toBeNaN();
    expect(zeros([0]).all().toArraySync()).toBe(true);
    expect(zeros([0]).any().toArraySync()).toBe(false);
  });

  test('extrema of no elements are an error', () => {
    expect(() => zeros([2, 0]).max(1)).toThrow(
      'max: expected at least one element along the reduced axes of shape [2, 0], got none',
    );
    expect(zeros([2, 0]).max(0).shape).toEqual([0]);
    expect(() => zeros([0]).argmax()).toThrow(/argmax: expected at least one element .*, got none/);
  });

  test('an empty list of axes reduces nothing', () => {
    expect(arange(3).sum([]).toArraySync()).toEqual([0, 1, 2]);
  });
});

test.each([
  [() => zeros([2, 3]).sum(2), 'sum: axis 2 is out of range for a tensor of rank 2; use -2 to 1'],
  [() => zeros([]).sum(1), 'sum: axis 1 is out of range: a scalar has no axes'],
  [() => zeros([]).sum([0, -1]), 'sum: axes must be distinct, got [0, -1]'],
  [() => zeros([2, 3]).argmax([0, 1] as never), 'argmax: axis must be a single axis, not an array, got [0, 1]'],
  [() => zeros([2, 3]).sum([0, -2]), 'sum: axes must be distinct, got [0, -2]'],
  [() => zeros([2, 3]).mean(0.5), 'mean: axis must be an integer, got 0.5'],
  [() => zeros([2]).any(1), 'any: axis 1 is out of range'],
  [() => zeros([2]).all(1), 'all: axis 1 is out of range'],
  [() => zeros([2]).variance(1), 'variance: axis 1 is out of range'],
  [() => zeros([2]).std(1), 'std: axis 1 is out of range'],
  [() => zeros([2]).norm(1), 'norm: axis 1 is out of range'],
  [() => zeros([2]).std(0, { correction: '1' as unknown as number }), "std: correction must be a number, got '1'"],
  [() => zeros([2, 3]).argmax(2), 'argmax: axis 2 is out of range'],
  [() => zeros([2]).softmax(1), 'softmax: axis 1 is out of range'],
  [() => zeros([2]).logsumexp(1), 'logsumexp: axis 1 is out of range'],
  [() => zeros([2]).norm(0, { ord: 3 }), 'norm: ord must be 1, 2 or Infinity, got 3'],
  [
    () => zeros([2]).sum({ keepdims: true } as unknown as number),
    'sum: axis must be an integer or an array of integers, before the options, got { keepdims: true }',
  ],
])('error %#', (make, message) => expect(make).toThrow(message));
