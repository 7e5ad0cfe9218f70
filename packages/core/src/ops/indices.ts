// Indices as arguments: tensors, and integers in arrays.
import { argumentError } from '../data/checks.ts';
import { typedArrayType } from '../data/dtype.ts';
import { at, indexMessage, normalizeIndex, type Shape } from '../data/shape.ts';
import { describeIndices } from '../graph/indexSource.ts';
import { checkNotDisposed, Tensor } from '../graph/tensor.ts';
import { fromValues } from './creation.ts';

/** Integers in nested arrays, in which all rows of an axis have equal length. */
export type NestedIntegers = number | readonly NestedIntegers[];

/** Indices: an int32 tensor, an integer or nested arrays of them, or a typed array of integers. */
export type Indices = Tensor | NestedIntegers | Int32Array | Int16Array | Int8Array | Uint16Array | Uint8Array;

/** What indices index. */
export interface Indexed {
  readonly shape: Shape;
  readonly axis: number;
}

/**
 * Converts indices to an int32 tensor.
 * @param of what they index: those in arrays are checked at once. Default: nothing.
 * @throws {TypeError} if they are a tensor of another dtype, booleans, or no numbers at all.
 * @throws {RangeError} if numbers are not int32, rows differ in length, or an index in an array is out of range.
 */
export function toIndices(operation: string, indices: Indices, of?: Indexed): Tensor {
  if (indices instanceof Tensor) {
    checkNotDisposed(operation, indices);
    return checkInt32(operation, indices);
  }
  if (typeof indices !== 'number' && !Array.isArray(indices) && typedArrayType(indices) === undefined) {
    throw argumentError(operation, 'indices', 'an int32 tensor, or integers in arrays', indices, false);
  }
  const inferred = fromValues(operation, indices);
  if (inferred.dtype === 'bool') checkInt32(operation, inferred);
  const result = inferred.dtype === 'int32' ? inferred : fromValues(operation, indices, { dtype: 'int32' });
  if (of) {
    for (const index of result.buffer?.readSync() ?? [])
      normalizeIndex(operation, index, at(of.shape, of.axis), of.axis);
  }
  return result;
}

function checkInt32(operation: string, indices: Tensor): Tensor {
  const { dtype } = indices;
  if (dtype === 'int32') return indices;
  const fix = dtype === 'bool' ? 'at(mask) selects by a mask' : `convert with astype('int32')`;
  throw new TypeError(`${operation}: indices must be int32, got ${dtype}; ${fix}`);
}

/** Lets the error for an index that is out of range name the operation. */
export function nameIndices(operation: string, output: Tensor, shape: Shape, axis: number): Tensor {
  return describeIndices(output, (index) => indexMessage(operation, index, at(shape, axis), axis));
}
