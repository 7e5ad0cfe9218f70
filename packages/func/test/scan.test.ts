import {
  customGradient,
  evaluate,
  explain,
  full,
  grad,
  graph,
  jvp,
  profile,
  random,
  stack,
  stopGradient,
  tensor,
  valueAndGrad,
  Variable,
  zeros,
  type Key,
  type Tensor,
} from '@thetagrad/core';
import { checkGradients } from '@thetagrad/gradcheck';
import { wasm } from '@thetagrad/wasm';
import { describe, expect, test } from 'vitest';
import { withBackend } from '../../../test/support/withBackend.ts';
import { checkpoint, jacobian, scan, vmap } from '../src/index.ts';

const f64 = { dtype: 'float64' } as const;

interface State {
  readonly h: Tensor;
  readonly c: Tensor;
}

/** A recurrence with a state of two tensors, a weight from outside, and a row of two tensors, one of them integers. */
function step(w: Tensor): (state: State, row: { x: Tensor; n: Tensor }) => [State, { y: Tensor; z: Tensor }] {
  return ({ h, c }, { x, n }) => {
    const next = h.mul(w).add(x).tanh();
    const count = c.add(n.astype('float64').mul(next.sum()));
    return [
      { h: next, c: count },
      { y: next.square().add(c), z: h },
    ];
  };
}

const init: State = { h: tensor([0.1, -0.2], f64), c: tensor(0.5, f64) };
const rows = {
  x: random.normal(random.key(1), [4, 2], f64),
  n: tensor([3, 1, 0, 2], { dtype: 'int32' }),
};
const weight = tensor([0.5, -1.5], f64);

/** The same without scan. */
function unrolled(w: Tensor, { h, c }: State, x: Tensor, reverse: boolean): Tensor[] {
  const results: { y: Tensor; z: Tensor }[] = [];
  let state: State = { h, c };
  const order = [0, 1, 2, 3];
  for (const t of reverse ? order.toReversed() : order) {
    const [next, result] = step(w)(state, { x: x.slice([t]), n: rows.n.slice([t]) });
    state = next;
    results.push(result);
  }
  if (reverse) results.reverse();
  return [state.h, state.c, stack(results.map(({ y }) => y)), stack(results.map(({ z }) => z))];
}

function scanned(w: Tensor, state: State, x: Tensor, reverse: boolean): Tensor[] {
  const [last, results] = scan(step(w), state, { x, n: rows.n }, { reverse });
  return [last.h, last.c, results.y, results.z];
}

const values = (tensors: readonly Tensor[]): number[] => tensors.flatMap((each) => [...each.dataSync()]);

function expectClose(actual: readonly Tensor[], expected: readonly Tensor[]): void {
  expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  const [a, b] = [values(actual), values(expected)];
  a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 10));
}

const backend = await wasm({ threads: 2 });

