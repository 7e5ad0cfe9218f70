// The QR factorization, and products of Householder reflections.
import { concat, type Tensor } from '@thetagrad/core';
import {
  applyRoutine,
  batchLeading,
  checkOptions,
  checkTensor,
  formatShape,
  sameShape,
  unknownValue,
  type Routine,
} from '@thetagrad/core/backend';
import { factorQr, formQ } from './algorithms/qr.ts';
import { forEachScaledMatrix, matricesOf } from './batch.ts';
import { batchOf, checkMatrix, sizesOf } from './checks.ts';
import { columnsOf, identityLike, lowerTriangle, padTo, rowsOf } from './matrices.ts';
import { joinParts, takePart } from './packing.ts';
import { applyFromRight, formOf } from './triangular.ts';

/** How many columns of Q are formed: none, one for each column of the matrix, or all. */
type QrAttributes = { readonly columns: number };

declare module '@thetagrad/core/backend' {
  interface Routines {
    /**
     * The QR factorization of matrices [batch…, m, n] with m ≥ n, each flattened: Q [m, columns] and R [max(n, columns), n].
     */
    'linalg.qr': { inputs: 1; attributes: QrAttributes };
  }
}

/** Derivatives: Walter and Lehmann, Algorithmic differentiation of linear algebra functions, 2010. */
const Qr: Routine<'linalg.qr'> = {
  kind: 'routine',
  name: 'linalg.qr',
  run: (output, shape, [a], { columns }) => {
    const matrices = matricesOf(a);
    const { rows: m, columns: n } = matrices;
    const start = m * columns;
    forEachScaledMatrix(output, matrices, [start, shape.at(-1) ?? 0], ({ matrix, result }) => {
      const reflections = factorQr(matrix, m, n);
      formQ(result, m, columns, reflections);
      result.set(matrix.subarray(0, Math.min(matrix.length, result.length - start)), start);
    });
  },
  vjp: (cotangent, output) => {
    const [a] = output.inputs;
    const { columns } = output.attributes;
    const [m, n] = sizesOf(a);
    const bars = partsOf(cotangent, m, n, columns);
    const parts = columns === 0 ? partsOf(applyQr(a, n), m, n, n) : partsOf(output, m, n, columns);
    const [q, r] = [columnsOf(parts.q, 0, n), rowsOf(parts.r, 0, n)];
    let product = r.matmul(rowsOf(bars.r, 0, n).transpose());
    if (columns > 0) product = product.sub(columnsOf(bars.q, 0, n).transpose().matmul(q));
    const symmetric = lowerTriangle(product).add(lowerTriangle(product, -1).transpose());
    let inner = q.matmul(symmetric);
    if (columns > 0) inner = inner.add(columnsOf(bars.q, 0, n));
    if (columns > n) {
      const [rest, restBar] = [columnsOf(parts.q, n, m), columnsOf(bars.q, n, m)];
      inner = inner.sub(rest.matmul(restBar.transpose().matmul(q)));
    }
    return applyFromRight(r.transpose(), inner, formOf('lower'));
  },
  jvp: (tangent, output) => {
    const [a] = output.inputs;
    const { columns } = output.attributes;
    const [m, n] = sizesOf(a);
    const parts = columns === 0 ? partsOf(applyQr(a, n), m, n, n) : partsOf(output, m, n, columns);
    const [q, r] = [columnsOf(parts.q, 0, n), rowsOf(parts.r, 0, n)];
    const y = applyFromRight(r, tangent, formOf('upper'));
    const x = q.transpose().matmul(y);
    const strict = lowerTriangle(x, -1);
    const upper = x.sub(strict).add(strict.transpose());
    const dr = padTo(upper.matmul(r), Math.max(n, columns), n);
    const dq = y.sub(q.matmul(upper));
    if (columns === 0) return joinParts([columnsOf(dq, 0, 0), dr]);
    if (columns === n) return joinParts([dq, dr]);
    const rest = q.matmul(columnsOf(parts.q, n, m).transpose().matmul(y).transpose()).neg();
    return joinParts([concat([dq, rest], -1), dr]);
  },
  batch: batchLeading,
};

/** Creates the node for matrices that are not wide. */
function applyQr(a: Tensor, columns: number): Tensor {
  const [m, n] = sizesOf(a);
  const shape = [...batchOf(a), m * columns + Math.max(n, columns) * n];
  return applyRoutine(Qr, [a], { shape, dtype: a.dtype }, { columns });
}

