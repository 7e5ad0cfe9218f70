import { blockAt, copyIn, copyOut, strideFor, withWorkspace } from '../kernels/workspace.ts';
import { solveLower, solveUpper } from './blocks.ts';
import { dot } from './dense.ts';

export type TriangularForm = {
  /** Whether the matrix is upper triangular, not lower. */
  readonly upper: boolean;
  /** Whether the diagonal counts as ones. */
  readonly unitriangular: boolean;
};

/**
 * Solves a · x = b for a triangular [n, n] matrix and an [n, k] right-hand side, by substitution (Golub & Van Loan, §3.1).
 * Replaces b by the solution; reads one triangle of a.
 */
export function substitute(a: Float64Array, n: number, b: Float64Array, k: number, form: TriangularForm): void {
  if (k === 1) substituteVector(a, n, b, form);
  else if (n > 0 && k > 0) substituteRows(a, n, b, k, form);
}

function substituteVector(a: Float64Array, n: number, b: Float64Array, { upper, unitriangular }: TriangularForm): void {
  for (let step = 0; step < n; step++) {
    const i = upper ? n - 1 - step : step;
    const known = upper ? i + 1 : 0;
    b[i]! -= dot(a, i * n + known, b, known, step);
    if (!unitriangular) b[i]! /= a[i * n + i]!;
  }
}

function substituteRows(
  a: Float64Array,
  n: number,
  b: Float64Array,
  k: number,
  { upper, unitriangular }: TriangularForm,
): void {
  const strides = { a: strideFor(n), b: strideFor(k) };
  withWorkspace([n * strides.a, n * strides.b], (workspace) => {
    const triangle = workspace.allocate(n * strides.a);
    const right = workspace.allocate(n * strides.b);
    copyIn(workspace, triangle, strides.a, a, n, n);
    copyIn(workspace, right, strides.b, b, n, k);
    const solve = upper ? solveUpper : solveLower;
    solve(workspace.kernels, blockAt(triangle, strides.a), n, blockAt(right, strides.b), k, unitriangular);
    copyOut(b, n, k, workspace, right, strides.b);
  });
}