describe.for([false, true])('scan with reverse: %s', (reverse) => {
  const total = (f: typeof scanned) => (w: Tensor, h: Tensor, c: Tensor, x: Tensor) =>
    f(w, { h, c }, x, reverse).reduce(
      (sum, part, i) =>
        sum.add(
          part
            .sin()
            .sum()
            .mul(i + 1),
        ),
      tensor(0, f64),
    );
  const point = [weight, init.h, init.c, rows.x] as const;

  test('is the loop written out', () => {
    expectClose(scanned(weight, init, rows.x, reverse), unrolled(weight, init, rows.x, reverse));
  });

  test('on wasm', () => {
    const compute = (): number[] => {
      const gradient = grad((p: readonly Tensor[]) => total(scanned)(...(p as typeof point)))(point as never);
      return values([...scanned(weight, init, rows.x, reverse), ...(gradient as readonly Tensor[])]);
    };
    const [here, there] = [compute(), withBackend(backend, compute)];
    there.forEach((value, i) => expect(value).toBeCloseTo(here[i]!, 12));
  });

  test('has gradients of both orders in both modes', () => {
    expect(() => checkGradients(total(scanned), point as never, { order: 2, elements: 6 } as never)).not.toThrow();
  });

  test('has the derivatives of the loop where a matrix multiplies few rows', () => {
    const [w, h, x] = [
      [5, 5],
      [1, 5],
      [3, 1, 5],
    ].map((shape, i) => random.normal(random.key(i), shape, f64)) as [Tensor, Tensor, Tensor];
    for (const next of [
      (w: Tensor, h: Tensor, x: Tensor) => h.matmul(w).add(x).tanh(),
      (w: Tensor, h: Tensor, x: Tensor) => h.matmul(w.transpose()).add(x.matmul(w)).tanh(),
      (w: Tensor, h: Tensor, x: Tensor) => stopGradient(h.matmul(w)).add(h).add(x).tanh(),
    ]) {
      const inLoop = (w: Tensor, x: Tensor): Tensor =>
        scan((h: Tensor, x: Tensor) => [next(w, h, x), null], h, x, { reverse })[0];
      const writtenOut = (w: Tensor, x: Tensor): Tensor => {
        const rows = x.split(3).map((row) => row.squeeze(0));
        return (reverse ? rows.toReversed() : rows).reduce((h, row) => next(w, h, row), h);
      };
      const derivatives = (f: typeof inLoop): Tensor[] => {
        const gradient = grad(([w, x]: readonly [Tensor, Tensor]) => f(w, x).sin().sum());
        const second = grad((w: Tensor) => gradient([w, x])[0].square().sum());
        return [...gradient([w, x]), second(w), jvp(second, [w], [w]).tangent];
      };
      expectClose(derivatives(inLoop), derivatives(writtenOut));
    }
  });

  test('has the derivatives of the loop, also of third order', () => {
    const first = (f: typeof scanned) => grad((w: Tensor) => total(f)(w, init.h, init.c, rows.x))(weight);
    expectClose([first(scanned)], [first(unrolled)]);
    const byRows = (f: typeof scanned) => jacobian((x: Tensor) => f(weight, init, x, reverse)[2]!)(rows.x);
    expectClose([byRows(scanned)], [byRows(unrolled)]);
    const third = (f: typeof scanned) => {
      const g = (w: Tensor): Tensor => total(f)(w, init.h, init.c, rows.x);
      return grad((w: Tensor) => grad((w: Tensor) => grad(g)(w).sum())(w).sum())(weight);
    };
    expectClose([third(scanned)], [third(unrolled)]);
  });

  test('is mapped over examples, all or some of the inputs, with derivatives', () => {
    const weights = stack([weight, weight.mul(0.5)]);
    const x = stack([rows.x, rows.x.mul(-1)], 1);
    const gradient = (f: typeof scanned) => (w: Tensor, x: Tensor) =>
      grad((w: Tensor) => total(f)(w, init.h, init.c, x))(w);
    const both = vmap(gradient(scanned), { inAxes: [0, 1] })(weights, x);
    const alone = vmap(gradient(scanned), { inAxes: [0, null] })(weights, rows.x);
    const expected = (i: number, rows: Tensor): Tensor => gradient(unrolled)(weights.slice([i]), rows);
    expectClose([both], [stack([expected(0, x.slice([null, 0])), expected(1, x.slice([null, 1]))])]);
    expectClose([alone], [stack([expected(0, rows.x), expected(1, rows.x)])]);
    const through = grad((w: Tensor) => vmap((w: Tensor) => total(scanned)(w, init.h, init.c, rows.x))(w).sum())(
      weights,
    );
    expectClose([through], [alone]);
  });
});

