import { setIdentity } from './dense.ts';
import { makeReflector, reflectColumns } from './reflectors.ts';

/** The reflections of a QR factorization: v of each in a row of `vectors`, from the column of its number on. */
export interface Reflections {
  readonly vectors: Float64Array;
  readonly taus: Float64Array;
  readonly count: number;
}

/**
 * The QR factorization of an [m, n] matrix by Householder reflections (Golub & Van Loan, §5.2): replaces the matrix by R, of
 * the same shape.
 */
export function factorQr(a: Float64Array, m: number, n: number): Reflections {
  const count = Math.min(m, n);
  const vectors = new Float64Array(count * m);
  const taus = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    const start = k * m + k;
    for (let i = k; i < m; i++) vectors[k * m + i] = a[i * n + k]!;
    const { tau, beta } = makeReflector(vectors, start, m - k);
    taus[k] = tau;
    a[k * n + k] = beta;
    for (let i = k + 1; i < m; i++) a[i * n + k] = 0;
    reflectColumns(a, k, k + 1, n, { values: vectors, start, n: m - k, tau });
  }
  return { vectors, taus, count };
}

/** Writes the first `columns` columns of the product of reflections of vectors of length m. */
export function formQ(q: Float64Array, m: number, columns: number, { vectors, taus, count }: Reflections): void {
  setIdentity(q, m, columns);
  for (let k = Math.min(count, columns) - 1; k >= 0; k--) {
    reflectColumns(q, k, k, columns, { values: vectors, start: k * m + k, n: m - k, tau: taus[k]! });
  }
}
