// Factorizations of matrices beyond a few rows, and of those that are hard: their products give the matrix back, and orthogonal
// factors are orthogonal, within the rounding errors of double precision.
import { concat, eye, random, tensor, type Tensor } from '@thetagrad/core';
import {
  cholesky,
  eig,
  eigh,
  eigvals,
  eigvalsh,
  inv,
  ldlFactor,
  ldlSolve,
  lstsq,
  lu,
  matrixExp,
  pinv,
  qr,
  solve,
  svd,
  svdvals,
} from '@thetagrad/linalg';
import { describe, expect, test } from 'vitest';

const key = random.key(3);
const normal = (rows: number, columns: number): Tensor => random.normal(key, [rows, columns], { dtype: 'float64' });
const identity = (n: number): Tensor => eye(n, { dtype: 'float64' });
const scaled = (x: Tensor, factors: Tensor): Tensor => x.mul(factors.expandDims(-2));
const gram = (x: Tensor): Tensor => x.transpose().matmul(x);

/** Expects equal matrices, within rounding errors of the size of the largest element. */
function expectEqual(actual: Tensor, wanted: Tensor): void {
  const [n] = wanted.shape;
  const scale = wanted.abs().max().itemSync();
  const error = actual.sub(wanted).abs().max().itemSync();
  expect(error).toBeLessThanOrEqual(20 * (n! + 10) * 2 ** -52 * scale);
}

/** A matrix of given singular values. */
function withSingularValues(values: number[], columns = values.length): Tensor {
  const n = values.length;
  const s = tensor(values, { dtype: 'float64' });
  return scaled(qr(normal(n, n)).q, s).matmul(qr(normal(columns, n)).q.transpose());
}

const decreasing = (n: number, f: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => f(i));

const matrices: readonly (readonly [name: string, make: () => Tensor])[] = [
  ['of one element', () => normal(1, 1)],
  ['square', () => normal(40, 40)],
  ['of more than one block of columns', () => normal(70, 70)],
  ['tall', () => normal(50, 33)],
  ['wide', () => normal(5, 40)],
  ['of low rank', () => normal(12, 3).matmul(normal(3, 9))],
  ['zero', () => normal(6, 4).mul(0)],
  ['the identity', () => identity(9)],
  [
    'bidiagonal with a zero on the diagonal',
    () =>
      tensor(
        [
          [1, 2, 0, 0],
          [0, 0, 3, 0],
          [0, 0, 4, 5],
          [0, 0, 0, 0],
        ],
        { dtype: 'float64' },
      ),
  ],
  ['of graded singular values', () => withSingularValues(decreasing(12, (i) => 10 ** -i))],
  ['of equal singular values', () => withSingularValues(decreasing(10, (i) => (i < 5 ? 3 : 1)))],
  ['of one value', () => normal(50, 50).mul(0).add(1)],
  ['of many equal singular values', () => withSingularValues(decreasing(70, (i) => (i < 40 ? 3 : 1)))],
  ['of singular values down to 0', () => withSingularValues(decreasing(80, (i) => 2 ** -i))],
  ['of huge numbers', () => normal(8, 6).mul(1e250)],
  ['of tiny numbers', () => normal(6, 8).mul(1e-250)],
];

describe('of matrices', () => {
  test.for(matrices)('%s', ([, make]) => {
    const a = make();
    const [m, n] = a.shape as [number, number];
    const k = Math.min(m, n);

    const { p, l, u: upper } = lu(a);
    expectEqual(p.matmul(l).matmul(upper), a);
    expect(l.abs().max().itemSync()).toBeLessThanOrEqual(1);

    for (const mode of ['reduced', 'complete'] as const) {
      const { q, r } = qr(a, { mode });
      expectEqual(q.matmul(r), a);
      expectEqual(gram(q), identity(q.shape[1]!));
    }

    for (const fullMatrices of [false, true]) {
      const { u, s, vh } = svd(a, { fullMatrices });
      expectEqual(scaled(u.slice([null, [0, k]]), s).matmul(vh.slice([[0, k]])), a);
      expectEqual(gram(u), identity(u.shape[1]!));
      expectEqual(gram(vh.transpose()), identity(vh.shape[0]!));
      expectEqual(svdvals(a), s);
      expect(s.dataSync()).toEqual(s.sort(-1, { descending: true }).dataSync());
    }

    const symmetric = a
      .slice([
        [0, k],
        [0, k],
      ])
      .add(
        a
          .slice([
            [0, k],
            [0, k],
          ])
          .transpose(),
      );
    const { eigenvalues, eigenvectors } = eigh(symmetric);
    expectEqual(scaled(eigenvectors, eigenvalues).matmul(eigenvectors.transpose()), symmetric);
    expectEqual(gram(eigenvectors), identity(k));
    expectEqual(eigvalsh(symmetric), eigenvalues);
  });
});

test('a symmetric matrix with many eigenvalues that are nearly equal', () => {
  // Wilkinson's matrices of 21 rows, which are joined by small numbers.
  const count = 150;
  const diagonal = decreasing(count, (i) => Math.abs((i % 21) - 10));
  const joined = decreasing(count - 1, (i) => (i % 21 === 20 ? 1e-8 : 1));
  const a = tensor(
    diagonal.map((x, i) => diagonal.map((_, j) => (i === j ? x : Math.abs(i - j) === 1 ? joined[Math.min(i, j)]! : 0))),
    { dtype: 'float64' },
  );
  const { eigenvalues, eigenvectors } = eigh(a);
  expectEqual(scaled(eigenvectors, eigenvalues).matmul(eigenvectors.transpose()), a);
  expectEqual(gram(eigenvectors), identity(count));
  expectEqual(eigvalsh(a), eigenvalues);
});

