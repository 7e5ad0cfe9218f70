// The factorization of symmetric matrices, which need not be positive definite.
import { arange, type Tensor } from '@thetagrad/core';
import { applyRoutine, batchLeading, type NoAttributes, type Routine } from '@thetagrad/core/backend';
import { factorLdl } from './algorithms/ldl.ts';
import { forEachMatrix, symmetricMatricesOf } from './batch.ts';
import { batchOf, checkSquare, checkSystem, sizesOf } from './checks.ts';
import { checkPivots, orderOf, permuteRows } from './lu.ts';
import {
  columnsOf,
  diagonalMatrix,
  diagonalOf,
  identityLike,
  lowerTriangle,
  padTo,
  subdiagonalOf,
  symmetricPart,
} from './matrices.ts';
import { applyFromRight, applyTransposed, applyTriangular, formOf } from './triangular.ts';

declare module '@thetagrad/core/backend' {
  interface Routines {
    /** The LDLᵀ factorization of symmetric matrices [batch…, n, n], in [batch…, n, n + 1]: d and l, and in the last column pivots. */
    'linalg.ldl': { inputs: 1; attributes: NoAttributes };
  }
}

const [unitLower, lower] = [formOf('unitLower'), formOf('lower')];

const Ldl: Routine<'linalg.ldl'> = {
  kind: 'routine',
  name: 'linalg.ldl',
  run: (output, _shape, [a]) => {
    const matrices = symmetricMatricesOf(a);
    const n = matrices.rows;
    const pivots = new Float64Array(n);
    forEachMatrix(output, matrices, ({ matrix, result }) => {
      factorLdl(matrix, n, pivots);
      for (let i = 0; i < n; i++) {
        result.set(matrix.subarray(i * n, i * n + i + 1), i * (n + 1));
        result[i * (n + 1) + n] = pivots[i]!;
      }
    });
    // Without exchanges where the factors are NaN.
    for (let i = n; i < output.length; i += n + 1) {
      if (Number.isNaN(output[i])) output[i] = Math.floor(i / (n + 1)) % n;
    }
  },
  // With s = l⁻¹ · ȧ · l⁻ᵀ in the order of the rows: the blocks of s are those of ḋ, and what is below them is l⁻¹ · l̇ · d.
  vjp: (cotangent, output) => {
    const n = sizesOf(cotangent)[0];
    const factors = factorsOf(columnsOf(output, 0, n), pivotsOf(output));
    const { l, order, isInBlock } = factors;
    const bar = lowerTriangle(columnsOf(cotangent, 0, n));
    const below = l.transpose().matmul(isInBlock.where(0, bar));
    const scaled = solveBlocks(factors, below.transpose(), '').transpose();
    const inner = isInBlock.where(bar, lowerTriangle(scaled, -1));
    const outer = applyTransposed(l, applyFromRight(l, inner, unitLower), unitLower);
    return symmetricPart(permuteBoth(outer, order.argsort()));
  },
  jvp: (tangent, output) => {
    const n = sizesOf(tangent)[0];
    const factors = factorsOf(columnsOf(output, 0, n), pivotsOf(output));
    const { l, order, isInBlock } = factors;
    const change = permuteBoth(symmetricPart(tangent), order);
    const s = applyTriangular(l, applyTriangular(l, change, unitLower).transpose(), unitLower);
    const below = isInBlock.where(0, lowerTriangle(s, -1));
    const strict = l.matmul(solveBlocks(factors, below.transpose(), '').transpose());
    return padTo(isInBlock.where(lowerTriangle(s), strict), n, n + 1);
  },
  batch: batchLeading,
};

interface Factors {
  /** [batch…, n, n] with ones on the diagonal. */
  readonly l: Tensor;
  /** [batch…, n]: the diagonal of d, and for each row the element of d next to it, or 0. */
  readonly diagonal: Tensor;
  readonly beside: Tensor;
  /** int32 [batch…, n]: the other row of the block, or the row itself. */
  readonly neighbor: Tensor;
  /** [batch…, n, n]: the elements within blocks. */
  readonly isInBlock: Tensor;
  /** int32 [batch…, n]: the rows of the matrix in the order of those of l. */
  readonly order: Tensor;
}

function factorsOf(ld: Tensor, pivots: Tensor): Factors {
  const index = arange(sizesOf(ld)[0], { dtype: 'int32' });
  const isPaired = pivots.less(0);
  // Rows of pairs are neighbors, so that every other of all such rows is the first of a pair.
  const isFirst = isPaired.logicalAnd(isPaired.astype('int32').cumsum(-1).mod(2).equal(1));
  const last = (index.shape[0] ?? 0) - 1;
  const neighbor = isFirst.where(index.add(1).clip(null, last), isPaired.where(index.sub(1), index));
  const isInBlock = index.expandDims(-1).equal(index).logicalOr(neighbor.expandDims(-1).equal(index));
  // The last row cannot be the first of a pair: its negative pivot stays, and is an error.
  const ofFirst = index.less(last).where(index, pivots);
  const exchanges = isFirst.where(ofFirst, isPaired.where(pivots.neg().sub(1), pivots));
  const afterFirst = isFirst.where(subdiagonalOf(ld), 0);
  return {
    l: isInBlock.where(0, lowerTriangle(ld, -1)).add(identityLike(ld)),
    diagonal: diagonalOf(ld),
    beside: afterFirst.add(afterFirst.takeAlongAxis(neighbor, -1)),
    neighbor,
    isInBlock,
    order: orderOf(exchanges, 'ldlSolve', last + 1),
  };
}

