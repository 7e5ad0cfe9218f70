// Functions of square matrices.
import { concat, zerosLike, type Tensor } from '@thetagrad/core';
import { applyRoutine, batchLeading, checkInteger, type NoAttributes, type Routine } from '@thetagrad/core/backend';
import { exponentiate } from './algorithms/exponential.ts';
import { forEachMatrix, matricesOf } from './batch.ts';
import { checkSquare, sizesOf } from './checks.ts';
import { columnsOf, identityLike, rowsOf } from './matrices.ts';
import { invert } from './solve.ts';

declare module '@thetagrad/core/backend' {
  interface Routines {
    /** The exponential of matrices [batch…, n, n]. */
    'linalg.matrixExp': { inputs: 1; attributes: NoAttributes };
  }
}

/** Derivatives: Higham, Functions of Matrices, 2008, §3.2. */
const MatrixExp: Routine<'linalg.matrixExp'> = {
  kind: 'routine',
  name: 'linalg.matrixExp',
  run: (output, _shape, [a]) => {
    const matrices = matricesOf(a);
    forEachMatrix(output, matrices, ({ matrix, result }) => exponentiate(matrix, matrices.rows, result));
  },
  vjp: (cotangent, { inputs: [a] }) => exponentialDerivative(a.transpose(), cotangent),
  jvp: (tangent, { inputs: [a] }) => exponentialDerivative(a, tangent),
  batch: batchLeading,
};

/** The derivative of the exponential at a in a direction e: the upper right block of exp [a e; 0 a]. */
function exponentialDerivative(a: Tensor, e: Tensor): Tensor {
  const [n] = sizesOf(a);
  const upper = concat([a, e], -1);
  const lower = concat([zerosLike(a), a], -1);
  return columnsOf(rowsOf(applyExponential(concat([upper, lower], -2)), 0, n), n, 2 * n);
}

function applyExponential(a: Tensor): Tensor {
  return applyRoutine(MatrixExp, [a], a, {});
}

/**
 * The exponential of square matrices, Σ aᵏ / k! (PyTorch's `linalg.matrix_exp`), by a Padé approximant with scaling and squaring.
 * int32 and bool become float32.
 * @param a [batch…, n, n].
 * @throws {TypeError} if a is not a tensor.
 * @throws {RangeError} if a is not square.
 * @example
 * matrixExp(tensor([[0, 1], [0, 0]])); // tensor([[1, 1], [0, 1]])
 */
export function matrixExp(a: Tensor): Tensor {
  return applyExponential(checkSquare('matrixExp', a));
}

/**
 * Integer powers of square matrices (NumPy's `linalg.matrix_power`), by repeated squaring; of the inverse for negative n. int32
 * and bool become float32.
 * @param a [batch…, n, n].
 * @throws {TypeError} if a is not a tensor or n not a number.
 * @throws {RangeError} if a is not square, n is not an integer, or, at evaluation, a matrix is singular although n < 0.
 * @example
 * matrixPower(tensor([[1, 1], [1, 0]]), 10); // tensor([[89, 55], [55, 34]])
 */
export function matrixPower(a: Tensor, n: number): Tensor {
  const matrix = checkSquare('matrixPower', a);
  checkInteger('matrixPower', 'n', n);
  let square = n < 0 ? invert('matrixPower', matrix) : matrix;
  let result: Tensor | undefined;
  for (let rest = Math.abs(n); rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = result ? result.matmul(square) : square;
    if (rest > 1) square = square.matmul(square);
  }
  return result ?? identityLike(matrix);
}
