// Systems of equations with triangular matrices.
import { zerosLike, type Tensor } from '@thetagrad/core';
import { applyRoutine, batchLeading, checkBoolean, checkOptions, type Routine } from '@thetagrad/core/backend';
import { substitute, type TriangularForm } from './algorithms/triangular.ts';
import { describeMatrix, matricesOf } from './batch.ts';
import { checkSquare, checkSystem } from './checks.ts';
import { lowerTriangle, upperTriangle } from './matrices.ts';

/** Attributes of a triangular system. */
export type TriangularAttributes = TriangularForm & {
  /** The operation that fails for a zero on the diagonal; '' if it is divided by. */
  readonly caller: string;
};

declare module '@thetagrad/core/backend' {
  interface Routines {
    /** The solution of a · x = b for triangular matrices [batch…, n, n] and [batch…, n, k]. */
    'linalg.solveTriangular': { inputs: 2; attributes: TriangularAttributes };
  }
}

const SolveTriangular: Routine<'linalg.solveTriangular'> = {
  kind: 'routine',
  name: 'linalg.solveTriangular',
  run: (output, _shape, [a, b], attributes) => {
    const matrices = matricesOf(a);
    const sides = matricesOf(b);
    const n = matrices.rows;
    const matrix = new Float64Array(n * n);
    const result = new Float64Array(n * sides.columns);
    for (let index = 0; index < matrices.count; index++) {
      matrices.read(index, matrix);
      checkDiagonal(matrix, n, attributes, () => describeMatrix(matrices.batch, index));
      sides.read(index, result);
      substitute(matrix, n, result, sides.columns, attributes);
      output.set(result, index * result.length);
    }
  },
  vjpOfAll: (cotangent, output, [isNeeded]) => {
    const { inputs, attributes } = output;
    const adjoint = applyTransposed(inputs[0], cotangent, attributes);
    const ofMatrix = isNeeded ? triangleOf(adjoint.matmul(output.transpose()).neg(), attributes) : undefined;
    return [ofMatrix, adjoint];
  },
  jvpOfAll: ([a, b], output) => {
    const { inputs, attributes } = output;
    const change = a && triangleOf(a, attributes).matmul(output);
    return applyTriangular(inputs[0], difference(b, change, output), attributes);
  },
  batch: batchLeading,
};

function checkDiagonal(
  matrix: Float64Array,
  n: number,
  { caller, unitriangular }: TriangularAttributes,
  describe: () => string,
): void {
  if (caller === '' || unitriangular) return;
  for (let i = 0; i < n; i++) {
    if (matrix[i * n + i] !== 0) continue;
    throw new RangeError(`${caller}: ${describe()} is singular: element [${i}, ${i}] on its diagonal is 0`);
  }
}

/** b − change, where one may be missing and counts as zeros. */
export function difference(b: Tensor | undefined, change: Tensor | undefined, output: Tensor): Tensor {
  if (b && change) return b.sub(change);
  return b ?? change?.neg() ?? zerosLike(output);
}

/** The part of a matrix that a triangular system depends on. */
function triangleOf(x: Tensor, { upper, unitriangular }: TriangularForm): Tensor {
  const diagonal = unitriangular ? 1 : 0;
  return upper ? upperTriangle(x, diagonal) : lowerTriangle(x, -diagonal);
}

/** Creates the node of a · x = b. Batch axes and dtypes must be equal. */
export function applyTriangular(a: Tensor, b: Tensor, attributes: TriangularAttributes): Tensor {
  return applyRoutine(SolveTriangular, [a, b], b, attributes);
}

/** Creates the node of aᵀ · x = b, where the attributes are those of a. */
export function applyTransposed(a: Tensor, b: Tensor, attributes: TriangularAttributes): Tensor {
  return applyTriangular(a.transpose(), b, { ...attributes, upper: !attributes.upper });
}

/** x with x · a = b. */
export function applyFromRight(a: Tensor, b: Tensor, attributes: TriangularAttributes): Tensor {
  return applyTransposed(a, b.transpose(), attributes).transpose();
}

/** The form of factors within derivatives. */
export function formOf(triangle: 'lower' | 'upper' | 'unitLower'): TriangularAttributes {
  return { upper: triangle === 'upper', unitriangular: triangle === 'unitLower', caller: '' };
}

export interface SolveTriangularOptions {
  /** Whether the upper triangle of a is used, not the lower one. Default: false. */
  readonly upper?: boolean;
  /** Whether to solve a · x = b; if not, x · a = b. Default: true. */
  readonly left?: boolean;
  /** Whether the diagonal of a counts as ones. Default: false. */
  readonly unitriangular?: boolean;
}

/**
 * Solves systems of equations a · x = b whose matrices are triangular (PyTorch's `solve_triangular`), by substitution. int32 and
 * bool become float32. The other triangle of a is not read. For aᵀ pass `a.transpose()` and the other `upper`.
 * @param a [batch…, n, n].
 * @param b [batch…, n, k], or a vector [n]; with `left: false` [batch…, k, n]. Batches broadcast.
 * @throws {TypeError} if an operand is not a tensor, or an option is not known or not a boolean.
 * @throws {RangeError} if shapes do not fit, or, at evaluation, an element on a diagonal is 0.
 * @example
 * solveTriangular(tensor([[2, 0], [1, 4]]), tensor([2, 9])); // tensor([1, 2])
 * solveTriangular(tensor([[2, 1], [0, 4]]), tensor([4, 8]), { upper: true }); // tensor([1, 2])
 */
export function solveTriangular(a: Tensor, b: Tensor, options: SolveTriangularOptions = {}): Tensor {
  const operation = 'solveTriangular';
  checkOptions(operation, options, ['upper', 'left', 'unitriangular']);
  const { upper = false, left = true, unitriangular = false } = options;
  for (const [name, value] of Object.entries({ upper, left, unitriangular })) checkBoolean(operation, name, value);
  const matrix = checkSquare(operation, a);
  // x · a = b is aᵀ · xᵀ = bᵀ.
  const transposeIfRight = (x: Tensor): Tensor => (left || x.ndim < 2 ? x : x.transpose());
  const system = checkSystem(operation, left ? matrix : matrix.transpose(), transposeIfRight(b));
  const attributes = { upper: upper === left, unitriangular, caller: operation };
  return transposeIfRight(system.restore(applyTriangular(system.a, system.b, attributes)));
}
