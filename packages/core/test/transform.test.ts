import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  arange,
  evaluateSync,
  grad,
  jvp,
  stopGradient,
  Tensor,
  tensor,
  valueAndGrad,
  Variable,
  vjp,
  zeros,
  type Nested,
  type NestedArray,
} from '../src/index.ts';
import { kernelsOf } from './backends.ts';
import { numbers } from './helpers.ts';

const double = (values: Nested): Tensor => tensor(values, { dtype: 'float64' });

function values(tree: unknown): unknown {
  if (tree instanceof Tensor) return tree.toArraySync();
  if (Array.isArray(tree)) return tree.map(values);
  return Object.fromEntries(Object.entries(tree as object).map(([key, item]) => [key, values(item)]));
}

describe('grad', () => {
  test('of a polynomial, of any order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -50, max: 50 }).map((n) => n / 10),
        (at) => {
          const f = (x: Tensor): Tensor => x.mul(x).mul(x).mul(x).sub(x.mul(3));
          const orders = [f, grad(f), grad(grad(f)), grad(grad(grad(f))), grad(grad(grad(grad(f))))];
          const expected = [at ** 4 - 3 * at, 4 * at ** 3 - 3, 12 * at ** 2, 24 * at, 24];
          orders.forEach((g, i) => expect(g(double(at)).itemSync()).toBeCloseTo(expected[i]!, 8));
          expect(grad(grad(grad(grad(grad(f)))))(double(at)).itemSync()).toBe(0);
        },
      ),
    );
  });

  test('known third derivatives', () => {
    const third = (f: (x: Tensor) => Tensor, at: number): number => grad(grad(grad(f)))(double(at)).itemSync();
    expect(third((x) => x.sin(), 0.7)).toBeCloseTo(-Math.cos(0.7), 12);
    expect(third((x) => x.exp(), 0.7)).toBeCloseTo(Math.exp(0.7), 12);
    expect(third((x) => x.log(), 0.7)).toBeCloseTo(2 / 0.7 ** 3, 12);
    expect(third((x) => x.reciprocal(), 0.7)).toBeCloseTo(-6 / 0.7 ** 4, 10);
    expect(third((x) => x.pow(5), 0.7)).toBeCloseTo(60 * 0.7 ** 2, 10);
    const tanh = Math.tanh(0.7);
    expect(third((x) => x.tanh(), 0.7)).toBeCloseTo((6 * tanh ** 2 - 2) * (1 - tanh ** 2), 12);
  });

  test('by objects and arrays, with their structure', () => {
    const model = { layers: [{ w: double([1, 2]), b: double(3) }], unused: double([4, 5]) };
    const gradients = grad((m: typeof model, x: Tensor) => m.layers[0]!.w.mul(x).sum().mul(m.layers[0]!.b))(
      model,
      double([10, 20]),
    );
    expect(values(gradients)).toEqual({ layers: [{ w: [30, 60], b: 50 }], unused: [0, 0] });
  });

  test('dtype and shape are those of the argument', () => {
    const x = zeros([2, 1]);
    const gradient = grad((a: Tensor) => a.add(double([[1, 2, 3]])).sum())(x);
    expect([gradient.dtype, gradient.shape, numbers(gradient)]).toEqual(['float32', [2, 1], [3, 3]]);
  });

  test('is zero for what the result does not depend on', () => {
    expect(numbers(grad((_: Tensor) => double(1))(double([1, 2])))).toEqual([0, 0]);
    expect(numbers(grad((x: Tensor) => x.floor().sum())(double([1, 2])))).toEqual([0, 0]);
    expect(numbers(grad((x: Tensor) => x.astype('int32').astype('float64').sum())(double([1, 2])))).toEqual([0, 0]);
    expect(numbers(grad((x: Tensor) => stopGradient(x).mul(x).sum())(double([3, 2])))).toEqual([3, 2]);
  });

  test('other arguments and captured tensors are constants', () => {
    const y = double(5).mul(2);
    expect(
      grad((x: Tensor, k: number, { z }: { z: Tensor }) => x.mul(y).mul(z).mul(k))(double(3), 7, { z: y }).itemSync(),
    ).toBe(700);
    const x = double(3);
    // The argument's tensor is a constant where it is captured.
    expect(grad((a: Tensor) => a.mul(x))(x).itemSync()).toBe(3);
  });

  test('evaluation inside the function does not change the gradient', () => {
    const f = (look: boolean) => (x: Tensor) => {
      const y = x.square();
      if (look && y.sum().itemSync() > 1e9) return y.sum();
      if (look) evaluateSync(x, y);
      const z = y.exp();
      if (look) z.toArraySync();
      return z.mul(x).sum();
    };
    const x = double([0.5, -1]);
    expect(numbers(grad(f(true))(x))).toEqual(numbers(grad(f(false))(x)));
    const second = (look: boolean): number[] => numbers(grad((a: Tensor) => grad(f(look))(a).square().sum())(x));
    expect(second(true)).toEqual(second(false));
    const inner = grad((a: Tensor) => {
      const g = grad(f(true))(a);
      evaluateSync(g);
      return g.square().sum();
    })(x);
    expect(numbers(inner)).toEqual(second(false));
  });

  test('passes a branch that depends on a value', () => {
    const f = (x: Tensor): Tensor => (x.itemSync() > 0 ? x.mul(2) : x.mul(-3));
    expect([grad(f)(double(1)).itemSync(), grad(f)(double(-1)).itemSync()]).toEqual([2, -3]);
  });

  test('of a result of one element in any shape', () => {
    expect(grad((x: Tensor) => x.reshape([1, 1]).mul(4))(double(1)).itemSync()).toBe(4);
  });
});