/**
 * d⁻¹ · b, by Cramer's rule, of blocks that are divided by their element next to the diagonal: products of their own elements may
 * overflow or underflow. The caller fails where a block is singular; '' divides by 0.
 */
function solveBlocks({ diagonal, beside, neighbor }: Factors, b: Tensor, caller: string): Tensor {
  const isCoupled = beside.notEqual(0);
  const divisor = isCoupled.where(beside, 1);
  const opposite = diagonal.takeAlongAxis(neighbor, -1).div(divisor);
  const determinant = isCoupled.where(diagonal.div(divisor).mul(opposite).sub(1).mul(divisor), diagonal);
  const numerator = isCoupled
    .where(opposite, 1)
    .expandDims(-1)
    .mul(b)
    .sub(isCoupled.expandDims(-1).where(permuteRows(b, neighbor), 0));
  return applyTriangular(diagonalMatrix(determinant), numerator, { ...lower, caller });
}

/** Rows and columns in an order. */
function permuteBoth(x: Tensor, order: Tensor): Tensor {
  return permuteRows(permuteRows(x, order).transpose(), order).transpose();
}

function pivotsOf(packed: Tensor): Tensor {
  const [n] = sizesOf(packed);
  return columnsOf(packed, n, n + 1)
    .squeeze(-1)
    .astype('int32');
}

/**
 * The factorization p · a · pᵀ = l · d · lᵀ of symmetric matrices (PyTorch's `ldl_factor`), for {@link ldlSolve}: with a permutation
 * matrix p, l lower triangular with ones on the diagonal, and d with symmetric blocks of 1 × 1 and 2 × 2 on the diagonal, by the
 * pivoting of Bunch and Kaufman. int32 and bool become float32. Reads the lower triangle; the gradient is that of a symmetric
 * matrix, and needs d to be invertible.
 * @param a [batch…, n, n].
 * @returns `ld` [batch…, n, n]: the lower triangle of d, and below its blocks l, all of whose rows are in their last order, with
 *   zeros above; `pivots`, int32 [batch…, n]: the row that is exchanged with row i in step i, counted from 0, or in both rows i and
 *   i + 1 of a block of 2 × 2 the number −1 − j for the row j that is exchanged with row i + 1.
 * @throws {TypeError} if a is not a tensor.
 * @throws {RangeError} if a is not square.
 * @example
 * ldlFactor(tensor([[4, 2], [2, 3]])); // { ld: tensor([[4.0, 0.0], [0.5, 2.0]]), pivots: tensor([0, 1], int32) }
 */
export function ldlFactor(a: Tensor): { readonly ld: Tensor; readonly pivots: Tensor } {
  const matrix = checkSquare('ldlFactor', a);
  const [n] = sizesOf(matrix);
  const packed = applyRoutine(Ldl, [matrix], { shape: [...batchOf(matrix), n, n + 1], dtype: matrix.dtype }, {});
  return { ld: columnsOf(packed, 0, n), pivots: pivotsOf(packed) };
}

/**
 * Solves a · x = b from the result of {@link ldlFactor} (PyTorch's `ldl_solve`).
 * @param factors the matrix `ld`, [batch…, n, n], whose lower triangle is read. int32 and bool become float32.
 * @param pivots int32 [batch…, n], of the same batch.
 * @param b [batch…, n, k], or a vector [n]. Batches broadcast.
 * @throws {TypeError} if an operand is not a tensor, or pivots are not int32.
 * @throws {RangeError} if shapes do not fit, or, at evaluation, a matrix is singular or a pivot is out of range.
 * @example
 * ldlSolve(tensor([[4, 0], [0.5, 2]]), tensor([0, 1], { dtype: 'int32' }), tensor([6, 5])); // tensor([1, 1])
 */
export function ldlSolve(factors: Tensor, pivots: Tensor, b: Tensor): Tensor {
  const operation = 'ldlSolve';
  const matrix = checkSquare(operation, factors);
  checkPivots(operation, matrix, pivots);
  const system = checkSystem(operation, matrix, b);
  const parts = factorsOf(system.a, pivots.broadcastTo(system.b.shape.slice(0, -1)));
  const { l, order } = parts;
  const inner = applyTriangular(l, permuteRows(system.b, order), unitLower);
  const outer = applyTransposed(l, solveBlocks(parts, inner, operation), unitLower);
  return system.restore(permuteRows(outer, order.argsort()));
}
