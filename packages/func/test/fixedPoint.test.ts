import { explain, grad, jvp, tensor, type Tensor } from '@thetagrad/core';
import { checkGradients } from '@thetagrad/gradcheck';
import { describe, expect, test } from 'vitest';
import { fixedPoint, hessian, vmap } from '../src/index.ts';

const f64 = { dtype: 'float64' } as const;
const options = { tolerance: 1e-13 };

describe('fixedPoint', () => {
  /** √a, by Heron's iteration. */
  const root = (a: Tensor): Tensor =>
    fixedPoint((z, a: Tensor) => z.add(a.div(z)).mul(0.5), tensor(1, f64), a, options);

  test('has the derivatives of the solution, of every order and mode', () => {
    const a = tensor(2, f64);
    expect(root(a).itemSync()).toBeCloseTo(Math.SQRT2, 12);
    expect(grad(root)(a).itemSync()).toBeCloseTo(0.5 * 2 ** -0.5, 10);
    expect(grad(grad(root))(a).itemSync()).toBeCloseTo(-0.25 * 2 ** -1.5, 10);
    expect(jvp(root, [a], [tensor(1, f64)]).tangent.itemSync()).toBeCloseTo(0.5 * 2 ** -0.5, 10);
    expect(vmap(grad(root))(tensor([4, 9], f64)).toArraySync()).toEqual([
      expect.closeTo(1 / 4, 10),
      expect.closeTo(1 / 6, 10),
    ]);
  });

  test('an implicit layer z = tanh(W z + x)', () => {
    const w = tensor(
      [
        [0.3, -0.2],
        [0.1, 0.4],
      ],
      f64,
    );
    const x = tensor([0.5, -1], f64);
    const layer = (w: Tensor, x: Tensor): Tensor =>
      fixedPoint(
        (z, p: { w: Tensor; x: Tensor }) => p.w.matmul(z).add(p.x).tanh(),
        tensor([0, 0], f64),
        { w, x },
        options,
      );
    const z = layer(w, x);
    expect(z.sub(w.matmul(z).add(x).tanh()).abs().max().itemSync()).toBeLessThan(1e-12);
    expect(() => checkGradients(layer, [w, x], { order: 2 })).not.toThrow();
    const h = hessian((x: Tensor) => layer(w, x).sum())(x).toArraySync() as number[][];
    expect(h[0]![1]).toBeCloseTo(h[1]![0]!, 10);
  });

  test('takes the same memory for any number of steps', () => {
    const bytes = (maxSteps: number): number =>
      explain(
        grad((a: Tensor) => fixedPoint((z, a: Tensor) => z.mul(0.5).add(a), tensor(1), a, { maxSteps }))(tensor(2)),
      ).arenaBytes;
    expect(bytes(100_000)).toBe(bytes(10));
  });

  test('refuses bad input', () => {
    expect(() => fixedPoint(3 as never, tensor(1), tensor(1))).toThrow(/^fixedPoint: expected a function/);
    expect(() => fixedPoint((z) => z, 1 as never, tensor(1))).toThrow(/^fixedPoint: expected a tensor/);
    expect(() => fixedPoint((z) => z, tensor(1), tensor(1), { tolerance: 0 })).toThrow(
      /^fixedPoint: tolerance must be/,
    );
    expect(() => fixedPoint((z) => z, tensor(1), tensor(1), { steps: 1 } as never)).toThrow(
      /^fixedPoint: unknown option 'steps'/,
    );
  });
});