/** Takes the node's result apart. */
function partsOf(packed: Tensor, m: number, n: number, columns: number): { readonly q: Tensor; readonly r: Tensor } {
  return { q: takePart(packed, 0, m, columns), r: takePart(packed, m * columns, Math.max(n, columns), n) };
}

export interface QrOptions {
  /**
   * 'reduced': q [batch…, m, k] and r [batch…, k, n] with k = min(m, n); 'complete': q [batch…, m, m] and r [batch…, m, n]; 'r':
   * r as of 'reduced' alone, and q of no columns. Default: 'reduced'.
   */
  readonly mode?: 'reduced' | 'complete' | 'r';
}

/**
 * The QR factorization a = q · r (NumPy's `linalg.qr`) by Householder reflections, with orthonormal columns of q and an upper
 * triangular r. Signs are LAPACK's, and so NumPy's and PyTorch's. int32 and bool become float32. The gradient needs the first
 * min(m, n) columns of a to be linearly independent.
 * @param a [batch…, m, n].
 * @throws {TypeError} if a is not a tensor, or an option or mode is unknown.
 * @throws {RangeError} if a has fewer than two axes.
 * @example
 * qr(tensor([[3, 1], [4, 3]])); // { q: tensor([[-0.6, -0.8], [-0.8, 0.6]]), r: tensor([[-5, -3], [ 0, 1]]) }
 */
export function qr(a: Tensor, options: QrOptions = {}): { readonly q: Tensor; readonly r: Tensor } {
  checkOptions('qr', options, ['mode']);
  const { mode = 'reduced' } = options;
  if (!['reduced', 'complete', 'r'].includes(mode)) {
    throw unknownValue('qr', 'mode', mode, `'reduced', 'complete' or 'r'`);
  }
  const matrix = checkMatrix('qr', a);
  const [m, n] = sizesOf(matrix);
  const k = Math.min(m, n);
  // Factors the square part of a wide matrix; the rest of r is qᵀ times the other columns.
  const columns = { reduced: k, complete: m, r: m < n ? m : 0 }[mode];
  const { q, r } = partsOf(applyQr(columnsOf(matrix, 0, k), columns), m, k, columns);
  const whole = m < n ? concat([r, q.transpose().matmul(columnsOf(matrix, k, n))], -1) : r;
  return { q: mode === 'r' ? columnsOf(q, 0, 0) : q, r: whole };
}

/**
 * The first columns of a product of Householder reflections I − τ v vᵀ (PyTorch's `householder_product`), with v in the columns
 * of a below its diagonal, where v is 1. int32 and bool become float32.
 * @param a [batch…, m, n] with m ≥ n.
 * @param tau [batch…, k] with k ≤ n.
 * @returns [batch…, m, n].
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if shapes do not fit.
 * @example
 * householderProduct(tensor([[1], [1]]), tensor([1])); // tensor([[ 0], [-1]])
 */
export function householderProduct(a: Tensor, tau: Tensor): Tensor {
  const matrix = checkMatrix('householderProduct', a);
  checkTensor('householderProduct: tau', tau);
  const [m, n] = sizesOf(matrix);
  const count = tau.shape.at(-1) ?? 0;
  if (m < n) {
    throw new RangeError(`householderProduct: expected at least as many rows as columns, got ${formatShape(a.shape)}`);
  }
  if (tau.ndim !== matrix.ndim - 1 || !sameShape(tau.shape.slice(0, -1), batchOf(matrix)) || count > n) {
    const expected = formatShape([...batchOf(matrix), n]);
    throw new RangeError(
      `householderProduct: matrices ${formatShape(a.shape)} need at most the factors ${expected}, got ${formatShape(tau.shape)}`,
    );
  }
  const square = rowsOf(matrix, 0, n);
  const vectors = lowerTriangle(matrix, -1).add(padTo(identityLike(square), m, n));
  let result = padTo(identityLike(square), m, n);
  for (let i = count - 1; i >= 0; i--) {
    const v = columnsOf(vectors, i, i + 1);
    const factor = tau.slice([...batchOf(matrix).map(() => null), [i, i + 1]]).expandDims(-1);
    result = result.sub(v.mul(factor).matmul(v.transpose().matmul(result)));
  }
  return result;
}
