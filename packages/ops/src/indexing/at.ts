// Counterparts of `at`: copies of a tensor in which what it selects is changed.
import type { Index, Tensor, TensorLike } from '@thetagrad/core';
import { argumentError, checkTensor, select } from '@thetagrad/core/backend';
import { places, update, type Reduction } from './update.ts';

/**
 * Returns x with values in place of what `x.at(...index)` selects (NumPy's `x[index] = values`, JAX's `x.at[index].set`). Where
 * an element is selected several times, the last value is set. The dtype is that of x.
 * @param index the arguments of `at`: `atSet(x, [0, '1:', [2, 5]], 0)`.
 * @param values broadcast to the shape of what is selected.
 * @throws {TypeError} if x is not a tensor, the index is not an array of arguments of `at`, or the dtype of the values does not fit.
 * @throws {RangeError} if the values do not broadcast, or the index is wrong, see `at`.
 * @example
 * atSet(zeros([2, 3]), [0, '1:'], tensor([5, 6])).at(0) // tensor([0, 5, 6])
 */
export function atSet(x: Tensor, index: readonly Index[], values: TensorLike): Tensor {
  return updateAt('atSet', x, index, values, 'none');
}

/**
 * Returns x with values added to what `x.at(...index)` selects, as often as it is selected (NumPy's `add.at`, JAX's
 * `x.at[index].add`). bool becomes int32; otherwise the dtype is that of x.
 * @param index the arguments of `at`.
 * @param values broadcast to the shape of what is selected.
 * @throws {TypeError | RangeError} as {@link atSet}.
 * @example
 * atAdd(zeros([3]), [[0, 2, 2]], 1) // tensor([1, 0, 2])
 */
export function atAdd(x: Tensor, index: readonly Index[], values: TensorLike): Tensor {
  return updateAt('atAdd', x, index, values, 'sum');
}

/**
 * Returns x with what `x.at(...index)` selects multiplied by values, as often as it is selected (NumPy's `multiply.at`, JAX's
 * `x.at[index].mul`). bool becomes int32; otherwise the dtype is that of x. The gradient is correct at zeros.
 * @param index the arguments of `at`.
 * @param values broadcast to the shape of what is selected.
 * @throws {TypeError | RangeError} as {@link atSet}.
 * @example
 * atMul(ones([3]), [[0, 2, 2]], 3) // tensor([3, 1, 9])
 */
export function atMul(x: Tensor, index: readonly Index[], values: TensorLike): Tensor {
  return updateAt('atMul', x, index, values, 'prod');
}

/**
 * Returns x with the minimum of values and what `x.at(...index)` selects (NumPy's `minimum.at`, JAX's `x.at[index].min`). The
 * dtype is that of x. NaN if any of them is. At ties the gradient is divided evenly.
 * @param index the arguments of `at`.
 * @param values broadcast to the shape of what is selected.
 * @throws {TypeError | RangeError} as {@link atSet}.
 * @example
 * atMin(tensor([1, 5, 3]), ['1:'], 2) // tensor([1, 2, 2])
 */
export function atMin(x: Tensor, index: readonly Index[], values: TensorLike): Tensor {
  return updateAt('atMin', x, index, values, 'amin');
}

/**
 * Returns x with the maximum of values and what `x.at(...index)` selects (NumPy's `maximum.at`, JAX's `x.at[index].max`). The
 * dtype is that of x. NaN if any of them is. At ties the gradient is divided evenly.
 * @param index the arguments of `at`.
 * @param values broadcast to the shape of what is selected.
 * @throws {TypeError | RangeError} as {@link atSet}.
 * @example
 * atMax(tensor([1, 5, 3]), [':2'], 2) // tensor([2, 5, 3])
 */
export function atMax(x: Tensor, index: readonly Index[], values: TensorLike): Tensor {
  return updateAt('atMax', x, index, values, 'amax');
}

function updateAt(
  operation: string,
  x: Tensor,
  index: readonly Index[],
  values: TensorLike,
  reduce: Reduction,
): Tensor {
  checkTensor(operation, x);
  if (!Array.isArray(index)) {
    throw argumentError(operation, 'index', `an array of the arguments of at, such as [0, '1:']`, index, false);
  }
  const isDistinct = index.every((item: Index) => typeof item !== 'object');
  return update(operation, x, select(operation, places(x.shape), index), values, { reduce, isDistinct });
}
