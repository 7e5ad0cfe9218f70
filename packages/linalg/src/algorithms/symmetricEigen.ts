import type { Rows } from '../kernels/kernels.ts';
import { copyIn, strideFor, withWorkspace, type Workspace } from '../kernels/workspace.ts';
import { addScaled, dot, epsilon, largestMagnitude } from './dense.ts';
import { conquerArrays, DivideAndConquer, smallProblem, type SolveSmall } from './divideAndConquer.ts';
import { applyReflections, formProduct, productArrays } from './reflections.ts';
import { makeReflector } from './reflectors.ts';
import { queueLength, RotationQueue } from './rotations.ts';

/** More steps than any eigenvalue or singular value takes. */
export const maxSteps = 100;

/**
 * The largest magnitude that counts as 0 next to numbers of a scale: small, to keep the small eigenvalues of graded matrices, until
 * many steps have not separated them from rounding errors.
 */
export function negligibleFor(scale: number, step: number): number {
  return step < 30 ? epsilon * epsilon * scale : epsilon * scale;
}

/**
 * The eigenvalues of a symmetric [n, n] matrix in ascending order, by Householder tridiagonalization and the implicit QL
 * algorithm (Golub & Van Loan, §8.3), which divide and conquer precedes where there are many vectors. Both triangles must be given.
 * @param vectors receives the eigenvectors, of length 1, as rows. Each is scaled such that its element of the largest magnitude
 *   (the first of these) is positive.
 */
export function decomposeSymmetric(a: Float64Array, n: number, values: Float64Array, vectors?: Float64Array): void {
  if (n === 0) return;
  const stride = strideFor(n);
  const arrays = [n * stride, 2 * stride];
  const isDivided = n > smallProblem;
  if (vectors) arrays.push(n * stride, ...productArrays(n, n), queueLength(n));
  if (vectors && isDivided) arrays.push(...conquerArrays(n, stride), smallProblem * strideFor(smallProblem));
  withWorkspace(arrays, (workspace) => {
    const matrix = workspace.allocateZeros(n * stride);
    copyIn(workspace, matrix, stride, a, n, n);
    const offDiagonal = new Float64Array(n);
    const taus = tridiagonalize(workspace, matrix, n, values, offDiagonal);
    if (!vectors) {
      diagonalize(values, offDiagonal, n, undefined);
      values.sort();
      return;
    }
    const rows: Rows = { offset: workspace.allocateZeros(n * stride), stride, rows: n, columns: n };
    const reflections = { offset: matrix, stride, shift: 1, taus, count: n - 1 };
    if (isDivided) {
      new DivideAndConquer(workspace, rows, smallSolver(workspace)).solve(values, offDiagonal);
      applyReflections(workspace, rows, reflections);
    } else {
      formProduct(workspace, rows, reflections);
      const queue = new RotationQueue(workspace, rows);
      diagonalize(values, offDiagonal, n, queue);
      queue.flush();
    }
    takeSorted(workspace, rows, values, vectors, false);
  });
  if (!vectors) return;
  for (let i = 0; i < n; i++) if (isLargestNegative(vectors, i * n, n)) negateRow(vectors, i * n, n);
}

/**
 * Reduces the matrix to a tridiagonal one: receives the diagonal and, from index 0 on, what is next to it. Leaves the vector of
 * reflection k in row k, right of the diagonal. Returns the factors τ.
 *
 * A reflection changes the matrix to A − v wᵀ − w vᵀ with w = τ A v − (τ² vᵀ A v / 2) v. The next product reads all of it, and
 * so the change is made along with it; row k is changed before, since it has the next v.
 */
function tridiagonalize(
  workspace: Workspace,
  matrix: number,
  n: number,
  diagonal: Float64Array,
  offDiagonal: Float64Array,
): Float64Array {
  const { values: z, kernels } = workspace;
  const stride = strideFor(n);
  const taus = new Float64Array(n);
  const w = workspace.allocateZeros(2 * stride);
  const product = w + stride;
  for (let k = 0; k < n; k++) {
    const row = matrix + k * stride;
    // In the first step w is 0.
    const before = k === 0 ? w : row - stride;
    addScaled(z, row + k, -z[before + k]!, z, w + k, n - k);
    addScaled(z, row + k, -z[w + k]!, z, before + k, n - k);
    diagonal[k] = z[row + k]!;
    const next = k + 1;
    const count = n - next;
    if (count === 0) break;
    const v = row + next;
    const { tau, beta } = makeReflector(z, v, count);
    offDiagonal[k] = beta;
    taus[k] = tau;
    const rest = { offset: v + stride, stride, rows: count, columns: count };
    const update = { p: before + next, q: w + next, r: w + next, s: before + next };
    kernels.updateAndMultiply(rest, update, v, product + next);
    const half = (tau / 2) * dot(z, product + next, z, v, count);
    for (let i = next; i < n; i++) z[w + i] = tau * (z[product + i]! - half * z[row + i]!);
  }
  return taus;
}

/** Solves tridiagonal problems that are not divided. */
function smallSolver(workspace: Workspace): SolveSmall {
  const { values } = workspace;
  const stride = strideFor(smallProblem);
  const start = workspace.allocate(smallProblem * stride);
  const queue = new RotationQueue(workspace, { offset: start, stride, rows: smallProblem, columns: smallProblem });
  return (d, e, rows) => {
    const n = d.length;
    e[n - 1] = 0;
    values.fill(0, start, start + smallProblem * stride);
    for (let i = 0; i < n; i++) values[start + i * stride + i] = 1;
    diagonalize(d, e, n, queue);
    queue.flush();
    sortInOrder(d, false).forEach((from, to) => {
      values.copyWithin(rows.offset + to * rows.stride, start + from * stride, start + from * stride + n);
    });
  };
}

/** The implicit QL algorithm with shifts, on a symmetric tridiagonal matrix. Its rotations go to the queue. */
function diagonalize(d: Float64Array, e: Float64Array, n: number, queue: RotationQueue | undefined): void {
  const scale = Math.max(largestMagnitude(d), largestMagnitude(e));
  for (let l = 0; l < n; l++) {
    for (let step = 0; ; step++) {
      const negligible = negligibleFor(scale, step);
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
      queue?.begin(m, -1);
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
        queue?.add(c, s);
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

/** Sorts values. Returns where each came from. */
function sortInOrder(values: Float64Array, descending: boolean): number[] {
  const order: number[] = [];
  for (let i = 0; i < values.length; i++) order.push(i);
  order.sort((i, j) => (descending ? values[j]! - values[i]! : values[i]! - values[j]!) || i - j);
  values.set(order.map((i) => values[i]!));
  return order;
}

/** Sorts values, and copies rows in the same order to an array. */
export function takeSorted(
  { values: z }: Workspace,
  { offset, stride, columns }: Rows,
  values: Float64Array,
  target: Float64Array,
  descending: boolean,
): void {
  sortInOrder(values, descending).forEach((from, to) => {
    const row = offset + from * stride;
    target.set(z.subarray(row, row + columns), to * columns);
  });
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
