import { expect, expectTypeOf, test } from 'vitest';
import { grad, jvp, sin, tensor, valueAndGrad, vjp, type Tensor } from '../src/index.ts';

// The type check checks what TypeScript infers; running the tests checks that the calls work.

const x = tensor(1, { dtype: 'float64' });

test('operations can be passed to transformations directly', () => {
  expectTypeOf(grad(sin)).returns.toEqualTypeOf<Tensor>();
  expect(grad(sin)(x).itemSync()).toBe(Math.cos(1));
  expect(valueAndGrad(sin)(x).value.itemSync()).toBe(Math.sin(1));
  expect(
    vjp(sin, x)
      .pullback(tensor(2))
      .map((part) => part.itemSync()),
  ).toEqual([2 * Math.cos(1)]);
  expect(jvp(sin, [x], [x]).tangent.itemSync()).toBe(Math.cos(1));
});

test('the argument of a function without annotations is a tensor', () => {
  const slope = grad((x) => x.square());
  expectTypeOf(slope).returns.toEqualTypeOf<Tensor>();
  expect(slope(x).itemSync()).toBe(2);
  expect(grad(grad((x) => x.pow(3)))(x).itemSync()).toBe(6);
});

test('gradients have the structure of the first argument, and other arguments keep their types', () => {
  const scaled = grad((p: { w: Tensor; b: Tensor[] }, n: number) => p.w.mul(p.b[0]!).mul(n));
  expectTypeOf(scaled).parameter(1).toEqualTypeOf<number>();
  const { w, b } = scaled({ w: x, b: [tensor(3, { dtype: 'float64' })] }, 2);
  expectTypeOf(b).toEqualTypeOf<Tensor[]>();
  expect([w.itemSync(), b[0]!.itemSync()]).toEqual([6, 2]);
});
