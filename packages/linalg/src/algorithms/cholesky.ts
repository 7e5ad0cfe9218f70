import { blockAt, strideFor, withWorkspace } from '../kernels/workspace.ts';
import { factorUpper } from './blocks.ts';

/**
 * The Cholesky factorization of a symmetric [n, n] matrix: replaces the lower triangle by the factor and the rest by zeros.
 * Reads the lower triangle only.
 * @returns the order of the first leading minor that is not positive, or 0 if there is none.
 */
export function factorCholesky(a: Float64Array, n: number): number {
  const stride = strideFor(n);
  return withWorkspace([n * stride], (workspace) => {
    const { values: z, kernels } = workspace;
    const start = workspace.take(n * stride);
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) z[start + j * stride + i] = a[i * n + j]!;
    const failure = factorUpper(z, kernels, blockAt(start, stride), n);
    if (failure > 0) return failure;
    a.fill(0);
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = z[start + j * stride + i]!;
    return 0;
  });
}