describe('scan', () => {
  test('of scans, with checkpoint inside', () => {
    const inner = (h: Tensor, x: Tensor): [Tensor, Tensor] => scan((s: Tensor, y: Tensor) => [s.mul(y).sin(), s], h, x);
    const f = (x: Tensor): Tensor =>
      scan((h: Tensor, row: Tensor) => checkpoint(inner)(h, row), tensor(1, f64), x)[1].sum();
    const loop = (x: Tensor): Tensor => {
      let [h, sum] = [tensor(1, f64), tensor(0, f64)];
      for (let i = 0; i < 6; i++) {
        sum = sum.add(h);
        h = h.mul(x.flatten().slice([i])).sin();
      }
      return sum;
    };
    const x = random.normal(random.key(2), [2, 3], f64);
    expectClose([f(x), grad(f)(x)], [loop(x), grad(loop)(x)]);
    const there = withBackend(backend, () => grad(f)(x).toArraySync());
    expect(there).toEqual(grad(f)(x).toArraySync());
  });

  test('of variables, without rows, and of no steps', () => {
    const w = new Variable(tensor(0.5, f64), { name: 'w' });
    const power = (): Tensor => scan((p: Tensor) => [p.mul(w.value), null], tensor(1, f64), null, { length: 10 })[0];
    const { value, grads } = valueAndGrad({ w }, power)();
    expect(value.itemSync()).toBe(0.5 ** 10);
    expect(grads['w']!.itemSync()).toBeCloseTo(10 * 0.5 ** 9, 14);
    const [last, none] = scan((s: Tensor, x: Tensor) => [s.add(x), x], tensor(3, f64), zeros([0], f64));
    expect([last.itemSync(), none.shape]).toEqual([3, [0]]);
    const empty = (x: Tensor): Tensor => scan((s: Tensor, y: Tensor) => [s, y.mul(x)], x, zeros([0], f64))[1].sum();
    expect(grad((x: Tensor) => empty(x).add(x))(tensor(3, f64)).itemSync()).toBe(1);
  });

  test('keeps carries for derivatives only, and once', () => {
    const f = (x: Tensor): Tensor =>
      scan((h: Tensor, y: Tensor) => [h.mul(y).sin(), null], x, full([1000], 0.5, f64))[0];
    const x = zeros([4], f64);
    // Bytes of the output of the loop: carries alone, or those of each step too.
    const bytes = (...trees: unknown[]): number[] =>
      explain(...trees).kernels.flatMap(({ name, shape }) => (name.startsWith('func.scan') ? [shape[0]!] : []));
    expect(bytes(vmap(f)(x))).toEqual([4]);
    expect(bytes(vmap(grad(f))(x))).toEqual([4 * 1001, 4]);
    expect(bytes(grad((x: Tensor) => vmap(f)(x).sum())(x))).toEqual([4 * 1001, 4]);
  });

  test('plans a step once: 10,000 steps are as few kernels as 10', () => {
    const f = (w: Tensor, x: Tensor): Tensor => scan((h: Tensor, x: Tensor) => [h.mul(w).add(x).tanh(), null], w, x)[0];
    const kernelsOf = (count: number) => explain(grad((w: Tensor) => f(w, zeros([count])))(tensor(0.5))).kernels;
    expect(kernelsOf(10_000).length).toBe(kernelsOf(10).length);
    expect(explain(f(tensor(0.5), zeros([7]))).kernels.at(-1)!.name).toBe('func.scan of 7 steps (mul → add → tanh)');
    // Trains the decay of a sum over 10,000 rows.
    const loss = (w: Tensor): Tensor =>
      scan((h: Tensor, x: Tensor) => [h.mul(w).add(x), null], tensor(0), full([10_000], 0.1))[0]
        .sub(0.5)
        .square();
    const losses = withBackend(backend, () => {
      let w = tensor(0.7);
      return Array.from({ length: 3 }, () => {
        const { value, grads } = valueAndGrad(loss)(w);
        w = w.sub(grads.mul(0.1));
        return value.itemSync();
      });
    });
    expect(losses[0]).toBeCloseTo((0.1 / 0.3 - 0.5) ** 2, 5);
    expect(losses.every((value, i) => i === 0 || value < 0.7 * losses[i - 1]!)).toBe(true);
  });

  test('graph and profile show loops and checkpoints; vmap shows in shapes', async () => {
    const f = checkpoint((x: Tensor) => scan((h: Tensor, x: Tensor) => [h.mul(x), null], tensor(1), x)[0]);
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const lines = graph(f(x.slice([0]))).toString();
    expect(lines).toContain('float32[1] = func.scan of 3 steps (mul)(');
    expect(lines).toContain('float32[] = checkpoint(');
    const mapped = vmap(f);
    expect(graph(mapped(x)).toString()).toMatch(/float32\[\d+\] = func\.scan of 3 steps \(mul/);
    const { kernels } = await profile(() => evaluate(mapped(x)));
    expect(kernels.some(({ name }) => name.startsWith('func.scan of 3 steps (mul'))).toBe(true);
  });

  test('of a custom gradient, to second order', () => {
    const cube = customGradient((x: Tensor) => ({ value: x.pow(3), vjp: (t) => [t.mul(x.square()).mul(3)] }));
    const f = (x: Tensor): Tensor => scan((s: Tensor, y: Tensor) => [s.add(cube(y)), null], tensor(0, f64), x)[0];
    const x = tensor([1, 2], f64);
    expect(grad(f)(x).toArraySync()).toEqual([3, 12]);
    expect(grad((x: Tensor) => grad(f)(x).sum())(x).toArraySync()).toEqual([6, 12]);
    expect(grad((x: Tensor) => grad((x: Tensor) => checkpoint(cube)(x).sum())(x).sum())(x).toArraySync()).toEqual([
      6, 12,
    ]);
  });

  test('carries of several dtypes, and results of others', () => {
    const big = 2 ** 31 - 3;
    for (const dtype of ['float32', 'float64'] as const) {
      const run = (x: Tensor) =>
        scan(
          ({ count, sum, isOdd }: { count: Tensor; sum: Tensor; isOdd: Tensor }, y: Tensor) => [
            { count: count.add(1), sum: sum.add(y.mul(count.mod(2).astype(dtype))), isOdd: isOdd.logicalNot() },
            { count, isOdd },
          ],
          { count: tensor([big, -7, 65_536], { dtype: 'int32' }), sum: zeros([3], { dtype }), isOdd: tensor(true) },
          x,
        );
      const x = tensor([1, 2, 4, 8], { dtype });
      const [last, results] = run(x);
      const counts = [0, 1, 2, 3, 4].map((i) => [(big + i) | 0, i - 7, 65_536 + i]);
      expect([last.count.toArraySync(), last.isOdd.toArraySync()]).toEqual([counts[4], true]);
      expect([results.count.toArraySync(), results.isOdd.toArraySync()]).toEqual([
        counts.slice(0, 4),
        [true, false, true, false],
      ]);
      expect([last.sum.dtype, results.count.dtype, results.isOdd.dtype]).toEqual([dtype, 'int32', 'bool']);
      const f = (x: Tensor): Tensor => run(x)[0].sum.square().sum();
      // The first count is odd, and −1 after an overflow to −2³¹ + 1; the others are odd in turns.
      const written = (x: Tensor): Tensor => {
        const weights = tensor(
          counts.slice(0, 4).map((row) => row.map((n) => n - 2 * Math.floor(n / 2))),
          { dtype },
        );
        return x.matmul(weights).square().sum();
      };
      expect([f(x).itemSync(), grad(f)(x).toArraySync()]).toEqual([
        written(x).itemSync(),
        grad(written)(x).toArraySync(),
      ]);
      expect(withBackend(backend, () => grad(f)(x).toArraySync())).toEqual(grad(f)(x).toArraySync());
    }
  });

  test('keys as rows and as carries', () => {
    const walk = (key: Key): Tensor =>
      scan((s: Tensor, key: Key) => [s.add(random.normal(key, [])), s], tensor(0), key.split(5))[1];
    const noise = random
      .key(4)
      .split(5)
      .map((key) => random.normal(key, []));
    expect(walk(random.key(4)).slice([4]).itemSync()).toBeCloseTo(
      noise.slice(0, 4).reduce((sum, each) => sum + each.itemSync(), 0),
      5,
    );
    const draw = ({ key, x }: { key: Key; x: Tensor }): [{ key: Key; x: Tensor }, Tensor] => {
      const [next, used] = key.split() as [Key, Key];
      return [{ key: next, x }, random.bits(used, [])];
    };
    const [{ key }, bits] = scan(draw, { key: random.key(9), x: tensor(0) }, null, { length: 3 });
    let expected = random.key(9);
    const drawn = [0, 1, 2].map(() => {
      const [next, used] = expected.split() as [Key, Key];
      expected = next;
      return random.bits(used, []).itemSync();
    });
    expect(bits.toArraySync()).toEqual(drawn);
    expect(random.bits(key, [2]).toArraySync()).toEqual(random.bits(expected, [2]).toArraySync());
  });

  test('in forward mode', () => {
    const f = (x: Tensor): Tensor => scan((p: Tensor, x: Tensor) => [p.mul(x), p], tensor(1, f64), x)[0];
    const { tangent } = jvp(f, [tensor([2, 3, 4], f64)], [tensor([1, 0, 1], f64)]);
    expect(tangent.itemSync()).toBe(12 + 6);
  });

  const x = tensor([1, 2]);
  test.for<[name: string, call: () => unknown, message: RegExp]>([
    [
      'a function that returns no pair',
      () => scan((s: Tensor) => s as never, x, x),
      /^TypeError: scan: the function must return \[carry, result\]/,
    ],
    [
      'a carry of another shape',
      () => scan((s: Tensor, y: Tensor) => [s.sum(), y], x, x),
      /^RangeError: scan: the next carry must be float32 \[2\] as the carry is, got float32 \[\]/,
    ],
    [
      'a carry of another structure',
      () => scan((s: Tensor[], y: Tensor) => [[s[0]!, y], y], [x], x),
      /^RangeError: scan: the next carry must have the structure of the carry, \[0\], got \[0\], \[1\]/,
    ],
    [
      'results of more precision than all it is given',
      () => scan((s: Tensor, y: Tensor) => [s, y.astype('float64')], x, x),
      /^TypeError: scan: results are float64 where neither the carry nor a row is/,
    ],
    [
      'a number in the carry that changes',
      () => scan(({ s, n }: { s: Tensor; n: number }) => [{ s, n: n + 1 }, s], { s: x, n: 3 }, x),
      /^RangeError: scan: the next carry.n must be 3 as the carry is, got 4; make it a tensor if it changes/,
    ],
    [
      'one key for all steps',
      () => scan((s: Tensor, key: Key) => [s.add(random.normal(key, [])), s], x, random.key(1)),
      /^RangeError: scan: xs is a key; pass one for each step, key.split\(n\)/,
    ],
    [
      'rows that differ in number',
      () => scan((s: Tensor) => [s, s], x, [x, tensor([1])] as never),
      /^RangeError: scan: rows differ in number: xs\[1\], \[1\], has 1, xs\[0\] has 2/,
    ],
    ['no rows and no length', () => scan((s: Tensor) => [s, s], x, null), /^RangeError: scan: length must be given/],
    ['a scalar of rows', () => scan((s: Tensor) => [s, s], x, tensor(1)), /^RangeError: scan: xs is a scalar/],
    [
      'a value read inside',
      () => scan((s: Tensor, y: Tensor) => [s.mul(y.itemSync()), s], x, x),
      /^Error: scan: a tensor of one step has no value; return it/,
    ],
    [
      'an unknown option',
      () => scan((s: Tensor) => [s, s], x, x, { reversed: true } as never),
      /^TypeError: scan: unknown option 'reversed'/,
    ],
  ])('refuses %s', ([, call, message]) => {
    const caught = ((): unknown => {
      try {
        return call();
      } catch (error) {
        return String(error);
      }
    })();
    expect(caught).toMatch(message);
  });
});