describe('valueAndGrad', () => {
  test('shares the work of value and gradient', () => {
    const x = double([1, 2]);
    const kernels = kernelsOf(() => evaluateSync(valueAndGrad((a: Tensor) => a.exp().sum())(x)));
    expect(kernels.filter((name) => name === 'exp').length).toBe(1);
  });

  test('with respect to variables, by name', () => {
    const [w, b, frozen] = [
      new Variable(double([2, 3])),
      new Variable(double(1)),
      new Variable(double(10), { trainable: false }),
    ];
    const model = { w, inner: { variables: () => ({ b, frozen }) } };
    const { value, grads } = valueAndGrad(model, (x: Tensor) => w.value.mul(x).sum().add(b.value).mul(frozen.value))(
      double([1, 1]),
    );
    expect([value.itemSync(), values(grads)]).toEqual([60, { w: [10, 10], 'inner.b': 10 }]);
    expect(values(grad(model, () => double(1))())).toEqual({ w: [0, 0], 'inner.b': 0 });
  });

  test('evaluating the variables inside does not change them or the gradient', () => {
    const v = new Variable(double([1, 2]));
    const look = valueAndGrad(v, () => {
      evaluateSync(v, v.value);
      return v.value.square().sum();
    });
    expect(values(look().grads)).toEqual({ variable: [2, 4] });
    v.assign(v.value.add(1));
    expect(values(look().grads)).toEqual({ variable: [4, 6] });
  });

  test('the gradient of a step of gradient descent', () => {
    // g(r) = f(v − r · f′(v)) with f(v) = v³: g′(r) = −f′(v) · f′(v − r · f′(v)).
    const v = new Variable(double(2));
    const f = (x: Tensor): Tensor => x.pow(3);
    const outer = grad((rate: Tensor) => {
      const { variable: slope } = grad(v, () => f(v.value))();
      return f(v.value.sub(slope!.mul(rate)));
    });
    expect(outer(double(0.05)).itemSync()).toBeCloseTo(-12 * 3 * (2 - 0.05 * 12) ** 2, 10);
    // With respect to v: d/dv (v − r·3v²)³ = 3 (v − 3rv²)² (1 − 6rv).
    const meta = grad(v, () => {
      const { variable: slope } = grad(v, () => f(v.value))();
      return f(v.value.sub(slope!.mul(0.05)));
    })();
    expect(meta['variable']!.itemSync()).toBeCloseTo(3 * 1.4 ** 2 * (1 - 6 * 0.05 * 2), 10);
  });

  test('inner gradients with respect to variables inside a gradient with respect to an argument', () => {
    const v = new Variable(double([1, 2]));
    const f = (x: Tensor): Tensor => {
      const { value, grads } = valueAndGrad({ v }, () => v.value.mul(x).square().sum())();
      // ∂/∂v Σ (v x)² = 2 v x².
      return value.add(grads['v']!.sum());
    };
    // d/dx [Σ v²x² + Σ 2 v x²] = 2 v² x + 4 v x.
    expect(numbers(grad(f)(double([3, -1])))).toEqual([2 * 3 + 4 * 3, 2 * 4 * -1 + 4 * 2 * -1]);
  });
});

