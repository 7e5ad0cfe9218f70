import { concat, explain, grad, random, tensor, Variable, type Tensor } from '@thetagrad/core';
import { describe, expect, test } from 'vitest';
import {
  functionalCall,
  hessian,
  hvp,
  jacobian,
  parametersOf,
  sparseJacobian,
  vmap,
  type Sparsity,
} from '../src/index.ts';

const f64 = { dtype: 'float64' } as const;
const x = tensor([0.5, -1, 2], f64);

/** Maps ℝ³ to ℝ² with a Jacobian that is easy to write down. */
const f = (x: Tensor): Tensor => {
  const [a, b, c] = [0, 1, 2].map((i) => x.slice([i])) as [Tensor, Tensor, Tensor];
  return a
    .mul(b)
    .reshape([1])
    .mul(tensor([1, 0], f64))
    .add(
      b
        .mul(c)
        .reshape([1])
        .mul(tensor([0, 1], f64)),
    );
};
const jacobianOfF = [
  [-1, 0.5, 0],
  [0, 2, -1],
];

describe('jacobian', () => {
  test.for([undefined, 'forward', 'reverse'] as const)('mode %s', (mode) => {
    expect(jacobian(f, { mode })(x).toArraySync()).toEqual(jacobianOfF);
  });

  test.for(['forward', 'reverse'] as const)('of trees, in mode %s', (mode) => {
    const point = { a: tensor([[1, 2]], f64), b: tensor(3, f64) };
    const result = jacobian((p: typeof point) => ({ sum: p.a.sum().mul(p.b), product: p.a.mul(p.b) }), { mode })(point);
    expect(result.sum.a.toArraySync()).toEqual([[3, 3]]);
    expect(result.sum.b.itemSync()).toBe(3);
    expect(result.product.a.toArraySync()).toEqual([[[[3, 0]], [[0, 3]]]]);
    expect(result.product.b.toArraySync()).toEqual([[1, 2]]);
  });

  test('of maps and settings', () => {
    const point = { a: tensor([1, 2], f64), power: 2 };
    const result = jacobian((p: typeof point) => new Map([['y', { value: p.a.pow(p.power), name: 'y' }]]))(point);
    const { value, name } = result.get('y')!;
    expect([value.a.toArraySync(), value.power, name]).toEqual([
      [
        [2, 0],
        [0, 4],
      ],
      2,
      'y',
    ]);
  });

  test('composes: of examples, of gradients, of Jacobians', () => {
    const points = tensor(
      [
        [0.5, -1, 2],
        [1, 1, 1],
      ],
      f64,
    );
    expect(vmap(jacobian(f))(points).slice([0]).toArraySync()).toEqual(jacobianOfF);
    const second = jacobian(jacobian((x: Tensor) => x.pow(3)))(tensor([1, 2], f64));
    expect(second.toArraySync()).toEqual([
      [
        [6, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 12],
      ],
    ]);
    const norm = (x: Tensor) => jacobian(f)(x).square().sum();
    // The squares of the entries b, a, c and b: 2a, 4b and 2c.
    expect(grad(norm)(x).toArraySync()).toEqual([1, -4, 4]);
  });
});

describe('hessian and hvp', () => {
  const g = (x: Tensor) => x.prod().add(x.square().sum());

  test('of a product and a sum of squares', () => {
    const expected = [
      [2, 2, -1],
      [2, 2, 0.5],
      [-1, 0.5, 2],
    ];
    expect(hessian(g)(x).toArraySync()).toEqual(expected);
    const v = tensor([1, 2, -1], f64);
    expect(hvp(g, x, v).toArraySync()).toEqual(expected.map(([a, b, c]) => a! + 2 * b! - c!));
  });

  test('a Hessian of 50 × 50 is one plan, whose kernels do not grow with its size', () => {
    const count = (n: number) =>
      explain(hessian((x: Tensor) => x.sin().mul(x).sum().square())(random.normal(random.key(1), [n]))).kernels.length;
    expect(count(50)).toBe(count(5));
    expect(count(50)).toBeLessThan(20);
  });
});

