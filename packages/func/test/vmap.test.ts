import {
  compile,
  conv2d,
  customGradient,
  explain,
  grad,
  isFloatingPoint,
  jvp,
  ones,
  random,
  stack,
  tensor,
  Tensor,
  vjp,
  zeros,
  type Key,
  type Shape,
} from '@thetagrad/core';
import { flattenTree } from '@thetagrad/core/backend';
import { dropout, Generator } from '@thetagrad/nn';
import { choice, gamma, poisson } from '@thetagrad/random';
import { wasm } from '@thetagrad/wasm';
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
import { withBackend } from '../../../test/support/withBackend.ts';
import { checkpoint, cond, customVmap, jacobian, scan, vmap } from '../src/index.ts';

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

describe('vmap of f and scan of a cond of f are the stack of f over examples, checkpoint(f) is f, all with derivatives; both modes of jacobian agree', () => {
  test.for(table.map((each) => [each.name, each] as const))('%s', ([, { f, inputs }]) => {
    for (const [run, generated] of fc.sample(inputs, { numRuns: 4, seed: 3 }).entries()) {
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
      if (run === 0 && values[0]![0]!.dtype === batch[0]!.dtype) {
        const first = (x: Tensor): Tensor => flat([x, ...points[1]!.slice(1)])[0]!;
        const jacobians = (['forward', 'reverse'] as const).map((mode) => jacobian(first, { mode })(points[1]![0]!));
        expectClose([jacobians[0]!], [jacobians[1]!]);
      }
      if (run === 0 && [...points[0]!, ...values[0]!].every(({ dtype }) => dtype === batch[0]!.dtype)) {
        const negative = (row: readonly Tensor[]): readonly Tensor[] => flat(row).map((each) => each.neg());
        const step = (n: Tensor, row: readonly Tensor[]) => [n, cond(n.equal(0), flat, negative, row)] as const;
        const scanned = vjp<[readonly Tensor[]], readonly Tensor[]>(
          (rows) => scan(step, zeros([], { dtype: batch[0]!.dtype }), rows)[1],
          batch,
        );
        expectClose(scanned.value, stackAll(values));
        expectClose(scanned.pullback(scanned.value)[0], stackAll(points.map(pulled)));
      }
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

  test('maps and settings in trees', () => {
    const point = { parts: new Map([['x', matrix]]), power: 2, name: 'sum', none: null };
    const result = vmap((p: typeof point) => ({
      ...p,
      parts: new Map([...p.parts].map(([key, x]) => [key, x.pow(p.power).sum()])),
    }))(point);
    expect([...result.parts].map(([key, x]) => [key, x.toArraySync()])).toEqual([['x', [14, 77]]]);
    expect(result).toMatchObject({ power: 2, name: 'sum', none: null });
  });

  test('no examples', () => {
    expect(vmap((x: Tensor) => x.sum())(matrix.slice([[0, 0]])).shape).toEqual([0]);
  });

  test.for<[name: string, call: () => unknown, message: RegExp]>([
    ['not a function', () => vmap(3 as never), /^TypeError: vmap: expected a function, got 3/],
    [
      'sizes that differ',
      () => vmap((x: Tensor, y: Tensor) => x.add(y))(matrix, tensor([1, 2, 3])),
      /^RangeError: vmap: arguments disagree on the number of examples: axis 0 of argument 1, \[3\], has 3; axis 0 of argument 0, \[2, 3\], has 2/,
    ],
    [
      'a scalar',
      () => vmap((x: Tensor) => x)(tensor(1)),
      /^RangeError: vmap: argument 0 is a scalar and has no axis of examples; share it by null in inAxes/,
    ],
    [
      'one key for all examples, with an axis',
      () => vmap((key: Key, x: Tensor) => x.add(random.normal(key, [])))(random.key(1), matrix),
      /^RangeError: vmap: argument 0 is a key and has no axis of examples; pass an array of keys such as key.split\(n\)/,
    ],
    [
      'too few keys',
      () => vmap((key: Key, x: Tensor) => x.add(random.normal(key, [])))(random.key(1).split(3), matrix),
      /^RangeError: vmap: arguments disagree on the number of examples/,
    ],
    [
      'plain numbers from a key of an example',
      () => vmap((key: Key) => tensor(key.stream().uniform()))(random.key(1).split(3)),
      /^Error: random.Key: a key inside of a mapped or repeated function has no plain numbers/,
    ],
    [
      'an unknown randomness',
      () => vmap((x: Tensor) => x, { randomness: 'other' as never }),
      /^TypeError: vmap: unknown randomness 'other'; expected same, different, error/,
    ],
    [
      'a shared key, if it is told to',
      () => vmap((x: Tensor) => x.add(random.normal(random.key(1), [])), { randomness: 'error' })(matrix),
      /^Error: vmap: examples draw random numbers from a key that they share/,
    ],
    ['no examples at all', () => vmap(() => matrix)(), /^RangeError: vmap: no argument has an axis of examples/],
    [
      'an unknown option',
      () => vmap((x: Tensor) => x, { axis: 0 } as never),
      /^TypeError: vmap: unknown option 'axis'/,
    ],
    [
      'axes of another structure',
      () => vmap((x: Tensor) => x, { inAxes: [0, 0] })(matrix),
      /^RangeError: vmap: inAxes must be an axis, null, or an array of these for each argument, got \[0, 0\]/,
    ],
    [
      'axes of another structure in an argument',
      () => vmap(({ x }: { x: Tensor }) => x, { inAxes: [[0]] })({ x: matrix }),
      /^RangeError: vmap: inAxes must be an axis, null, or these in the structure of the tensors, got \[0\]/,
    ],
    [
      'an axis that an argument lacks',
      () => vmap((x: Tensor, { y }: { y: Tensor }) => x.add(y), { inAxes: 1 })(matrix, { y: tensor([1, 2]) }),
      /^RangeError: vmap: argument 1.y: axis 1 is out of range for a tensor of rank 1/,
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

const backend = await wasm({ threads: 1 });

describe('random keys', () => {
  const keys = random.key(7).split(3);
  const x = tensor([10, 20, 30]);

  test('each example draws from its own, as if alone', () => {
    const draw = (key: Key, x: Tensor): Tensor => {
      const [first, second] = key.foldIn(2 ** 40 + 3).split(3) as [Key, Key];
      return random
        .normal(first, [2])
        .add(random.uniform(second, [2], { low: -1 }))
        .add(x);
    };
    const expected = stack(keys.map((key, i) => draw(key, x.slice([i]))));
    expect(vmap(draw)(keys, x).toArraySync()).toEqual(expected.toArraySync());
    const shared = vmap(draw, { inAxes: [null, 0] })(keys[0]!, x);
    expect(shared.toArraySync()).toEqual(stack([0, 1, 2].map((i) => draw(keys[0]!, x.slice([i])))).toArraySync());
    const slopes = vmap(
      grad((x: Tensor, key: Key) =>
        draw(key, x)
          .mul(random.normal(key, [2]))
          .sum(),
      ),
    )(x, keys);
    const alone = keys.map((key) => random.normal(key, [2]).sum());
    expect(slopes.toArraySync()).toEqual(stack(alone).toArraySync());
  });

  test.for<[string, (key: Key) => Tensor]>([
    ['bits', (key) => random.bits(key, [2, 2])],
    ['uniform in float64', (key) => random.uniform(key, [2], { low: -1, dtype: 'float64' })],
    ['integers', (key) => random.integers(key, [3], { high: 100 })],
    ['permutation', (key) => random.permutation(key, 5)],
    ['bernoulli', (key) => random.bernoulli(key, [20])],
    ['gamma', (key) => gamma(key, [2], tensor([0.5, 2]))],
    ['poisson', (key) => poisson(key, [2], 3)],
    ['choice', (key) => choice(key, 10, [4], { replace: false })],
    ['dropout', (key) => dropout(key, ones([20]))],
  ])('%s of keys, on every backend', ([, draw]) => {
    const mapped = (): Tensor => vmap(draw)(keys);
    const expected = stack(keys.map(draw)).toArraySync();
    expect(mapped().toArraySync()).toEqual(expected);
    const there = withBackend(backend, () => mapped().dataSync());
    mapped()
      .dataSync()
      .forEach((value, i) => expect(there[i]).toBeCloseTo(value, 5));
  });

  test('in trees, in nested arrays, and as results', () => {
    const grid = keys.map((key) => key.split(2));
    const draw = (key: Key): Tensor => random.bits(key, []);
    const expected = grid.map((row) => row.map((key) => draw(key).itemSync()));
    expect(vmap(vmap(draw))(grid).toArraySync()).toEqual(expected);
    expect(vmap(vmap(draw), { inAxes: 1 })(grid).toArraySync()).toEqual(
      [0, 1].map((i) => expected.map((row) => row[i])),
    );
    expect(vmap(({ key: [first] }: { key: Key[] }) => draw(first!))({ key: grid }).toArraySync()).toEqual(
      expected.map(([first]) => first),
    );
    const next = vmap((key: Key) => key.split()[1]!)(keys) as unknown as readonly Key[];
    expect(next.map((key) => draw(key).itemSync())).toEqual(keys.map((key) => draw(key.split()[1]!).itemSync()));
  });

  test('in replays of compiled functions, also from a generator', async () => {
    const draw = vmap((key: Key, x: Tensor) => x.add(random.normal(key, [])));
    const compiled = compile((key: Key, x: Tensor) => draw(key.split(3), x));
    const ofGenerator = (generator: Generator): Tensor => draw([generator.next(), generator.next()], tensor([0, 0]));
    const [first, second] = [new Generator(3), new Generator(3)];
    const next = compile(() => ofGenerator(first));
    for (let seed = 0; seed < 4; seed++) {
      const key = random.key(seed);
      expect((await compiled(key, x)).toArraySync()).toEqual(draw(key.split(3), x).toArraySync());
      expect((await next()).toArraySync()).toEqual(ofGenerator(second).toArraySync());
    }
  });

  const noisy = (x: Tensor): Tensor => x.add(random.uniform(random.key(3), [], { high: 0.5 }));
  const double = x.astype('float64');
  const noise = (f: (x: Tensor) => Tensor): Set<number> => new Set(f(double).sub(double).dataSync());
  test('those that examples share give all the same numbers, or each others', () => {
    expect(noise(vmap(noisy)).size).toBe(1);
    const different = vmap(noisy, { randomness: 'different' });
    expect(different(x).toArraySync()).toEqual(different(x).toArraySync());
    expect(noise(different).size).toBe(3);
    expect(noise(vmap(checkpoint(noisy), { randomness: 'different' })).size).toBe(3);
    const masked = (x: Tensor): Tensor => x.mul(random.bits(random.key(3), []).astype('float32'));
    const mapped = vmap(grad(checkpoint(masked)), { randomness: 'different' })(x);
    expect(mapped.mul(x).toArraySync()).toEqual(vmap(masked, { randomness: 'different' })(x).toArraySync());
    expect(new Set(vmap(() => noisy(tensor(0)), { axisSize: 3, randomness: 'different' })().dataSync()).size).toBe(3);
  });

  test('also where a loop draws from them', () => {
    const inLoop = (x: Tensor): Tensor =>
      scan(
        (s: Tensor, key: Key) => [s.add(random.uniform(key, [], { high: 0.1 })), null],
        x,
        random.key(1).split(4),
      )[0];
    expect(noise(vmap(inLoop)).size).toBe(1);
    expect(noise(vmap(inLoop, { randomness: 'different' })).size).toBe(3);
    const inBranch = (x: Tensor): Tensor => cond(x.greater(0), noisy, (x: Tensor) => x, x);
    expect(noise(vmap(inBranch, { randomness: 'different' })).size).toBe(3);
  });
});

describe('customVmap', () => {
  const calls: (readonly [number, readonly boolean[]])[] = [];
  const scale = customVmap(
    (x: Tensor, w: Tensor) => x.mul(w),
    (size, isBatched, x, w) => {
      calls.push([size, isBatched]);
      return x.mul(w).add(0);
    },
  );
  const x = tensor([1, 2, 3], { dtype: 'float64' });
  const w = tensor(2, { dtype: 'float64' });

  test('the rule computes all examples, and is differentiated', () => {
    calls.length = 0;
    const mapped = vmap(scale, { inAxes: [0, null] });
    expect(mapped(x, w).toArraySync()).toEqual([2, 4, 6]);
    expect(grad((w: Tensor) => mapped(x, w).sum())(w).itemSync()).toBe(6);
    expect(calls).toEqual([
      [3, [true, false]],
      [3, [true, false]],
    ]);
    expect(scale(x, w).toArraySync()).toEqual([2, 4, 6]);
    expect(
      vmap(
        grad((w: Tensor, x: Tensor) => scale(x, w)),
        { inAxes: [null, 0] },
      )(w, x).toArraySync(),
    ).toEqual([1, 2, 3]);
    expect(calls.length).toBe(2);
  });

  test('where the function and the rule capture examples, and in loops', () => {
    const captured = vmap((x: Tensor) =>
      customVmap(
        (y: Tensor) => y.mul(x),
        (_size, _isBatched, y) => y.mul(x),
      )(w),
    );
    expect(captured(x).toArraySync()).toEqual([2, 4, 6]);
    const looped = vmap(
      (x: Tensor) => scan((s: Tensor, y: Tensor) => [scale(s, y), null], x, tensor([2, 3], { dtype: 'float64' }))[0],
    );
    expect(looped(x).toArraySync()).toEqual([6, 12, 18]);
  });

  test('refuses rules that do not fit', () => {
    const wrong = (rule: () => unknown) => vmap(customVmap((x: Tensor) => x, rule as () => Tensor));
    expect(() => wrong(() => w)(x)).toThrow(
      /^customVmap: the rule must return float64 \[3\], the values of all examples, got float64 \[\]/,
    );
    expect(() => wrong(() => 3)(x)).toThrow(/^customVmap: the rule must return a tensor, got 3/);
    expect(() => customVmap((() => 3) as never, (_, __, x: Tensor) => x)(x)).toThrow(
      /^customVmap: the function must return a tensor/,
    );
    expect(() => customVmap((x: Tensor) => x, 3 as never)).toThrow(/^customVmap: the rule: expected a function, got 3/);
  });
});
