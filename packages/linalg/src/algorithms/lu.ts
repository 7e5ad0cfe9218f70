import { addProduct, addScaled } from './dense.ts';

const blockSize = 32;

/**
 * The LU factorization of an [m, n] matrix with partial pivoting, in blocks of columns (Golub & Van Loan, §3.4): replaces the
 * matrix by the strictly lower part of L, whose diagonal is 1, and by U.
 * @param pivots receives the row that was exchanged with row i in step i, for min(m, n) steps.
 */
export function factorLu(a: Float64Array, m: number, n: number, pivots: Float64Array): void {
  const steps = Math.min(m, n);
  for (let start = 0; start < steps; start += blockSize) {
    const end = Math.min(start + blockSize, steps);
    for (let k = start; k < end; k++) eliminate(a, m, n, k, end, pivots);
    if (end === n) continue;
    const width = n - end;
    // U of the rows of the block, by substitution, and then the rest.
    for (let i = start + 1; i < end; i++) {
      for (let l = start; l < i; l++) addScaled(a, i * n + end, -a[i * n + l]!, a, l * n + end, width);
    }
    addProduct(
      { values: a, offset: end * n + end, stride: n },
      { values: a, offset: end * n + start, stride: n },
      { values: a, offset: start * n + end, stride: n },
      [m - end, end - start, width],
      -1,
    );
  }
}

/** Eliminates column k from the columns before `end`. */
function eliminate(a: Float64Array, m: number, n: number, k: number, end: number, pivots: Float64Array): void {
  let pivot = k;
  for (let i = k + 1; i < m; i++) if (Math.abs(a[i * n + k]!) > Math.abs(a[pivot * n + k]!)) pivot = i;
  pivots[k] = pivot;
  if (pivot !== k) swapRows(a, n, k, pivot);
  const value = a[k * n + k]!;
  if (value === 0) return;
  for (let i = k + 1; i < m; i++) {
    const factor = a[i * n + k]! / value;
    a[i * n + k] = factor;
    if (factor !== 0) addScaled(a, i * n + k + 1, -factor, a, k * n + k + 1, end - k - 1);
  }
}

/** Exchanges two rows of length n. */
export function swapRows(a: Float64Array, n: number, i: number, j: number): void {
  for (let l = 0; l < n; l++) {
    const value = a[i * n + l]!;
    a[i * n + l] = a[j * n + l]!;
    a[j * n + l] = value;
  }
}
