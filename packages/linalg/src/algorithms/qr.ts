import type { Rows } from '../kernels/kernels.ts';
import { copyIn, strideFor, withWorkspace } from '../kernels/workspace.ts';
import { addScaled } from './dense.ts';
import { formProduct, productArrays } from './reflections.ts';
import { makeReflector } from './reflectors.ts';

/** The reflections of a QR factorization: v of each in a row of `vectors`, from the column of its number on. */
export interface Reflections {
  readonly vectors: Float64Array;
  readonly taus: Float64Array;
  readonly count: number;
}

/**
 * The QR factorization of an [m, n] matrix by Householder reflections (Golub & Van Loan, §5.2): replaces the matrix by R, of
 * the same shape.
 *
 * A reflection changes the matrix to A − v zᵀ with z = τ Aᵀ v. The next product reads all of it, and so the change is made along
 * with it; the next column is changed before, since it has the next v.
 */
export function factorQr(a: Float64Array, m: number, n: number): Reflections {
  const count = Math.min(m, n);
  const reflections = { vectors: new Float64Array(count * m), taus: new Float64Array(count), count };
  if (count === 0) return reflections;
  const [tall, wide] = [strideFor(m), strideFor(n)];
  withWorkspace([m * wide, (count + 1) * tall, 3 * wide], (workspace) => {
    const { values: x, kernels } = workspace;
    const matrix = workspace.allocateZeros(m * wide);
    copyIn(workspace, matrix, wide, a, m, n);
    const zeroColumn = workspace.allocateZeros((count + 1) * tall);
    const vectors = zeroColumn + tall;
    const zeroRow = workspace.allocateZeros(3 * wide);
    let [z, zNext] = [zeroRow + wide, zeroRow + 2 * wide];
    a.fill(0);
    for (let k = 0; k < count; k++) {
      const row = matrix + k * wide;
      const v = vectors + k * tall;
      // In the first step it is 0.
      const before = v - tall;
      for (let i = k; i < m; i++) x[v + i] = x[matrix + i * wide + k]! - x[before + i]! * x[z + k]!;
      const { tau, beta } = makeReflector(x, v + k, m - k);
      reflections.taus[k] = tau;
      reflections.vectors.set(x.subarray(v + k, v + m), k * m + k);
      a[k * n + k] = beta;
      const next = k + 1;
      const rest = { offset: row + next, stride: wide, rows: m - k, columns: n - next };
      const update = { p: before + k, q: z + next, r: zeroColumn + k, s: zeroRow + next };
      x.fill(0, zNext, zNext + wide);
      kernels.updateAndMultiplyLeft(rest, update, v + k, zNext + next);
      for (let j = next; j < n; j++) x[zNext + j]! *= tau;
      [z, zNext] = [zNext, z];
      addScaled(x, row + next, -1, x, z + next, n - next);
      a.set(x.subarray(row + next, row + n), k * n + next);
    }
  });
  return reflections;
}

/** Writes the first `columns` columns of the product of reflections of vectors of length m. */
export function formQ(q: Float64Array, m: number, columns: number, { vectors, taus, count }: Reflections): void {
  if (m === 0 || columns === 0) return;
  const stride = strideFor(m);
  withWorkspace([columns * stride, count * stride, ...productArrays(columns, m)], (workspace) => {
    const rows: Rows = { offset: workspace.allocateZeros(columns * stride), stride, rows: columns, columns: m };
    const start = workspace.allocateZeros(count * stride);
    copyIn(workspace, start, stride, vectors, count, m);
    formProduct(workspace, rows, { offset: start, stride, shift: 0, taus, count });
    const { values } = workspace;
    for (let i = 0; i < m; i++)
      for (let j = 0; j < columns; j++) q[i * columns + j] = values[rows.offset + j * stride + i]!;
  });
}
