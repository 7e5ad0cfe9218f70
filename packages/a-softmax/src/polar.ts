import { stopGradient, type Tensor } from '@thetagrad/core';

/** The rows of a matrix in polar form. */
export interface PolarRows {
  /** [N, 1]: the Euclidean length of each row. */
  readonly length: Tensor;
  /** [N, D]: the rows scaled to length 1. A row of zeros remains zero. */
  readonly direction: Tensor;
}

/**
 * Lengths and directions of rows, without overflow or underflow of squares. A row of zeros has length 0 and direction
 * 0, both with derivatives 0 of every order.
 */
export function polarRows(x: Tensor): PolarRows {
  const largest = stopGradient(x.abs().max(1, { keepdims: true }));
  // x / s · s does not depend on s, so the derivative with s held constant is exact.
  const scale = largest.greater(0).where(largest, 1);
  const scaled = x.div(scale);
  const squares = scaled.square().sum(1, { keepdims: true });
  const zero = squares.equal(0);
  // The inner `where` keeps the derivatives of the branch not taken finite.
  const norm = zero.where(1, squares).sqrt();
  return { length: zero.where(0, norm.mul(scale)), direction: zero.where(0, scaled.div(norm)) };
}

/** numerator / length, and 0 with derivatives 0 where the length is 0. */
export function divideByLength(numerator: Tensor, length: Tensor): Tensor {
  const zero = length.equal(0);
  // The inner `where` keeps the branch not taken finite; its gradient would be 0 · ∞ otherwise.
  return zero.where(0, numerator.div(zero.where(1, length)));
}
