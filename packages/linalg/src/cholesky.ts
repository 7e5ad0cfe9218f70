// The Cholesky factorization, and what is computed from it.
import type { Tensor } from '@thetagrad/core';
import {
  applyRoutine,
  batchLeading,
  checkBoolean,
  checkOptions,
  checkTensorOperands,
  type NoAttributes,
  type Routine,
} from '@thetagrad/core/backend';
import { factorCholesky } from './algorithms/cholesky.ts';
import { describeMatrix, matricesOf } from './batch.ts';
import { checkSquare, checkSystem } from './checks.ts';
import { diagonalMatrix, diagonalOf, identityLike, lowerTriangle, symmetricPart } from './matrices.ts';
import { applyFromRight, applyTransposed, applyTriangular, formOf } from './triangular.ts';

declare module '@thetagrad/core/backend' {
  interface Routines {
    /** The lower triangular Cholesky factors of matrices [batch…, n, n]. */
    'linalg.cholesky': { inputs: 1; attributes: NoAttributes };
  }
}

const lower = formOf('lower');

/** Derivatives: Murray, Differentiation of the Cholesky decomposition, 2016. */
const Cholesky: Routine<'linalg.cholesky'> = {
  kind: 'routine',
  name: 'linalg.cholesky',
  run: (output, _shape, [a]) => {
    const matrices = matricesOf(a);
    const n = matrices.rows;
    for (let index = 0; index < matrices.count; index++) {
      const failure = factorCholesky(output.subarray(index * n * n, (index + 1) * n * n), matrices.at(index), n);
      if (failure === 0) continue;
      throw new RangeError(
        `cholesky: ${describeMatrix(matrices.batch, index)} is not positive definite: its leading minor of order ` +
          `${failure} is not positive`,
      );
    }
  },
  vjp: (cotangent, factor) => {
    const inner = applyTransposed(factor, halveDiagonal(factor.transpose().matmul(cotangent)), lower);
    return symmetricPart(applyFromRight(factor, inner, lower));
  },
  jvp: (tangent, factor) => {
    const inner = applyTriangular(factor, symmetricPart(tangent), lower);
    const outer = applyTriangular(factor, inner.transpose(), lower).transpose();
    return factor.matmul(halveDiagonal(outer));
  },
  batch: batchLeading,
};

/** The lower triangle with half of the diagonal. */
function halveDiagonal(x: Tensor): Tensor {
  return lowerTriangle(x).sub(diagonalMatrix(diagonalOf(x)).div(2));
}

export interface CholeskyOptions {
  /** Whether the factor is upper triangular, not lower. Default: false. */
  readonly upper?: boolean;
}

/**
 * The Cholesky factor of symmetric positive definite matrices: L, lower triangular with a positive diagonal, with
 * a = L · Lᵀ; with `upper` U with a = Uᵀ · U. int32 and bool become float32. Reads the triangle of a that corresponds to the
 * factor; the gradient is that of a symmetric matrix.
 * @param a [batch…, n, n].
 * @throws {TypeError} if a is not a tensor, or an option is not known or not a boolean.
 * @throws {RangeError} if a is not square, or, at evaluation, a matrix is not positive definite.
 * @example
 * cholesky(tensor([[4, 2], [2, 10]])); // tensor([[2, 0], [1, 3]])
 */
export function cholesky(a: Tensor, options: CholeskyOptions = {}): Tensor {
  const isUpper = checkUpper('cholesky', options);
  const matrix = checkSquare('cholesky', a);
  const factor = applyRoutine(Cholesky, [isUpper ? matrix.transpose() : matrix], matrix, {});
  return isUpper ? factor.transpose() : factor;
}

/**
 * Solves a · x = b from the Cholesky factor of a (PyTorch's `cholesky_solve`). int32 and bool become float32.
 * @param b [batch…, n, k], or a vector [n]. Batches broadcast.
 * @param factor of {@link cholesky}, with the same `upper`: [batch…, n, n].
 * @throws {TypeError} if an operand is not a tensor, or an option is not known or not a boolean.
 * @throws {RangeError} if shapes do not fit, or, at evaluation, an element on a diagonal is 0.
 * @example
 * choleskySolve(tensor([2, 10]), cholesky(tensor([[4, 2], [2, 10]]))); // tensor([0, 1])
 */
export function choleskySolve(b: Tensor, factor: Tensor, options: CholeskyOptions = {}): Tensor {
  const upper = checkUpper('choleskySolve', options);
  checkTensorOperands('choleskySolve', [b, factor]);
  const system = checkSystem('choleskySolve', checkSquare('choleskySolve', factor), b);
  return system.restore(solveFactored(system.a, system.b, { upper, caller: 'choleskySolve' }));
}

/**
 * The inverse of a, symmetric, from its Cholesky factor (PyTorch's `cholesky_inverse`). int32 and bool become float32.
 * @param factor of {@link cholesky}, with the same `upper`: [batch…, n, n].
 * @throws {TypeError} if the factor is not a tensor, or an option is not known or not a boolean.
 * @throws {RangeError} if the factor is not square, or, at evaluation, an element on a diagonal is 0.
 * @example
 * choleskyInverse(tensor([[2, 0], [0, 4]])); // tensor([[0.2500, 0.0000], [0.0000, 0.0625]])
 */
export function choleskyInverse(factor: Tensor, options: CholeskyOptions = {}): Tensor {
  const upper = checkUpper('choleskyInverse', options);
  const matrix = checkSquare('choleskyInverse', factor);
  return solveFactored(matrix, identityLike(matrix), { upper, caller: 'choleskyInverse' });
}

function checkUpper(operation: string, options: CholeskyOptions): boolean {
  checkOptions(operation, options, ['upper']);
  const { upper = false } = options;
  checkBoolean(operation, 'upper', upper);
  return upper;
}

function solveFactored(factor: Tensor, b: Tensor, { upper, caller }: { upper: boolean; caller: string }): Tensor {
  const l = upper ? factor.transpose() : factor;
  const attributes = { ...lower, caller };
  return applyTransposed(l, applyTriangular(l, b, attributes), attributes);
}
