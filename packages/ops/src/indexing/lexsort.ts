// Sorting by several keys.
import type { Tensor } from '@thetagrad/core';
import { argumentError, checkTensor, formatShapes, normalizeLineAxis, sameShape } from '@thetagrad/core/backend';

/**
 * int32: the indices that sort along an axis by several keys, of which the last is the primary one (NumPy's `lexsort`). Stable;
 * NaN comes last.
 * @param keys tensors of one shape.
 * @param axis Default: −1.
 * @throws {TypeError} if the keys are not an array of tensors.
 * @throws {RangeError} if there are none, their shapes differ, or the axis is out of range.
 * @example
 * lexsort([tensor([2, 1, 0]), tensor([1, 1, 0])]) // tensor([2, 1, 0], int32)
 */
export function lexsort(keys: readonly Tensor[], axis = -1): Tensor {
  if (!Array.isArray(keys)) throw argumentError('lexsort', 'keys', 'an array of tensors', keys, false);
  for (const key of keys) checkTensor('lexsort', key);
  const [first, ...others] = keys;
  if (first === undefined || others.some((key) => !sameShape(key.shape, first.shape))) {
    throw new RangeError(`lexsort: expected one key at least, and keys of one shape, got ${formatShapes(keys)}`);
  }
  const axisIndex = normalizeLineAxis('lexsort', axis, first.ndim);
  if (first.ndim === 0) return first.argsort();
  return others.reduce((order, key) => {
    const refined = key.takeAlongAxis(order, axisIndex).argsort(axisIndex);
    return order.takeAlongAxis(refined, axisIndex);
  }, first.argsort(axisIndex));
}
