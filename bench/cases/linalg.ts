import { eye, random, type Tensor } from '@thetagrad/core';
import { cholesky, eigh, solve, svd } from '@thetagrad/linalg';
import { type Case, define } from '../case.ts';

const key = random.key(6);
const n = 256;
const normal = (number: number): Tensor => random.normal(key.foldIn(number), [n, n]);

// Libraries choose the signs of eigenvectors and singular vectors, so that cases return sums of their squares, which need them all.
export const linalg: readonly Case[] = [
  define({
    name: `cholesky ${n}`,
    inputs: () => ({
      a: normal(1).matmul(normal(1).transpose()).div(n).add(eye(n)),
    }),
    ours:
      ({ a }) =>
      () => [cholesky(a)],
    jax: ({ a }, { numpy }) => [numpy.linalg.cholesky(a)],
    torch: 'return lambda: [torch.linalg.cholesky(a)]',
  }),
  define({
    name: `solve ${n}, as many right-hand sides`,
    inputs: () => ({ a: normal(1).add(eye(n).mul(2 * n ** 0.5)), b: normal(2) }),
    ours:
      ({ a, b }) =>
      () => [solve(a, b)],
    torch: 'return lambda: [torch.linalg.solve(a, b)]',
  }),
  define({
    name: `eigh ${n}`,
    inputs: () => ({ a: normal(1).add(normal(1).transpose()) }),
    ours:
      ({ a }) =>
      () => {
        const { eigenvalues, eigenvectors } = eigh(a);
        return [eigenvalues, eigenvectors.square().matmul(eigenvalues)];
      },
    jax({ a }, { numpy }) {
      const [values, vectors] = numpy.linalg.eigh(a);
      return [values.ref, numpy.matmul(numpy.square(vectors), values)];
    },
    torch: `
def run():
    values, vectors = torch.linalg.eigh(a)
    return [values, vectors.square() @ values]
return run`,
  }),
  define({
    name: `svd ${n}`,
    inputs: () => ({ a: normal(1) }),
    ours:
      ({ a }) =>
      () => {
        const { u, s, vh } = svd(a, { fullMatrices: false });
        return [s, u.square().matmul(s.square()), s.square().matmul(vh.square())];
      },
    jax({ a }, { numpy }) {
      const [u, s, vh] = numpy.linalg.svd(a, { fullMatrices: false });
      const squares = numpy.square(s.ref);
      return [s, numpy.matmul(numpy.square(u), squares.ref), numpy.matmul(squares, numpy.square(vh))];
    },
    torch: `
def run():
    u, s, vh = torch.linalg.svd(a, full_matrices=False)
    return [s, u.square() @ s.square(), s.square() @ vh.square()]
return run`,
  }),
];
