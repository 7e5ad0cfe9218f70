import { dot } from './dense.ts';

/**
 * The Cholesky factorization of a symmetric [n, n] matrix, row by row (Golub & Van Loan, Matrix Computations, §4.2): replaces
 * the lower triangle by the factor and the rest by zeros. Reads the lower triangle only.
 * @returns the order of the first leading minor that is not positive, or 0 if there is none.
 */
export function factorCholesky(a: Float64Array, n: number): number {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j < i; j++) a[row + j] = (a[row + j]! - dot(a, row, a, j * n, j)) / a[j * n + j]!;
    const pivot = a[row + i]! - dot(a, row, a, row, i);
    if (!(pivot > 0)) return i + 1;
    a[row + i] = Math.sqrt(pivot);
    a.fill(0, row + i + 1, row + n);
  }
  return 0;
}
