// Slices of known values are inputs of plans: their start is not part of the plan.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  arange,
  concat,
  evaluateSync,
  explain,
  grad,
  ones,
  tensor,
  Variable,
  zeros,
  type Range,
  type Tensor,
} from '../src/index.ts';
import { plansOf } from './backends.ts';
import { numbers } from './helpers.ts';

/** The number of distinct plans, one for each call. */
function countPlans(count: number, f: (i: number) => void): number {
  const plans = plansOf(() => {
    for (let i = 0; i < count; i++) f(i);
  });
  expect(plans.length).toBeGreaterThanOrEqual(count);
  return new Set(plans).size;
}

const matrix = (): Tensor => arange(60).reshape([12, 5]).add(0);

describe('slices of known values reuse one plan', () => {
  const x = matrix();
  evaluateSync(x);
  const element = (row: number, column: number): number => 5 * row + column;

  test('at other starts', () => {
    const plans = countPlans(10, (i) => {
      expect(
        x
          .slice([[i, i + 3]])
          .mul(2)
          .toArraySync(),
      ).toEqual([i, i + 1, i + 2].map((row) => [0, 1, 2, 3, 4].map((column) => 2 * element(row, column))));
    });
    expect(plans).toBe(1);
  });

  test('with steps, negative steps and removed axes', () => {
    const plans = countPlans(4, (i) => {
      expect(numbers(x.slice([[i, i + 6, 3], 1]).neg())).toEqual([-element(i, 1), -element(i + 3, 1)]);
      expect(
        numbers(
          x
            .slice([null, [i + 1, i === 0 ? null : i - 1, -1]])
            .slice([4])
            .add(1),
        ),
      ).toEqual([element(4, i + 1) + 1, element(4, i) + 1]);
    });
    expect(plans).toBe(2);
  });

  test('as results, and of slices of slices', () => {
    const plans = countPlans(5, (i) => {
      expect(
        numbers(
          x
            .slice([[i, i + 4]])
            .transpose()
            .slice([i % 3, [1, 3]]),
        ),
      ).toEqual([element(i + 1, i % 3), element(i + 2, i % 3)]);
    });
    expect(plans).toBe(1);
  });

  test('two of one tensor, which may overlap or be equal', () => {
    const plans = countPlans(8, (i) => {
      const j = (3 * i) % 8;
      expect(
        numbers(
          x
            .slice([i])
            .mul(x.slice([j]))
            .sum(),
        ),
      ).toEqual([[0, 1, 2, 3, 4].reduce((sum, column) => sum + element(i, column) * element(j, column), 0)]);
    });
    expect(plans).toBe(1);
  });

  test('of a tensor that is read whole as well', () => {
    const plans = countPlans(6, (i) => {
      expect(numbers(x.sum(0).sub(x.slice([i])))).toEqual(
        [0, 1, 2, 3, 4].map((column) => 330 + 12 * column - element(i, column)),
      );
    });
    expect(plans).toBe(1);
  });

  test('as indices of take and scatterAdd', () => {
    const order = tensor([3, 1, 4, 1, 5, 9, 2, 6, 5, 3], { dtype: 'int32' });
    const plans = countPlans(7, (i) => {
      const indices = order.slice([[i, i + 3]]);
      expect(numbers(x.take(indices).slice([null, 0]))).toEqual(numbers(indices).map((row) => element(row, 0)));
      const counts = Array.from({ length: 10 }, (_, n) => numbers(indices).filter((index) => index === n).length);
      expect(numbers(zeros([10]).scatterAdd(indices, ones([3])))).toEqual(counts);
    });
    // One for each result, and one for the indices themselves.
    expect(plans).toBe(3);
  });

  test('and their gradients', () => {
    const labels = arange(12).astype('float32').add(0);
    evaluateSync(labels);
    const loss = (weight: Tensor, i: number): Tensor =>
      x
        .slice([[i, i + 4]])
        .mul(weight)
        .sum(1)
        .sub(labels.slice([[i, i + 4]]))
        .square()
        .sum();
    const weight = tensor([1, 0, 0, 0, 0]);
    const plans = countPlans(8, (i) => {
      const expected = [0, 1, 2, 3, 4].map((column) =>
        [0, 1, 2, 3].reduce((sum, k) => sum + 2 * (element(i + k, 0) - (i + k)) * element(i + k, column), 0),
      );
      expect(numbers(grad((w: Tensor) => loss(w, i))(weight))).toEqual(expected);
    });
    expect(plans).toBe(1);
  });
});

