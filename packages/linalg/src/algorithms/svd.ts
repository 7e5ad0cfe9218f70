import type { Rows } from '../kernels/kernels.ts';
import { copyIn, strideFor, withWorkspace, type Workspace } from '../kernels/workspace.ts';
import { addScaled, dot, epsilon, largestMagnitude } from './dense.ts';
import { formProduct, productArrays, type ReflectionRows } from './reflections.ts';
import { makeReflector } from './reflectors.ts';
import { queueLength, RotationQueue } from './rotations.ts';
import { maxSteps, negligibleFor, takeSorted } from './symmetricEigen.ts';

/** Singular vectors, as rows. */
export interface SingularVectors {
  /** [n, m]. */
  readonly left: Float64Array;
  /** [n, n]. */
  readonly right: Float64Array;
}

/**
 * The singular values of an [m, n] matrix with m ≥ n in descending order, by Householder bidiagonalization and the
 * Golub–Kahan algorithm of implicit QR steps (Golub & Van Loan, §8.6).
 * @param vectors receives the singular vectors, of any signs.
 */
export function decomposeSingular(
  a: Float64Array,
  m: number,
  n: number,
  values: Float64Array,
  vectors?: SingularVectors,
): void {
  if (n === 0) return;
  const [tall, wide] = [strideFor(m), strideFor(n)];
  const arrays = [m * wide, n * tall, 3 * wide, 2 * tall];
  if (vectors) {
    arrays.push(n * tall, n * wide, ...productArrays(n, m), ...productArrays(n, n), queueLength(n), queueLength(n));
  }
  withWorkspace(arrays, (workspace) => {
    const superdiagonal = new Float64Array(n);
    const form = bidiagonalize(workspace, a, [m, n], values, superdiagonal);
    if (!vectors) {
      diagonalize(values, superdiagonal, n);
      for (let i = 0; i < n; i++) values[i] = Math.abs(values[i]!);
      values.sort().reverse();
      return;
    }
    const left: Rows = { offset: workspace.allocateZeros(n * tall), stride: tall, rows: n, columns: m };
    const right: Rows = { offset: workspace.allocateZeros(n * wide), stride: wide, rows: n, columns: n };
    formProduct(workspace, left, form.left);
    formProduct(workspace, right, form.right);
    const queues = { left: new RotationQueue(workspace, left), right: new RotationQueue(workspace, right) };
    diagonalize(values, superdiagonal, n, queues);
    queues.left.flush();
    queues.right.flush();
    for (let i = 0; i < n; i++) {
      if (!(values[i]! < 0 || Object.is(values[i], -0))) continue;
      values[i] = -values[i]!;
      const row = right.offset + i * wide;
      for (let j = row; j < row + n; j++) workspace.values[j] = -workspace.values[j]!;
    }
    takeSorted(workspace, left, values.slice(), vectors.left, true);
    takeSorted(workspace, right, values, vectors.right, true);
  });
}

/**
 * Reduces the matrix to an upper bidiagonal one; receives its diagonals. Returns the reflections from the left and from the right.
 *
 * Two reflections, of vectors u and v, change the matrix to A − u zᵀ − w vᵀ with z = τ Aᵀ u and w = τ (A − u zᵀ) v. The next product
 * with u reads all of it, and so the change is made along with it; column k is changed before, since it has the next u.
 */
