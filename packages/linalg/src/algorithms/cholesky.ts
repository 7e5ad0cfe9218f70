import type { TypedArray } from '@thetagrad/core';
import { blockAt, strideFor, withWorkspace } from '../kernels/workspace.ts';
import { factorUpper } from './blocks.ts';

/** A matrix among values: its element (i, j) is at index `offset + i · rowStride + j · columnStride`. */
export interface StridedMatrix {
  readonly values: TypedArray;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/**
 * Writes the Cholesky factor of a symmetric [n, n] matrix, of which the lower triangle is read: lower triangular, with zeros
 * above; or NaN if there are infinite elements or NaN in the triangle.
 * @returns the order of the first leading minor that is not positive, or 0 if there is none.
 */
export function factorCholesky(target: TypedArray, a: StridedMatrix, n: number): number {
  const stride = strideFor(n);
  return withWorkspace([n * stride], (workspace) => {
    const { values: z, kernels } = workspace;
    const start = workspace.allocate(n * stride);
    // A difference of a number to itself is 0 unless it is infinite or NaN.
    let differences = 0;
    for (let i = 0; i < n; i++) {
      let from = a.offset + i * a.rowStride;
      let to = start + i;
      for (let j = 0; j <= i; j++) {
        const value = a.values[from]!;
        z[to] = value;
        differences += value - value;
        from += a.columnStride;
        to += stride;
      }
    }
    if (differences !== 0) {
      target.fill(NaN);
      return 0;
    }
    const failure = factorUpper(z, kernels, blockAt(start, stride), n);
    if (failure > 0) return failure;
    target.fill(0);
    for (let i = 0; i < n; i++) {
      let from = start + i;
      for (let j = i * n; j <= i * n + i; j++) {
        target[j] = z[from]!;
        from += stride;
      }
    }
    return 0;
  });
}
