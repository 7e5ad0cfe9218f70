import { largestMagnitude, rotateRows, setIdentity } from './dense.ts';
import { makeReflector, reflectColumns, reflectRows } from './reflectors.ts';
import { epsilon, maxSteps, negateRow, sortRows } from './symmetricEigen.ts';

/** Singular vectors, as rows. */
export interface SingularVectors {
  /** [n, m]. */
  readonly left: Float64Array;
  /** [n, n]. */
  readonly right: Float64Array;
}

/**
 * The singular values of an [m, n] matrix with m ≥ n in descending order, by Householder bidiagonalization and the
 * Golub–Kahan algorithm of implicit QR steps (Golub & Van Loan, §8.6). Destroys the matrix.
 * @param vectors receives the singular vectors, of any signs.
 */
export function decomposeSingular(
  a: Float64Array,
  m: number,
  n: number,
  values: Float64Array,
  vectors?: SingularVectors,
): void {
  const superdiagonal = new Float64Array(n);
  bidiagonalize(a, [m, n], values, superdiagonal, vectors);
  diagonalize(values, superdiagonal, m, n, vectors);
  for (let i = 0; i < n; i++) {
    if (!(values[i]! < 0 || Object.is(values[i], -0))) continue;
    values[i] = -values[i]!;
    if (vectors) negateRow(vectors.right, i * n, n);
  }
  if (!vectors) {
    values.sort().reverse();
    return;
  }
  const { left, right } = vectors;
  const order = values.slice();
  sortRows(values, n, [left], m, true);
  sortRows(order, n, [right], n, true);
}

/** Reduces the matrix to an upper bidiagonal one; receives its diagonals, and the transposes of the reflections' products. */
function bidiagonalize(
  a: Float64Array,
  [m, n]: readonly [number, number],
  diagonal: Float64Array,
  superdiagonal: Float64Array,
  vectors: SingularVectors | undefined,
): void {
  const columns = new Float64Array(n * m);
  const columnTaus = new Float64Array(n);
  const rowTaus = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    const start = k * m + k;
    for (let i = k; i < m; i++) columns[k * m + i] = a[i * n + k]!;
    const left = makeReflector(columns, start, m - k);
    diagonal[k] = left.beta;
    columnTaus[k] = left.tau;
    reflectColumns(a, k, k + 1, n, { values: columns, start, n: m - k, tau: left.tau });
    if (k + 1 === n) break;
    const right = makeReflector(a, k * n + k + 1, n - k - 1);
    superdiagonal[k] = right.beta;
    rowTaus[k] = right.tau;
    reflectRows(a, [k + 1, m], k + 1, n, { values: a, start: k * n + k + 1, n: n - k - 1, tau: right.tau });
  }
  if (!vectors) return;
  setIdentity(vectors.left, n, m);
  setIdentity(vectors.right, n, n);
  for (let k = n - 1; k >= 0; k--) {
    const left = { values: columns, start: k * m + k, n: m - k, tau: columnTaus[k]! };
    reflectRows(vectors.left, [k, n], k, m, left);
    const right = { values: a, start: k * n + k + 1, n: n - k - 1, tau: rowTaus[k]! };
    reflectRows(vectors.right, [k + 1, n], k + 1, n, right);
  }
}

