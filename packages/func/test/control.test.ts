import { defineUnary, explain, grad, jvp, tensor, Variable, where, zeros, type Tensor } from '@thetagrad/core';
import { wasm } from '@thetagrad/wasm';
import { describe, expect, test } from 'vitest';
import { withBackend } from '../../../test/support/withBackend.ts';
import {
  cond,
  customRoot,
  fixedPoint,
  foriLoop,
  hessian,
  jacobian,
  scan,
  vmap,
  whileLoop,
  type Axes,
} from '../src/index.ts';

const f64 = { dtype: 'float64' } as const;
const backend = await wasm({ threads: 2 });

/** Newton's iteration for √a, until the error is small. */
const newton = (a: Tensor, maxSteps?: number): Tensor =>
  whileLoop(
    (x: Tensor) => x.square().sub(a).abs().greater(1e-10),
    (x: Tensor) => x.add(a.div(x)).mul(0.5),
    a,
    maxSteps === undefined ? {} : { maxSteps },
  );

describe('whileLoop', () => {
  test('stops when the condition fails, on every backend', () => {
    const double = (): number[] => [
      whileLoop(
        (x: Tensor) => x.less(100),
        (x: Tensor) => x.mul(2),
        tensor(3),
      ).itemSync(),
      whileLoop(
        (x: Tensor) => x.less(1),
        (x: Tensor) => x.mul(2),
        tensor(3),
      ).itemSync(),
      newton(tensor(2, f64)).itemSync(),
    ];
    const values = double();
    expect(values.slice(0, 2)).toEqual([192, 3]);
    expect(values[2]).toBeCloseTo(Math.SQRT2, 9);
    expect(withBackend(backend, double)).toEqual(values);
  });

  test('stops at the maximum', () => {
    const loop = whileLoop(
      (s: Tensor[]) => s[0]!.less(100),
      ([x, n]: Tensor[]) => [x!.mul(2), n!.add(1)],
      [tensor(1), tensor(0)],
      {
        maxSteps: 3,
      },
    );
    expect(loop.map((each) => each.itemSync())).toEqual([8, 3]);
  });

  test('has derivatives: forward always, reverse with a bound', () => {
    const slope = 1 / (2 * Math.SQRT2);
    const a = tensor(2, f64);
    expect(jvp((a: Tensor) => newton(a), [a], [tensor(1, f64)]).tangent.itemSync()).toBeCloseTo(slope, 8);
    expect(grad((a: Tensor) => newton(a, 20))(a).itemSync()).toBeCloseTo(slope, 8);
    expect(withBackend(backend, () => grad((a: Tensor) => newton(a, 20))(a).itemSync())).toBeCloseTo(slope, 8);
    expect(() => grad((a: Tensor) => newton(a))(a)).toThrow(/^whileLoop: reverse mode needs a bound/);
  });

  test('goes on for every example as long as its own condition holds', () => {
    const counts = vmap(
      (x: Tensor) =>
        whileLoop(
          ([y]: Tensor[]) => y!.less(100),
          ([y, n]: Tensor[]) => [y!.mul(2), n!.add(1)],
          [x, x.mul(0)],
        )[1]!,
    )(tensor([3, 1, 200]));
    expect(counts.toArraySync()).toEqual([6, 7, 0]);
    const roots = vmap((a: Tensor) => newton(a))(tensor([2, 9], f64)).toArraySync() as number[];
    expect(roots[0]).toBeCloseTo(Math.SQRT2, 9);
    expect(roots[1]).toBeCloseTo(3, 9);
    const slopes = vmap(grad((a: Tensor) => newton(a, 30)))(tensor([2, 9], f64)).toArraySync() as number[];
    expect(slopes[1]).toBeCloseTo(1 / 6, 8);
  });

  const growth = (x: Tensor): Tensor =>
    whileLoop(
      (y: Tensor) => y.square().sum().less(50),
      (y: Tensor) => y.mul(1.5).add(x.mul(0.1)),
      x,
      { maxSteps: 12 },
    );
  const written = (x: Tensor): Tensor => {
    let y = x;
    for (let i = 0; i < 12; i++) y = where(y.square().sum().less(50), y.mul(1.5).add(x.mul(0.1)), y);
    return y;
  };
  const starts = tensor(
    [
      [0.5, -0.2],
      [3, 1],
      [9, 9],
    ],
    f64,
  );
  const loss = (f: typeof growth) => (x: Tensor) => f(x).sin().sum();
  test.for<[string, (f: typeof growth) => Tensor]>([
    ['grad', (f) => vmap(grad(loss(f)))(starts)],
    ['jacobian', (f) => vmap(jacobian(f, { mode: 'forward' }))(starts)],
    ['hessian', (f) => vmap(hessian(loss(f)))(starts)],
    ['hessian of one', (f) => hessian(loss(f))(starts.slice([0]))],
    ['grad of jvp', (f) => grad((x: Tensor) => jvp(f, [x], [starts.slice([1])]).tangent.sum())(starts.slice([0]))],
    ['grad of vmap', (f) => grad((x: Tensor) => vmap(loss(f))(x).sum())(starts)],
  ])('keeps what ended early for derivatives: %s', ([, compute]) => {
    const expected = compute(written).dataSync();
    for (const values of [compute(growth).dataSync(), withBackend(backend, () => compute(growth).dataSync())]) {
      expected.forEach((value, i) => expect((values[i]! - value) / (1 + Math.abs(value))).toBeCloseTo(0, 10));
    }
  });

  test('has derivatives where a step too many would be an error', () => {
    const table = tensor([1, 2, 1, 3], f64);
    const at = (x: Tensor): Tensor => table.take(x.astype('int32'), 0).mul(x.sin().add(1).round());
    const count = (x: Tensor): Tensor =>
      whileLoop(
        ([i]: Tensor[]) => i!.less(4),
        ([i, y]: Tensor[]) => [i!.add(1), y!.mul(table.take(i!.astype('int32'), 0))],
        [tensor(0, f64), x],
        { maxSteps: 9 },
      )[1]!;
    const chosen = (x: Tensor): Tensor =>
      cond(
        x.less(4),
        (y: Tensor) => at(y).mul(y),
        (y: Tensor) => y.square(),
        x,
      );
    const compute = (): number[] => [
      grad(count)(tensor(2, f64)).itemSync(),
      grad(grad((x: Tensor) => count(x).square()))(tensor(2, f64)).itemSync(),
      grad(chosen)(tensor(7, f64)).itemSync(),
      grad(grad(chosen))(tensor(7, f64)).itemSync(),
    ];
    expect(compute()).toEqual([6, 72, 14, 2]);
    expect(withBackend(backend, compute)).toEqual([6, 72, 14, 2]);
  });

  test('ends early over rows, by a counter of integers, in forward mode and with a bound', () => {
    const rows = tensor([1, 2, 4, 8, 16], f64);
    // The sum of rows until it exceeds a limit.
    const f = (x: Tensor, maxSteps?: number): Tensor =>
      whileLoop(
        ([i, sum]: Tensor[]) => i!.less(5).logicalAnd(sum!.less(5)),
        ([i, sum]: Tensor[]) => [i!.add(1), sum!.add(rows.take(i!, 0).mul(x))],
        [tensor(0, { dtype: 'int32' }), tensor(0, f64)],
        maxSteps === undefined ? {} : { maxSteps },
      )[1]!;
    const compute = (): number[] => [
      f(tensor(1, f64)).itemSync(),
      jvp((x: Tensor) => f(x), [tensor(1, f64)], [tensor(1, f64)]).tangent.itemSync(),
      grad((x: Tensor) => f(x, 9))(tensor(1, f64)).itemSync(),
      ...vmap(grad((x: Tensor) => f(x, 9)))(tensor([1, 2, 100], f64)).dataSync(),
    ];
    expect(compute()).toEqual([7, 7, 7, 7, 3, 1]);
    expect(withBackend(backend, compute)).toEqual([7, 7, 7, 7, 3, 1]);
  });

  test('maps over no examples', () => {
    expect(vmap(growth)(zeros([0, 2], f64)).shape).toEqual([0, 2]);
    expect(vmap(growth)(zeros([0, 2], f64)).toArraySync()).toEqual([]);
    const branch = (x: Tensor): Tensor =>
      cond(
        x.greater(0),
        (y: Tensor) => y.exp(),
        (y: Tensor) => y.neg(),
        x,
      );
    expect(vmap(grad(branch))(zeros([0], f64)).toArraySync()).toEqual([]);
  });

  test.for<[string, () => unknown, RegExp]>([
    [
      'a condition of two elements',
      () =>
        whileLoop(
          (x: Tensor) => x.less(1),
          (x: Tensor) => x,
          tensor([1, 2]),
        ),
      /^RangeError: whileLoop: the condition must be a bool tensor of one element/,
    ],
    [
      'a condition that is a number',
      () =>
        whileLoop(
          () => 1 as never,
          (x: Tensor) => x,
          tensor(1),
        ),
      /^TypeError: whileLoop: the condition must be a bool tensor/,
    ],
    [
      'a carry of another dtype',
      () =>
        whileLoop(
          (x: Tensor) => x.less(3),
          (x: Tensor) => x.add(0.5),
          tensor(1, { dtype: 'int32' }),
        ),
      /^RangeError: whileLoop: the next carry must be int32 \[\] as the carry is, got float32 \[\]/,
    ],
    [
      'a carry of another shape',
      () =>
        whileLoop(
          (x: Tensor) => x.sum().less(1),
          (x: Tensor) => x.sum(),
          tensor([0, 0]),
        ),
      /^RangeError: whileLoop: the next carry must be float32 \[2\]/,
    ],
  ])('refuses %s', ([, call, message]) => {
    expect(() => {
      try {
        call();
      } catch (error) {
        throw new Error(String(error), { cause: error });
      }
    }).toThrow(message);
  });
});

