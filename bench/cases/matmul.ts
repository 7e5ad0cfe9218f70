import { random, type Tensor } from '@thetagrad/core';
import { type Case, define } from '../case.ts';

const key = random.key(1);

/** The kernel of gpu.js' documentation. */
const source = `function (a, b) {
  let sum = 0;
  for (let i = 0; i < this.constants.k; i++) sum += a[this.thread.y][i] * b[i][this.thread.x];
  return sum;
}`;

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
    product: { m, k, n, batches: operations / (m * k * n) },
    // Those that would take seconds a product are left out.
    ...(left.length === 2 &&
      operations <= 1024 ** 3 && {
        gpu: { source, arguments: ['a', 'b'], output: [n, m], constants: { k } },
      }),
    ...(operations <= 256 ** 3 && {
      jsPytorch:
        ({ a, b }, torch) =>
        () => [torch.matmul(a, b)],
    }),
  });
}

export function squareMatmul(n: number): Case {
  return matmul(`matmul ${n}`, [n, n], [n, n]);
}

/** Of square matrices, one of which lies in memory by columns. */
export function transposedMatmul(n: number, which: 'left' | 'right'): Case {
  const [left, right] = [which === 'left', which === 'right'];
  const turned = (x: Tensor, isTurned: boolean): Tensor => (isTurned ? x.transpose() : x);
  return define<'a' | 'b'>({
    name: `matmul ${n}, ${which} transposed`,
    inputs: () => ({ a: random.normal(key.foldIn(1), [n, n]), b: random.normal(key.foldIn(2), [n, n]) }),
    ours:
      ({ a, b }) =>
      () => [turned(a, left).matmul(turned(b, right))],
    tfjs:
      ({ a, b }, tf) =>
      () => [tf.matMul(a, b, left, right)],
    jax: ({ a, b }, { numpy }) => [numpy.matmul(left ? numpy.transpose(a) : a, right ? numpy.transpose(b) : b)],
    torch: `return lambda: [a${left ? '.T' : ''} @ b${right ? '.T' : ''}]`,
  });
}

export const batchedMatmuls: readonly Case[] = [
  matmul('matmul batched, 256 × 32', [256, 32, 32], [256, 32, 32]),
  matmul('matmul batched, 4096 × 8', [4096, 8, 8], [4096, 8, 8]),
];

export const skinnyMatmuls: readonly Case[] = [
  matmul('matmul skinny, 1 by 1024×1024', [1, 1024], [1024, 1024]),
  matmul('matmul skinny, 16 by 1024×1024', [16, 1024], [1024, 1024]),
];

export const matmuls: readonly Case[] = [
  ...[64, 128, 256, 512, 1024, 2048].map(squareMatmul),
  ...batchedMatmuls,
  ...skinnyMatmuls,
];
