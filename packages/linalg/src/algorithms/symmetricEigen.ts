import { addScaled, dot, largestMagnitude, rotateRows, setIdentity } from './dense.ts';
import { makeReflector, reflectRows } from './reflectors.ts';

/** The spacing of doubles at 1. */
export const epsilon: number = 2 ** -52;

/** More steps than any eigenvalue or singular value takes. */
export const maxSteps = 100;

/**
 * The eigenvalues of a symmetric [n, n] matrix in ascending order, by Householder tridiagonalization and the implicit QL
 * algorithm (Golub & Van Loan, §8.3). Destroys the matrix, both of whose triangles must be given.
 * @param vectors receives the eigenvectors, of length 1, as rows. Each is scaled such that its element of the largest magnitude
 *   (the first of these) is positive.
 */
export function decomposeSymmetric(a: Float64Array, n: number, values: Float64Array, vectors?: Float64Array): void {
  const offDiagonal = new Float64Array(n);
  const taus = tridiagonalize(a, n, values, offDiagonal);
  if (vectors) {
    setIdentity(vectors, n, n);
    for (let k = n - 2; k >= 0; k--) {
      const start = k * n + k + 1;
      reflectRows(vectors, [k + 1, n], k + 1, n, { values: a, start, n: n - k - 1, tau: taus[k]! });
    }
  }
  diagonalize(values, offDiagonal, n, vectors);
  if (!vectors) {
    values.sort();
    return;
  }
  sortRows(values, n, [vectors], n, false);
  for (let i = 0; i < n; i++) if (isLargestNegative(vectors, i * n, n)) negateRow(vectors, i * n, n);
}

/**
 * Reduces the matrix to a tridiagonal one: receives the diagonal and, from index 0 on, what is next to it. Leaves the vector of
 * reflection k in row k, right of the diagonal. Returns the factors τ.
 */
function tridiagonalize(a: Float64Array, n: number, diagonal: Float64Array, offDiagonal: Float64Array): Float64Array {
  const taus = new Float64Array(n);
  const product = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    diagonal[k] = a[k * n + k]!;
    const count = n - k - 1;
    if (count === 0) break;
    const start = k * n + k + 1;
    const { tau, beta } = makeReflector(a, start, count);
    offDiagonal[k] = beta;
    taus[k] = tau;
    if (tau === 0) continue;
    // A − v wᵀ − w vᵀ with w = τ A v − (τ² vᵀ A v / 2) v.
    for (let i = 0; i < count; i++) product[i] = tau * dot(a, start + (i + 1) * n, a, start, count);
    addScaled(product, 0, (-tau / 2) * dot(product, 0, a, start, count), a, start, count);
    for (let i = 0; i < count; i++) {
      const row = start + (i + 1) * n;
      const v = a[start + i]!;
      const w = product[i]!;
      for (let j = 0; j < count; j++) a[row + j]! -= v * product[j]! + w * a[start + j]!;
    }
  }
  return taus;
}

/** The implicit QL algorithm with shifts, on a symmetric tridiagonal matrix; applies its rotations to rows of `vectors`. */
function diagonalize(d: Float64Array, e: Float64Array, n: number, vectors: Float64Array | undefined): void {
  const scale = Math.max(largestMagnitude(d), largestMagnitude(e));
  const negligible = epsilon * epsilon * scale;
  for (let l = 0; l < n; l++) {
    for (let step = 0; ; step++) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]!) > epsilon * (Math.abs(d[m]!) + Math.abs(d[m + 1]!)) + negligible) m++;
      if (m === l) break;
      if (step === maxSteps) throw new Error('the eigenvalues of a symmetric matrix did not converge');
      const shift = (d[l + 1]! - d[l]!) / (2 * e[l]!);
      const root = Math.sqrt(shift * shift + 1);
      let g = d[m]! - d[l]! + e[l]! / (shift + (shift < 0 ? -root : root));
      let s = 1;
      let c = 1;
      let p = 0;
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * e[i]!;
        const b = c * e[i]!;
        const r = Math.sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r === 0) break;
        s = f / r;
        c = g / r;
        g = d[i + 1]! - p;
        const t = (d[i]! - g) * s + 2 * c * b;
        p = s * t;
        d[i + 1] = g + p;
        g = c * t - b;
        if (vectors) rotateRows(vectors, i * n, (i + 1) * n, n, c, -s);
      }
      // A rotation without length splits the matrix.
      if (i >= l) d[i + 1]! -= p;
      else {
        d[l]! -= p;
        e[l] = g;
      }
      e[m] = 0;
    }
  }
}

/** Sorts values, and the rows of matrices with them. */
export function sortRows(
  values: Float64Array,
  n: number,
  matrices: readonly Float64Array[],
  width: number,
  descending: boolean,
): void {
  const order = Array.from({ length: n }, (_, i) => i);
  order.sort((i, j) => (descending ? values[j]! - values[i]! : values[i]! - values[j]!) || i - j);
  const sorted = order.map((i) => values[i]!);
  values.set(sorted);
  for (const matrix of matrices) {
    const copy = matrix.slice(0, n * width);
    order.forEach((from, to) => matrix.set(copy.subarray(from * width, (from + 1) * width), to * width));
  }
}

/** Whether the first element of the largest magnitude, within rounding, is negative. */
export function isLargestNegative(x: Float64Array, start: number, n: number): boolean {
  const largest = largestMagnitude(x, start, n) * (1 - 2 ** -30);
  for (let i = start; i < start + n; i++) if (Math.abs(x[i]!) >= largest) return x[i]! < 0;
  return false;
}

export function negateRow(x: Float64Array, start: number, n: number): void {
  for (let i = start; i < start + n; i++) x[i] = -x[i]!;
}