describe('foriLoop', () => {
  const factorial = (n: number | Tensor): Tensor => foriLoop(1, n, (i, x: Tensor) => x.mul(i), tensor(1, f64));

  test('between numbers and between tensors', () => {
    const n = tensor(6, { dtype: 'int32' });
    expect([factorial(6), factorial(n), factorial(1), factorial(-3)].map((x) => x.itemSync())).toEqual([
      120, 120, 1, 1,
    ]);
    expect(vmap(factorial)(tensor([2, 6, 0], { dtype: 'int32' })).toArraySync()).toEqual([1, 120, 1]);
    const power = (x: Tensor): Tensor => foriLoop(-2, 3, (i, y: Tensor) => y.mul(x).add(i), x);
    const written = (x: Tensor): Tensor => [-2, -1, 0, 1, 2].reduce((y, i) => y.mul(x).add(i), x);
    const x = tensor(1.5, f64);
    expect([grad(power), grad(grad(power))].map((f) => f(x).itemSync())).toEqual([
      expect.closeTo(grad(written)(x).itemSync(), 10),
      expect.closeTo(grad(grad(written))(x).itemSync(), 10),
    ]);
  });

  test.for<[unknown, RegExp]>([
    [1.5, /^foriLoop: upper must be an integer from -2147483648 to 2147483647, got 1.5/],
    [tensor(1), /^foriLoop: upper must be an int32 tensor of one element, got float32 \[\]/],
    [tensor([1, 2], { dtype: 'int32' }), /^foriLoop: upper must be an int32 tensor of one element, got int32 \[2\]/],
    ['3', /^foriLoop: upper must be an integer from -2147483648 to 2147483647, got '3'/],
  ])('refuses %s as a bound', ([bound, message]) => {
    expect(() => factorial(bound as number)).toThrow(message);
  });

  test.for([3, tensor(3, { dtype: 'int32' })])('speaks of itself, between 0 and %s', (n) => {
    const loop = (body: (x: Tensor) => unknown) => () => foriLoop(0, n, (_, x) => body(x) as Tensor, tensor(1));
    expect(loop((x) => x.expandDims(0))).toThrow(
      /^foriLoop: the next carry must be float32 \[\] as the carry is, got float32 \[1\]/,
    );
    expect(loop((x) => [x])).toThrow(/^foriLoop: the next carry must have the structure of the carry, a tensor, got/);
    expect(loop(() => undefined)).toThrow(/^foriLoop: the next carry: expected tensors/);
    expect(loop((x) => tensor(x.itemSync()))).toThrow(/^foriLoop: a tensor of one step has no value/);
    expect(() => foriLoop(0, n, (_, x) => x, 1)).toThrow(/^foriLoop: the carry: expected tensors/);
  });

  test('has no reverse mode between tensors', () => {
    expect(() => grad((x: Tensor) => factorial(tensor(3, { dtype: 'int32' })).mul(x))(tensor(1, f64))).not.toThrow();
    const power = (x: Tensor) => foriLoop(0, tensor(3, { dtype: 'int32' }), (_, y) => y.mul(x), x);
    expect(() => grad(power)(tensor(2))).toThrow(
      /^foriLoop: reverse mode needs a bound on the number of steps; use numbers instead of tensors/,
    );
  });
});