describe('sparseJacobian', () => {
  /** y_i = sin(x_{i−1}) + x_i² · x_{i+1}, of an even number of elements in two rows. */
  const banded = (x: Tensor): Tensor => {
    const flat = x.flatten();
    const [before, after] = [flat.pad([[1, 0]]).slice([[0, -1]]), flat.pad([[0, 1]]).slice([[1, null]])];
    return before.sin().add(flat.square().mul(after)).reshape([2, -1]);
  };
  const arrow = (x: Tensor): Tensor =>
    x.mul(x.slice([0])).add(
      x
        .square()
        .sum()
        .mul(tensor([1, 0, 0, 0, 0, 0], f64)),
    );
  const point = random.normal(random.key(1), [6], f64);
  const arrowhead = Array.from({ length: 6 }, (_, i) =>
    Array.from({ length: 6 }, (_, j) => i === 0 || j === 0 || i === j),
  );
  const wide = (x: Tensor): Tensor => x.reshape([3, 2]).sum(1).exp();
  const pairs = [0, 1, 2].map((i) => [0, 1, 2, 3, 4, 5].map((j) => Math.floor(j / 2) === i));

  test.for<[string, (x: Tensor) => Tensor, Sparsity, probes: number, 'forward' | 'reverse' | undefined]>([
    ['a diagonal', (x) => x.sin(), 'diagonal', 1, undefined],
    ['a band', banded, { lower: 1, upper: 1 }, 3, undefined],
    ['a band, in reverse mode', banded, { lower: 1, upper: 1 }, 3, 'reverse'],
    ['rows of two', wide, pairs, 1, undefined],
    ['rows of two, in forward mode', wide, pairs, 2, 'forward'],
    ['an arrow', arrow, arrowhead, 6, undefined],
  ])('%s: as the whole, by few derivatives', ([, f, sparsity, probes, mode]) => {
    const sparse = sparseJacobian(f, sparsity, { mode })(point);
    const whole = jacobian(f)(point).reshape([-1, 6]);
    expect([sparse.shape, sparse.probes]).toEqual([whole.shape, probes]);
    expect(sparse.toDense().toArraySync()).toEqual(whole.toArraySync());
    const elements = whole.toArraySync() as number[][];
    expect([...sparse.values.dataSync()]).toEqual([...sparse.rows].map((row, i) => elements[row]![sparse.columns[i]!]));
  });

  test('a band of 2,000 is one plan of three derivatives, and a sparse Hessian is that of a gradient', () => {
    const x = random.normal(random.key(2), [2000], f64);
    const energy = (x: Tensor): Tensor =>
      x
        .slice([[1, null]])
        .sub(x.slice([[0, -1]]))
        .pow(4)
        .sum();
    const sparse = sparseJacobian(grad(energy), { lower: 1, upper: 1 });
    expect(sparse(x).probes).toBe(3);
    expect(explain(sparse(x).values).kernels.every(({ shape }) => shape.reduce((a, b) => a * b, 1) <= 3 * 2000)).toBe(
      true,
    );
    expect(explain(sparse(x).values).kernels.some(({ shape }) => shape[0] === 3)).toBe(true);
    expect(sparse(point).toDense().toArraySync()).toEqual(hessian(energy)(point).toArraySync());
    const norm = (x: Tensor): Tensor => sparse(x).values.square().sum();
    const whole = (x: Tensor): Tensor => hessian(energy)(x).square().sum();
    grad(whole)(point)
      .dataSync()
      .forEach((slope, i) => expect(grad(norm)(point).dataSync()[i]! / slope).toBeCloseTo(1, 10));
    expect(
      vmap((x: Tensor) => sparse(x).values)(point.expandDims(0))
        .slice([0])
        .toArraySync(),
    ).toEqual(sparse(point).values.toArraySync());
  });

  test.for<[unknown, RegExp]>([
    ['dense', /^sparseJacobian: the sparsity must be 'diagonal', { lower, upper } or rows of booleans, got 'dense'/],
    [{ lower: -1, upper: 0 }, /^sparseJacobian: lower must be an integer ≥ 0, got -1/],
    [{ lower: 1 }, /^sparseJacobian: upper must be an integer ≥ 0, got undefined/],
    [[[1, 0]], /^sparseJacobian: the sparsity must be/],
    [[[true, false]], /^sparseJacobian: expected a sparsity of 6 rows of 6, got 1 rows of 2/],
    [[], /^sparseJacobian: expected a sparsity of 6 rows of 6, got none/],
  ])('refuses %s', ([sparsity, message]) => {
    expect(() => sparseJacobian((x) => x, sparsity as Sparsity)(point)).toThrow(message);
  });

  test('refuses unknown options', () => {
    expect(() => sparseJacobian((x) => x, 'diagonal', { modes: 'forward' } as never)).toThrow(
      /^sparseJacobian: unknown option 'modes'/,
    );
  });
});

const vector = tensor([1, 2]);