/** Golub–Kahan steps until the superdiagonal is negligible. Applies the rotations to the rows of the vectors. */
function diagonalize(
  d: Float64Array,
  e: Float64Array,
  m: number,
  n: number,
  vectors: SingularVectors | undefined,
): void {
  const negligible = epsilon * epsilon * Math.max(largestMagnitude(d), largestMagnitude(e));
  const rotateLeft = (i: number, j: number, c: number, s: number): void => {
    if (vectors) rotateRows(vectors.left, i * m, j * m, m, c, s);
  };
  const rotateRight = (i: number, j: number, c: number, s: number): void => {
    if (vectors) rotateRows(vectors.right, i * n, j * n, n, c, s);
  };
  const isSplit = (i: number): boolean =>
    Math.abs(e[i]!) <= epsilon * (Math.abs(d[i]!) + Math.abs(d[i + 1]!)) + negligible;
  for (let last = n - 1; last > 0; last--) {
    for (let step = 0; ; step++) {
      let first = last;
      while (first > 0 && !isSplit(first - 1)) first--;
      if (first > 0) e[first - 1] = 0;
      if (first === last) break;
      if (step === maxSteps) throw new Error('the singular values of a matrix did not converge');
      let zero = last;
      while (zero >= first && Math.abs(d[zero]!) > negligible) zero--;
      if (zero < first) stepImplicitly(d, e, first, last, rotateLeft, rotateRight);
      else if (zero === last) chaseColumn(d, e, first, last, rotateRight);
      else chaseRow(d, e, zero, last, rotateLeft);
    }
  }
}

type Rotate = (i: number, j: number, c: number, s: number) => void;

/** Rotates the element above a zero at the end of the diagonal out of its column. */
function chaseColumn(d: Float64Array, e: Float64Array, first: number, last: number, rotateRight: Rotate): void {
  d[last] = 0;
  let f = e[last - 1]!;
  e[last - 1] = 0;
  for (let j = last - 1; j >= first; j--) {
    const length = Math.sqrt(d[j]! * d[j]! + f * f);
    if (length === 0) return;
    const c = d[j]! / length;
    const s = f / length;
    d[j] = length;
    if (j > first) {
      f = -s * e[j - 1]!;
      e[j - 1]! *= c;
    }
    rotateRight(j, last, c, s);
  }
}

/** Rotates the element next to a zero within the diagonal out of its row. */
function chaseRow(d: Float64Array, e: Float64Array, zero: number, last: number, rotateLeft: Rotate): void {
  d[zero] = 0;
  let f = e[zero]!;
  e[zero] = 0;
  for (let j = zero + 1; j <= last; j++) {
    const length = Math.sqrt(d[j]! * d[j]! + f * f);
    if (length === 0) return;
    const c = d[j]! / length;
    const s = f / length;
    d[j] = length;
    f = -s * e[j]!;
    e[j]! *= c;
    rotateLeft(j, zero, c, s);
  }
}

/** One implicit QR step with the shift of the trailing 2×2 block, from row `first` to row `last`. */
function stepImplicitly(
  d: Float64Array,
  e: Float64Array,
  first: number,
  last: number,
  rotateLeft: Rotate,
  rotateRight: Rotate,
): void {
  const scale = Math.max(Math.abs(d[last]!), Math.abs(d[last - 1]!), Math.abs(e[last - 1]!), Math.abs(d[first]!));
  const end = d[last]! / scale;
  const before = d[last - 1]! / scale;
  const between = e[last - 1]! / scale;
  const start = d[first]! / scale;
  const half = ((before + end) * (before - end) + between * between) / 2;
  const square = (end * between) ** 2;
  const root = Math.sqrt(half * half + square);
  const shift = square === 0 ? 0 : square / (half + (half < 0 ? -root : root));
  let f = (start + end) * (start - end) + shift;
  let g = start * (e[first]! / scale);
  for (let j = first; j < last; j++) {
    const right = Math.sqrt(f * f + g * g);
    let [c, s] = right === 0 ? [1, 0] : [f / right, g / right];
    if (j > first) e[j - 1] = right;
    f = c * d[j]! + s * e[j]!;
    e[j] = c * e[j]! - s * d[j]!;
    g = s * d[j + 1]!;
    d[j + 1]! *= c;
    rotateRight(j, j + 1, c, s);
    const left = Math.sqrt(f * f + g * g);
    [c, s] = left === 0 ? [1, 0] : [f / left, g / left];
    d[j] = left;
    f = c * e[j]! + s * d[j + 1]!;
    d[j + 1] = c * d[j + 1]! - s * e[j]!;
    g = s * e[j + 1]!;
    if (j + 1 < last) e[j + 1]! *= c;
    rotateLeft(j, j + 1, c, s);
  }
  e[last - 1] = f;
}
