import { addProduct, addScaled, dot } from './dense.ts';

export type TriangularForm = {
  /** Whether the matrix is upper triangular, not lower. */
  readonly upper: boolean;
  /** Whether the diagonal counts as ones. */
  readonly unitriangular: boolean;
};

const blockSize = 16;

/**
 * Solves a · x = b for a triangular [n, n] matrix and an [n, k] right-hand side, by substitution in blocks of rows (Golub & Van
 * Loan, §3.1). Replaces b by the solution; reads one triangle of a.
 */
export function substitute(a: Float64Array, n: number, b: Float64Array, k: number, form: TriangularForm): void {
  const { upper, unitriangular } = form;
  for (let done = 0; done < n; done += blockSize) {
    const count = Math.min(blockSize, n - done);
    const first = upper ? n - done - count : done;
    if (k > 1 && done > 0) {
      const known = upper ? first + count : 0;
      addProduct(
        { values: b, offset: first * k, stride: k },
        { values: a, offset: first * n + known, stride: n },
        { values: b, offset: known * k, stride: k },
        [count, done, k],
        -1,
      );
    }
    for (let step = 0; step < count; step++) {
      const i = upper ? first + count - 1 - step : first + step;
      // What remains to be subtracted: the rows of the block that are known, or for one column all that are.
      const rest = k > 1 ? step : done + step;
      const known = upper ? i + 1 : i - rest;
      if (k === 1) b[i]! -= dot(a, i * n + known, b, known, rest);
      else for (let l = known; l < known + rest; l++) addScaled(b, i * k, -a[i * n + l]!, b, l * k, k);
      if (!unitriangular) divideRow(b, i * k, k, a[i * n + i]!);
    }
  }
}

function divideRow(b: Float64Array, start: number, k: number, divisor: number): void {
  for (let j = start; j < start + k; j++) b[j]! /= divisor;
}
