import { explain, grad, jvp, onesLike, stack, tensor, type Tensor } from '@thetagrad/core';
import { checkGradients } from '@thetagrad/gradcheck';
import { describe, expect, test } from 'vitest';
import { customRoot, fixedPoint, hessian, jacobian, vmap, whileLoop } from '../src/index.ts';

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

  test('has gradients as exact for small cotangents as for large ones', () => {
    // z = 10 a, whose iteration takes a hundred steps.
    const solution = (a: Tensor): Tensor => fixedPoint((z, a: Tensor) => z.mul(0.9).add(a), tensor([0, 0], f64), a);
    for (const scale of [1e-9, 1, 1e9]) {
      const slope = grad((a: Tensor) => solution(a).mul(scale).sum())(tensor([1, 2], f64)).div(scale);
      expect(slope.toArraySync()).toEqual([expect.closeTo(10, 3), expect.closeTo(10, 3)]);
    }
    expect(grad((a: Tensor) => solution(a).mul(0).sum())(tensor([1, 2], f64)).toArraySync()).toEqual([0, 0]);
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
    expect(() => fixedPoint((z) => z, 1 as never, tensor(1))).toThrow(/^fixedPoint: the guess: expected a tensor/);
    expect(() => fixedPoint((z) => z, tensor(1, { dtype: 'int32' }), tensor(1))).toThrow(
      /^fixedPoint: the guess must be float32 or float64, got int32/,
    );
    expect(() => fixedPoint(() => 3 as never, tensor(1), tensor(1))).toThrow(
      /^fixedPoint: the function must return a tensor, got 3/,
    );
    expect(() => fixedPoint((z) => z.sum(), tensor([1, 2]), tensor(1))).toThrow(
      /^fixedPoint: the function must return float32 \[2\] as the guess is, got float32 \[\]/,
    );
    expect(() => fixedPoint((z) => z, tensor(1), tensor(1), { tolerance: 0 })).toThrow(
      /^fixedPoint: tolerance must be/,
    );
    expect(() => fixedPoint((z) => z, tensor(1), tensor(1), { steps: 1 } as never)).toThrow(
      /^fixedPoint: unknown option 'steps'/,
    );
  });
});

