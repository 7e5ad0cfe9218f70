import { describe, expect, test } from 'vitest';
import {
  concat,
  conv2d,
  evaluateSync,
  explain,
  ones,
  type Shape,
  tensor,
  type Tensor,
  Variable,
} from '../src/index.ts';
import { type Kernel, type Plan } from '../src/backend.ts';
import { describeKernel } from '../src/inspect/explain.ts';
import { topologicalOrder } from '../src/graph/order.ts';
import { schedule } from '../src/schedule/schedule.ts';
import { noSlices } from '../src/graph/leafSlices.ts';
import { plansOf } from './backends.ts';
import { numbers } from './helpers.ts';

/** The names of the kernels that compute results, which list the operations fused into them. */
const kernels = (...results: unknown[]): string[] => explain(...results).kernels.map(({ name }) => name);

const values = (shape: Shape): Tensor =>
  tensor(Float32Array.from({ length: shape.reduce((x, y) => x * y, 1) }, (_, i) => (i % 7) - 3)).reshape(shape);

const [x, y] = [values([4, 6]), values([4, 6])];

describe('elementwise operations', () => {
  test('a chain is one kernel', () => {
    expect(kernels(x.add(1).mul(2).exp().neg())).toEqual(['add → mul → exp → neg']);
  });

  test('a tree is one kernel', () => {
    expect(kernels(x.add(y).mul(x.sub(y)).tanh())).toEqual(['add → sub → mul → tanh']);
  });

  test('common operands and steps of branches are read and computed once', () => {
    const shared = x.sub(y);
    expect(kernels(shared.mul(shared.add(1)))).toEqual(['sub → add → mul']);
    expect(kernels(x.exp().add(x.exp()))).toEqual(['exp → add']);
    expect(explain(x.mul(x)).bytes).toBe(2 * 4 * 24);
  });

  test('may have operands that broadcast', () => {
    expect(kernels(x.add(values([6])).mul(values([4, 1])))).toEqual(['add → mul']);
  });

  test('are fused into the reduction that reads them', () => {
    expect(kernels(x.sub(y).square().sum())).toEqual(['sub → square → sum']);
    expect(kernels(x.mul(2).argmax(1))).toEqual(['mul → argmax']);
    expect(kernels(x.greater(0).any(0))).toEqual(['greater → sum', 'notEqual']);
  });

  test('that are results are stored and read from memory', () => {
    const middle = x.exp();
    expect(kernels(middle.add(1).neg(), middle)).toEqual(['exp', 'add → neg']);
    expect(kernels(middle, middle.sum())).toEqual(['exp', 'sum']);
  });

  test('that nothing needs are not computed', () => {
    const middle = x.exp();
    middle.sum();
    expect(kernels(middle.neg())).toEqual(['exp → neg']);
  });
});

describe('epilogues', () => {
  const [a, b] = [values([5, 4]), values([6, 3])];
  const product = (): Tensor => a.matmul(x).matmul(b);
  const [images, weight, bias] = [values([2, 4, 5, 5]), values([4, 4, 3, 3]), values([4, 1, 1])];
  const convolved = (): Tensor => conv2d(images, weight, { padding: 1 });

  test('bias, residual and activation after a convolution', () => {
    expect(kernels(convolved().add(bias).add(images).relu())).toEqual(['convolution → add → add → relu']);
  });

  test('bias and activation after a matrix product', () => {
    expect(
      kernels(
        product()
          .add(values([3]))
          .tanh(),
      ),
    ).toEqual(['matmul', 'matmul → add → tanh']);
    expect(kernels(product().mul(product().sigmoid()))).toHaveLength(5 - 1);
  });

  test('with a result that the map reads twice', () => {
    const z = product();
    expect(kernels(z.mul(z.sigmoid()))).toEqual(['matmul', 'matmul → sigmoid → mul']);
  });

  test('belong to the last of several routines', () => {
    expect(kernels(convolved().add(conv2d(images.neg(), weight, { padding: 1 })))).toEqual([
      'convolution',
      'neg',
      'convolution → add',
    ]);
  });

  test('after other routines', () => {
    expect(
      kernels(
        x
          .pad([
            [1, 1],
            [0, 0],
          ])
          .neg(),
      ),
    ).toEqual(['pad → neg']);
    expect(kernels(concat([x, y]).exp().sum())).toEqual(['concat', 'exp → sum']);
  });

  test.each<[string, () => Tensor[], string[]]>([
    ['is a result of the plan', () => [product(), product().neg()].slice(0, 1), ['matmul', 'matmul']],
    ['is read transposed', () => [product().transpose().add(1)], ['matmul', 'matmul', 'add']],
    [
      'is read in part',
      () => [
        product()
          .slice([[1, 3]])
          .neg(),
      ],
      ['matmul', 'matmul', 'neg'],
    ],
    ['is broadcast', () => [product().add(ones([2, 5, 3]))], ['matmul', 'matmul', 'add']],
    ['becomes another dtype', () => [product().greater(0)], ['matmul', 'matmul', 'greater']],
  ])('do not form if the result %s', (_, build, expected) => {
    expect(kernels(build())).toEqual(expected);
  });

  test('do not form if the result has other readers', () => {
    const z = product();
    expect(kernels(z.neg(), z.exp())).toEqual(['matmul', 'matmul', 'neg', 'exp']);
    expect(kernels(z, z.exp())).toEqual(['matmul', 'matmul', 'exp']);
    expect(kernels(z.add(z.sum()))).toEqual(['matmul', 'matmul', 'sum', 'add']);
  });
});