test.for<[string, () => unknown, string]>([
  ...(['jacobian', 'hessian', 'hvp', 'sparseJacobian'] as const).map((name): [string, () => unknown, string] => [
    name,
    () => derivativesOf((x) => x.sum(), vector.astype('int32'))[name](),
    `${name}: cannot differentiate with respect to a tensor of int32`,
  ]),
  ...(['jacobian', 'sparseJacobian'] as const).map((name): [string, () => unknown, string] => [
    name,
    () => derivativesOf((() => Promise.resolve(vector)) as never, vector)[name](),
    `${name}: the result: expected tensors, or arrays and objects of them, got a Promise`,
  ]),
  ...(['hessian', 'hvp'] as const).map((name): [string, () => unknown, string] => [
    name,
    () => derivativesOf((x) => x, vector)[name](),
    `${name}: the function must return one element, got shape [2]`,
  ]),
  ['hvp', () => hvp((x: Tensor) => x.sum(), vector, tensor([1])), 'hvp: expected vectors of shapes [2], got [1]'],
  [
    'hvp',
    () => hvp(({ a }: { a: Tensor }) => a.sum(), { a: vector }, { b: vector } as never),
    'hvp: expected vectors at .a, got .b',
  ],
])('%s speaks of itself: %#', ([, call, message]) => expect(call).toThrow(message));

function derivativesOf(f: (x: Tensor) => Tensor, x: Tensor) {
  return {
    jacobian: () => jacobian(f)(x),
    hessian: () => hessian(f)(x),
    hvp: () => hvp(f, x, x),
    sparseJacobian: () => sparseJacobian(f, 'diagonal')(x),
  };
}

test('call the function once, and give the dtype of the input in both modes', () => {
  let calls = 0;
  const f = (x: Tensor): Tensor => {
    calls++;
    return concat([x, x.exp()]).astype('float32');
  };
  const x = tensor([1, 2], { dtype: 'float64' });
  for (const mode of ['forward', 'reverse', undefined] as const) {
    expect(jacobian(f, { mode })(x).dtype).toBe('float64');
    expect(sparseJacobian(f, { lower: 3, upper: 0 }, { mode })(x).values.dtype).toBe('float64');
    expect(jacobian((x: Tensor) => x.greater(1), { mode })(x).dtype).toBe('float64');
  }
  expect(calls).toBe(6);
});

test('hvp takes fields in any order', () => {
  const f = ({ a, b }: { readonly a: Tensor; readonly b: Tensor }): Tensor => a.pow(3).add(b.square());
  const { a, b } = hvp(f, { a: tensor(2), b: tensor(3) }, { b: tensor(0), a: tensor(1) });
  expect([a.itemSync(), b.itemSync()]).toEqual([12, 0]);
});

describe('functionalCall', () => {
  const model = { weight: new Variable(tensor([1, 2], f64), { name: 'weight' }), bias: new Variable(tensor(0, f64)) };
  const forward = (x: Tensor) => model.weight.value.mul(x).sum().add(model.bias.value);

  test('a step of MAML: the gradient through an update of the parameters', () => {
    // L(w) = (w·x)² with x = [1, 1]: w′ = w − α·2(w·x)x, and dL(w′)/dw = 2(w′·x)(1 − 4α)x.
    const input = tensor([1, 1], f64);
    const loss = (parameters: Record<string, Tensor>) =>
      functionalCall(model, parameters, () => forward(input).square());
    const meta = (parameters: Record<string, Tensor>) => {
      const grads = grad(loss)(parameters);
      return loss(Object.fromEntries(Object.entries(parameters).map(([k, p]) => [k, p.sub(grads[k]!.mul(0.1))])));
    };
    const parameters = parametersOf({ weight: model.weight });
    // w·x = 3, w′·x = 3 − 0.1 · 6 · 2 = 1.8.
    const expected = 2 * 1.8 * (1 - 0.4);
    for (const value of grad(meta)(parameters)['weight']!.dataSync()) expect(value).toBeCloseTo(expected, 12);
    expect(model.weight.value.toArraySync()).toEqual([1, 2]);
  });

  test('an ensemble: vmap over parameters', () => {
    const ensemble = {
      weight: tensor(
        [
          [1, 2],
          [3, 4],
        ],
        f64,
      ),
      bias: tensor([0.5, -0.5], f64),
    };
    const outputs = vmap((parameters: typeof ensemble) =>
      functionalCall(model, parameters, () => forward(tensor([1, 10], f64))),
    );
    expect(outputs(ensemble).toArraySync()).toEqual([21.5, 42.5]);
  });

  test.for<[string, unknown, RegExp]>([
    [
      'an unknown name',
      { weights: tensor(1) },
      /^functionalCall: no variable is named 'weights'; expected weight, bias$/,
    ],
    ['another shape', { weight: tensor([1], f64) }, /variable 'weight' expects float64 \[2\], got float64 \[1\]/],
    ['a number', { bias: 3 }, /^functionalCall: bias must be a tensor, got 3$/],
    ['null', null, /^functionalCall: parameters must be an object of tensors by the names of variables, got null$/],
  ])('refuses %s', ([, parameters, message]) => {
    expect(() => functionalCall(model, parameters as Record<string, Tensor>, () => 0)).toThrow(message);
    expect(forward(tensor([1, 1], f64)).itemSync()).toBe(3);
  });
});