describe('vjp and jvp', () => {
  const f = (a: Tensor, b: { c: Tensor }): { sum: Tensor; list: Tensor[] } => ({
    sum: a.add(b.c),
    list: [a.mul(b.c), b.c.sin()],
  });
  const a = double([1, 2]);
  const c = double([3, 4]);

  test('vjp: cotangents of all primals in their structures', () => {
    const { value, pullback } = vjp(f, a, { c });
    expect(values(value)).toEqual({
      sum: [4, 6],
      list: [
        [3, 8],
        [Math.sin(3), Math.sin(4)],
      ],
    });
    const [da, db] = pullback({ sum: double([1, 10]), list: [double([100, 1000]), double([0, 1])] });
    expect(numbers(da)).toEqual([1 + 300, 10 + 4000]);
    expect(numbers(db.c)).toEqual([1 + 100, 10 + 2000 + Math.cos(4)]);
  });

  test('the pullback may be called repeatedly, also after values have been read', () => {
    let inside: Tensor | undefined;
    const { value, pullback } = vjp((x: Tensor) => (inside = x.exp()).mul(x), a);
    evaluateSync(value, inside);
    for (const seed of [1, 2]) {
      const [gradient] = pullback(double([seed, seed]));
      expect(numbers(gradient)).toEqual(
        [1, 2].map((x) => seed * (1 + x) * Math.exp(x)).map((x) => expect.closeTo(x, 12) as number),
      );
    }
    expect(value.inputs).toEqual([]);
  });

  test('jvp: tangents of all results', () => {
    const { value, tangent } = jvp(f, [a, { c }], [double([1, 0]), { c: double([2, 1]) }]);
    expect(values(value.sum)).toEqual([4, 6]);
    expect(values(tangent)).toEqual({
      sum: [3, 1],
      list: [
        [3 + 2, 2],
        [2 * Math.cos(3), Math.cos(4)],
      ],
    });
  });

  test('constant results have tangents of zeros', () => {
    const { tangent } = jvp((x: Tensor) => ({ constant: c, integer: x.astype('int32') }), [a], [a]);
    expect(values(tangent)).toEqual({ constant: [0, 0], integer: [0, 0] });
    const [gradient] = vjp((_: Tensor) => c, a).pullback(c);
    expect(numbers(gradient)).toEqual([0, 0]);
  });

  test('tangents have the shape and dtype of the results, cotangents those of the primals', () => {
    const f = (x: Tensor): Tensor => x.add(double([[1], [2]]));
    const x = tensor([1, 2, 3]);
    const { value, tangent } = jvp(f, [x], [double([4, 5, 6])]);
    expect([tangent.shape, tangent.dtype]).toEqual([value.shape, value.dtype]);
    expect([tangent.dtype, numbers(tangent)]).toEqual(['float64', [4, 5, 6, 4, 5, 6]]);
    const [cotangent] = vjp(f, x).pullback(
      tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    );
    expect([cotangent.dtype, numbers(cotangent)]).toEqual(['float32', [5, 7, 9]]);
  });

  test('nothing passes stopGradient in either direction', () => {
    const g = (x: Tensor): Tensor => stopGradient(x.square()).mul(x);
    expect(numbers(jvp(g, [a], [double([1, 1])]).tangent)).toEqual([1, 4]);
    expect(numbers(vjp(g, a).pullback(double([1, 1]))[0])).toEqual([1, 4]);
    expect(numbers(jvp((x: Tensor) => stopGradient(x), [a], [a]).tangent)).toEqual([0, 0]);
  });

  test('a pullback is linear in the cotangent and can be differentiated', () => {
    const { value, pullback } = vjp((x: Tensor) => x.exp(), a);
    evaluateSync(value);
    const slope = grad((t: Tensor) => pullback(t)[0].sum())(double([5, 7]));
    numbers(slope).forEach((found, i) => expect(found).toBeCloseTo(Math.exp(i + 1), 12));
    const second = grad((x: Tensor) =>
      vjp((y: Tensor) => y.pow(3), x)
        .pullback(double([1, 1]))[0]
        .sum(),
    )(a);
    expect(numbers(second)).toEqual([6, 12]);
  });

  test('forward over reverse is reverse over forward', () => {
    const g = (x: Tensor): Tensor => x.mul(x.sin()).mul(x.flip()).sum();
    const direction = double([0.5, -2]);
    const forwardOverReverse = jvp(grad(g), [a], [direction]).tangent;
    const reverseOverForward = grad((x: Tensor) => jvp(g, [x], [direction]).tangent)(a);
    const reverseOverReverse = grad((x: Tensor) => grad(g)(x).mul(direction).sum())(a);
    numbers(forwardOverReverse).forEach((value, i) => {
      expect(value).toBeCloseTo(numbers(reverseOverForward)[i]!, 12);
      expect(value).toBeCloseTo(numbers(reverseOverReverse)[i]!, 12);
    });
  });

  test('a tensor that is given for two primals is differentiated for each', () => {
    const [first, second] = vjp((x: Tensor, y: Tensor) => x.mul(y.mul(10)), a, a).pullback(double([1, 1]));
    expect([numbers(first), numbers(second)]).toEqual([
      [10, 20],
      [10, 20],
    ]);
    expect(numbers(jvp((x: Tensor, y: Tensor) => x.mul(y), [a, a], [c, zeros([2])]).tangent)).toEqual([3, 8]);
  });

  test('a result that is the argument itself', () => {
    expect(numbers(vjp((x: Tensor) => x, a).pullback(c)[0])).toEqual([3, 4]);
    expect(numbers(jvp((x: Tensor) => x, [a], [c]).tangent)).toEqual([3, 4]);
    const [sum] = vjp((x: Tensor) => [x, x], a).pullback([c, c]);
    expect(numbers(sum)).toEqual([6, 8]);
  });
});

