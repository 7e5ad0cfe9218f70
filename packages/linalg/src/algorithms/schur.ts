import { addScaled, epsilon, setIdentity } from './dense.ts';
import { makeReflector, reflectColumns, reflectRows } from './reflectors.ts';

/** More steps than any eigenvalue takes. */
const maxSteps = 300;

/** A real Schur form a = qᵀ · t · q: blocks of 1 × 1 and, for pairs of complex eigenvalues, 2 × 2 on the diagonal of t. */
export interface SchurForm {
  /** [n, n]; replaces the matrix. */
  readonly t: Float64Array;
  /** [n, n], orthogonal, or undefined if it is not needed. */
  readonly q: Float64Array | undefined;
  /** The real parts of the eigenvalues, in the order of the diagonal. */
  readonly real: Float64Array;
  /** The imaginary parts: of a pair, first the positive one. */
  readonly imaginary: Float64Array;
}

/**
 * The real Schur form of an [n, n] matrix, by Householder reduction to Hessenberg form and Francis' QR steps with double shifts
 * (Golub & Van Loan, §7.4 and §7.5; with the exceptional shifts of EISPACK's hqr2).
 */
export function reduceToSchur(t: Float64Array, n: number, q?: Float64Array): SchurForm {
  const form = { t, q, real: new Float64Array(n), imaginary: new Float64Array(n) };
  reduceToHessenberg(t, n, q);
  let norm = 0;
  for (let i = 0; i < n * n; i++) norm += Math.abs(t[i]!);
  let shift = 0;
  let end = n - 1;
  let step = 0;
  while (end >= 0) {
    const start = startOfBlock(t, n, end, norm);
    if (start >= end - 1) {
      deflate(form, n, start, end, shift);
      end = start - 1;
      step = 0;
      continue;
    }
    if (step === maxSteps) throw new Error('the eigenvalues of a matrix did not converge');
    shift += stepFrancis(form, n, start, end, step++);
  }
  return form;
}

/** Replaces the matrix by its Hessenberg form, and q by the transpose of the product of the reflections. */
function reduceToHessenberg(a: Float64Array, n: number, q: Float64Array | undefined): void {
  const vectors = new Float64Array(n * n);
  const taus = new Float64Array(n);
  for (let k = 0; k < n - 2; k++) {
    const count = n - k - 1;
    const start = k * n + k + 1;
    for (let i = k + 1; i < n; i++) vectors[k * n + i] = a[i * n + k]!;
    const { tau, beta } = makeReflector(vectors, start, count);
    taus[k] = tau;
    const reflector = { values: vectors, start, n: count, tau };
    reflectColumns(a, k + 1, k + 1, n, reflector);
    reflectRows(a, [0, n], k + 1, n, reflector);
    a[(k + 1) * n + k] = beta;
    for (let i = k + 2; i < n; i++) a[i * n + k] = 0;
  }
  if (!q) return;
  setIdentity(q, n, n);
  for (let k = n - 3; k >= 0; k--) {
    reflectRows(q, [k + 1, n], k + 1, n, { values: vectors, start: k * n + k + 1, n: n - k - 1, tau: taus[k]! });
  }
}

/** The first row of the unreduced block that ends at row `end`. */
function startOfBlock(t: Float64Array, n: number, end: number, norm: number): number {
  for (let i = end; i > 0; i--) {
    const size = Math.abs(t[(i - 1) * n + i - 1]!) + Math.abs(t[i * n + i]!) || norm;
    if (Math.abs(t[i * n + i - 1]!) > epsilon * size) continue;
    t[i * n + i - 1] = 0;
    return i;
  }
  return 0;
}

/** Takes the eigenvalues of a block of one or two rows. A block with two real ones is made triangular. */
function deflate({ t, q, real, imaginary }: SchurForm, n: number, start: number, end: number, shift: number): void {
  for (let i = start; i <= end; i++) t[i * n + i]! += shift;
  if (start === end) {
    real[end] = t[end * n + end]!;
    return;
  }
  const [a, b] = [t[start * n + start]!, t[start * n + end]!];
  const [c, d] = [t[end * n + start]!, t[end * n + end]!];
  const half = (a - d) / 2;
  const square = half * half + b * c;
  const root = Math.sqrt(Math.abs(square));
  if (square < 0) {
    real[start] = real[end] = d + half;
    imaginary[start] = root;
    imaginary[end] = -root;
    return;
  }
  const z = half + (half < 0 ? -root : root);
  real[start] = d + z;
  real[end] = z === 0 ? d : d - (b * c) / z;
  const length = Math.sqrt(c * c + z * z);
  const [cosine, sine] = [z / length, c / length];
  const rotate = (values: Float64Array, x: number, y: number): void => {
    const before = values[x]!;
    values[x] = cosine * before + sine * values[y]!;
    values[y] = cosine * values[y]! - sine * before;
  };
  for (let j = start; j < n; j++) rotate(t, start * n + j, end * n + j);
  for (let i = 0; i <= end; i++) rotate(t, i * n + start, i * n + end);
  if (q) for (let j = 0; j < n; j++) rotate(q, start * n + j, end * n + j);
  t[end * n + start] = 0;
}

