import { transposeInto } from './dense.ts';
import { addProduct } from './product.ts';
import { factorQr, formQ } from './qr.ts';
import { decomposeSingular } from './svd.ts';
import { isLargestNegative, negateRow } from './symmetricEigen.ts';

/** A singular value decomposition with k = min(m, n) singular vectors as rows. */
export interface ThinSvd {
  readonly values: Float64Array;
  /** [k, m]. */
  readonly left: Float64Array;
  /** [k, n]. */
  readonly right: Float64Array;
}

/**
 * The singular value decomposition of an [m, n] matrix of any shape. Destroys the matrix. Signs are such that the element of
 * the largest magnitude (the first of these) in each left vector is positive.
 */
export function decomposeThin(a: Float64Array, m: number, n: number): ThinSvd {
  const result = decompose(a, m, n);
  const { left, right } = result;
  for (let i = 0; i < Math.min(m, n); i++) {
    if (!isLargestNegative(left, i * m, m)) continue;
    negateRow(left, i * m, m);
    negateRow(right, i * n, n);
  }
  return result;
}

function decompose(a: Float64Array, m: number, n: number): ThinSvd {
  if (m < n) {
    const transposed = new Float64Array(m * n);
    transposeInto(transposed, a, m, n);
    const { values, left, right } = decompose(transposed, n, m);
    return { values, left: right, right: left };
  }
  const values = new Float64Array(n);
  const right = new Float64Array(n * n);
  const left = new Float64Array(n * m);
  if (m < 2 * n) {
    decomposeSingular(a, m, n, values, { left, right });
    return { values, left, right };
  }
  // Decomposes R of a tall matrix' QR factorization, which has the same singular values.
  const inner = new Float64Array(n * n);
  const q = new Float64Array(m * n);
  const rows = new Float64Array(m * n);
  formQ(q, m, n, factorQr(a, m, n));
  decomposeSingular(a.subarray(0, n * n), n, n, values, { left: inner, right });
  transposeInto(rows, q, m, n);
  addProduct(left, inner, rows, [n, n, m]);
  return { values, left, right };
}

/** The singular values of an [m, n] matrix. Destroys the matrix. */
export function singularValuesOf(a: Float64Array, m: number, n: number, values: Float64Array): void {
  if (m < n) {
    const transposed = new Float64Array(m * n);
    transposeInto(transposed, a, m, n);
    singularValuesOf(transposed, n, m, values);
  } else if (m < 2 * n) {
    decomposeSingular(a, m, n, values);
  } else {
    factorQr(a, m, n);
    decomposeSingular(a.subarray(0, n * n), n, n, values);
  }
}

/** Writes an orthonormal basis as the columns of [n, n], whose first k columns are given as rows [k, n]. */
export function completeBasis(target: Float64Array, rows: Float64Array, k: number, n: number): void {
  const columns = new Float64Array(n * k);
  transposeInto(columns, rows, k, n);
  const given = columns.slice();
  formQ(target, n, n, factorQr(columns, n, k));
  for (let i = 0; i < n; i++) target.set(given.subarray(i * k, (i + 1) * k), i * n);
}
