// Gather and scatter: what users call.
import { checkInteger } from '../data/checks.ts';
import { promoteTypes, type DType } from '../data/dtype.ts';
import { at, broadcastShapes, formatShape, normalizeAxis, sameShape } from '../data/shape.ts';
import type { Tensor } from '../graph/tensor.ts';
import { arange, checkTensorOptions } from './creation.ts';
import { checkTensor } from './define.ts';
import { applyScatter, applyTake, takeSlices } from './gather.ts';
import { nameIndices, toIndices, type Indices } from './indices.ts';

/**
 * Takes slices of x at indices along an axis (NumPy's `take`). In the result's shape, the axis is replaced by the shape of
 * `indices`; the dtype is that of x. The gradient sums over repeated indices.
 * @param indices int32, or integers in arrays; any shape. Negative ones count from the end.
 * @param axis Default: 0.
 * @throws {TypeError} if x is not a tensor or indices are not integers.
 * @throws {RangeError} if the axis or an index is out of range: of indices in a tensor at evaluation.
 * @example
 * take(tensor([[1, 2], [3, 4]]), [1, 1]); // tensor([[3, 4], [3, 4]])
 */
export function take(x: Tensor, indices: Indices, axis = 0): Tensor {
  checkTensor('take', x);
  const axisIndex = normalizeAxis('take', axis, x.ndim);
  const source = { shape: x.shape, axis: axisIndex };
  return takeSlices('take', x, toIndices('take', indices, source), axisIndex, source);
}

/**
 * Gathers elements of x at indices along an axis (NumPy's `take_along_axis`, PyTorch's `gather`). Other axes of x and
 * `indices` broadcast. The dtype is that of x.
 * @param indices int32, or integers in arrays, of x's rank. Negative ones count from the end.
 * @param axis Default: −1.
 * @throws {TypeError} if x is not a tensor or indices are not integers.
 * @throws {RangeError} if ranks differ, other axes do not broadcast, or the axis or an index is out of range: of indices in a
 *   tensor at evaluation.
 * @example
 * takeAlongAxis(tensor([[1, 2], [3, 4]]), [[1], [0]]); // tensor([[2], [3]])
 */
export function takeAlongAxis(x: Tensor, indices: Indices, axis = -1): Tensor {
  checkTensor('takeAlongAxis', x);
  const aligned = alignIndices('takeAlongAxis', x, indices, axis);
  return nameIndices('takeAlongAxis', applyTake(aligned.x, aligned.indices, aligned.axis), x.shape, aligned.axis);
}

/**
 * Returns x with updates added at indices along an axis (PyTorch's `scatter_add`). Updates at equal indices accumulate.
 * bool becomes int32; otherwise the dtype is that of x.
 * @param indices int32, or integers in arrays, of x's rank, broadcast to x's shape on the other axes. Negative ones count from
 *   the end.
 * @param updates broadcast to the shape of the indices and cast to the dtype of the result.
 * @param axis Default: −1.
 * @throws {TypeError} if an operand is not a tensor or indices are not integers.
 * @throws {RangeError} if shapes do not match, or the axis or an index is out of range: of indices in a tensor at evaluation.
 * @example
 * scatterAdd(zeros([3]), [0, 2, 2], tensor([1, 2, 3])); // tensor([1, 0, 5])
 */
export function scatterAdd(x: Tensor, indices: Indices, updates: Tensor, axis = -1): Tensor {
  checkTensor('scatterAdd', x);
  checkTensor('scatterAdd: the updates', updates);
  const aligned = alignIndices('scatterAdd', x, indices, axis);
  const { shape } = aligned.indices;
  if (!sameShape(aligned.x.shape, x.shape)) {
    throw new RangeError(
      `scatterAdd: indices ${formatShape(shape)} exceed ${formatShape(x.shape)} on an axis other than ${aligned.axis}`,
    );
  }
  if (!sameShape(broadcastShapes('scatterAdd', updates.shape, shape), shape)) {
    throw new RangeError(
      `scatterAdd: updates ${formatShape(updates.shape)} do not broadcast to the indices ${formatShape(shape)}`,
    );
  }
  const dtype = promoteTypes(x.dtype, 'int32');
  const added = applyScatter(aligned.indices, updates.astype(dtype).broadcastTo(shape), x.shape, aligned.axis);
  return x.add(nameIndices('scatterAdd', added, x.shape, aligned.axis));
}

/**
 * One-hot encoding: a new last axis of length `depth` with 1 at the index and 0 elsewhere. Indices outside of 0 to
 * depth − 1 give zeros.
 * @param indices int32, or integers in arrays; any shape.
 * @param options `dtype`. Default: float32.
 * @throws {TypeError} if indices are not integers, the dtype is unknown, or depth is not a number.
 * @throws {RangeError} if depth is not an integer ≥ 0.
 * @example
 * oneHot([2, 0], 3); // tensor([[0, 0, 1], [1, 0, 0]])
 */
export function oneHot(indices: Indices, depth: number, options: { readonly dtype?: DType } = {}): Tensor {
  const given = toIndices('oneHot', indices);
  checkInteger('oneHot', 'depth', depth, { min: 0 });
  checkTensorOptions('oneHot', options);
  return given
    .expandDims(-1)
    .equal(arange(depth, { dtype: 'int32' }))
    .astype(options.dtype ?? 'float32');
}

/** Broadcasts x and indices against each other on all axes but one, and normalizes that axis. */
function alignIndices(
  operation: string,
  x: Tensor,
  given: Indices,
  axis: number,
): { readonly x: Tensor; readonly indices: Tensor; readonly axis: number } {
  const axisIndex = normalizeAxis(operation, axis, x.ndim);
  const indices = toIndices(operation, given, { shape: x.shape, axis: axisIndex });
  if (indices.ndim !== x.ndim) {
    throw new RangeError(
      `${operation}: indices ${formatShape(indices.shape)} must have the same rank as the tensor ${formatShape(x.shape)}`,
    );
  }
  const common = broadcastShapes(operation, x.shape.with(axisIndex, 1), indices.shape.with(axisIndex, 1));
  return {
    x: x.broadcastTo(common.with(axisIndex, at(x.shape, axisIndex))),
    indices: indices.broadcastTo(common.with(axisIndex, at(indices.shape, axisIndex))),
    axis: axisIndex,
  };
}
