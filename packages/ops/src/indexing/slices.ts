// Updates of slices along an axis.
import type { Index, Indices, Tensor, TensorLike } from '@thetagrad/core';
import {
  argumentError,
  checkBoolean,
  checkOptions,
  checkTensor,
  normalizeAxis,
  select,
  toIndices,
} from '@thetagrad/core/backend';
import type { ScatterOptions } from './scatter.ts';
import { checkReduction, places, update, type Reduction } from './update.ts';

export interface IndexAddOptions {
  /** A factor of what is added. Default: 1. */
  readonly alpha?: number;
}

/**
 * Returns x with slices added at indices of an axis (PyTorch's `index_add`): x[…, indices[i], …] += alpha · source[…, i, …].
 * Equal indices accumulate. bool becomes int32; otherwise the dtype is that of x.
 * @param indices int32, or integers in arrays; mostly a vector. Negative ones count from the end.
 * @param source broadcast to the shape of `x.take(indices, axis)`.
 * @param axis Default: 0.
 * @throws {TypeError} if x is not a tensor, indices are not integers, or the source's dtype does not fit.
 * @throws {RangeError} if the source does not broadcast, or the axis or an index is out of range: of indices in a tensor at
 *   evaluation.
 * @example
 * indexAdd(zeros([3]), [1, 1], tensor([2, 3])) // tensor([0, 5, 0])
 */
export function indexAdd(
  x: Tensor,
  indices: Indices,
  source: TensorLike,
  axis = 0,
  options: IndexAddOptions = {},
): Tensor {
  checkTensor('indexAdd', x);
  checkOptions('indexAdd', options, ['alpha']);
  const { alpha = 1 } = options;
  if (typeof alpha !== 'number') throw argumentError('indexAdd', 'alpha', 'a number', alpha);
  const added = typeof source === 'number' || source === undefined || alpha === 1 ? source : scale(source, alpha);
  const positions = placesOf('indexAdd', x, indices, axis);
  return update('indexAdd', x, positions, typeof added === 'number' ? added * alpha : added, { reduce: 'sum' });
}

function scale(source: Tensor, alpha: number): Tensor {
  checkTensor('indexAdd: the updates', source);
  return source.mul(alpha);
}

/**
 * Returns x with slices set at indices of an axis (PyTorch's `index_copy`): x[…, indices[i], …] = source[…, i, …]. Of equal
 * indices the last counts. The dtype is that of x.
 * @param indices int32, or integers in arrays; mostly a vector. Negative ones count from the end.
 * @param source broadcast to the shape of `x.take(indices, axis)`.
 * @param axis Default: 0.
 * @throws {TypeError | RangeError} as {@link indexAdd}.
 * @example
 * indexCopy(zeros([3]), [2, 0], tensor([3, 4])) // tensor([4, 0, 3])
 */
export function indexCopy(x: Tensor, indices: Indices, source: TensorLike, axis = 0): Tensor {
  checkTensor('indexCopy', x);
  return update('indexCopy', x, placesOf('indexCopy', x, indices, axis), source, { reduce: 'none' });
}

/**
 * Returns x filled with a value at indices of an axis (PyTorch's `index_fill`). The dtype is that of x.
 * @param indices int32, or integers in arrays; mostly a vector. Negative ones count from the end.
 * @param value a number, or a tensor that broadcasts to the shape of `x.take(indices, axis)`.
 * @param axis Default: 0.
 * @throws {TypeError | RangeError} as {@link indexAdd}.
 * @example
 * indexFill(zeros([3]), [-1], 7) // tensor([0, 0, 7])
 */
export function indexFill(x: Tensor, indices: Indices, value: TensorLike, axis = 0): Tensor {
  checkTensor('indexFill', x);
  return update('indexFill', x, placesOf('indexFill', x, indices, axis), value, { reduce: 'none' });
}

/**
 * Returns x with slices combined at indices of an axis (PyTorch's `index_reduce`). dtypes and gradients are as of `scatter`.
 * @param indices int32, or integers in arrays; mostly a vector. Negative ones count from the end.
 * @param source broadcast to the shape of `x.take(indices, axis)`.
 * @param axis negative ones count from the end.
 * @param options `reduce`, which has no default, and `includeSelf`: those of `scatter`.
 * @throws {TypeError | RangeError} as of `scatter`.
 * @example
 * indexReduce(ones([3]), [1, 1], tensor([2, 3]), 0, { reduce: 'prod' }) // tensor([1, 6, 1])
 */
export function indexReduce(
  x: Tensor,
  indices: Indices,
  source: TensorLike,
  axis: number,
  options: ScatterOptions & { readonly reduce: Reduction },
): Tensor {
  checkTensor('indexReduce', x);
  checkOptions('indexReduce', options, ['reduce', 'includeSelf']);
  const { reduce, includeSelf = true } = options;
  checkBoolean('indexReduce', 'includeSelf', includeSelf);
  checkReduction('indexReduce', reduce);
  return update('indexReduce', x, placesOf('indexReduce', x, indices, axis), source, { reduce, includeSelf });
}

/** The places of the slices that `take` takes. */
function placesOf(operation: string, x: Tensor, indices: Indices, axis: number): Tensor {
  const axisIndex = normalizeAxis(operation, axis, x.ndim);
  const given = toIndices(operation, indices, { shape: x.shape, axis: axisIndex });
  const whole = Array.from({ length: axisIndex }, (): Index => ':');
  return select(operation, places(x.shape), [...whole, given]);
}
