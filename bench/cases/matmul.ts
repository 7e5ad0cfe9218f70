import { random } from '@thetagrad/core';
import { type Case, define } from '../case.ts';

const key = random.key(1);

function matmul(name: string, left: readonly number[], right: readonly number[]): Case {
  const operations = left.reduce((product, length) => product * length, 1) * right.at(-1)!;
  const [m, k] = left.slice(-2) as [number, number];
  const n = right.at(-1)!;
  return define<'a' | 'b'>({
    name,
    inputs: () => ({ a: random.normal(key.foldIn(1), left), b: random.normal(key.foldIn(2), right) }),
    ours:
      ({ a, b }) =>
      () => [a.matmul(b)],
    tfjs:
      ({ a, b }, tf) =>
      () => [tf.matMul(a, b)],
    jax: ({ a, b }, { numpy }) => [numpy.matmul(a, b)],
    torch: 'return lambda: [a @ b]',
    // Those that would take seconds a product are left out.
    ...(left.length === 2 &&
      operations <= 1024 ** 3 && {
        gpu: { sizes: [m, k, n], run: (kernel, { a, b }) => kernel(a, b) },
      }),
    ...(operations <= 256 ** 3 && {
      jsPytorch:
        ({ a, b }, torch) =>
        () => [torch.matmul(a, b)],
    }),
  });
}

const square = [64, 128, 256, 512, 1024, 2048].map((n) => matmul(`matmul ${n}`, [n, n], [n, n]));

export const matmuls: readonly Case[] = [
  ...square,
  matmul('matmul batched, 256 × 32', [256, 32, 32], [256, 32, 32]),
  matmul('matmul batched, 4096 × 8', [4096, 8, 8], [4096, 8, 8]),
  matmul('matmul skinny, 1 by 1024×1024', [1, 1024], [1024, 1024]),
  matmul('matmul skinny, 16 by 1024×1024', [16, 1024], [1024, 1024]),
];