/** One QR step on the block from row `start` to row `end`. Returns by how much the diagonal was shifted for good. */
function stepFrancis({ t, q }: SchurForm, n: number, start: number, end: number, step: number): number {
  let x = t[end * n + end]!;
  let y = t[(end - 1) * n + end - 1]!;
  let w = t[end * n + end - 1]! * t[(end - 1) * n + end]!;
  let shift = 0;
  if (step % 20 === 10) {
    shift = x;
    const size = Math.abs(t[end * n + end - 1]!) + Math.abs(t[(end - 1) * n + end - 2]!);
    x = y = 0.75 * size;
    w = -0.4375 * size * size;
    for (let i = 0; i <= end; i++) t[i * n + i]! -= shift;
  }
  const first = firstColumn(t, n, [start, end], [x, y, w]);
  let [p, r0, r1] = first.column;
  for (let i = first.row + 2; i <= end; i++) {
    t[i * n + i - 2] = 0;
    if (i > first.row + 2) t[i * n + i - 3] = 0;
  }
  for (let k = first.row; k < end; k++) {
    const isLast = k === end - 1;
    let scale = 1;
    if (k > first.row) {
      p = t[k * n + k - 1]!;
      r0 = t[(k + 1) * n + k - 1]!;
      r1 = isLast ? 0 : t[(k + 2) * n + k - 1]!;
      scale = Math.abs(p) + Math.abs(r0) + Math.abs(r1);
      if (scale === 0) continue;
      p /= scale;
      r0 /= scale;
      r1 /= scale;
    }
    const length = Math.sqrt(p * p + r0 * r0 + r1 * r1) * (p < 0 ? -1 : 1);
    if (length === 0) continue;
    if (k > first.row) t[k * n + k - 1] = -length * scale;
    else if (start < first.row) t[k * n + k - 1]! *= -1;
    p += length;
    // The reflection I − u vᵀ of three rows and columns, or two at the end.
    const u = [p / length, r0 / length, r1 / length] as const;
    const v = [1, r0 / p, r1 / p] as const;
    const size = isLast ? 2 : 3;
    reflectThreeRows(t, k * n, n, [k, n], { u, v, size });
    for (let i = 0; i <= Math.min(end, k + 3); i++) reflectThree(t, i * n + k, { u, v, size });
    if (q) reflectThreeRows(q, k * n, n, [0, n], { u, v, size });
  }
  return shift;
}

/** Finds two small neighbors below the diagonal, after which the step begins, and the first column of the shifted square. */
function firstColumn(
  t: Float64Array,
  n: number,
  [start, end]: readonly [number, number],
  [x, y, w]: readonly [number, number, number],
): { readonly row: number; readonly column: [number, number, number] } {
  for (let m = end - 2; ; m--) {
    const z = t[m * n + m]!;
    const next = t[(m + 1) * n + m + 1]!;
    const [r, s] = [x - z, y - z];
    const column = [(r * s - w) / t[(m + 1) * n + m]! + t[m * n + m + 1]!, next - z - r - s, t[(m + 2) * n + m + 1]!];
    const size = Math.abs(column[0]!) + Math.abs(column[1]!) + Math.abs(column[2]!);
    const [p, q0, q1] = column.map((value) => value / size) as [number, number, number];
    if (m > start) {
      const neighbors = Math.abs(t[(m - 1) * n + m - 1]!) + Math.abs(z) + Math.abs(next);
      const below = Math.abs(t[m * n + m - 1]!) * (Math.abs(q0) + Math.abs(q1));
      if (below >= epsilon * Math.abs(p) * neighbors) continue;
    }
    return { row: m, column: [p, q0, q1] };
  }
}

interface SmallReflection {
  readonly u: readonly [number, number, number];
  readonly v: readonly [number, number, number];
  /** 2 or 3. */
  readonly size: number;
}

/** Reflects two or three rows of length `width`, the first at `start`, from one column to before another. */
function reflectThreeRows(
  a: Float64Array,
  start: number,
  width: number,
  [from, to]: readonly [number, number],
  { u, v, size }: SmallReflection,
): void {
  for (let j = start + from; j < start + to; j++) {
    let sum = a[j]! + v[1] * a[j + width]!;
    if (size === 3) {
      sum += v[2] * a[j + 2 * width]!;
      a[j + 2 * width]! -= sum * u[2];
    }
    a[j]! -= sum * u[0];
    a[j + width]! -= sum * u[1];
  }
}

/** Reflects two or three neighboring elements of a row. */
function reflectThree(a: Float64Array, start: number, { u, v, size }: SmallReflection): void {
  let sum = u[0] * a[start]! + u[1] * a[start + 1]!;
  if (size === 3) {
    sum += u[2] * a[start + 2]!;
    a[start + 2]! -= sum * v[2];
  }
  a[start]! -= sum;
  a[start + 1]! -= sum * v[1];
}

/** Writes qᵀ · x of a vector x. */
export function multiplyTransposed(target: Float64Array, q: Float64Array, x: Float64Array, n: number): void {
  target.fill(0);
  for (let i = 0; i < n; i++) if (x[i] !== 0) addScaled(target, 0, x[i]!, q, i * n, n);
}
