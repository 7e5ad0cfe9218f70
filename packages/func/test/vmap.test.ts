import {
  conv2d,
  customGradient,
  explain,
  grad,
  isFloatingPoint,
  jvp,
  random,
  stack,
  tensor,
  Tensor,
  vjp,
  type Shape,
} from '@thetagrad/core';
import { flattenTree } from '@thetagrad/core/backend';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contractions } from '../../gradcheck/test/core/cases/contractions.ts';
import { elementwise, piecewiseConstant } from '../../gradcheck/test/core/cases/elementwise.ts';
import { indexing } from '../../gradcheck/test/core/cases/indexing.ts';
import { movement } from '../../gradcheck/test/core/cases/movement.ts';
import { reductions } from '../../gradcheck/test/core/cases/reductions.ts';
import { scans } from '../../gradcheck/test/core/cases/scans.ts';
import { transforms } from '../../gradcheck/test/core/cases/transforms.ts';
import type { Case } from '../../gradcheck/test/core/support.ts';
import { checkpoint, vmap } from '../src/index.ts';

const isFloat = (value: unknown): value is Tensor => value instanceof Tensor && isFloatingPoint(value.dtype);
const floatsOf = (tree: unknown): readonly Tensor[] => flattenTree('test', tree, isFloat).leaves;

/** Three points: those of the case, and two near it, in the same order and of the same signs. */
const factors = [1, 0.97, 0.94];

function expectClose(actual: readonly Tensor[], expected: readonly Tensor[]): void {
  expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  actual.forEach((each, i) => {
    const [a, b] = [each.dataSync(), expected[i]!.dataSync()];
    const isFar = (x: number, y: number): boolean =>
      !Object.is(x, y) && !(Math.abs(x - y) <= (each.dtype === 'float32' ? 1e-5 : 1e-11) * (1 + Math.abs(y)));
    expect(a.findIndex((x, k) => isFar(x, b[k]!))).toBe(-1);
  });
}

const stackAll = (results: readonly (readonly Tensor[])[]): Tensor[] =>
  results[0]!.map((_, i) => stack(results.map((result) => result[i]!)));

const table: readonly Case[] = [
  ...elementwise,
  ...piecewiseConstant,
  ...contractions,
  ...indexing,
  ...movement,
  ...reductions,
  ...scans,
  ...transforms,
];

describe('vmap of f is the stack of f over examples, checkpoint(f) is f, both with derivatives', () => {
  test.for(table.map((each) => [each.name, each] as const))('%s', ([, { f, inputs }]) => {
    for (const generated of fc.sample(inputs, { numRuns: 4, seed: 3 })) {
      const tree = flattenTree('test', generated, isFloat);
      const flat = (point: readonly Tensor[]): readonly Tensor[] => floatsOf(f(...(tree.rebuild(point) as unknown[])));
      const points = factors.map((factor) => tree.leaves.map((leaf) => leaf.mul(factor)));
      const batch = stackAll(points);
      const values = points.map(flat);
      expectClose(vmap(flat)(batch), stackAll(values));
      if (values[0]!.length === 0) continue;
      const pulled = (point: readonly Tensor[]): readonly Tensor[] => {
        const { value, pullback } = vjp<[readonly Tensor[]], readonly Tensor[]>(flat, point);
        return pullback(value)[0];
      };
      const pushed = (point: readonly Tensor[]): readonly Tensor[] =>
        jvp<[readonly Tensor[]], readonly Tensor[]>(flat, [point], [point.map((each) => each.cos())]).tangent;
      expectClose(vmap(pulled)(batch), stackAll(points.map(pulled)));
      expectClose(vmap(pushed)(batch), stackAll(points.map(pushed)));
      // The other order: derivatives through vmap.
      const mapped = vjp<[readonly Tensor[]], readonly Tensor[]>(vmap(flat), batch);
      expectClose(mapped.pullback(mapped.value)[0], stackAll(points.map(pulled)));
      const kept = (point: readonly Tensor[]): readonly Tensor[] => {
        const { value, pullback } = vjp<[readonly Tensor[]], readonly Tensor[]>(checkpoint(flat), point);
        return pullback(value)[0];
      };
      expectClose(kept(points[1]!), pulled(points[1]!));
      expectClose(vmap(kept)(batch), stackAll(points.map(pulled)));
      // Some inputs shared by all examples.
      if (batch.length < 2) continue;
      const shared = (first: Tensor): readonly Tensor[] => flat([first, ...points[0]!.slice(1)]);
      expectClose(vmap(shared)(batch[0]!), stackAll(points.map(([first]) => shared(first!))));
      const last = (rest: readonly Tensor[]): readonly Tensor[] => flat([points[0]![0]!, ...rest]);
      expectClose(vmap(last)(batch.slice(1)), stackAll(points.map(([, ...rest]) => last(rest))));
    }
  });
});

