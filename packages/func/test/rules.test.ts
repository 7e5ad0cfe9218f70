import { grad, jvp, tensor, type Tensor } from '@thetagrad/core';
import { checkGradients } from '@thetagrad/gradcheck';
import { describe, expect, test } from 'vitest';
import { customJvp, straightThrough, vmap } from '../src/index.ts';

const f64 = { dtype: 'float64' } as const;

describe('customJvp', () => {
  /** a · eᵇ. */
  const scaled = customJvp((a: Tensor, b: Tensor) => ({
    value: a.mul(b.exp()),
    jvp: (da, db) => b.exp().mul(da.add(a.mul(db))),
  }));

  test('one rule serves both modes, at every order', () => {
    const point = [tensor([0.5, -1], f64), tensor([1, 0.25], f64)];
    expect(() =>
      checkGradients((a: Tensor, b: Tensor) => scaled(a, b).square(), point as never, { order: 2 }),
    ).not.toThrow();
  });

  test('is mapped over examples, also where the rule closes over them', () => {
    const f = (x: Tensor): Tensor =>
      customJvp((y: Tensor) => ({ value: y.square(), jvp: (t) => t.mul(x).mul(100) }))(x);
    const x = tensor([1, 2], f64);
    expect(vmap(grad(f))(x).toArraySync()).toEqual([100, 200]);
    expect(grad((x: Tensor) => vmap(f)(x).sum())(x).toArraySync()).toEqual([100, 200]);
    expect(jvp(vmap(f), [x], [tensor([1, 1], f64)]).tangent.toArraySync()).toEqual([100, 200]);
  });

  test('refuses rules that do not fit', () => {
    expect(() => customJvp(() => 3 as never)()).toThrow(/^customJvp: the function must return { value, jvp }/);
    const wrong = customJvp((x: Tensor) => ({ value: x, jvp: () => tensor([1, 2, 3]) }));
    expect(() => jvp(wrong, [tensor([1])], [tensor([1])])).toThrow(
      /^customJvp: jvp must return a tensor of the shape of the value, \[1\], got \[3\]/,
    );
  });
});

describe('straightThrough', () => {
  test('has the value of one and the gradient of the other', () => {
    const x = tensor([0.8, 2.3], f64);
    const f = (x: Tensor): Tensor => straightThrough(x.round(), x.mul(3));
    expect(f(x).toArraySync()).toEqual([1, 2]);
    expect(grad((x: Tensor) => f(x).sum())(x).toArraySync()).toEqual([3, 3]);
    expect(vmap(grad(f))(x).toArraySync()).toEqual([3, 3]);
  });

  test('refuses shapes that differ', () => {
    expect(() => straightThrough(tensor([1]), tensor([1, 2]))).toThrow(/must have one shape, got \[1\] and \[2\]/);
    expect(() => straightThrough(tensor([0.5]), tensor([1], { dtype: 'int32' }))).toThrow(
      /^straightThrough: the surrogate must be float32 or float64, got int32/,
    );
  });
});
