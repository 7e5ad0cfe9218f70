import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad, tensor, vjp, zeros, type CumulativeOptions, type Tensor } from '../src/index.ts';
import { elementAt, build, deviation, models, numbers, ordinary, shapes, toTensor, type Model } from './helpers.ts';

interface Case {
  readonly x: Model;
  readonly axis: number;
  readonly reverse: boolean;
  readonly exclusive: boolean;
}

function cases(element: fc.Arbitrary<number> = ordinary): fc.Arbitrary<Case> {
  return models(shapes(3, 1), element).chain((x) =>
    fc.record({
      x: fc.constant(x),
      axis: fc.integer({ min: -x.shape.length, max: x.shape.length - 1 }),
      reverse: fc.boolean(),
      exclusive: fc.boolean(),
    }),
  );
}

/** Computes each element from scratch by the definition. */
function naive({ x, axis, reverse, exclusive }: Case, combine: (elements: readonly number[]) => number): Model {
  const place = axis < 0 ? axis + x.shape.length : axis;
  return build(x.shape, (index) => {
    const i = index[place]!;
    const all = Array.from({ length: x.shape[place]! }, (_, k) => elementAt(x, index.with(place, k)));
    const upTo = reverse ? all.slice(i).reverse() : all.slice(0, i + 1);
    return combine(exclusive ? upTo.slice(0, -1) : upTo);
  });
}

function agrees(
  operation: (x: Tensor, axis: number, options: Required<CumulativeOptions>) => Tensor,
  combine: (elements: readonly number[]) => number,
  arbitrary: fc.Arbitrary<Case>,
  tolerance = 0,
): void {
  fc.assert(
    fc.property(arbitrary, (given) => {
      const { x, axis, reverse, exclusive } = given;
      const result = operation(toTensor(x), axis, { reverse, exclusive });
      const expected = naive(given, combine);
      expect(result.shape).toEqual(expected.shape);
      expect(deviation(numbers(result), expected.data)).toBeLessThanOrEqual(tolerance);
    }),
  );
}

const withNaN = fc.oneof({ weight: 9, arbitrary: ordinary }, fc.constantFrom(NaN, Infinity, -Infinity));
const inclusive = (arbitrary: fc.Arbitrary<Case>): fc.Arbitrary<Case> =>
  arbitrary.map((given) => ({ ...given, exclusive: false }));

describe('against the definition, along any axis', () => {
  test('cumsum', () =>
    agrees(
      (x, axis, options) => x.cumsum(axis, options),
      (elements) => elements.reduce((a, b) => a + b, 0),
      cases(withNaN),
    ));
  test('cumprod', () =>
    agrees(
      (x, axis, options) => x.cumprod(axis, options),
      (elements) => elements.reduce((a, b) => a * b, 1),
      cases(withNaN),
    ));
  test('cummax', () =>
    agrees(
      (x, axis, { reverse }) => x.cummax(axis, { reverse }),
      (elements) => Math.max(...elements),
      inclusive(cases(withNaN)),
    ));
  test('cummin', () =>
    agrees(
      (x, axis, { reverse }) => x.cummin(axis, { reverse }),
      (elements) => Math.min(...elements),
      inclusive(cases(withNaN)),
    ));
  test('logcumsumexp', () =>
    agrees(
      (x, axis, { reverse }) => x.logcumsumexp(axis, { reverse }),
      (elements) => {
        const shift = Math.max(...elements);
        return Math.log(elements.reduce((sum, x) => sum + Math.exp(x - shift), 0)) + shift;
      },
      inclusive(cases()),
      1e-13,
    ));
});

test('known values of NumPy', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(x.cumsum(0).toArraySync()).toEqual([
    [1, 2, 3],
    [5, 7, 9],
  ]);
  expect(x.cumsum(-1).toArraySync()).toEqual([
    [1, 3, 6],
    [4, 9, 15],
  ]);
  expect(x.cumprod(1).toArraySync()).toEqual([
    [1, 2, 6],
    [4, 20, 120],
  ]);
  expect(tensor([3, 1, 4, 1, 5]).cummax(0).toArraySync()).toEqual([3, 3, 4, 4, 5]);
  expect(tensor([3, 1, 4, 1, 5]).cummin(0, { reverse: true }).toArraySync()).toEqual([1, 1, 1, 1, 5]);
  expect(x.cumsum(1, { exclusive: true }).toArraySync()).toEqual([
    [0, 1, 3],
    [0, 4, 9],
  ]);
  expect(x.cumprod(1, { exclusive: true, reverse: true }).toArraySync()).toEqual([
    [6, 3, 1],
    [30, 6, 1],
  ]);
});

describe('dtypes', () => {
  test('are those of sum and max', () => {
    const table = (['bool', 'int32', 'float32', 'float64'] as const).map((dtype) => {
      const x = tensor([1, 0], { dtype });
      return [x.cumsum(0), x.cumprod(0), x.cummax(0), x.cummin(0), x.logcumsumexp(0)].map((result) => result.dtype);
    });
    expect(table).toEqual([
      ['int32', 'int32', 'bool', 'bool', 'float32'],
      ['int32', 'int32', 'int32', 'int32', 'float32'],
      ['float32', 'float32', 'float32', 'float32', 'float32'],
      ['float64', 'float64', 'float64', 'float64', 'float64'],
    ]);
    expect(tensor([false, true, false]).cummax(0).toArraySync()).toEqual([false, true, true]);
    expect(tensor([true, true, false]).cumsum(0).toArraySync()).toEqual([1, 2, 2]);
    expect(tensor([-3, -5, -2], { dtype: 'int32' }).cummax(0).toArraySync()).toEqual([-3, -3, -2]);
  });

  test('int32 wraps', () => {
    const x = tensor([2 ** 31 - 1, 2, 65_537], { dtype: 'int32' });
    expect(numbers(x.cumsum(0))).toEqual([2 ** 31 - 1, -(2 ** 31) + 1, -(2 ** 31) + 65_538]);
    expect(numbers(x.cumprod(0))).toEqual([2 ** 31 - 1, -2, -131_074]);
  });

  test('a long float32 sum is rounded once per result', () => {
    const x = tensor(Float32Array.from({ length: 100_000 }, () => 0.1));
    const sums = numbers(x.cumsum(0));
    expect(
      deviation(
        sums,
        sums.map((_, i) => Math.fround(Math.fround(0.1) * (i + 1))),
      ),
    ).toBeLessThan(2 ** -23);
  });
});

