// Search in sorted tensors.
import { full, zeros, type Tensor, type Indices, type TensorLike } from '@thetagrad/core';
import {
  argumentError,
  checkBoolean,
  checkOptions,
  checkTensor,
  formatShape,
  last,
  sameShape,
  toIndices,
  unknownValue,
} from '@thetagrad/core/backend';

export interface SearchOptions {
  /** Where a value goes among equal ones: before them ('left') or after ('right'). Default: 'left'. */
  readonly side?: 'left' | 'right';
  /** int32, or integers in arrays: the indices that sort the sequence along its last axis. Default: it is sorted. */
  readonly sorter?: Indices;
}

/**
 * int32: the index before which each value has to be inserted to keep a sequence sorted (NumPy's and PyTorch's `searchsorted`).
 * NaN is larger than all numbers. Has no gradient.
 * @param sorted in ascending order along the last axis: a vector, or a batch [..., n] for values [..., m] with equal leading axes.
 * @param values a tensor or a number. The result has its shape.
 * @throws {TypeError} if an operand is not a tensor, an option is unknown, or the sorter is not of integers.
 * @throws {RangeError} if `sorted` is a scalar, leading axes differ, or the sorter's shape is not that of `sorted`.
 * @example
 * searchsorted(tensor([1, 2, 2, 3]), tensor([2, 0])) // tensor([1, 0], int32)
 * searchsorted(tensor([1, 2, 2, 3]), 2, { side: 'right' }) // tensor(3, int32)
 */
export function searchsorted(sorted: Tensor, values: TensorLike, options: SearchOptions = {}): Tensor {
  checkOptions('searchsorted', options, ['side', 'sorter']);
  const { side = 'left', sorter } = options;
  if (side !== 'left' && side !== 'right') throw unknownValue('searchsorted', 'side', side, "'left' or 'right'");
  checkTensor('searchsorted', sorted);
  if (sorter === undefined) return search('searchsorted', sorted, values, side === 'right');
  const axis = sorted.ndim - 1;
  const order = toIndices('searchsorted', sorter, { shape: sorted.shape, axis });
  if (!sameShape(order.shape, sorted.shape)) {
    const [own, other] = [formatShape(order.shape), formatShape(sorted.shape)];
    throw new RangeError(`searchsorted: the sorter ${own} must have the shape of the sequence, ${other}`);
  }
  return search('searchsorted', sorted.takeAlongAxis(order), values, side === 'right');
}

export interface BucketizeOptions {
  /** Whether intervals are closed on the left, [a, b), rather than on the right, (a, b]. Default: false. */
  readonly right?: boolean;
}

/**
 * int32: the index of the interval between boundaries that each element of x is in, from 0 below the first boundary to n from
 * the last on (PyTorch's `bucketize`; NumPy's `digitize` with the opposite `right`). NaN is in the last. Has no gradient.
 * @param boundaries a vector in ascending order.
 * @throws {TypeError} if an operand is not a tensor or an option is unknown.
 * @throws {RangeError} if the boundaries are not a vector.
 * @example
 * bucketize(tensor([0.5, 1, 7]), tensor([1, 2])) // tensor([0, 0, 2], int32)
 */
export function bucketize(x: TensorLike, boundaries: Tensor, options: BucketizeOptions = {}): Tensor {
  checkOptions('bucketize', options, ['right']);
  const { right = false } = options;
  checkBoolean('bucketize', 'right', right);
  checkTensor('bucketize: the boundaries', boundaries);
  if (boundaries.ndim !== 1) {
    throw argumentError('bucketize', 'boundaries', 'a vector', formatShape(boundaries.shape), true);
  }
  return search('bucketize', boundaries, x, right);
}

/** Counts the elements of a sequence that are less than each value, or not greater. */
export function search(operation: string, sorted: Tensor, values: TensorLike, isRight: boolean): Tensor {
  if (typeof values !== 'number') checkTensor(`${operation}: the values`, values);
  const shape = typeof values === 'number' ? [] : values.shape;
  const isBatch = sorted.ndim > 1;
  if (sorted.ndim === 0 || (isBatch && !sameShape(sorted.shape.slice(0, -1), shape.slice(0, -1)))) {
    const [own, other] = [formatShape(sorted.shape), formatShape(shape)];
    throw new RangeError(
      `${operation}: the sequence must be a vector, or have the leading axes of the values, got ${own} and ${other}`,
    );
  }
  const count = last(sorted.shape);
  const elementsAt = (index: Tensor): Tensor => (isBatch ? sorted.takeAlongAxis(index) : sorted.take(index));
  const isNaN = typeof values === 'number' ? full([], Number.isNaN(values)) : values.isnan();
  const isBefore = (element: Tensor): Tensor =>
    isRight
      ? element.lessEqual(values).logicalOr(isNaN)
      : element.less(values).logicalOr(isNaN.logicalAnd(element.isnan().logicalNot()));
  // Bisection: adds powers of two as long as the element before is before the value.
  let found = zeros(shape, { dtype: 'int32' });
  for (let step = 2 ** Math.floor(Math.log2(Math.max(count, 1))); step >= 1 && count > 0; step /= 2) {
    const next = found.add(step);
    const isReached = next.lessEqual(count).logicalAnd(isBefore(elementsAt(next.minimum(count).sub(1))));
    found = isReached.where(next, found);
  }
  return found;
}
