// Eigenvalues and eigenvectors of symmetric matrices.
import type { Tensor } from '@thetagrad/core';
import {
  applyRoutine,
  batchLeading,
  checkOptions,
  unknownValue,
  type NoAttributes,
  type Routine,
} from '@thetagrad/core/backend';
import { transposeInto } from './algorithms/dense.ts';
import { decomposeSymmetric } from './algorithms/symmetricEigen.ts';
import { forEachScaledMatrix, symmetricMatricesOf } from './batch.ts';
import { batchOf, checkSquare, sizesOf } from './checks.ts';
import {
  diagonalMatrix,
  diagonalOf,
  padTo,
  reciprocalUnlessSmall,
  roundoffOf,
  rowsOf,
  symmetricPart,
} from './matrices.ts';

declare module '@thetagrad/core/backend' {
  interface Routines {
    /** Of symmetric matrices [batch…, n, n], in [batch…, n + 1, n]: a row of eigenvalues above columns of eigenvectors. */
    'linalg.eigh': { inputs: 1; attributes: NoAttributes };
    /** The eigenvalues [batch…, n] of symmetric matrices [batch…, n, n]. */
    'linalg.eigvalsh': { inputs: 1; attributes: NoAttributes };
  }
}

/** Derivatives: Giles, Collected matrix derivative results for forward and reverse mode algorithmic differentiation, 2008. */
const Eigh: Routine<'linalg.eigh'> = {
  kind: 'routine',
  name: 'linalg.eigh',
  run: (output, _shape, [a]) => {
    const matrices = symmetricMatricesOf(a);
    const n = matrices.rows;
    const vectors = new Float64Array(n * n);
    forEachScaledMatrix(output, matrices, [0, n], ({ matrix, result }) => {
      decomposeSymmetric(matrix, n, result.subarray(0, n), vectors);
      transposeInto(result.subarray(n), vectors, n, n);
    });
  },
  vjp: (cotangent, output) => {
    const { values, vectors } = eigenPartsOf(output);
    const bars = eigenPartsOf(cotangent);
    const rotated = vectors.transpose().matmul(bars.vectors).mul(inverseGaps(values));
    const inner = rotated.add(diagonalMatrix(bars.values));
    return symmetricPart(vectors.matmul(inner).matmul(vectors.transpose()));
  },
  jvp: (tangent, output) => {
    const { values, vectors } = eigenPartsOf(output);
    const [n] = sizesOf(tangent);
    const rotated = vectors.transpose().matmul(symmetricPart(tangent)).matmul(vectors);
    const dValues = padTo(diagonalOf(rotated).expandDims(-2), n + 1, n);
    const dVectors = vectors.matmul(rotated.mul(inverseGaps(values)));
    return dValues.add(dVectors.pad([...batchOf(tangent).map(() => [0, 0] as const), [1, 0], [0, 0]]));
  },
  batch: batchLeading,
};

const Eigvalsh: Routine<'linalg.eigvalsh'> = {
  kind: 'routine',
  name: 'linalg.eigvalsh',
  run: (output, _shape, [a]) => {
    const matrices = symmetricMatricesOf(a);
    const n = matrices.rows;
    forEachScaledMatrix(output, matrices, [0, n], ({ matrix, result }) => {
      decomposeSymmetric(matrix, n, result);
    });
  },
  vjp: (cotangent, { inputs: [a] }) => {
    const { vectors } = eigenPartsOf(applyEigh(a));
    return vectors.mul(cotangent.expandDims(-2)).matmul(vectors.transpose());
  },
  jvp: (tangent, { inputs: [a] }) => {
    const { vectors } = eigenPartsOf(applyEigh(a));
    return symmetricPart(tangent).matmul(vectors).mul(vectors).sum(-2);
  },
  batch: batchLeading,
};

/** 1 / (λⱼ − λᵢ) in row i and column j, but 0 for eigenvalues that are equal within rounding. */
function inverseGaps(values: Tensor): Tensor {
  const tolerance = roundoffOf(values).expandDims(-1);
  return reciprocalUnlessSmall(values.expandDims(-2).sub(values.expandDims(-1)), tolerance);
}

/** The node of the decomposition, which reads the lower triangle. */
function applyEigh(a: Tensor): Tensor {
  const [n] = sizesOf(a);
  return applyRoutine(Eigh, [a], { shape: [...batchOf(a), n + 1, n], dtype: a.dtype }, {});
}

/** Takes the node's result apart. */
function eigenPartsOf(packed: Tensor): { readonly values: Tensor; readonly vectors: Tensor } {
  const [rows] = sizesOf(packed);
  return { values: rowsOf(packed, 0, 1).squeeze(-2), vectors: rowsOf(packed, 1, rows) };
}

export interface EighOptions {
  /** The triangle that is read: 'L' for the lower or 'U' for the upper one. Default: 'L'. */
  readonly UPLO?: 'L' | 'U';
}

/**
 * The eigenvalues, in ascending order, and eigenvectors of symmetric matrices (NumPy's `linalg.eigh`), by divide and
 * conquer. int32 and bool become float32. One triangle is read; the gradient is that of a symmetric matrix.
 *
 * Each eigenvector has length 1, and its element of the largest magnitude, the first of these, is positive. In derivatives
 * 1 / (λᵢ − λⱼ) is replaced by 0 where two eigenvalues are equal within rounding. This is right for functions that depend on the
 * eigenvalues without regard to their order, and on the space that equal eigenvalues span, not on the basis of it.
 * @param a [batch…, n, n].
 * @returns `eigenvalues` [batch…, n], and `eigenvectors` [batch…, n, n] in columns.
 * @throws {TypeError} if a is not a tensor, or an option is unknown.
 * @throws {RangeError} if a is not square.
 * @example
 * eigh(tensor([[2, 1], [1, 2]])); // { eigenvalues: tensor([1, 3]), eigenvectors: tensor([[ 0.7071, 0.7071], [-0.7071, 0.7071]]) }
 */
export function eigh(
  a: Tensor,
  options: EighOptions = {},
): { readonly eigenvalues: Tensor; readonly eigenvectors: Tensor } {
  const { values, vectors } = eigenPartsOf(applyEigh(triangleToRead('eigh', a, options)));
  return { eigenvalues: values, eigenvectors: vectors };
}

/**
 * The eigenvalues of symmetric matrices in ascending order (NumPy's `linalg.eigvalsh`). int32 and bool become float32. One
 * triangle is read; the gradient is that of a symmetric matrix, see {@link eigh}.
 * @param a [batch…, n, n].
 * @returns [batch…, n].
 * @throws {TypeError} if a is not a tensor, or an option is unknown.
 * @throws {RangeError} if a is not square.
 * @example
 * eigvalsh(tensor([[2, 1], [1, 2]])); // tensor([1, 3])
 */
export function eigvalsh(a: Tensor, options: EighOptions = {}): Tensor {
  const matrix = triangleToRead('eigvalsh', a, options);
  return applyRoutine(Eigvalsh, [matrix], { shape: matrix.shape.slice(0, -1), dtype: matrix.dtype }, {});
}

function triangleToRead(operation: string, a: Tensor, options: EighOptions): Tensor {
  checkOptions(operation, options, ['UPLO']);
  const { UPLO = 'L' } = options;
  if (UPLO !== 'L' && UPLO !== 'U') throw unknownValue(operation, 'UPLO', UPLO, `'L' or 'U'`);
  const matrix = checkSquare(operation, a);
  return UPLO === 'U' ? matrix.transpose() : matrix;
}