describe('logcumsumexp', () => {
  test('neither overflows nor loses early results when a later element is much larger', () => {
    const x = tensor([-1000, -1000, 0, 1000, 999], { dtype: 'float64' });
    const last = 1000 + Math.log1p(Math.exp(-1));
    expect(deviation(numbers(x.logcumsumexp(0)), [-1000, -1000 + Math.LN2, 0, 1000, last])).toBeLessThan(1e-15);
  });

  test('infinities and NaN', () => {
    expect(numbers(tensor([-Infinity, -Infinity, -800, 3]).logcumsumexp(0))).toEqual([-Infinity, -Infinity, -800, 3]);
    expect(numbers(tensor([1, Infinity, 2]).logcumsumexp(0))).toEqual([1, Infinity, Infinity]);
    expect(numbers(tensor([0, NaN, 2]).logcumsumexp(0))).toEqual([0, NaN, NaN]);
  });

  test('its gradient is the softmax of the elements so far', () => {
    const x = tensor([-Infinity, -800, 3, 700, 2], { dtype: 'float64' });
    const { pullback } = vjp((x: Tensor) => x.logcumsumexp(0), x);
    const gradients = (k: number): number[] =>
      numbers(pullback(tensor([0, 0, 0, 0, 0].with(k, 1), { dtype: 'float64' }))[0]);
    for (let k = 1; k < 5; k++) {
      const expected = numbers(x.slice([[0, k + 1]]).softmax()).concat(Array.from({ length: 4 - k }, () => 0));
      expect(deviation(gradients(k), expected)).toBeLessThan(1e-15);
    }
    expect(gradients(0)).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('prod', () => {
  test('equals its definition', () => {
    expect(
      tensor([
        [1, 2, 3],
        [4, 0.5, -1],
      ])
        .prod(1)
        .toArraySync(),
    ).toEqual([6, -2]);
    fc.assert(
      fc.property(models(shapes(3), fc.integer({ min: -3, max: 3 })), (x) => {
        expect(toTensor(x).prod().itemSync() + 0).toBe(x.data.reduce((a, b) => a * b, 1) + 0);
      }),
    );
  });

  test('of no elements, and over several axes', () => {
    expect(zeros([2, 0]).prod(1).toArraySync()).toEqual([1, 1]);
    const x = tensor([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ]);
    expect(x.prod([0, 2]).toArraySync()).toEqual([60, 672]);
    expect(x.prod([0, 2], { keepdims: true }).shape).toEqual([1, 2, 1]);
  });

  test('int32 and bool give int32, which wraps', () => {
    expect(tensor([true, true]).prod().dtype).toBe('int32');
    const odd = tensor(Int32Array.from({ length: 50 }, (_, i) => 2 * i + 100_001));
    const expected = Array.from({ length: 50 }, (_, i) => 2 * i + 100_001).reduce((a, b) => Math.imul(a, b), 1);
    expect(odd.prod().itemSync()).toBe(expected);
    expect(odd.reshape([25, 2]).prod(0).prod().itemSync()).toBe(expected);
  });

  test('the gradient if no, one or several elements are 0', () => {
    const x = tensor([
      [2, 3, 4],
      [2, 0, 4],
      [0, 3, 0],
    ]);
    expect(grad((x: Tensor) => x.prod(1).sum())(x).toArraySync()).toEqual([
      [12, 8, 6],
      [0, 8, 0],
      [0, 0, 0],
    ]);
    // ∂²(x y z)/∂x∂y = z, also if the product is 0.
    const second = grad((x: Tensor) => grad((x: Tensor) => x.prod())(x).slice([0]))(tensor([0, 0, 5]));
    expect(second.toArraySync()).toEqual([0, 5, 0]);
  });
});

const wrong = null as unknown as number;
test.each([
  [() => zeros([2, 3]).cumsum(2), 'cumsum: axis 2 is out of range for a tensor of rank 2; use -2 to 1'],
  [() => zeros([2, 3]).cumsum(wrong), 'cumsum: axis must be an integer, got null'],
  [() => zeros([]).cumprod(1), 'cumprod: axis 1 is out of range: a scalar has no axes'],
  [() => zeros([2, 3]).cumsum([0] as never), 'cumsum: axis must be a single axis, not an array, got [0]'],
  [() => zeros([2]).cummax(0.5), 'cummax: axis must be an integer, got 0.5'],
  [() => zeros([2]).cummin(-2), 'cummin: axis -2 is out of range'],
  [() => zeros([2]).logcumsumexp(1), 'logcumsumexp: axis 1 is out of range'],
  [() => zeros([2]).prod(1), 'prod: axis 1 is out of range'],
])('error %#', (make, message) => expect(make).toThrow(message));