describe('instances of classes', () => {
  class Affine {
    readonly weight: Tensor;
    readonly inner: { readonly bias: Tensor };

    constructor(weight: number, bias: number) {
      this.weight = double(weight);
      this.inner = { bias: double(bias) };
    }

    get slope(): Tensor {
      return this.weight;
    }

    apply(x: number): Tensor {
      return this.weight.square().mul(x).add(this.inner.bias);
    }
  }
  const affine = new Affine(3, 4);
  const tangent = new Affine(1, 10);

  test('gradients are instances, with the methods of their class', () => {
    const { value, grads } = valueAndGrad((p: Affine, x: number) => p.apply(x))(affine, 5);
    expect(value.itemSync()).toBe(49);
    expect(grads).toBeInstanceOf(Affine);
    expect(values(grads)).toEqual({ weight: 30, inner: { bias: 1 } });
    expect(grads.slope.itemSync()).toBe(30);
    expect(grads.apply(2).itemSync()).toBe(30 ** 2 * 2 + 1);
    const second = grad((p: Affine) => grad((q: Affine) => q.apply(5))(p).weight)(affine);
    expect(values(second)).toEqual({ weight: 10, inner: { bias: 0 } });
  });

  test('in vjp and jvp, as arguments and as results', () => {
    const scale = (p: Affine): Affine => Object.assign(new Affine(0, 0), { weight: p.apply(5), inner: p.inner });
    const [pulled] = vjp(scale, affine).pullback(tangent);
    expect(pulled).toBeInstanceOf(Affine);
    expect(values(pulled)).toEqual({ weight: 30, inner: { bias: 11 } });
    const pushed = jvp(scale, [affine], [tangent]).tangent;
    expect(pushed).toBeInstanceOf(Affine);
    expect(values(pushed)).toEqual({ weight: 40, inner: { bias: 10 } });
  });

  test('settings stay as they are, other fields are errors, and getters are not called', () => {
    class Named extends Affine {
      readonly name = 'named';
      readonly count = 2;
    }
    const named = grad((p: Named) => p.apply(5).mul(p.count))(new Named(3, 4));
    expect(named).toBeInstanceOf(Named);
    expect([named.name, named.count, named.weight.itemSync()]).toEqual(['named', 2, 60]);
    const lazy = Object.defineProperty(new Affine(3, 4), 'expensive', {
      enumerable: true,
      get: () => expect.unreachable(),
    });
    expect(values(grad((p: Affine) => p.apply(5))(lazy))).toEqual({ weight: 30, inner: { bias: 1 } });
    for (const refused of [new Set([affine]), new Date(), new Float32Array(1), new Variable(zeros([]))]) {
      expect(() => grad((p: Affine) => p.apply(5))(refused as unknown as Affine)).toThrow(
        `grad: expected tensors, or arrays and objects of them, got ${refused.constructor.name} at [0]`,
      );
    }
  });
});

