// The LU factorization.
import { arange, concat, oneHot, type Tensor } from '@thetagrad/core';
import {
  applyRoutine,
  batchLeading,
  checkTensor,
  formatShape,
  type NoAttributes,
  type Routine,
} from '@thetagrad/core/backend';
import { factorLu } from './algorithms/lu.ts';
import { forEachMatrix, matricesOf } from './batch.ts';
import { batchOf, checkMatrix, checkSquare, checkSystem, sizesOf } from './checks.ts';
import { columnsOf, identityLike, lowerTriangle, padTo, rowsOf, upperTriangle } from './matrices.ts';
import { applyFromRight, applyTransposed, applyTriangular, formOf } from './triangular.ts';

type PermutationAttributes = {
  readonly rows: number;
  /** The operation whose pivots they are. */
  readonly caller: string;
};

declare module '@thetagrad/core/backend' {
  interface Routines {
    /**
     * The LU factorization of matrices [batch…, m, n], in [batch…, m, n + 1]: the strictly lower part of L and U, and in the
     * last column the row that is exchanged with row i in step i.
     */
    'linalg.lu': { inputs: 1; attributes: NoAttributes };
    /** int32 [batch…, m]: the order in which exchanges [batch…, k] of rows leave m rows, whose number `rows` is. */
    'linalg.permutation': { inputs: 1; attributes: PermutationAttributes };
  }
}

const [unitLower, lower, upper] = [formOf('unitLower'), formOf('lower'), formOf('upper')];

const Lu: Routine<'linalg.lu'> = {
  kind: 'routine',
  name: 'linalg.lu',
  run: (output, _shape, [a]) => {
    const matrices = matricesOf(a);
    const { rows, columns } = matrices;
    const width = columns + 1;
    const pivots = new Float64Array(rows);
    forEachMatrix(output, matrices, ({ matrix, result }) => {
      factorLu(matrix, rows, columns, pivots);
      for (let i = 0; i < rows; i++) {
        result.set(matrix.subarray(i * columns, (i + 1) * columns), i * width);
        result[i * width + columns] = pivots[i]!;
      }
    });
    // Without exchanges where the factors are NaN.
    for (let i = columns; i < output.length; i += width) {
      if (Number.isNaN(output[i])) output[i] = Math.floor(i / width) % rows;
    }
  },
  vjp: (cotangent, output) => {
    const { l, u, order } = factorsOf(output);
    const [m, n] = sizesOf(output.inputs[0]);
    const k = Math.min(m, n);
    const [lBar, uBar] = [columnsOf(cotangent, 0, k), columnsOf(rowsOf(cotangent, 0, k), 0, n)];
    const [lSquare, uSquare] = [rowsOf(l, 0, k), columnsOf(u, 0, k).transpose()];
    let strict = lSquare.transpose().matmul(lowerTriangle(rowsOf(lBar, 0, k), -1));
    let rest = upperTriangle(columnsOf(uBar, 0, k)).matmul(uSquare);
    if (n > m) strict = strict.sub(columnsOf(uBar, k, n).matmul(columnsOf(u, k, n).transpose()));
    if (m > n) rest = rest.sub(columnsOf(l.transpose(), k, m).matmul(rowsOf(lBar, k, m)));
    const inner = lowerTriangle(strict, -1).add(upperTriangle(rest));
    let result = applyFromRight(uSquare, applyTransposed(lSquare, inner, unitLower), lower);
    if (n > m) result = concat([result, applyTransposed(lSquare, columnsOf(uBar, k, n), unitLower)], -1);
    if (m > n) result = concat([result, applyFromRight(uSquare, rowsOf(lBar, k, m), lower)], -2);
    return permuteRows(result, order.argsort());
  },
  jvp: (tangent, output) => {
    const { l, u, order } = factorsOf(output);
    const [m, n] = sizesOf(tangent);
    const k = Math.min(m, n);
    const rows = permuteRows(tangent, order);
    const [lSquare, uSquare] = [rowsOf(l, 0, k), columnsOf(u, 0, k)];
    const square = columnsOf(rowsOf(rows, 0, k), 0, k);
    const inner = applyFromRight(uSquare, applyTriangular(lSquare, square, unitLower), upper);
    const [strict, rest] = [lowerTriangle(inner, -1), upperTriangle(inner)];
    let result = lSquare.matmul(strict).add(rest.matmul(uSquare));
    if (n > m) {
      const right = applyTriangular(lSquare, columnsOf(rows, k, n), unitLower);
      result = concat([result, right.sub(strict.matmul(columnsOf(u, k, n)))], -1);
    }
    if (m > n) {
      const below = applyFromRight(uSquare, rowsOf(rows, k, m), upper);
      result = concat([result, below.sub(rowsOf(l, k, m).matmul(rest))], -2);
    }
    return padTo(result, m, n + 1);
  },
  batch: batchLeading,
};

