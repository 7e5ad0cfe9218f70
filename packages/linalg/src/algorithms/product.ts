import type { ProductSize } from '../kernels/kernels.ts';
import { blockAt, copyIn, copyOut, strideFor, withWorkspace } from '../kernels/workspace.ts';

/** Adds the product of an [m, k] and a [k, n] matrix to another. */
export function addProduct(target: Float64Array, a: Float64Array, b: Float64Array, [m, k, n]: ProductSize): void {
  const [short, long] = [strideFor(k), strideFor(n)];
  withWorkspace([m * short, k * long, m * long], (workspace) => {
    const left = workspace.take(m * short);
    const right = workspace.take(k * long);
    const sums = workspace.take(m * long);
    copyIn(workspace, left, short, a, m, k);
    copyIn(workspace, right, long, b, k, n);
    copyIn(workspace, sums, long, target, m, n);
    workspace.kernels.addProduct(blockAt(sums, long), blockAt(left, short), blockAt(right, long), [m, k, n], 1);
    copyOut(target, m, n, workspace, sums, long);
  });
}