function bidiagonalize(
  workspace: Workspace,
  a: Float64Array,
  [m, n]: readonly [number, number],
  diagonal: Float64Array,
  superdiagonal: Float64Array,
): { readonly left: ReflectionRows; readonly right: ReflectionRows } {
  const { values: x, kernels } = workspace;
  const [tall, wide] = [strideFor(m), strideFor(n)];
  const matrix = workspace.allocateZeros(m * wide);
  copyIn(workspace, matrix, wide, a, m, n);
  const columns = workspace.allocateZeros(n * tall);
  const zeros = workspace.allocateZeros(3 * wide);
  let [z, zNext] = [zeros + wide, zeros + 2 * wide];
  const w = workspace.allocateZeros(2 * tall);
  const product = w + tall;
  const taus = { left: new Float64Array(n), right: new Float64Array(n) };
  for (let k = 0; k < n; k++) {
    const next = k + 1;
    const row = matrix + k * wide;
    const u = columns + k * tall;
    // In the first step w and z are 0.
    const [uBefore, vBefore] = k === 0 ? [w, zeros] : [u - tall, row - wide];
    for (let i = k; i < m; i++) {
      x[u + i] = x[matrix + i * wide + k]! - x[uBefore + i]! * x[z + k]! - x[w + i]! * x[vBefore + k]!;
    }
    const left = makeReflector(x, u + k, m - k);
    diagonal[k] = left.beta;
    taus.left[k] = left.tau;
    if (next === n) break;
    const count = n - next;
    const rest = { offset: row + next, stride: wide, rows: m - k, columns: count };
    const update = { p: uBefore + k, q: z + next, r: w + k, s: vBefore + next };
    x.fill(0, zNext, zNext + wide);
    kernels.updateAndMultiplyLeft(rest, update, u + k, zNext + next);
    for (let j = next; j < n; j++) x[zNext + j]! *= left.tau;
    [z, zNext] = [zNext, z];
    addScaled(x, row + next, -1, x, z + next, count);
    const right = makeReflector(x, row + next, count);
    superdiagonal[k] = right.beta;
    taus.right[k] = right.tau;
    const below = { offset: row + wide + next, stride: wide, rows: m - next, columns: count };
    kernels.multiply(below, row + next, product + next);
    const overlap = dot(x, z + next, x, row + next, count);
    for (let i = next; i < m; i++) x[w + i] = right.tau * (x[product + i]! - overlap * x[u + i]!);
  }
  return {
    left: { offset: columns, stride: tall, shift: 0, taus: taus.left, count: n },
    right: { offset: matrix, stride: wide, shift: 1, taus: taus.right, count: n - 1 },
  };
}

/** Golub–Kahan steps until the superdiagonal is negligible. The rotations go to the queues. */
function diagonalize(d: Float64Array, e: Float64Array, n: number, queues?: Queues): void {
  const scale = Math.max(largestMagnitude(d), largestMagnitude(e));
  const isSplit = (i: number, negligible: number): boolean =>
    Math.abs(e[i]!) <= epsilon * (Math.abs(d[i]!) + Math.abs(d[i + 1]!)) + negligible;
  for (let last = n - 1; last > 0; last--) {
    for (let step = 0; ; step++) {
      const negligible = negligibleFor(scale, step);
      let first = last;
      while (first > 0 && !isSplit(first - 1, negligible)) first--;
      if (first > 0) e[first - 1] = 0;
      if (first === last) break;
      if (step === maxSteps) throw new Error('the singular values of a matrix did not converge');
      let zero = last;
      while (zero >= first && Math.abs(d[zero]!) > negligible) zero--;
      if (zero < first) stepImplicitly(d, e, first, last, queues);
      else if (zero === last) chaseColumn(d, e, first, last, queues?.right);
      else chaseRow(d, e, zero, last, queues?.left);
    }
  }
}

/** The rotations of left and right vectors. */
interface Queues {
  readonly left: RotationQueue;
  readonly right: RotationQueue;
}

/** Rotates the element above a zero at the end of the diagonal out of its column. */
function chaseColumn(
  d: Float64Array,
  e: Float64Array,
  first: number,
  last: number,
  right: RotationQueue | undefined,
): void {
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
    right?.begin(j, last - j);
    right?.add(c, s);
  }
}

/** Rotates the element next to a zero within the diagonal out of its row. */
function chaseRow(d: Float64Array, e: Float64Array, zero: number, last: number, left: RotationQueue | undefined): void {
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
    left?.begin(j, zero - j);
    left?.add(c, s);
  }
}

/** One implicit QR step with the shift of the trailing 2×2 block, from row `first` to row `last`. */
function stepImplicitly(
  d: Float64Array,
  e: Float64Array,
  first: number,
  last: number,
  queues: Queues | undefined,
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
  queues?.left.begin(first, 1);
  queues?.right.begin(first, 1);
  for (let j = first; j < last; j++) {
    const right = Math.sqrt(f * f + g * g);
    let c = right === 0 ? 1 : f / right;
    let s = right === 0 ? 0 : g / right;
    if (j > first) e[j - 1] = right;
    f = c * d[j]! + s * e[j]!;
    e[j] = c * e[j]! - s * d[j]!;
    g = s * d[j + 1]!;
    d[j + 1]! *= c;
    queues?.right.add(c, s);
    const left = Math.sqrt(f * f + g * g);
    c = left === 0 ? 1 : f / left;
    s = left === 0 ? 0 : g / left;
    d[j] = left;
    f = c * e[j]! + s * d[j + 1]!;
    d[j + 1] = c * d[j + 1]! - s * e[j]!;
    g = s * e[j + 1]!;
    if (j + 1 < last) e[j + 1]! *= c;
    queues?.left.add(c, s);
  }
  e[last - 1] = f;
}
