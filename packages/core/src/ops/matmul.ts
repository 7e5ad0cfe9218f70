import { promote } from '../data/dtype.ts';
import { product } from './matmulRecord.ts';
import { broadcastShapes, show, sizeOf } from '../data/shape.ts';
import { Tensor } from '../graph/tensor.ts';

/**
 * The matrix product, by NumPy's rules: [m, k] · [k, n] is [m, n]; leading axes are batches and broadcast; a vector on
 * the left is a row, on the right a column, and its axis disappears from the result. dtypes are promoted (bool to int32).
 * @throws {RangeError} if an operand is a scalar, inner sizes differ, or batches do not broadcast.
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (!(a instanceof Tensor && b instanceof Tensor)) throw new TypeError('matmul: both operands must be tensors');
  if (a.ndim === 0 || b.ndim === 0) {
    throw new RangeError(
      `matmul: ${show(a.shape)} · ${show(b.shape)}: operands need at least one axis; use mul for scalars`,
    );
  }
  const [last, other] = [a.ndim - 1, Math.max(0, b.ndim - 2)];
  if (a.shape[last] !== b.shape[other]) {
    throw new RangeError(
      `matmul: inner sizes differ, ${show(a.shape)} · ${show(b.shape)}: axis ${last} of the first (${a.shape[last]}) ` +
        `must equal axis ${other} of the second (${b.shape[other]})`,
    );
  }
  const dtype = promote(promote(a.dtype, b.dtype), 'int32');
  if (a.ndim === 1) return matmul(a.expandDims(0), b).squeeze(b.ndim === 1 ? 0 : -2);
  if (b.ndim === 1) return matmul(a, b.expandDims(1)).squeeze(-1);
  const left = a.astype(dtype);
  const right = b.astype(dtype);
  // One matrix on the right: all rows on the left are one tall matrix.
  if (b.ndim === 2) {
    const rows = a.shape.slice(0, -1);
    return product(left.reshape([sizeOf(rows), a.shape.at(-1)!]), right).reshape([...rows, b.shape[1]!]);
  }
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  return product(
    left.broadcastTo([...batch, ...a.shape.slice(-2)]),
    right.broadcastTo([...batch, ...b.shape.slice(-2)]),
  );
}