describe('slices of known values', () => {
  test('have gradients by the values that they are taken from', () => {
    const x = arange(6).astype('float32');
    evaluateSync(x);
    for (const i of [0, 2, 1]) {
      const expected = [0, 0, 0, 0, 0, 0].map((_, k) => (k >= i && k < i + 3 ? 2 * k : 0));
      expect(
        numbers(
          grad((y: Tensor) =>
            y
              .slice([[i, i + 3]])
              .square()
              .sum(),
          )(x),
        ),
      ).toEqual(expected);
    }
  });

  test('of computed values that have not been evaluated are parts of the plan', () => {
    const x = arange(6).astype('float32');
    for (const i of [0, 2]) expect(numbers(x.add(1).slice([[i, i + 2]]))).toEqual([i + 1, i + 2]);
  });

  test('that are empty', () => {
    const x = arange(6).reshape([3, 2]).add(0);
    evaluateSync(x);
    for (const i of [0, 1, 3]) {
      expect(numbers(concat([x.slice([[i, i]]), x.slice([[0, 1]])]))).toEqual([0, 1]);
      expect(numbers(x.slice([[i, i], 1]).sum())).toEqual([0]);
    }
    expect(
      numbers(
        tensor([])
          .slice([[0, 3]])
          .add(1),
      ),
    ).toEqual([]);
  });

  test('out of range are refused', () => {
    const x = arange(3).add(0);
    evaluateSync(x);
    expect(() => x.slice([3])).toThrow('slice: index 3 is out of range for axis 0 of length 3');
    const indices = tensor([0, 1, 7], { dtype: 'int32' });
    expect(numbers(x.take(indices.slice([[0, 2]])))).toEqual([0, 1]);
    expect(() => numbers(x.take(indices.slice([[1, 3]])))).toThrow('take: index 7');
  });

  test('of scalars that are broadcast', () => {
    for (const i of [0, 1])
      expect(
        numbers(
          tensor(7)
            .broadcastTo([4])
            .slice([[i, i + 2]])
            .add(1),
        ),
      ).toEqual([8, 8]);
  });

  test('of every dtype', () => {
    for (const dtype of ['float32', 'float64', 'int32', 'bool'] as const) {
      const x = tensor([0, 1, 1, 0, 1, 0, 0], { dtype });
      for (const i of [1, 3, 2]) {
        expect(
          numbers(
            x
              .slice([[i, i + 3]])
              .astype('int32')
              .add(1),
          ),
        ).toEqual([0, 1, 1, 0, 1, 0, 0].slice(i, i + 3).map((value) => value + 1));
      }
    }
  });
});

