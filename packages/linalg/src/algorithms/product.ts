import type { ProductSize } from '../kernels/kernels.ts';
import { blockAt, copyIn, copyOut, strideFor, withWorkspace } from '../kernels/workspace.ts';
import { addProduct as addSmallProduct, type Block } from './dense.ts';

/** The number of multiply-adds up to which copies would take longer than the product. */
const smallProduct = 4096;

/** Adds the product of an [m, k] and a [k, n] matrix to another. */
export function addProduct(target: Float64Array, a: Float64Array, b: Float64Array, [m, k, n]: ProductSize): void {
  if (m * k * n <= smallProduct) {
    const block = (values: Float64Array, stride: number): Block => ({ values, offset: 0, stride });
    return addSmallProduct(block(target, n), block(a, k), block(b, n), [m, k, n], 1);
  }
  const [short, long] = [strideFor(k), strideFor(n)];
  withWorkspace([m * short, k * long, m * long], (workspace) => {
    const left = workspace.allocate(m * short);
    const right = workspace.allocate(k * long);
    const sums = workspace.allocate(m * long);
    copyIn(workspace, left, short, a, m, k);
    copyIn(workspace, right, long, b, k, n);
    copyIn(workspace, sums, long, target, m, n);
    workspace.kernels.addProduct(blockAt(sums, long), blockAt(left, short), blockAt(right, long), [m, k, n], 1);
    copyOut(target, m, n, workspace, sums, long);
  });
}