describe('views', () => {
  test('become views of operands', () => {
    expect(
      kernels(
        x
          .transpose()
          .flip(0)
          .slice([[0, 4]])
          .add(y.slice([null, [0, 4]])),
      ),
    ).toEqual(['add']);
    expect(kernels(x.transpose().sum(0))).toEqual(['sum']);
    expect(kernels(x.transpose().matmul(y.flip()))).toEqual(['matmul']);
    expect(kernels(x.reshape([2, 2, 6]).permute([2, 0, 1]).neg())).toEqual(['neg']);
  });

  test('of elementwise operations become views of their operands', () => {
    expect(kernels(x.exp().transpose().neg())).toEqual(['exp → neg']);
    expect(numbers(x.mul(2).transpose().slice([1]).neg())).toEqual(numbers(x.transpose().slice([1]).mul(-2)));
  });

  test('are copied where strides cannot express them', () => {
    expect(kernels(x.transpose().reshape([24]).neg())).toEqual(['cast', 'neg']);
    expect(kernels(x.exp().transpose().reshape([24]).neg())).toEqual(['exp', 'neg']);
  });

  test('that are results are copied', () => {
    expect(kernels(x.transpose(), x.flip())).toEqual(['cast', 'cast']);
  });

  test('that are results in the order of their source are not copied', () => {
    const [sums, product] = [x.sum(1), x.reshape([2, 2, 6]).matmul(y.transpose())];
    expect(kernels(sums)).toEqual(['sum']);
    expect(kernels(product, product.expandDims(0).flatten(1))).toEqual(['matmul', 'cast']);
    expect(kernels(product.reshape([8, 2]), sums.expandDims(1))).toEqual(['matmul', 'sum']);
    expect(kernels(product.transpose())).toEqual(['matmul', 'cast']);
    expect(kernels(x.exp().reshape([24]), x.exp())).toEqual(['exp', 'exp']);
    const all = [product.flatten(), sums, product, product.flatten().reshape([16]), sums.neg(), sums.reshape([1, 4])];
    const single = all.map((result) => numbers(result.neg().neg()));
    evaluateSync(all);
    expect(all.map(numbers)).toEqual(single);
  });
});

describe('a value with several readers', () => {
  test('is recomputed if it is cheap', () => {
    const cheap = x.sub(y);
    expect(kernels(cheap.sum(0), cheap.max(1))).toEqual(['sub → sum', 'sub → max']);
  });

  test('is stored if it is expensive', () => {
    const dear = x.exp();
    expect(kernels(dear.sum(0), dear.max(1))).toEqual(['exp', 'sum', 'max']);
    const asDear = x.mul(2).exp().add(1);
    expect(kernels(asDear.sum(0), asDear.max(1))).toEqual(['mul → exp → add', 'sum', 'max']);
  });

  test('is stored if reading its operands again moves more memory', () => {
    const sumOf = (count: number): Tensor =>
      Array.from({ length: count }, () => values([4, 6])).reduce((sum, term) => sum.add(term));
    const [three, four] = [sumOf(3), sumOf(4)];
    expect(kernels(three.sum(0), three.max(1))).toEqual(['add → add → sum', 'add → add → max']);
    expect(kernels(four.sum(0), four.max(1))).toEqual(['add → add → add', 'sum', 'max']);
    // Broadcast operands do not count.
    const biased = values([6])
      .add(values([6]))
      .add(values([4, 1]))
      .add(x);
    expect(kernels(biased.sum(0), biased.max(1)).at(-1)).toBe('add → add → max');
  });

  test('is stored if it is broadcast, or read in overlapping windows', () => {
    expect(kernels(values([6]).neg().add(x))).toEqual(['neg', 'add']);
    expect(kernels(values([20]).neg().unfold(0, 4).sum(1))).toEqual(['neg', 'sum']);
    expect(kernels(values([20]).neg().unfold(0, 4, 4).sum(1))).toEqual(['neg → sum']);
    expect(kernels(x.sub(x.sum().div(24)))).toEqual(['sum', 'div', 'sub']);
  });
});