test('maps and settings in trees of every transformation', () => {
  const point = new Map<string, { readonly w: Tensor; readonly power: number; readonly note: string | null }>([
    ['a', { w: double([2, 3]), power: 2, note: 'first' }],
    ['b', { w: double([1]), power: 3, note: null }],
  ]);
  const f = (p: typeof point): Tensor =>
    [...p.values()].map(({ w, power }) => w.pow(power).sum()).reduce((sum, part) => sum.add(part));
  const read = (p: typeof point): unknown => [...p].map(([key, { w, ...rest }]) => [key, w.toArraySync(), rest]);
  const expected = [
    ['a', [4, 6], { power: 2, note: 'first' }],
    ['b', [3], { power: 3, note: null }],
  ];
  expect(read(grad(f)(point))).toEqual(expected);
  expect(read(vjp(f, point).pullback(double(1))[0])).toEqual(expected);
  const { value, tangent } = jvp((p: typeof point) => new Map([['sum', f(p)]]), [point], [point]);
  expect(value.get('sum')!.itemSync()).toBe(14);
  expect(tangent.get('sum')!.itemSync()).toBe(29);
});

describe('errors', () => {
  const x = zeros([2]);
  const scalar = (a: Tensor): Tensor => a.sum();
  type Function = (x: Tensor) => Tensor;

  test.each([
    [
      () => grad(3 as unknown as Function),
      'grad: expected grad(f) or grad(variables, f) with a function f, got grad(3)',
    ],
    [() => valueAndGrad({}, 3 as unknown as Function), 'with a function f, got valueAndGrad({}, 3)'],
    [() => vjp('f' as unknown as Function, x), "vjp: expected a function, got 'f'"],
    [() => jvp(undefined as unknown as Function, [x], [x]), 'jvp: expected a function, got undefined'],
    [
      () => jvp(scalar, x as unknown as [Tensor], [x]),
      'jvp: primals and tangents must be arrays, as in jvp(f, [x], [dx]), got Tensor and [Tensor]',
    ],
    [
      () => grad((async () => x) as unknown as Function)(x),
      'grad: the function must return a tensor, got a Promise (functions must be synchronous)',
    ],
    [() => grad((() => 3) as unknown as Function)(x), 'grad: the function must return a tensor, got 3'],
    [() => grad((() => undefined) as unknown as Function)(x), 'grad: the function must return a tensor, got undefined'],
    [
      () => vjp((async () => x) as unknown as Function, x),
      'vjp: the result: expected tensors, or arrays and objects of them, got a Promise (functions must be synchronous)',
    ],
    [
      () => grad((a: Tensor) => a)(x),
      'grad: the function must return one element, got shape [2]; reduce it with sum() or mean(), or use vjp',
    ],
    [() => grad((a: Tensor) => a.argmax())(x), 'grad: the function must return float32 or float64, got int32'],
    [
      () => grad(scalar)(arange(2)),
      "grad: cannot differentiate with respect to a tensor of int32; convert with astype('float32')",
    ],
    [() => grad(scalar)(1 as unknown as Tensor), 'grad: expected tensors, or arrays and objects of them, got 1 at [0]'],
    [
      () => jvp(scalar, [x], [1 as unknown as Tensor]),
      'jvp: the tangent: expected tensors, or arrays and objects of them, got 1 at [0]',
    ],
    [
      () => grad(scalar)({ a: new Set([x]) } as never),
      'grad: expected tensors, or arrays and objects of them, got Set at [0].a',
    ],
    [
      () => grad(scalar)(undefined as unknown as Tensor),
      'grad: expected tensors, or arrays and objects of them, got undefined at [0]',
    ],
    [() => vjp(scalar, x).pullback(x), 'vjp: expected cotangents of shapes [], got [2]'],
    [
      () => vjp(scalar, x).pullback(1 as unknown as Tensor),
      'vjp: the cotangent: expected tensors, or arrays and objects of them, got 1',
    ],
    [() => jvp(scalar, [x], [zeros([3])]), 'jvp: expected tangents of shapes [2], got [3]'],
    [() => jvp(scalar, [x], [] as unknown as [Tensor]), 'jvp: expected tangents of shapes [2], got none'],
    [
      () => jvp(({ a }: { a: Tensor }) => a, [{ a: x }], [{ b: x } as never]),
      'jvp: expected tangents at [0].a, got [0].b',
    ],
    [() => vjp((a: Tensor) => ({ a }), x).pullback({ b: x } as never), 'vjp: expected cotangents at .a, got .b'],
    [
      () => grad(3 as unknown as Variable, scalar)(x),
      'grad: expected variables, modules, or arrays and objects of them, got 3',
    ],
  ])('%#', (make: () => unknown, message) => expect(make).toThrow(message));
});

test('the types of results', () => {
  const gradients: { readonly w: Tensor } = grad((m: { w: Tensor }) => m.w.sum())({ w: double([1]) });
  const nested: NestedArray = gradients.w.toArraySync();
  expect(nested).toEqual([1]);
});
