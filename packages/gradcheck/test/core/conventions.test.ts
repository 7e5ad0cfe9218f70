// Gradients at ties and kinks, where they are a convention: PyTorch's, with these values.
import { grad, maximum, maxPool2d, minimum, tensor, type Tensor, where } from '@thetagrad/core';
import { describe, expect, test } from 'vitest';

const vector = (...values: number[]): Tensor => tensor(Float64Array.from(values));

/** The gradient of the sum of f's elements. */
function gradient(f: (x: Tensor) => Tensor, x: Tensor): unknown {
  return grad((x: Tensor) => f(x).sum())(x).toArraySync();
}

/** The derivative of some order of a function of one number; −0 becomes 0. */
function derivative(f: (x: Tensor) => Tensor, x: number, order: number): number {
  let current = f;
  for (let i = 0; i < order; i++) current = grad(current);
  return current(tensor(Float64Array.of(x), { shape: [] })).itemSync() + 0;
}

describe('kinks', () => {
  test('relu′(0) = 0', () => expect(gradient((x) => x.relu(), vector(-1, 0, 2))).toEqual([0, 0, 1]));

  test('abs′(0) = 0', () => expect(gradient((x) => x.abs(), vector(-1, 0, 2))).toEqual([-1, 0, 1]));

  test('clip passes the gradient at its bounds', () => {
    expect(gradient((x) => x.clip(-1, 1), vector(-2, -1, 0, 1, 2))).toEqual([0, 1, 1, 1, 0]);
  });

  test('√ has an infinite slope at 0', () => expect(gradient((x) => x.sqrt(), vector(0, 4))).toEqual([Infinity, 0.25]));

  test('the norm of zeros has gradient 0, at second order too', () => {
    const zero = vector(0, 0, 0);
    expect(gradient((x) => x.norm(), zero)).toEqual([0, 0, 0]);
    expect(gradient((x) => grad((x: Tensor) => x.norm())(x), zero)).toEqual([0, 0, 0]);
    expect(gradient((x) => x.norm(undefined, { ord: 1 }), zero)).toEqual([0, 0, 0]);
    expect(gradient((x) => x.norm(undefined, { ord: Infinity }), zero)).toEqual([0, 0, 0]);
  });

  test('a row of zeros does not change the gradients of other rows', () => {
    const x = tensor(Float64Array.of(0, 0, 0, -4), { shape: [2, 2] });
    expect(gradient((x) => x.norm(1), x)).toEqual([
      [0, 0],
      [0, -1],
    ]);
  });
});

describe('ties', () => {
  test('maximum and minimum give half to each', () => {
    const [x, y] = [vector(1, 2, 3), vector(2, 2, 2)];
    for (const [pick, first] of [
      [maximum, [0, 0.5, 1]],
      [minimum, [1, 0.5, 0]],
    ] as const) {
      expect(gradient((x) => pick(x, y), x)).toEqual(first);
      expect(gradient((y) => pick(x, y), y)).toEqual(first.map((part) => 1 - part));
    }
  });

  test('max and min over axes divide it evenly', () => {
    const x = tensor(Float64Array.of(1, 3, 3, 2, 2, 2), { shape: [2, 3] });
    expect(gradient((x) => x.max(1), x)).toEqual([
      [0, 0.5, 0.5],
      [1 / 3, 1 / 3, 1 / 3],
    ]);
    expect(gradient((x) => x.min(), x)).toEqual([
      [1, 0, 0],
      [0, 0, 0],
    ]);
    expect(gradient((x) => x.max([0, 1]), x)).toEqual([
      [0, 0.5, 0.5],
      [0, 0, 0],
    ]);
  });

  test('cummax and cummin give it to the last of equal elements', () => {
    const weights = vector(1, 10, 100, 1000);
    expect(gradient((x) => x.cummax(0).mul(weights), vector(2, 1, 2, 0))).toEqual([11, 0, 1100, 0]);
    expect(gradient((x) => x.cummin(0).mul(weights), vector(1, 2, 1, 3))).toEqual([11, 0, 1100, 0]);
    expect(gradient((x) => x.cummax(0, { reverse: true }).mul(weights), vector(0, 2, 1, 2))).toEqual([0, 11, 0, 1100]);
  });

  test('maxPool2d gives all to the first in row-major order', () => {
    const x = tensor(Float64Array.of(1, 5, 5, 5), { shape: [1, 1, 2, 2] });
    expect(gradient((x) => maxPool2d(x, { kernelSize: 2 }), x)).toEqual([
      [
        [
          [0, 1],
          [0, 0],
        ],
      ],
    ]);
  });

  test('sort and topk keep the order of equal elements', () => {
    const weights = vector(10, 20, 30);
    expect(gradient((x) => x.sort().mul(weights), vector(2, 1, 2))).toEqual([20, 10, 30]);
    expect(gradient((x) => x.topk(2).values.mul(vector(10, 20)), vector(2, 1, 2))).toEqual([10, 0, 20]);
  });
});

describe('powers at x = 0', () => {
  // The exponent n and the derivatives of xⁿ of order 1, 2 and 3 at 0.
  test.for([
    [0, [0, 0, 0]],
    [1, [1, 0, 0]],
    [2, [0, 2, 0]],
    [3, [0, 0, 6]],
  ] as const)('x to the power %i', ([power, expected]) => {
    expect([1, 2, 3].map((order) => derivative((x) => x.pow(power), 0, order))).toEqual(expected);
  });

  test('x to the power ½ has an infinite slope, to −1 none that is finite', () => {
    expect(derivative((x) => x.pow(0.5), 0, 1)).toBe(Infinity);
    expect(derivative((x) => x.pow(-1), 0, 1)).toBe(-Infinity);
  });

  test('0 to the power y has gradient 0 in y', () => {
    const zeros = vector(0, 0, 0);
    expect(gradient((y) => zeros.pow(y), vector(0, 1, 2.5))).toEqual([0, 0, 0]);
  });

  test('the mixed second derivative of xʸ at y = 0 is 1 / x', () => {
    const mixed = grad((y: Tensor) => grad((x: Tensor) => x.pow(y))(tensor(2)));
    expect(mixed(tensor(0)).itemSync()).toBe(0.5);
  });
});

describe('where', () => {
  test('keeps NaN and ∞ in the branch not taken out of the gradient', () => {
    const x = vector(-1, 0, 4);
    // The double-where idiom: a safe argument inside, the selection outside.
    const safeSqrt = (x: Tensor): Tensor => {
      const isPositive = x.greater(0);
      return where(isPositive, where(isPositive, x, 1).sqrt(), 0);
    };
    expect(gradient(safeSqrt, x)).toEqual([0, 0, 0.25]);
    expect(gradient((x) => grad((x: Tensor) => safeSqrt(x).sum())(x), x)).toEqual([0, 0, -1 / 32]);
  });

  test('a constant NaN in the branch not taken does not matter', () => {
    expect(gradient((x) => where(x.greater(0), x, NaN), vector(1, -1))).toEqual([1, 0]);
  });
});
