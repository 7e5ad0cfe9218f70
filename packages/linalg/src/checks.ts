// Checks of operands, which become floating-point.
import { promoteTypes, type Tensor } from '@thetagrad/core';
import { broadcastShapes, checkTensor, formatShape, toFloat, type Shape } from '@thetagrad/core/backend';

/** The number of rows and of columns of a matrix. */
export function sizesOf(x: Tensor): readonly [rows: number, columns: number] {
  return x.shape.slice(-2) as [number, number];
}

/** The sizes of the axes before the matrices. */
export function batchOf(x: Tensor): Shape {
  return x.shape.slice(0, -2);
}

/**
 * Checks a matrix or a batch of matrices; int32 and bool become float32.
 * @throws {TypeError} if it is not a tensor.
 * @throws {RangeError} if it has fewer than two axes.
 */
export function checkMatrix(operation: string, x: Tensor): Tensor {
  checkTensor(operation, x);
  if (x.ndim >= 2) return x.astype(toFloat(x.dtype));
  throw new RangeError(`${operation}: expected a matrix or a batch of matrices, got shape ${formatShape(x.shape)}`);
}

/**
 * As {@link checkMatrix}, for square matrices.
 * @throws {TypeError} if it is not a tensor.
 * @throws {RangeError} if it has fewer than two axes, or the last two differ.
 */
export function checkSquare(operation: string, x: Tensor): Tensor {
  const matrix = checkMatrix(operation, x);
  const [rows, columns] = sizesOf(matrix);
  if (rows === columns) return matrix;
  throw new RangeError(
    `${operation}: expected square matrices, got shape ${formatShape(x.shape)}, whose last two axes differ`,
  );
}

/** A system of equations with broadcast batches, in one dtype. */
export interface System {
  readonly a: Tensor;
  /** [batch…, n, k]. */
  readonly b: Tensor;
  /** Brings the solution into the form of the right-hand side. */
  readonly restore: (solution: Tensor) => Tensor;
}

/**
 * Checks the operands of a · x = b. By NumPy's rule a right-hand side of one axis is a vector, and any other is a matrix or a
 * batch of matrices.
 * @throws {TypeError} if one is not a tensor.
 * @throws {RangeError} if b is a scalar, or shapes do not fit.
 */
export function checkSystem(operation: string, a: Tensor, b: Tensor): System {
  checkTensor(`${operation}: the right-hand side`, b);
  if (b.ndim === 0) {
    throw new RangeError(`${operation}: the right-hand side must be a vector or matrices, got a scalar`);
  }
  const [rows] = sizesOf(a);
  const isVector = b.ndim === 1;
  const columns = isVector ? b.expandDims(1) : b;
  if (sizesOf(columns)[0] !== rows) {
    const axis = isVector ? 0 : -2;
    throw new RangeError(
      `${operation}: matrices ${formatShape(a.shape)} need a right-hand side with ${rows} rows, got ` +
        `${formatShape(b.shape)} with ${sizesOf(columns)[0]} on axis ${axis}`,
    );
  }
  const dtype = promoteTypes(a.dtype, toFloat(b.dtype));
  const batch = broadcastShapes(operation, batchOf(a), batchOf(columns));
  return {
    a: a.astype(dtype).broadcastTo([...batch, ...sizesOf(a)]),
    b: columns.astype(dtype).broadcastTo([...batch, ...sizesOf(columns)]),
    restore: (solution) => (isVector ? solution.squeeze(-1) : solution),
  };
}