describe('eigenvalues of general matrices', () => {
  const companion = tensor(
    Array.from({ length: 6 }, (_, i) =>
      Array.from({ length: 6 }, (__, j) => Number(i === j + 1 || (i === 0 && j === 5))),
    ),
    { dtype: 'float64' },
  );
  test.for<readonly [name: string, make: () => Tensor]>([
    ['random', () => normal(40, 40)],
    ['with real eigenvalues', () => gram(normal(12, 12)).matmul(gram(normal(12, 12)).add(identity(12)))],
    ['a permutation', () => companion],
    ['triangular', () => normal(6, 6).mul(identity(6).cumsum(0))],
    [
      'defective',
      () =>
        identity(5).add(
          identity(5)
            .pad([
              [0, 0],
              [1, 0],
            ])
            .slice([null, [0, 5]]),
        ),
    ],
    [
      'with equal pairs',
      () => concat([concat([companion, companion.mul(0)], 1), concat([companion.mul(0), companion], 1)]),
    ],
    ['of huge numbers', () => normal(5, 5).mul(1e250)],
  ])('%s', ([, make]) => {
    const a = make();
    const { eigenvalues, eigenvectors } = eig(a);
    const [re, im] = [0, 1].map((i) => eigenvalues.slice([null, i])) as [Tensor, Tensor];
    const [v, w] = [0, 1].map((i) => eigenvectors.slice([null, null, i])) as [Tensor, Tensor];
    const scale = a.norm().itemSync();
    for (const residual of [
      a.matmul(v).sub(scaled(v, re)).add(scaled(w, im)),
      a.matmul(w).sub(scaled(v, im)).sub(scaled(w, re)),
      eigvals(a).sub(eigenvalues),
    ]) {
      expect(residual.abs().max().itemSync()).toBeLessThan(1e-13 * scale);
    }
    expectEqual(v.square().add(w.square()).sum(0), re.mul(0).add(1));
  });
});

describe('of positive definite matrices and systems of equations', () => {
  test.for([1, 17, 70])('%i rows', (n) => {
    const a = normal(n, n).add(identity(n).mul(2 * n));
    const positive = gram(a);
    const factor = cholesky(positive);
    expectEqual(factor.matmul(factor.transpose()), positive);
    expectEqual(a.matmul(solve(a, normal(n, 3))), normal(n, 3));
    expectEqual(a.matmul(inv(a)), identity(n));
    expectEqual(pinv(a), inv(a));
    // A symmetric matrix whose diagonal is 0, which takes blocks of two rows.
    const zero = a.mul(0);
    const indefinite = concat([concat([zero, a], 1), concat([a.transpose(), zero], 1)]);
    const { ld, pivots } = ldlFactor(indefinite);
    expectEqual(indefinite.matmul(ldlSolve(ld, pivots, normal(2 * n, 3))), normal(2 * n, 3));
    const small = a.div(2 * n);
    expectEqual(matrixExp(small).matmul(matrixExp(small.neg())), identity(n));
  });
});

test.for(['float32', 'float64'] as const)('blocks of two rows of tiny and huge numbers, %s', (dtype) => {
  const a = tensor(
    [
      [1e-3, 4, 1],
      [4, 2, 1],
      [1, 1, 100],
    ],
    { dtype },
  );
  const b = tensor([1, 2, 3], { dtype });
  for (const exponent of dtype === 'float32' ? [-100, 100] : [-1000, 1000]) {
    const scale = 2 ** exponent;
    const { ld, pivots } = ldlFactor(a.mul(scale));
    // Powers of two change no digits.
    expect(ldlSolve(ld, pivots, b.mul(scale)).dataSync()).toEqual(ldlSolve(ldlFactor(a).ld, pivots, b).dataSync());
  }
  expect(ldlSolve(ldlFactor(a).ld, ldlFactor(a).pivots, a.matmul(b)).sub(b).abs().max().itemSync()).toBeLessThan(1e-5);
});

test('the exponential of a nilpotent matrix with a column whose sum overflows', () => {
  const a = tensor([1, 1.7, 0], { dtype: 'float64' })
    .mul(1e308)
    .expandDims(1)
    .mul(tensor([0, 0, 1]));
  expectEqual(matrixExp(a), a.add(identity(3)));
});

test('dtypes: integers become float32, and two operands the wider one', () => {
  const integers = tensor(
    [
      [2, 0],
      [0, 1],
    ],
    { dtype: 'int32' },
  );
  const narrow = integers.astype('float32');
  const wide = tensor([1, 2], { dtype: 'float64' });
  const tensors = [
    inv(integers),
    solve(integers, integers),
    solve(narrow, wide),
    lstsq(integers, wide).solution,
    eigh(integers).eigenvalues,
  ];
  expect(tensors.map(({ dtype }) => dtype)).toEqual(['float32', 'float32', 'float64', 'float64', 'float32']);
});

test('signs of eigenvectors and singular vectors: the element of the largest magnitude is positive', () => {
  const a = normal(7, 5);
  for (const vectors of [eigh(gram(a)).eigenvectors, svd(a, { fullMatrices: false }).u]) {
    const largest = vectors.takeAlongAxis(vectors.abs().argmax(0).expandDims(0), 0);
    expect(largest.min().itemSync()).toBeGreaterThan(0);
  }
});
