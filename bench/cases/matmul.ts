import { random, type Tensor } from '@thetagrad/core';
import { sizeOf } from '@thetagrad/core/backend';
import { type Case, define } from '../case.ts';

const key = random.key(1);

/** Kernel from the documentation of gpu.js. */
const source = `function (a, b) {
  let sum = 0;
  for (let i = 0; i < this.constants.k; i++) sum += a[this.thread.y][i] * b[i][this.thread.x];
  return sum;
}`;

function createMatmul(name: string, left: readonly number[], right: readonly number[]): Case {
  const operations = sizeOf(left) * right.at(-1)!;
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
    // Only sizes that take less than seconds.
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

export function createSquareMatmul(n: number): Case {
  return createMatmul(`matmul ${n}`, [n, n], [n, n]);
}

/** Creates a product of square matrices, one of them in column-major order. */
export function createTransposedMatmul(n: number, which: 'left' | 'right'): Case {
  const [left, right] = [which === 'left', which === 'right'];
  const transposeIf = (x: Tensor, condition: boolean): Tensor => (condition ? x.transpose() : x);
  return define<'a' | 'b'>({
    name: `matmul ${n}, ${which} transposed`,
    inputs: () => ({ a: random.normal(key.foldIn(1), [n, n]), b: random.normal(key.foldIn(2), [n, n]) }),
    ours:
      ({ a, b }) =>
      () => [transposeIf(a, left).matmul(transposeIf(b, right))],
    tfjs:
      ({ a, b }, tf) =>
      () => [tf.matMul(a, b, left, right)],
    jax: ({ a, b }, { numpy }) => [numpy.matmul(left ? numpy.transpose(a) : a, right ? numpy.transpose(b) : b)],
    torch: `return lambda: [a${left ? '.T' : ''} @ b${right ? '.T' : ''}]`,
  });
}

export const batchedMatmuls: readonly Case[] = [
  createMatmul('matmul batched, 256 × 32', [256, 32, 32], [256, 32, 32]),
  createMatmul('matmul batched, 4096 × 8', [4096, 8, 8], [4096, 8, 8]),
];

export const skinnyMatmuls: readonly Case[] = [
  createMatmul('matmul skinny, 1 by 1024×1024', [1, 1024], [1024, 1024]),
  createMatmul('matmul skinny, 16 by 1024×1024', [16, 1024], [1024, 1024]),
];

export const matmuls: readonly Case[] = [
  ...[64, 128, 256, 512, 1024, 2048].map(createSquareMatmul),
  ...batchedMatmuls,
  ...skinnyMatmuls,
];