describe('vmap', () => {
  const matrix = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const shapesOf = (f: (x: Tensor) => Tensor, x: Tensor, names: RegExp): Shape[] =>
    explain(f(x))
      .kernels.filter(({ name }) => names.test(name))
      .map(({ shape }) => shape);

  test('a product is one product, a convolution one convolution', () => {
    const w = random.normal(random.key(1), [3, 4]);
    const x = random.normal(random.key(2), [5, 2, 3]);
    expect(
      shapesOf(
        vmap((x: Tensor) => x.matmul(w)),
        x,
        /matmul/,
      ),
    ).toEqual([[10, 4]]);
    const images = random.normal(random.key(3), [5, 2, 3, 6, 6]);
    const filter = random.normal(random.key(4), [4, 3, 3, 3]);
    expect(
      shapesOf(
        vmap((x: Tensor) => conv2d(x, filter)),
        images,
        /convolution/,
      ),
    ).toEqual([[10, 4, 4, 4]]);
    const perExample = vmap((image: Tensor) => grad((w: Tensor) => conv2d(image, w).square().sum())(filter));
    expect(shapesOf(perExample, images, /convolution/).length).toBe(2);
  });

  test('axes in and out', () => {
    const sumOf = (x: Tensor) => x.sum();
    expect(vmap(sumOf, { inAxes: 1 })(matrix).toArraySync()).toEqual([5, 7, 9]);
    expect(vmap(sumOf, { inAxes: [-1] })(matrix).toArraySync()).toEqual([5, 7, 9]);
    expect(vmap((x: Tensor) => x.mul(2), { outAxes: 1 })(matrix).shape).toEqual([3, 2]);
    const tree = vmap((p: { x: Tensor; y: Tensor }) => p.x.mul(p.y), { inAxes: [{ x: 1, y: null }] });
    expect(tree({ x: matrix, y: tensor([10, 20]) }).toArraySync()).toEqual([
      [10, 80],
      [20, 100],
      [30, 120],
    ]);
    expect(vmap(() => tensor([1, 2]), { axisSize: 2 })().toArraySync()).toEqual([
      [1, 2],
      [1, 2],
    ]);
    const both = vmap((x: Tensor) => ({ x, y: tensor(1) }), { outAxes: { x: 1, y: null } })(matrix);
    expect([both.x.shape, both.y.shape]).toEqual([[3, 2], []]);
  });

  test('of vmap', () => {
    const outer = vmap(
      vmap((x: Tensor, y: Tensor) => x.mul(y), { inAxes: [null, 0] }),
      { inAxes: [0, null] },
    );
    expect(outer(tensor([1, 2]), tensor([3, 4, 5])).toArraySync()).toEqual([
      [3, 4, 5],
      [6, 8, 10],
    ]);
  });

  test('of a custom gradient that closes over the example', () => {
    const f = (x: Tensor) => customGradient((y: Tensor) => ({ value: y.square(), vjp: (t) => [t.mul(x).mul(100)] }))(x);
    expect(grad((x: Tensor) => vmap(f)(x).sum())(tensor([1, 2])).toArraySync()).toEqual([100, 200]);
    expect(vmap(grad(f))(tensor([1, 2])).toArraySync()).toEqual([100, 200]);
  });

  test('no examples', () => {
    expect(vmap((x: Tensor) => x.sum())(matrix.slice([[0, 0]])).shape).toEqual([0]);
  });

  test.for<[name: string, call: () => unknown, message: RegExp]>([
    ['not a function', () => vmap(3 as never), /^TypeError: vmap: expected a function, got 3/],
    [
      'sizes that differ',
      () => vmap((x: Tensor, y: Tensor) => x.add(y))(matrix, tensor([1, 2, 3])),
      /^RangeError: vmap: arguments disagree on the number of examples: axis 0 of argument 1, \[3\] has 3, axis 0 of argument 0, \[2, 3\] has 2/,
    ],
    ['a scalar', () => vmap((x: Tensor) => x)(tensor(1)), /^RangeError: vmap: axis 0 is out of range/],
    ['no examples at all', () => vmap(() => matrix)(), /^RangeError: vmap: no argument has an axis of examples/],
    [
      'an unknown option',
      () => vmap((x: Tensor) => x, { axis: 0 } as never),
      /^TypeError: vmap: unknown option 'axis'/,
    ],
    [
      'axes of another structure',
      () => vmap((x: Tensor) => x, { inAxes: [0, 0] })(matrix),
      /^RangeError: vmap: inAxes must be an axis, null, or these/,
    ],
    [
      'a result that differs, without an axis',
      () => vmap((x: Tensor) => x, { outAxes: null })(matrix),
      /^RangeError: vmap: outAxes is null for a result that differs/,
    ],
    [
      'a value read inside',
      () => vmap((x: Tensor) => x.mul(x.sum().itemSync()))(matrix),
      /vmap: a tensor of one example/,
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
