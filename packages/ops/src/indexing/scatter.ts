// Scatters along an axis.
import type { Indices, Tensor, TensorLike } from '@thetagrad/core';
import {
  broadcastShapes,
  checkBoolean,
  checkOptions,
  checkTensor,
  formatShape,
  nameIndices,
  normalizeAxis,
  sameShape,
  toIndices,
} from '@thetagrad/core/backend';
import { checkReduction, places, update, type Reduction } from './update.ts';

export type { Reduction } from './update.ts';

export interface ScatterOptions {
  /** How updates of one element are combined; with 'none' the last one, in row-major order, replaces it. Default: 'none'. */
  readonly reduce?: Reduction;
  /** Whether an element is combined with its updates, else they replace it. Without meaning for 'none'. Default: true. */
  readonly includeSelf?: boolean;
}

/**
 * Returns x with updates at indices along an axis (PyTorch's `scatter` and `scatter_reduce`). The dtype is that of x; of sums
 * and products bool becomes int32, of means integers become float32. NaN is both the largest and the smallest. At ties of
 * 'amax' and 'amin' the gradient is divided evenly; that of products is correct at zeros.
 * @param indices int32, or integers in arrays, of x's rank, broadcast to x's shape on the other axes. Negative ones count from
 *   the end.
 * @param updates broadcast to the shape of the indices.
 * @param axis Default: −1.
 * @throws {TypeError} if x is not a tensor, indices are not integers, the updates' dtype does not fit, or the reduction is unknown.
 * @throws {RangeError} if shapes do not match, or the axis or an index is out of range: of indices in a tensor at evaluation.
 * @example
 * scatter(zeros([3]), [0, 2], tensor([1, 5])) // tensor([1, 0, 5])
 * scatter(ones([3]), [0, 0, 2], tensor([2, 3, 4]), 0, { reduce: 'prod' }) // tensor([6, 1, 4])
 */
export function scatter(
  x: Tensor,
  indices: Indices,
  updates: TensorLike,
  axis = -1,
  options: ScatterOptions = {},
): Tensor {
  checkTensor('scatter', x);
  checkOptions('scatter', options, ['reduce', 'includeSelf']);
  const { reduce = 'none', includeSelf = true } = options;
  checkBoolean('scatter', 'includeSelf', includeSelf);
  checkReduction('scatter', reduce);
  const axisIndex = normalizeAxis('scatter', axis, x.ndim);
  const given = toIndices('scatter', indices, { shape: x.shape, axis: axisIndex });
  if (given.ndim !== x.ndim) {
    const [own, other] = [formatShape(given.shape), formatShape(x.shape)];
    throw new RangeError(`scatter: indices ${own} must have the same rank as the tensor ${other}`);
  }
  const others = x.shape.with(axisIndex, 1);
  if (!sameShape(broadcastShapes('scatter', given.shape.with(axisIndex, 1), others), others)) {
    const [own, other] = [formatShape(given.shape), formatShape(x.shape)];
    throw new RangeError(`scatter: indices ${own} exceed ${other} on an axis other than ${axisIndex}`);
  }
  const positions = places(x.shape).takeAlongAxis(given, axisIndex);
  nameIndices('scatter', positions, x.shape, axisIndex);
  return update('scatter', x, positions, updates, { reduce, includeSelf });
}
