// Operations along lines and at indices: sorting, scans, gathering, scattering, and contractions by einsum.
import { random, zeros, type Tensor } from '@thetagrad/core';
import { einsum } from '@thetagrad/ops';
import { type Case, define } from '../case.ts';

const key = random.key(8);
const [rows, columns] = [512, 1024];
const normal = (number: number, shape: readonly number[]): Tensor => random.normal(key.foldIn(number), shape);
const indicesOf = (number: number, size: number, bound: number): Tensor =>
  random.integers(key.foldIn(number), [size], { high: bound });

export const lines: readonly Case[] = [
  define({
    name: `sort ${rows} rows of ${columns}`,
    inputs: () => ({ x: normal(1, [rows, columns]) }),
    ours:
      ({ x }) =>
      () => [x.sort(1)],
    jax: ({ x }, { numpy }) => [numpy.sort(x, 1)],
    torch: 'return lambda: [torch.sort(x, 1).values]',
  }),
  define({
    name: `topk 8 of ${rows} rows of ${columns}`,
    inputs: () => ({ x: normal(1, [rows, columns]) }),
    ours:
      ({ x }) =>
      () => [x.topk(8, 1).values],
    tfjs:
      ({ x }, tf) =>
      () => [tf.topk(x, 8).values],
    torch: 'return lambda: [torch.topk(x, 8, 1).values]',
  }),
  define({
    name: `cumsum along ${rows} rows of ${columns}`,
    inputs: () => ({ x: normal(1, [rows, columns]) }),
    ours:
      ({ x }) =>
      () => [x.cumsum(1)],
    tfjs:
      ({ x }, tf) =>
      () => [tf.cumsum(x, 1)],
    jax: ({ x }, { numpy }) => [numpy.cumsum(x, 1)],
    torch: 'return lambda: [torch.cumsum(x, 1)]',
  }),
  define({
    name: 'take 16384 of 4096 rows of 64',
    // Peers get floats: they convert the indices once.
    inputs: () => ({ x: normal(1, [4096, 64]), i: indicesOf(2, 16_384, 4096).astype('float32') }),
    ours: ({ x, i }) => {
      const indices = i.astype('int32');
      return () => [x.take(indices)];
    },
    tfjs({ x, i }, tf) {
      const indices = tf.cast(i, 'int32');
      return () => [tf.gather(x, indices)];
    },
    torch: `
indices = i.long()
return lambda: [x[indices]]`,
  }),
  define({
    name: 'scatter-add 16384 rows of 64 to 4096',
    inputs: () => ({ x: normal(1, [16_384, 64]), i: indicesOf(2, 16_384, 4096).astype('float32') }),
    ours: ({ x, i }) => {
      const indices = i.astype('int32').expandDims(1);
      return () => [zeros([4096, 64]).scatterAdd(indices, x, 0)];
    },
    torch: `
indices = i.long()
return lambda: [torch.zeros(4096, 64).index_add(0, indices, x)]`,
  }),
  define({
    name: 'einsum bhid,bhjd->bhij, 8×8×128×64',
    inputs: () => ({ a: normal(1, [8, 8, 128, 64]), b: normal(2, [8, 8, 128, 64]) }),
    ours:
      ({ a, b }) =>
      () => [einsum('bhid,bhjd->bhij', a, b)],
    torch: `return lambda: [torch.einsum('bhid,bhjd->bhij', a, b)]`,
  }),
];