describe('bodies are bounded', () => {
  const stepsOf = (kernel: Kernel): number =>
    kernel.kind === 'routine' ? (kernel.epilogue?.steps.length ?? 0) : kernel.body.steps.length;
  const operandsIn = (kernel: Kernel): number =>
    kernel.kind === 'routine' ? kernel.operands.length : kernel.body.operands.length;

  test('in steps', () => {
    let chain = x;
    for (let i = 0; i < 500; i++) chain = i % 2 === 0 ? chain.neg() : chain.sin();
    const [plan] = plansOf(() => evaluateSync(chain)) as [Plan];
    expect(Math.max(...plan.kernels.map(stepsOf))).toBeLessThanOrEqual(48);
    expect(plan.kernels.length).toBeLessThan(20);
    expect(plan.kernels.map(stepsOf).reduce((sum, count) => sum + count)).toBe(500);
  });

  test('in operands', () => {
    const terms = Array.from({ length: 100 }, (_, i) => values([3]).add(i));
    const sum = terms.reduce((all, term) => all.add(term));
    const [plan] = plansOf(() => evaluateSync(sum)) as [Plan];
    expect(Math.max(...plan.kernels.map(operandsIn))).toBeLessThanOrEqual(16);
    expect(numbers(sum)).toEqual([-3, -2, -1].map((value) => 100 * value + 4950));
  });

  test('in operands by the limit of the backend, including those of epilogues', () => {
    const [a, b] = [values([6, 2]), values([6, 1])];
    const results = [1, 2, 3, 4, 5].reduce((all, i) => all.mul(values([2]).add(i)), x.matmul(a)).add(b.sum());
    const order = topologicalOrder([results]);
    const plan = schedule({ order, slices: noSlices, results: [results], updates: [] }, { maxOperands: 4 });
    expect(Math.max(...plan.kernels.map(operandsIn))).toBeLessThanOrEqual(4);
  });
});

test('without fusion each operation is a kernel', () => {
  const z = x
    .matmul(values([6, 2]))
    .add(values([2]))
    .relu();
  const results = [z.mul(2).exp().sum(0), z.transpose().neg()];
  const order = topologicalOrder(results);
  const plan = schedule({ order, slices: noSlices, results, updates: [] }, { fuse: false });
  expect(plan.kernels.map((kernel) => describeKernel(kernel).name).toSorted()).toEqual(
    ['add', 'exp', 'matmul', 'mul', 'neg', 'relu', 'sum', 'cast'].filter((name) => name !== 'cast').toSorted(),
  );
});

