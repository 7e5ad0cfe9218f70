import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  conv2d,
  type DType,
  evaluateSync,
  explain,
  type KernelDescription,
  tensor,
  type Tensor,
  Variable,
} from '../src/index.ts';
import { plansOf } from './backends.ts';

const data = (...shape: number[]): Tensor =>
  tensor(new Float32Array(shape.reduce((product, length) => product * length, 1)), { shape });

const only = (x: Tensor): KernelDescription => {
  const { kernels } = explain(x);
  expect(kernels).toHaveLength(1);
  return kernels[0]!;
};

describe('a kernel', () => {
  test('that multiplies matrices, with an epilogue', () => {
    expect(only(data(4, 8).matmul(data(8, 16)).add(data(16)).relu())).toEqual({
      name: 'matmul → add → relu',
      shape: [4, 16],
      dtype: 'float32',
      bytes: 4 * (4 * 8 + 8 * 16 + 16 + 4 * 16),
      multiplyAdds: 4 * 8 * 16,
    });
  });

  test('that convolves', () => {
    expect(only(conv2d(data(2, 6, 8, 8), data(4, 3, 3, 3), { padding: 1, stride: 2, groups: 2 }))).toEqual({
      name: 'convolution',
      shape: [2, 4, 4, 4],
      dtype: 'float32',
      bytes: 4 * (2 * 6 * 8 * 8 + 4 * 3 * 3 * 3 + 2 * 4 * 4 * 4),
      multiplyAdds: 2 * 4 * 4 * 4 * (3 * 3 * 3),
    });
  });

  test('that reduces', () => {
    expect(only(data(100, 10).square().sum(0))).toEqual({
      name: 'square → sum',
      shape: [10],
      dtype: 'float32',
      bytes: 4 * (1000 + 10),
      multiplyAdds: 0,
    });
    expect(only(data(100, 10).argmax(1))).toMatchObject({ shape: [100], dtype: 'int32', bytes: 4 * (1000 + 100) });
  });

  test.each<[string, DType, number]>([
    ['float64', 'float64', 8],
    ['int32', 'int32', 4],
    ['bool', 'bool', 1],
  ])('of %s', (_, dtype, width) => {
    const x = tensor(new Float64Array(30), { dtype });
    const y = tensor(new Float64Array(30), { dtype });
    expect(only(x.less(y))).toMatchObject({ dtype: 'bool', bytes: dtype === 'bool' ? 30 * 3 : 30 * (2 * width + 1) });
  });

  test.each<[string, (x: Tensor) => Tensor, number]>([
    ['broadcast elements count once', (x) => x.slice([0]).broadcastTo([10, 6]).neg(), 6 + 60],
    ['those outside of a slice do not count', (x) => x.slice([[0, 2]]).neg(), 12 + 12],
    ['those in several windows count once', (x) => x.flatten().unfold(0, 5).neg(), 24 + 20 * 5],
    [
      'an operand with two views is read twice',
      (x) =>
        x
          .reshape([4, 6])
          .transpose()
          .sub(x.reshape([6, 4])),
      24 + 24 + 24,
    ],
    ['an operand that is used twice is read once', (x) => x.mul(x.neg()), 24 + 24],
  ])('%s', (_, f, elements) => {
    expect(only(f(data(4, 6))).bytes).toBe(4 * elements);
  });
});

describe('a plan', () => {
  const power = (): Tensor => {
    const x = data(64, 64);
    return x.matmul(x).matmul(x).matmul(x).matmul(x);
  };

  test('has the totals of its kernels', () => {
    const { kernels, bytes, multiplyAdds, operations } = explain(power().add(1));
    const matrix = 4 * 64 * 64;
    expect(kernels.map(({ name }) => name)).toEqual(['matmul', 'matmul', 'matmul', 'matmul → add']);
    expect([bytes, multiplyAdds, operations]).toEqual([4 * 3 * matrix + 4, 4 * 64 ** 3, 5]);
  });

  test('has an arena smaller than the sum of its intermediates', () => {
    const { arenaBytes, intermediateBytes } = explain(power());
    expect([arenaBytes, intermediateBytes]).toEqual([2 * 4 * 64 * 64, 3 * 4 * 64 * 64]);
  });

  test('has an arena of at most its intermediates, each rounded up to 64 bytes', () => {
    const operations: ((x: Tensor, y: Tensor) => Tensor)[] = [
      (x, y) => x.flatten().sum(0, { keepdims: true }).add(y.flatten().sort()),
      (x) =>
        x
          .flatten()
          .pad([[1, 2]])
          .exp(),
      (x, y) =>
        x
          .reshape([x.size, 1])
          .matmul(y.reshape([1, y.size]))
          .sum(1),
    ];
    const picks = fc.array(fc.tuple(fc.nat(operations.length - 1), fc.nat(), fc.nat()), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(picks, (steps) => {
        const tensors = [data(3), data(2, 2)];
        for (const [operation, first, second] of steps) {
          const [x, y] = [first, second].map((n) => tensors[n % tensors.length]!.flatten().slice([[0, 30]]));
          tensors.push(operations[operation]!(x!, y!));
        }
        const { kernels, arenaBytes, intermediateBytes } = explain(tensors.slice(-2));
        expect(arenaBytes).toBeLessThanOrEqual(intermediateBytes + 64 * kernels.length);
      }),
      { numRuns: 50 },
    );
  });

  test('that updates variables needs no arena for them', () => {
    const [v, w] = [new Variable(data(1000)), new Variable(data(1000))];
    v.assign(v.value.mul(0.9).add(data(1000)));
    w.assign(w.value.sub(v.value));
    const { kernels, arenaBytes, intermediateBytes } = explain({ v, w });
    expect(kernels.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['mul → add', 4 * 3 * 1000 + 4],
      ['sub', 4 * 3 * 1000],
    ]);
    expect([arenaBytes, intermediateBytes]).toEqual([0, 0]);
  });

  test('is the one that would run, but does not run', () => {
    const x = data(5, 5).exp();
    const y = x.matmul(x).sum();
    expect(plansOf(() => explain(y))).toEqual([]);
    expect([x.buffer, y.buffer]).toEqual([undefined, undefined]);
    const { kernels, arenaBytes } = explain(y);
    const [plan] = plansOf(() => evaluateSync(y));
    expect([plan!.kernels.length, plan!.arenaBytes]).toEqual([kernels.length, arenaBytes]);
    expect(explain(y).kernels).toEqual([]);
  });
});

describe('as text', () => {
  test('one line for each kernel, and two for totals', () => {
    const x = data(100, 50);
    expect(String(explain(x.matmul(data(50, 100)).add(data(100)).relu().sort()))).toBe(
      [
        '0: float32[100, 100] matmul → add → relu (0.0804 MB, 0.500 M multiply-adds)',
        '1: int32[100, 100] argsort (0.0800 MB)',
        '2: float32[100, 100] take (0.120 MB)',
        '3 kernels for 5 operations, 0.280 MB moved, 0.500 M multiply-adds',
        'arena 0.0800 MB for intermediates of 0.0800 MB',
      ].join('\n'),
    );
  });

  test('without kernels', () => {
    const x = data(2);
    expect(String(explain(x))).toBe(
      '0 kernels for 0 operations, 0 B moved, 0 multiply-adds\narena 0 B for intermediates of 0 B',
    );
  });
});

test('a number as an argument is an error', () => {
  expect(() => explain(3)).toThrow(
    'explain: expected tensors, variables, modules, or arrays and objects of them, got 3',
  );
});
