import { describe, expect, test } from 'vitest';
import { customGradient, evaluateSync, grad, jvp, tensor, vjp, zeros, type Tensor } from '../src/index.ts';
import { kernelsOf } from './backends.ts';
import { numbers } from './helpers.ts';

const double = (values: number | number[]): Tensor => tensor(values, { dtype: 'float64' });

/** x³ with its derivative as the rule. */
const cube = customGradient((x: Tensor) => ({ value: x.mul(x).mul(x), vjp: (t) => [t.mul(x).mul(x).mul(3)] }));
/** a·b² with the derivatives as the rule. */
const pair = customGradient((a: Tensor, b: Tensor) => ({
  value: a.mul(b.square()),
  vjp: (t) => [t.mul(b.square()), t.mul(a).mul(b).mul(2)],
}));

describe('customGradient', () => {
  const x = double([1, -2]);

  test('the value is that of the function', () => {
    expect(numbers(cube(x))).toEqual([1, -8]);
    expect(kernelsOf(() => cube(x).dataSync())).toEqual(['mul → mul']);
  });

  test('the gradient is that of the rule, whatever the function computes', () => {
    const straight = customGradient((a: Tensor) => ({ value: a.round(), vjp: (t) => [t] }));
    expect(numbers(grad((a: Tensor) => straight(a).mul(5).sum())(double([0.4, 0.6])))).toEqual([5, 5]);
    const clipped = customGradient((a: Tensor) => ({ value: a.mul(1), vjp: (t) => [t.clip(-1, 1)] }));
    expect(numbers(grad((a: Tensor) => clipped(a).square().sum())(double([0.25, 7])))).toEqual([0.5, 1]);
  });

  test('several arguments, one of them with other uses', () => {
    const [da, db] = vjp((a: Tensor, b: Tensor) => pair(a, b).add(b), double(3), double(5)).pullback(double(1));
    expect([da.itemSync(), db.itemSync()]).toEqual([25, 31]);
    expect(grad((a: Tensor) => pair(a, a))(double(2)).itemSync()).toBe(12);
  });

  test('higher orders differentiate the rule', () => {
    expect(numbers(grad((a: Tensor) => grad((b: Tensor) => cube(b).sum())(a).sum())(x))).toEqual([6, -12]);
    expect(grad(grad(grad((a: Tensor) => cube(a))))(double(4)).itemSync()).toBe(6);
  });

  test('forward mode uses the transpose of the rule', () => {
    const { value, tangent } = jvp(cube, [x], [double([10, 1])]);
    expect([numbers(value), numbers(tangent)]).toEqual([
      [1, -8],
      [30, 12],
    ]);
    const both = jvp(pair, [double(3), double(5)], [double(1), double(10)]);
    expect(both.tangent.itemSync()).toBe(25 + 300);
    // Second order, forward over reverse and reverse over forward: 6x·t.
    expect(
      numbers(
        jvp(
          grad((a: Tensor) => cube(a).sum()),
          [x],
          [double([10, 1])],
        ).tangent,
      ),
    ).toEqual([60, -12]);
    expect(numbers(grad((a: Tensor) => jvp(cube, [a], [double([10, 1])]).tangent.sum())(x))).toEqual([60, -12]);
  });

  test('a rule that mixes elements is transposed as a matrix', () => {
    const matrix = tensor(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      { dtype: 'float64' },
    );
    const apply = customGradient((a: Tensor) => ({
      value: matrix.matmul(a),
      vjp: (t) => [matrix.transpose().matmul(t)],
    }));
    expect(numbers(jvp(apply, [x], [double([10, 1])]).tangent)).toEqual([12, 34, 56]);
    expect(numbers(vjp(apply, x).pullback(double([1, 10, 100]))[0])).toEqual([531, 642]);
  });

  test('an argument may have no influence', () => {
    const first = customGradient((a: Tensor, b: Tensor) => ({ value: a, vjp: (t) => [t, b.mul(0)] }));
    const run = jvp(first, [double(1), double(2)], [double(3), double(4)]);
    expect(run.tangent.itemSync()).toBe(3);
  });

  test('evaluated values keep their gradients inside a transformation', () => {
    const f = (a: Tensor): Tensor => {
      const y = cube(a);
      evaluateSync(y);
      return y.sum();
    };
    expect(numbers(grad(f)(x))).toEqual([3, 12]);
  });

  test('the rule is called once for each cotangent', () => {
    let calls = 0;
    const counted = customGradient((a: Tensor, b: Tensor) => ({
      value: a.mul(b),
      vjp: (t) => {
        calls++;
        return [t.mul(b), t.mul(a)];
      },
    }));
    vjp(counted, double(2), double(3)).pullback(double(1));
    expect(calls).toBe(1);
  });

  const bad = (result: unknown): (() => unknown) => {
    const f = customGradient((_: Tensor) => ({ value: x, vjp: () => result as Tensor[] }));
    return () => grad((a: Tensor) => f(a).sum())(x);
  };
  test.each([
    [bad([zeros([3])]), 'customGradient: vjp must return cotangents of the shapes of the arguments, [2], got [3]'],
    [bad([]), 'customGradient: vjp must return cotangents of the shapes of the arguments, [2], got '],
    [bad([x, x]), 'customGradient: vjp must return cotangents of the shapes of the arguments, [2], got [2], [2]'],
    [bad(x), 'customGradient: vjp must return one tensor for each argument, got Tensor'],
    [bad([1]), 'customGradient: vjp must return one tensor for each argument, got [1]'],
    [() => customGradient(3 as never), 'customGradient: expected a function, got 3'],
    [
      () => customGradient((() => x) as never)(x),
      'customGradient: the function must return { value, vjp }, a tensor and a function, got Tensor',
    ],
    [() => cube(1 as unknown as Tensor), 'customGradient: an argument: expected a tensor, got 1'],
  ])('error %#', (make: () => unknown, message) => expect(make).toThrow(message));
});