describe('customRoot', () => {
  /** Newton's iteration for a root of two equations, by the inverse of a 2 × 2 matrix. */
  const equations = (z: Tensor, p: { a: Tensor; b: Tensor }): Tensor => {
    const [x, y] = [z.slice([0]), z.slice([1])];
    return stack([x.mul(x).mul(p.a).add(y).sub(3), x.sub(y.mul(p.b).sin())]);
  };
  const newton = (p: { a: Tensor; b: Tensor }): Tensor =>
    whileLoop(
      (z: Tensor) => equations(z, p).abs().max().greater(1e-14),
      (z: Tensor) => {
        const j = jacobian((z: Tensor) => equations(z, p))(z);
        const [a, b, c, d] = [0, 1, 2, 3].map((i) => j.flatten().slice([i])) as [Tensor, Tensor, Tensor, Tensor];
        const [f, g] = [0, 1].map((i) => equations(z, p).slice([i])) as [Tensor, Tensor];
        const determinant = a.mul(d).sub(b.mul(c));
        return z.sub(stack([d.mul(f).sub(b.mul(g)), a.mul(g).sub(c.mul(f))]).div(determinant));
      },
      tensor([1, 1], f64),
      { maxSteps: 50 },
    );
  const root = (a: Tensor, b: Tensor): Tensor => customRoot(equations, newton, { a, b });
  const [a, b] = [tensor(1.5, f64), tensor(0.7, f64)];

  test('has the derivatives of the root, of both orders and modes', () => {
    expect(equations(root(a, b), { a, b }).abs().max().itemSync()).toBeLessThan(1e-12);
    expect(() => checkGradients(root, [a, b], { order: 2 })).not.toThrow();
    const mapped = vmap(grad((a: Tensor) => root(a, b).sum()))(tensor([1.5, 2], f64)).toArraySync();
    expect(mapped).toEqual(
      [1.5, 2].map((a) => expect.closeTo(grad((a: Tensor) => root(a, b).sum())(tensor(a, f64)).itemSync(), 10)),
    );
  });

  test('with a linear solver of the user, and with settings among the parameters', () => {
    // f is diagonal: its Jacobian is applied to ones.
    const power = (a: Tensor): Tensor =>
      customRoot(
        (z, p: { a: Tensor; n: number }) => z.pow(p.n).sub(p.a),
        ({ a, n }) => a.pow(1 / n),
        { a, n: 3 },
        { linearSolve: (apply, b) => b.div(apply(onesLike(b))) },
      );
    const x = tensor([8, 27], f64);
    expect(power(x).toArraySync()).toEqual([expect.closeTo(2, 12), expect.closeTo(3, 12)]);
    expect(grad((x: Tensor) => power(x).sum())(x).toArraySync()).toEqual([
      expect.closeTo(1 / 12, 12),
      expect.closeTo(1 / 27, 12),
    ]);
  });

  test('in float32', () => {
    const sqrt = (a: Tensor): Tensor =>
      customRoot(
        (z, a: Tensor) => z.square().sub(a),
        (a) => a.sqrt(),
        a,
      );
    expect(grad((a: Tensor) => sqrt(a).sum())(tensor([4, 9])).toArraySync()).toEqual([
      expect.closeTo(1 / 4, 5),
      expect.closeTo(1 / 6, 5),
    ]);
  });

  test('refuses bad input', () => {
    expect(() => customRoot(3 as never, newton, { a, b })).toThrow(
      /^customRoot: the equations: expected a function, got 3/,
    );
    expect(() => customRoot(equations, newton, { a, b }, { linearSolve: 3 as never })).toThrow(
      /^customRoot: linearSolve: expected a function, got 3/,
    );
    expect(() => customRoot(equations, (() => 3) as never, { a, b })).toThrow(
      /^customRoot: the solver: expected a tensor, got 3/,
    );
    expect(() => customRoot(equations, newton, { a, b }, { tolerance: 0 })).toThrow(/^customRoot: tolerance must be/);
    expect(() => customRoot(equations, newton, { a, b }, { solver: 1 } as never)).toThrow(
      /^customRoot: unknown option 'solver'/,
    );
    expect(() =>
      customRoot(
        (z, a: Tensor) => z.sum().sub(a),
        () => tensor([1, 2], f64),
        a,
      ),
    ).toThrow(/^customRoot: the function must return float64 \[2\] as the root is, got float64 \[\]/);
    const solvedBy = (linearSolve: () => Tensor) =>
      grad((a: Tensor) =>
        customRoot(
          (z, a: Tensor) => z.sub(a),
          (a) => a,
          a,
          { linearSolve },
        ),
      )(a);
    expect(() => solvedBy(() => 3 as never)).toThrow(/^customRoot: linearSolve: expected a tensor, got 3/);
    expect(() => solvedBy(() => tensor([1]))).toThrow(
      /^customRoot: linearSolve must give a tensor of the shape of b, \[\], got \[1\]/,
    );
  });
});

test('parameters of other dtypes are constant, also where examples differ in them; nothing has no solution to find', () => {
  type Parameters = readonly [a: Tensor, n: Tensor];
  const point = (a: Tensor, n: Tensor) =>
    fixedPoint((z, [a, n]: Parameters) => z.mul(0.5).add(a.mul(n)), tensor(0, f64), [a, n] as const, {
      tolerance: 1e-12,
    });
  const root = (a: Tensor, n: Tensor) =>
    customRoot(
      (z, [a, n]: Parameters) => z.mul(0.5).sub(a.mul(n)),
      ([a, n]) => a.mul(n).mul(2),
      [a, n] as const,
    );
  const counts = tensor([1, 2], { dtype: 'int32' });
  for (const solve of [point, root]) {
    const slopes = vmap(grad(solve), { inAxes: [null, 0] })(tensor(3, f64), counts);
    const together = grad((a: Tensor) => vmap(solve, { inAxes: [null, 0] })(a, counts).sum())(tensor(3, f64));
    expect([...(slopes.toArraySync() as number[]), together.itemSync()]).toEqual(
      [2, 4, 6].map((slope) => expect.closeTo(slope, 8)),
    );
  }
  expect(fixedPoint((z, a: Tensor) => z.mul(a), tensor([]), tensor(0.5)).shape).toEqual([0]);
});