describe('variables', () => {
  const variable = (...elements: number[]): Variable => new Variable(tensor(elements));
  const held = (...variables: Variable[]): number[][] => variables.map(({ value }) => numbers(value));

  test('are updated in place by one kernel', () => {
    const v = variable(1, 2, 3);
    v.assign(v.value.mul(2).add(1));
    const { kernels: all, arenaBytes } = explain(v);
    expect([all.map(({ name }) => name), arenaBytes]).toEqual([['mul → add'], 0]);
    evaluateSync(v);
    expect(held(v)).toEqual([[3, 5, 7]]);
  });

  test('are written after all kernels that read the old value', () => {
    const v = variable(1, 2, 3);
    const before = v.value;
    v.assign(before.add(1));
    const [doubled, largest] = [before.mul(2), before.max()];
    expect(kernels(v, doubled, largest)).toEqual(['mul', 'max', 'add']);
    evaluateSync(v, doubled, largest);
    expect([numbers(doubled), numbers(largest), ...held(v)]).toEqual([[2, 4, 6], [3], [2, 3, 4]]);
  });

  test('a chain of assignments is one update', () => {
    const v = variable(1, 2);
    v.assign(v.value.add(1));
    v.assign(v.value.mul(10));
    const between = v.value;
    v.assign(v.value.sub(v.value.sum()));
    evaluateSync(v, between);
    expect([numbers(between), ...held(v)]).toEqual([
      [20, 30],
      [-30, -20],
    ]);
  });

  test('momentum and parameter need no memory between them', () => {
    const [parameter, momentum] = [variable(1, 2), variable(10, 20)];
    for (let step = 0; step < 2; step++) {
      momentum.assign(momentum.value.mul(0.5).add(parameter.value));
      parameter.assign(parameter.value.sub(momentum.value));
      const { kernels: all, arenaBytes } = explain(parameter, momentum);
      expect([all.map(({ name }) => name), arenaBytes]).toEqual([['mul → add', 'sub'], 0]);
      evaluateSync(parameter, momentum);
    }
    expect(held(parameter, momentum)).toEqual([
      [-5 - (3 - 5), -10 - (6 - 10)],
      [3 - 5, 6 - 10],
    ]);
  });

  test.each([2, 3, 4])('%i of them are rotated with one copy', (count) => {
    const all = Array.from({ length: count }, (_, i) => variable(i, 10 * i));
    const old = all.map(({ value }) => value);
    all.forEach((each, i) => each.assign(old[(i + 1) % count]!));
    const plan = explain(all);
    expect([plan.kernels.length, plan.intermediateBytes]).toEqual([count + 1, 8]);
    evaluateSync(all);
    expect(held(...all)).toEqual(all.map((_, i) => [(i + 1) % count, 10 * ((i + 1) % count)]));
  });

  test('are updated from the old values of each other', () => {
    const [v, w] = [variable(1, 2), variable(10, 20)];
    const [a, b] = [v.value.add(w.value), v.value.mul(w.value)];
    v.assign(a);
    w.assign(b);
    evaluateSync(v, w);
    expect(held(v, w)).toEqual([
      [11, 22],
      [10, 40],
    ]);
  });

  test.each<[string, (v: Tensor) => Tensor, number[]]>([
    ['flipped', (v) => v.flip().add(v), [5, 4, 5]],
    ['rotated', (v) => concat([v.slice([[1]]), v.slice([[0, 1]])]), [2, 4, 1]],
    [
      'broadcast',
      (v) =>
        v
          .slice([[0, 1]])
          .broadcastTo([3])
          .sub(v),
      [0, -1, -3],
    ],
    ['reduced', (v) => v.sub(v.sum()), [-6, -5, -3]],
    ['gathered', (v) => v.take(tensor([2, 2, 0], { dtype: 'int32' })).add(v), [5, 6, 5]],
    ['multiplied', (v) => v.expandDims(1).matmul(v.expandDims(0)).sum(0), [7, 14, 28]],
    ['sorted', (v) => v.sort(0, { descending: true }), [4, 2, 1]],
  ])('are updated from their own elements %s', (_, update, expected) => {
    const v = variable(1, 2, 4);
    v.assign(update(v.value));
    evaluateSync(v);
    expect(held(v)).toEqual([expected]);
  });

  test('a routine that reads the old value, and an epilogue that does', () => {
    const v = new Variable(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    v.assign(v.value.matmul(v.value).add(v.value));
    evaluateSync(v);
    expect(held(v)).toEqual([[8, 12, 18, 26]]);
  });

  test('epilogues do not write over an old value', () => {
    const v = new Variable(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    v.assign(v.value.mul(1).add(ones([2, 3]).matmul(ones([3, 2]))));
    expect(kernels(v)).toEqual(['matmul', 'mul → add']);
    evaluateSync(v);
    expect(held(v)).toEqual([[4, 5, 6, 7]]);
  });

  test('the same new value for two, and as a result', () => {
    const [v, w] = [variable(1, 2), variable(3, 4)];
    const next = v.value.add(w.value);
    v.assign(next);
    w.assign(next);
    evaluateSync(v, w, next);
    evaluateSync(v.value);
    expect([...held(v, w), numbers(next)]).toEqual([
      [4, 6],
      [4, 6],
      [4, 6],
    ]);
    v.assign(v.value.add(1));
    evaluateSync(v);
    expect([...held(v, w), numbers(next)]).toEqual([
      [5, 7],
      [4, 6],
      [4, 6],
    ]);
  });

  test('a constant as the new value', () => {
    const v = variable(1, 2);
    v.assign(tensor([7, 8]));
    evaluateSync(v);
    v.assign(v.value.add(tensor([1, 1])));
    evaluateSync(v);
    expect(held(v)).toEqual([[8, 9]]);
  });
});
