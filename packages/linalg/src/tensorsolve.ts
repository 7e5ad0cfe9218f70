// Systems of equations and inverses of tensors, as matrices of joined axes.
import type { Tensor } from '@thetagrad/core';
import {
  checkInteger,
  checkOptions,
  checkTensor,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  sizeOf,
  toFloat,
} from '@thetagrad/core/backend';
import { invert, solveFor } from './solve.ts';

export interface TensorsolveOptions {
  /** Axes of a to move to its end first. Default: none. */
  readonly axes?: readonly number[];
}

/**
 * Solves tensordot(a, x, x.ndim) = b (NumPy's `linalg.tensorsolve`). int32 and bool become float32.
 * @param a of shape [...b.shape, ...x.shape], where both parts have the same number of elements.
 * @returns x.
 * @throws {TypeError} if an operand is not a tensor, or an option is unknown.
 * @throws {RangeError} if shapes do not fit, or, at evaluation, the matrix is singular.
 * @example
 * tensorsolve(eye(4).mul(2).reshape([2, 2, 2, 2]), tensor([[2, 4], [6, 8]])); // tensor([[1, 2], [3, 4]])
 */
export function tensorsolve(a: Tensor, b: Tensor, options: TensorsolveOptions = {}): Tensor {
  const operation = 'tensorsolve';
  checkTensor(operation, a);
  checkTensor(`${operation}: the right-hand side`, b);
  checkOptions(operation, options, ['axes']);
  const { axes = [] } = options;
  normalizeAxes(operation, axes, a.ndim);
  const moved = axes.map((axis) => normalizeAxis(operation, axis, a.ndim));
  const rest = a.shape.map((_, axis) => axis).filter((axis) => !moved.includes(axis));
  const ordered = a.permute([...rest, ...moved]);
  const shape = ordered.shape.slice(b.ndim);
  if (ordered.ndim < b.ndim || sizeOf(shape) !== b.size || a.size !== b.size ** 2) {
    throw new RangeError(
      `${operation}: a ${formatShape(ordered.shape)} must have the axes of b ${formatShape(b.shape)}, and others of as many elements`,
    );
  }
  return solveFor(operation, ordered.reshape([b.size, b.size]), b.reshape([b.size])).reshape(shape);
}

export interface TensorinvOptions {
  /** The number of leading axes that are rows. Default: 2. */
  readonly ind?: number;
}

/**
 * The inverse of a tensor as a linear map from its last axes to its first ones (NumPy's `linalg.tensorinv`). int32 and bool become
 * float32.
 * @returns of shape [...a.shape.slice(ind), ...a.shape.slice(0, ind)].
 * @throws {TypeError} if a is not a tensor, or an option is unknown or not a number.
 * @throws {RangeError} if both groups of axes differ in their number of elements, `ind` is not an integer ≥ 1, or, at evaluation,
 *   the matrix is singular.
 * @example
 * tensorinv(eye(4).reshape([2, 2, 4])).shape; // [4, 2, 2]
 */
export function tensorinv(a: Tensor, options: TensorinvOptions = {}): Tensor {
  const operation = 'tensorinv';
  checkTensor(operation, a);
  checkOptions(operation, options, ['ind']);
  const { ind = 2 } = options;
  checkInteger(operation, 'ind', ind, { min: 1 });
  const [rows, columns] = [a.shape.slice(0, ind), a.shape.slice(ind)];
  const size = sizeOf(rows);
  if (size !== sizeOf(columns)) {
    throw new RangeError(
      `${operation}: the first ${ind} axes of ${formatShape(a.shape)} hold ${size} elements and the others ${sizeOf(columns)}; ` +
        `they must be equal`,
    );
  }
  return invert(operation, a.astype(toFloat(a.dtype)).reshape([size, size])).reshape([...columns, ...rows]);
}