const Permutation: Routine<'linalg.permutation'> = {
  kind: 'routine',
  name: 'linalg.permutation',
  run: (output, _shape, [pivots], { rows, caller }) => {
    const { values, view } = pivots;
    const steps = view.shape.at(-1) ?? 0;
    const exchanges = matricesOf({
      values,
      view: { ...view, shape: [...view.shape, 1], strides: [...view.strides, 1] },
    });
    const row = new Float64Array(steps);
    for (let index = 0; index < exchanges.count; index++) {
      exchanges.read(index, row);
      const order = output.subarray(index * rows, (index + 1) * rows);
      for (let i = 0; i < rows; i++) order[i] = i;
      row.forEach((pivot, i) => {
        if (!(pivot >= i && pivot < rows)) {
          throw new RangeError(`${caller}: pivot ${i} must be from ${i} to ${rows - 1}, the last row, got ${pivot}`);
        }
        const exchanged = order[pivot]!;
        order[pivot] = order[i]!;
        order[i] = exchanged;
      });
    }
  },
  batch: batchLeading,
};

/** The node of the factorization. The matrix must be floating-point. */
export function applyLu(a: Tensor): Tensor {
  const [m, n] = sizesOf(a);
  return applyRoutine(Lu, [a], { shape: [...batchOf(a), m, n + 1], dtype: a.dtype }, {});
}

interface Factors {
  /** [batch…, m, k] with ones on the diagonal. */
  readonly l: Tensor;
  /** [batch…, k, n]. */
  readonly u: Tensor;
  /** int32 [batch…, m]: the rows of the matrix in the order of those of l · u. */
  readonly order: Tensor;
}

/** Takes the node's result apart. */
export function factorsOf(packed: Tensor): Factors {
  const [m, width] = sizesOf(packed);
  const n = width - 1;
  const k = Math.min(m, n);
  const strict = lowerTriangle(columnsOf(packed, 0, k), -1);
  const ones = padTo(identityLike(rowsOf(strict, 0, k)), m, k);
  return {
    l: strict.add(ones),
    u: upperTriangle(columnsOf(rowsOf(packed, 0, k), 0, n)),
    order: orderOf(pivotsOf(packed), 'luSolve', m),
  };
}

/** int32 [batch…, k]: the row that is exchanged with row i in step i. */
export function pivotsOf(packed: Tensor): Tensor {
  const [m, width] = sizesOf(packed);
  const last = columnsOf(rowsOf(packed, 0, Math.min(m, width - 1)), width - 1, width);
  return last.squeeze(-1).astype('int32');
}

/** int32 [batch…, rows]: the order in which exchanges [batch…, k] leave rows. */
export function orderOf(pivots: Tensor, caller: string, rows: number): Tensor {
  const shape = [...pivots.shape.slice(0, -1), rows];
  return applyRoutine(Permutation, [pivots], { shape, dtype: 'int32' }, { rows, caller });
}

/** Rows in an order, int32 [batch…, n]. */
export function permuteRows(x: Tensor, order: Tensor): Tensor {
  return x.takeAlongAxis(order.expandDims(-1), -2);
}

/** [batch…]: 1 or −1, the sign of the permutation by exchanges. */
export function paritySign(pivots: Tensor): Tensor {
  const stays = pivots.equal(arange(pivots.shape.at(-1) ?? 0, { dtype: 'int32' }));
  return stays.where(1, -1).prod(-1);
}

