// Parts of matrices, composed of operations on tensors.
import { arange, eye, stopGradient, type Tensor } from '@thetagrad/core';
import { batchOf, sizesOf } from './checks.ts';

/** [rows, columns] of int32: the column of each element less its row. */
function offsets(rows: number, columns: number): Tensor {
  return arange(columns, { dtype: 'int32' }).sub(arange(rows, { dtype: 'int32' }).expandDims(1));
}

/** Zeros above a diagonal. Default: the main diagonal, number 0. */
export function lowerTriangle(x: Tensor, diagonal = 0): Tensor {
  return offsets(...sizesOf(x))
    .lessEqual(diagonal)
    .where(x, 0);
}

/** Zeros below a diagonal. Default: the main diagonal, number 0. */
export function upperTriangle(x: Tensor, diagonal = 0): Tensor {
  return offsets(...sizesOf(x))
    .greaterEqual(diagonal)
    .where(x, 0);
}

/** [batch…, n]: the main diagonal of [batch…, n, n]. */
export function diagonalOf(x: Tensor): Tensor {
  return offsets(...sizesOf(x))
    .equal(0)
    .where(x, 0)
    .sum(-1);
}

/** [batch…, n]: the elements of [batch…, n, n] below the main diagonal, in their columns; 0 in the last one. */
export function subdiagonalOf(x: Tensor): Tensor {
  return offsets(...sizesOf(x))
    .equal(-1)
    .where(x, 0)
    .sum(-2);
}

/** Diagonal matrices [batch…, n, n] of [batch…, n]. */
export function diagonalMatrix(x: Tensor): Tensor {
  const n = x.shape.at(-1) ?? 0;
  return offsets(n, n).equal(0).where(x.expandDims(-1), 0);
}

/** (x + xᵀ) / 2. */
export function symmetricPart(x: Tensor): Tensor {
  return x.add(x.transpose()).div(2);
}

/** Identities of the batch, size and dtype of square matrices. */
export function identityLike(x: Tensor): Tensor {
  return eye(sizesOf(x)[0], { dtype: x.dtype }).broadcastTo(x.shape);
}

/** Rows of matrices, from one number to before another. */
export function rowsOf(x: Tensor, start: number, stop: number): Tensor {
  return x.slice([...batchOf(x).map(() => null), [start, stop]]);
}

/** Columns of matrices, from one number to before another. */
export function columnsOf(x: Tensor, start: number, stop: number): Tensor {
  return x.slice([...batchOf(x).map(() => null), null, [start, stop]]);
}

/** Zeros added to the end of rows and columns, up to a size. */
export function padTo(x: Tensor, rows: number, columns: number): Tensor {
  const [m, n] = sizesOf(x);
  return x.pad([...batchOf(x).map(() => [0, 0] as const), [0, rows - m], [0, columns - n]]);
}

/** 1 / x, but 0 where the magnitude of x is at most a tolerance. */
export function reciprocalUnlessSmall(x: Tensor, tolerance: Tensor): Tensor {
  const isSmall = x.abs().lessEqual(tolerance);
  return isSmall.where(0, isSmall.where(1, x).reciprocal());
}

/** The spacing of numbers at 1 in a dtype. */
export function epsilonOf({ dtype }: Tensor): number {
  return dtype === 'float64' ? 2 ** -52 : 2 ** -23;
}

/** [batch…, 1]: a bound of the rounding errors of eigenvalues or singular values [batch…, n], without a gradient. */
export function roundoffOf(values: Tensor): Tensor {
  return stopGradient(values.abs().sum(-1, { keepdims: true }).mul(epsilonOf(values)));
}