describe('slices of variables', () => {
  test('reuse one plan, and are never older than the variable', () => {
    const v = new Variable(arange(8).astype('float32'));
    evaluateSync(v.value.add(0));
    const plans = countPlans(7, (i) => {
      const part = v.value.slice([[i, i + 2]]).mul(10);
      v.assign(v.value.add(1));
      evaluateSync(part, v);
      expect(numbers(part)).toEqual([20 * i, 20 * i + 10]);
    });
    expect(numbers(v.value)).toEqual([7, 8, 9, 10, 11, 12, 13, 14]);
    expect(plans).toBe(1);
  });

  test('may be what their new value is computed from', () => {
    const v = new Variable(arange(6).astype('float32'));
    evaluateSync(v.value.add(0));
    let values = [0, 1, 2, 3, 4, 5];
    for (const i of [1, 4, 2, 5, 3]) {
      // A rotation by i.
      v.assign(concat([v.value.slice([[i, 6]]), v.value.slice([[0, i]])]).add(1));
      evaluateSync(v);
      values = [...values.slice(i), ...values.slice(0, i)].map((value) => value + 1);
      expect(numbers(v.value)).toEqual(values);
    }
    for (const i of [0, 3]) {
      v.assign(
        v.value
          .slice([[i, i + 3]])
          .sum()
          .add(v.value),
      );
      evaluateSync(v);
      const sum = values.slice(i, i + 3).reduce((total, value) => total + value, 0);
      values = values.map((value) => value + sum);
      expect(numbers(v.value)).toEqual(values);
    }
  });

  test('whose memory a tensor shares', () => {
    const initial = arange(5).astype('float32');
    const v = new Variable(initial);
    for (const i of [0, 1, 2]) {
      const part = initial.slice([[i, i + 2]]).add(v.value.slice([[i, i + 2]]));
      expect(numbers(part)).toEqual([2 * i, 2 * i + 2]);
    }
    v.assign(v.value.mul(10));
    const before = v.value.slice([[1, 3]]);
    evaluateSync(v, before);
    expect([numbers(before), numbers(initial.slice([[1, 3]])), numbers(v.value.slice([[1, 3]]))]).toEqual([
      [10, 20],
      [1, 2],
      [10, 20],
    ]);
  });

  test('of an older version are refused', () => {
    const v = new Variable(arange(4).astype('float32'));
    const old = v.value.slice([[1, 3]]).add(1);
    v.assign(v.value.add(1));
    evaluateSync(v);
    expect(() => numbers(old)).toThrow("a tensor was built from an older value of variable 'variable'");
  });
});

/** A range of an axis, of a given length. */
function ranges(length: number): fc.Arbitrary<Range> {
  const bound = fc.option(fc.integer({ min: -length - 1, max: length + 1 }));
  const step = fc.constantFrom(-3, -2, -1, 1, 2, 3);
  return fc.oneof(fc.constant(null), fc.tuple(bound, bound, step), fc.integer({ min: -length, max: length - 1 }));
}

test('any chain of movements and slices of known values is that of computed values', () => {
  const movements = fc.constantFrom<(x: Tensor) => Tensor>(
    (x) => x,
    (x) => x.transpose(0, -1),
    (x) => x.flip(),
    (x) => x.flatten(),
    (x) => x.expandDims(0),
    (x) => x.broadcastTo([2, ...x.shape]),
    (x) => (x.shape[0]! >= 2 ? x.unfold(0, 2) : x),
  );
  const link = fc.tuple(movements, ranges(3), ranges(4));
  fc.assert(
    fc.property(fc.array(link, { minLength: 1, maxLength: 3 }), (links) => {
      const known = arange(60).reshape([3, 4, 5]).add(0);
      evaluateSync(known);
      const build = (x: Tensor): Tensor => {
        let result = x;
        for (const [move, first, second] of links) {
          if (result.ndim === 0) break;
          result = move(result);
          const selection = [first, second].slice(0, result.ndim).map((range, axis) => {
            return typeof range === 'number' && (range >= result.shape[axis]! || -range > result.shape[axis]!)
              ? null
              : range;
          });
          result = result.slice(selection);
        }
        return result;
      };
      const expected = build(arange(60).reshape([3, 4, 5])).add(1);
      expect(numbers(build(known).add(1))).toEqual(numbers(expected));
      expect(numbers(build(known))).toEqual(numbers(expected.sub(1)));
    }),
  );
});

test('explain counts what a slice reads', () => {
  const x = ones([100, 10]).add(0);
  evaluateSync(x);
  expect(explain(x.slice([[20, 30]]).exp()).bytes).toBe(800);
});