test('fields of carries and results come in any order', () => {
  const start = { a: tensor([1]), b: tensor([2]) };
  const swap = ({ a, b }: typeof start) => ({ b: b.mul(3), a: a.neg() });
  const results = [
    scan((c: typeof start) => [swap(c), null], start, null, { length: 1 })[0],
    foriLoop(0, tensor(1, { dtype: 'int32' }), (_, c) => swap(c), start),
    cond(tensor(false), (c: typeof start) => c, swap, start),
    cond(tensor(true), swap, (c: typeof start) => c, start),
  ];
  for (const { a, b } of results) expect([a.itemSync(), b.itemSync()]).toEqual([-1, 6]);
});

describe('cond', () => {
  let calls = 0;
  const counted = defineUnary({
    name: 'counted',
    dtypes: 'float',
    value: (x) => {
      calls++;
      return 2 * x;
    },
    derivatives: [(t) => t.mul(2)],
    domain: [{ from: -1, to: 1 }],
  });

  test('computes the chosen function only', () => {
    const f = (x: Tensor): Tensor =>
      cond(
        x.sum().greater(0),
        (x: Tensor) => x.exp(),
        (x: Tensor) => counted(x),
        x,
      );
    calls = 0;
    expect(f(tensor([0, 1], f64)).toArraySync()).toEqual([1, Math.E]);
    expect(calls).toBe(0);
    expect(f(tensor([0, -1], f64)).toArraySync()).toEqual([0, -2]);
    expect(calls).toBe(2);
    expect(withBackend(backend, () => f(tensor([0, 1], f64)).toArraySync())).toEqual([1, Math.E]);
  });

  test('has the gradient of the chosen one, also where the other is not finite', () => {
    const f = (x: Tensor): Tensor =>
      cond(
        x.greater(0),
        (x: Tensor) => x.log(),
        (x: Tensor) => x.square(),
        x,
      );
    const slopes = [2, 0, -3].map((x) => grad(f)(tensor(x, f64)).itemSync());
    expect(slopes).toEqual([0.5, 0, -6]);
    expect(vmap(grad(f))(tensor([2, 0, -3], f64)).toArraySync()).toEqual([0.5, 0, -6]);
    const { tangent } = jvp(f, [tensor(-3, f64)], [tensor(1, f64)]);
    expect(tangent.itemSync()).toBe(-6);
  });

  test('under vmap selects, and no NaN of the other branch passes in any mode', () => {
    const f = (x: Tensor): Tensor =>
      cond(
        x.greater(0),
        (x: Tensor) => x.log().mul(x.sqrt()),
        (x: Tensor) => x.neg().sqrt().add(x.neg().log()),
        x,
      );
    const x = tensor([4, -2, -1], f64);
    const alone = (g: (x: Tensor) => Tensor): number[] => [4, -2, -1].map((x) => g(tensor(x, f64)).itemSync());
    for (const g of [f, grad(f), hessian(f), (x: Tensor) => jvp(f, [x], [tensor(1, f64)]).tangent]) {
      const mapped = vmap(g)(x).dataSync();
      alone(g).forEach((value, i) => expect(mapped[i]).toBeCloseTo(value, 12));
    }
    const counts = vmap((x: Tensor) =>
      cond(
        x.less(0),
        () => tensor(3, { dtype: 'int32' }),
        () => x.astype('int32'),
      ),
    )(x);
    expect([counts.dtype, counts.toArraySync()]).toEqual(['int32', [4, 3, 3]]);
  });

  test('under vmap computes what an example needs, for all of them', () => {
    const f = (x: Tensor, limit: Tensor): Tensor =>
      cond(
        x.less(limit),
        (x: Tensor) => counted(x),
        (x: Tensor) => x.exp(),
        x,
      );
    const x = tensor([0, 1, 2], f64);
    const computed = (limit: Tensor, inAxes: Axes): number => {
      calls = 0;
      vmap(f, { inAxes })(x, limit).dataSync();
      return calls;
    };
    expect(computed(tensor(1, f64), [0, null])).toBe(3);
    expect(computed(tensor(-1, f64), [0, null])).toBe(0);
    const rows = explain(vmap(f)(x, x)).kernels.flatMap(
      ({ name }) => /^func.scan of up to 1 step \((.*?);/.exec(name)?.[1] ?? [],
    );
    expect(rows.length).toBe(2);
    expect(String(explain(vmap(f)(x, x)))).toMatch(/up to 1 step \(.*counted.*\)[^]*up to 1 step \(.*exp/);
    const shared = vmap((x: Tensor) =>
      cond(
        tensor(true),
        (x: Tensor) => x.exp(),
        (x: Tensor) => counted(x),
        x,
      ),
    );
    calls = 0;
    expect(shared(tensor([0, 0], f64)).toArraySync()).toEqual([1, 1]);
    expect(jvp(f, [tensor(3, f64), tensor(1, f64)], [tensor(1, f64), tensor(0, f64)]).tangent.itemSync()).toBe(
      Math.exp(3),
    );
    expect(calls).toBe(0);
  });

  test('of trees, in one plan', () => {
    const result = cond(
      tensor(1).less(0),
      () => ({ a: tensor(1), b: tensor([1, 2]) }),
      () => ({ a: tensor(3), b: tensor([4, 5]) }),
    );
    expect(explain(result).kernels.length).toBeLessThan(12);
    expect([result.a.itemSync(), result.b.toArraySync()]).toEqual([3, [4, 5]]);
  });

  test('calls each function once', () => {
    const called: string[] = [];
    cond(
      tensor(true),
      (x: Tensor) => (called.push('first'), x),
      (x: Tensor) => (called.push('second'), x.neg()),
      tensor(1),
    );
    expect(called).toEqual(['first', 'second']);
  });

  test('refuses results that differ', () => {
    const call = () =>
      cond(
        tensor(1).less(0),
        () => tensor(1),
        () => tensor([1, 2]),
      );
    expect(call).toThrow(/^cond: the second result must be float32 \[\] as the first is, got float32 \[2\]/);
    expect(() =>
      cond(
        where(tensor([1]).less(2), 1, 0),
        () => tensor(1),
        () => tensor(2),
      ),
    ).toThrow(/^cond: the predicate must be a bool tensor of one element, got float32 \[1\]/);
  });
});

describe('assignments inside', () => {
  const x = tensor([1, 2]);
  test.for<[string, (assign: (y: Tensor) => void) => unknown]>([
    ['vmap', (assign) => vmap((y: Tensor) => (assign(y), y))(x)],
    ['scan', (assign) => scan((s: Tensor, y: Tensor) => (assign(y), [s.add(y), null]), tensor(0), x)],
    [
      'whileLoop',
      (assign) =>
        whileLoop(
          (y: Tensor) => y.less(9),
          (y: Tensor) => (assign(y), y.mul(2)),
          tensor(1),
        ),
    ],
    [
      'whileLoop',
      (assign) =>
        whileLoop(
          (y: Tensor) => (assign(y), y.less(9)),
          (y: Tensor) => y.mul(2),
          tensor(1),
        ),
    ],
    ['foriLoop', (assign) => foriLoop(0, 2, (_, y) => (assign(y), y), tensor(1))],
    ['fixedPoint', (assign) => fixedPoint((z, a: Tensor) => (assign(z), z.mul(0.5).add(a)), tensor(1), tensor(1))],
    [
      'customRoot',
      (assign) =>
        customRoot(
          (z, a: Tensor) => (assign(z), z.sub(a)),
          (a) => a,
          tensor(1),
        ),
    ],
    [
      'cond',
      (assign) =>
        cond(
          tensor(false),
          (y: Tensor) => (assign(y), y),
          (y: Tensor) => y.neg(),
          tensor(1),
        ),
    ],
  ])('are refused by %s, and change nothing', ([name, call]) => {
    const variable = new Variable(tensor(5), { name: 'count' });
    expect(() => call((y) => variable.assign(y.add(1)))).toThrow(
      new RegExp(`^${name}: the function assigns to variable 'count'; return the value`),
    );
    expect(variable.value.itemSync()).toBe(5);
  });

  test('of what all examples share are those of one call', () => {
    const variable = new Variable(tensor(5), { name: 'count' });
    vmap((y: Tensor) => (variable.assign(variable.value.add(1)), y))(x);
    expect(variable.value.itemSync()).toBe(6);
  });
});