/**
 * The LU factorization with partial pivoting (PyTorch's `linalg.lu`): a = p · l · u with a permutation matrix p, l lower
 * triangular with ones on the diagonal, and u upper triangular. int32 and bool become float32. The gradient needs the square
 * part of u to be invertible.
 * @param a [batch…, m, n].
 * @returns `p` [batch…, m, m], `l` [batch…, m, k] and `u` [batch…, k, n] with k = min(m, n).
 * @throws {TypeError} if a is not a tensor.
 * @throws {RangeError} if a has fewer than two axes.
 * @example
 * lu(tensor([[1, 2], [4, 4]])); // { p: tensor([[0, 1], [1, 0]]), l: tensor([[1.00, 0.00], [0.25, 1.00]]), u: tensor([[4, 4], [0, 1]]) }
 */
export function lu(a: Tensor): { readonly p: Tensor; readonly l: Tensor; readonly u: Tensor } {
  const matrix = checkMatrix('lu', a);
  const { l, u, order } = factorsOf(applyLu(matrix));
  return { p: oneHot(order, sizesOf(matrix)[0], { dtype: matrix.dtype }).transpose(), l, u };
}

/**
 * The LU factorization in compact form (PyTorch's `lu_factor`), for {@link luSolve}. int32 and bool become float32.
 * @param a [batch…, m, n].
 * @returns `lu` [batch…, m, n]: u, and below the diagonal l, without its diagonal of ones; `pivots`, int32 [batch…, min(m, n)]:
 *   the row that is exchanged with row i in step i, counted from 0 (PyTorch counts from 1).
 * @throws {TypeError} if a is not a tensor.
 * @throws {RangeError} if a has fewer than two axes.
 * @example
 * luFactor(tensor([[1, 2], [4, 4]])); // { lu: tensor([[4.00, 4.00], [0.25, 1.00]]), pivots: tensor([1, 1], int32) }
 */
export function luFactor(a: Tensor): { readonly lu: Tensor; readonly pivots: Tensor } {
  const matrix = checkMatrix('luFactor', a);
  const packed = applyLu(matrix);
  return { lu: columnsOf(packed, 0, sizesOf(matrix)[1]), pivots: pivotsOf(packed) };
}

/**
 * Solves a · x = b from the result of {@link luFactor} (PyTorch's `lu_solve`).
 * @param factors the matrix `lu`, [batch…, n, n]. int32 and bool become float32.
 * @param pivots int32 [batch…, n], of the same batch.
 * @param b [batch…, n, k], or a vector [n]. Batches broadcast.
 * @throws {TypeError} if an operand is not a tensor, or pivots are not int32.
 * @throws {RangeError} if shapes do not fit, or, at evaluation, a matrix is singular or a pivot is out of range.
 * @example
 * luSolve(tensor([[4, 4], [0.25, 1]]), tensor([1, 1], { dtype: 'int32' }), tensor([3, 8])); // tensor([1, 1])
 */
export function luSolve(factors: Tensor, pivots: Tensor, b: Tensor): Tensor {
  const operation = 'luSolve';
  const matrix = checkSquare(operation, factors);
  checkPivots(operation, matrix, pivots);
  const system = checkSystem(operation, matrix, b);
  const order = orderOf(pivots, operation, sizesOf(matrix)[0]).broadcastTo(system.b.shape.slice(0, -1));
  const inner = applyTriangular(system.a, permuteRows(system.b, order), unitLower);
  return system.restore(applyTriangular(system.a, inner, { ...upper, caller: operation }));
}

/**
 * Checks the pivots of factored matrices.
 * @throws {TypeError} if they are not a tensor of int32.
 * @throws {RangeError} if their shape does not fit.
 */
export function checkPivots(operation: string, matrix: Tensor, pivots: Tensor): void {
  checkTensor(`${operation}: the pivots`, pivots);
  if (pivots.dtype !== 'int32') throw new TypeError(`${operation}: pivots must be int32, got ${pivots.dtype}`);
  const expected = matrix.shape.slice(0, -1);
  if (formatShape(pivots.shape) === formatShape(expected)) return;
  throw new RangeError(
    `${operation}: matrices ${formatShape(matrix.shape)} need pivots ${formatShape(expected)}, got ${formatShape(pivots.shape)}`,
  );
}
