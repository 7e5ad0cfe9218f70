// Systems of equations with general matrices, and inverses.
import type { Tensor } from '@thetagrad/core';
import { applyRoutine, batchLeading, type Routine } from '@thetagrad/core/backend';
import { solveFactored } from './algorithms/lu.ts';
import { describeMatrix, matricesOf } from './batch.ts';
import { batchOf, checkSquare, checkSystem, sizesOf } from './checks.ts';
import { applyLu } from './lu.ts';
import { identityLike } from './matrices.ts';
import { difference } from './triangular.ts';

type LuSolveAttributes = {
  /** The operation that fails for a singular matrix; '' if it divides by 0. */
  readonly caller: string;
  /** Whether the matrix is transposed. */
  readonly transposed: boolean;
};

declare module '@thetagrad/core/backend' {
  interface Routines {
    /**
     * The solution of a · x = b for matrices a [batch…, n, n], their LU factorization (`linalg.lu`) and b [batch…, n, k].
     * Differentiates by a, whose values it does not read.
     */
    'linalg.luSolve': { inputs: 3; attributes: LuSolveAttributes };
  }
}

const LuSolve: Routine<'linalg.luSolve'> = {
  kind: 'routine',
  name: 'linalg.luSolve',
  run: (output, _shape, [, packed, b], { caller, transposed }) => {
    const factors = matricesOf(packed);
    const sides = matricesOf(b);
    const n = factors.rows;
    const k = sides.columns;
    const matrix = new Float64Array(n * (n + 1));
    const result = new Float64Array(n * k);
    for (let index = 0; index < factors.count; index++) {
      factors.read(index, matrix);
      for (let i = 0; i < n && caller !== ''; i++) {
        if (matrix[i * (n + 1) + i] !== 0) continue;
        throw new RangeError(`${caller}: ${describeMatrix(factors.batch, index)} is singular`);
      }
      sides.read(index, result);
      solveFactored({ packed: matrix, n, isTransposed: transposed }, result, k);
      output.set(result, index * result.length);
    }
  },
  vjpOfAll: (cotangent, output, [isNeeded]) => {
    const { inputs, attributes } = output;
    const { transposed } = attributes;
    const adjoint = applyLuSolve(inputs[0], inputs[1], cotangent, { ...attributes, transposed: !transposed });
    if (!isNeeded) return [undefined, undefined, adjoint];
    const [left, right] = transposed ? [output, adjoint] : [adjoint, output];
    return [left.matmul(right.transpose()).neg(), undefined, adjoint];
  },
  jvpOfAll: ([a, , b], output) => {
    const { inputs, attributes } = output;
    const change = a && (attributes.transposed ? a.transpose() : a).matmul(output);
    return applyLuSolve(inputs[0], inputs[1], difference(b, change, output), attributes);
  },
  batch: batchLeading,
};

/** Creates the node. `packed` is the factorization of a. Batch axes and dtypes must be equal. */
export function applyLuSolve(a: Tensor, packed: Tensor, b: Tensor, attributes: LuSolveAttributes): Tensor {
  return applyRoutine(LuSolve, [a, packed, b], b, attributes);
}

/**
 * Solves systems of equations a · x = b (NumPy's `linalg.solve`), by LU factorization. int32 and bool become float32.
 * @param a [batch…, n, n].
 * @param b [batch…, n, k], or a vector [n], as in NumPy 2. Batches broadcast.
 * @returns x, of the shape of b with the broadcast batch.
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if shapes do not fit, or, at evaluation, a matrix is singular.
 * @example
 * solve(tensor([[2, 1], [1, 3]]), tensor([3, 4])); // tensor([1, 1])
 */
export function solve(a: Tensor, b: Tensor): Tensor {
  return solveFor('solve', a, b);
}

/** As {@link solve}, for an operation that messages name. */
export function solveFor(caller: string, a: Tensor, b: Tensor): Tensor {
  const matrix = checkSquare(caller, a);
  const system = checkSystem(caller, matrix, b);
  const [n] = sizesOf(matrix);
  // Factors each matrix once, however often the batch of b repeats it.
  const packed = applyLu(matrix.astype(system.a.dtype)).broadcastTo([...batchOf(system.a), n, n + 1]);
  return system.restore(applyLuSolve(system.a, packed, system.b, { caller, transposed: false }));
}

/**
 * The inverse of square matrices (NumPy's `linalg.inv`). int32 and bool become float32. To solve equations, {@link solve} is
 * faster and more accurate.
 * @param a [batch…, n, n].
 * @throws {TypeError} if a is not a tensor.
 * @throws {RangeError} if a is not square, or, at evaluation, a matrix is singular.
 * @example
 * inv(tensor([[2, 0], [0, 4]])); // tensor([[0.50, 0.00], [0.00, 0.25]])
 */
export function inv(a: Tensor): Tensor {
  return invert('inv', checkSquare('inv', a));
}

/** The inverse for another operation; with the name '' that of a singular matrix has infinite and NaN elements. */
export function invert(caller: string, a: Tensor): Tensor {
  return applyLuSolve(a, applyLu(a), identityLike(a), { caller, transposed: false });
}
