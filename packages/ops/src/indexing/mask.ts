// Selecting and setting by masks, and the indices of what is not 0.
import { concat, tensor, zeros, type Tensor, type TensorLike, type TypedArray } from '@thetagrad/core';
import {
  broadcastShapes,
  checkTensor,
  describeIndices,
  formatShape,
  rowMajorStrides,
  sameShape,
} from '@thetagrad/core/backend';
import { fitUpdates } from './update.ts';

/**
 * Returns x with a value where the mask is true (PyTorch's `masked_fill`). The dtype is that of x.
 * @param mask bool, broadcast to x's shape.
 * @param value a number, or a tensor that broadcasts to x's shape.
 * @throws {TypeError} if x is not a tensor, the mask is not a tensor of bool, or the dtype of the value does not fit x's.
 * @throws {RangeError} if the mask or the value does not broadcast to x's shape.
 * @example
 * maskedFill(tensor([1, 2, 3]), tensor([true, false, true]), 0) // tensor([0, 2, 0])
 */
export function maskedFill(x: Tensor, mask: Tensor, value: TensorLike): Tensor {
  checkTensor('maskedFill', x);
  checkMask('maskedFill', mask);
  checkBroadcast('maskedFill', 'mask', mask, x);
  const values = fitUpdates('maskedFill', value, x.dtype);
  checkBroadcast('maskedFill', 'value', values, x);
  return mask.where(values, x);
}

/**
 * Returns x with the elements of `source`, in row-major order, where the mask is true (PyTorch's `masked_scatter`). The dtype
 * is that of x.
 * @param mask bool, broadcast to x's shape.
 * @param source of any shape, with at least as many elements as the mask is true at.
 * @throws {TypeError} if x is not a tensor, the mask is not a tensor of bool, or the dtype of the source does not fit x's.
 * @throws {RangeError} if the mask does not broadcast to x's shape or, at evaluation, is true at more elements than the source has.
 * @example
 * maskedScatter(zeros([3]), tensor([true, false, true]), tensor([4, 5])) // tensor([4, 0, 5])
 */
export function maskedScatter(x: Tensor, mask: Tensor, source: Tensor): Tensor {
  checkTensor('maskedScatter', x);
  checkMask('maskedScatter', mask);
  checkBroadcast('maskedScatter', 'mask', mask, x);
  checkTensor('maskedScatter: the source', source);
  const { dtype, size } = x;
  const chosen = mask.broadcastTo(x.shape).flatten();
  // Element 0 is for where the mask is false.
  const elements = concat([zeros([1], { dtype }), fitUpdates('maskedScatter', source, dtype).flatten()]);
  const numbers = chosen.where(chosen.cumsum(), 0);
  const indices = describeIndices(
    numbers,
    () => `maskedScatter: the mask is true at more elements than the source of shape ${formatShape(source.shape)} has`,
  );
  return chosen.where(elements.take(indices), x.reshape([size])).reshape(x.shape);
}

/**
 * The elements of x where the mask is true, as a vector in row-major order (PyTorch's `masked_select`). Asynchronous, as the
 * shape depends on the values of the mask, which are read. The gradient with respect to x is that of `take`; inside of a
 * function that is differentiated use `x.at(mask)` with a mask that has been evaluated before.
 * @param mask bool; x and the mask broadcast against each other.
 * @throws {TypeError} if x is not a tensor, or the mask is not a tensor of bool.
 * @throws {RangeError} if they do not broadcast.
 * @example
 * maskedSelect(tensor([1, 2, 3]), tensor([true, false, true])) // tensor([1, 3])
 */
export async function maskedSelect(x: Tensor, mask: Tensor): Promise<Tensor> {
  checkTensor('maskedSelect', x);
  checkMask('maskedSelect', mask);
  const shape = broadcastShapes('maskedSelect', x.shape, mask.shape);
  const chosen = positionsOf(await mask.broadcastTo(shape).data());
  return x.broadcastTo(shape).flatten().take(chosen);
}

/**
 * The indices of the elements that are not 0, in row-major order: for each axis an int32 vector (NumPy's `nonzero`). NaN is not
 * 0. Asynchronous, as the shape depends on the values of x, which are read.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x is a scalar, which has no axes.
 * @example
 * nonzero(tensor([[0, 4], [5, 0]])) // [tensor([0, 1], int32), tensor([1, 0], int32)]
 */
export async function nonzero(x: Tensor): Promise<Tensor[]> {
  checkTensor('nonzero', x);
  if (x.ndim === 0) throw new RangeError('nonzero: a scalar has no axes; use flatten');
  const chosen = positionsOf(await x.data());
  const strides = rowMajorStrides(x.shape);
  return x.shape.map((length, axis) =>
    tensor(chosen.map((position) => Math.floor(position / (strides[axis] ?? 1)) % length)),
  );
}

/**
 * The indices of the elements that are not 0, in row-major order: int32 [count, rank] (NumPy's `argwhere`, PyTorch's `nonzero`).
 * Asynchronous, as the shape depends on the values of x, which are read.
 * @throws {TypeError} if x is not a tensor.
 * @example
 * argwhere(tensor([[0, 4], [5, 0]])).then((indices) => indices.toArraySync()) // [[0, 1], [1, 0]]
 */
export async function argwhere(x: Tensor): Promise<Tensor> {
  checkTensor('argwhere', x);
  const chosen = positionsOf(await x.data());
  const strides = rowMajorStrides(x.shape);
  const indices = new Int32Array(chosen.length * x.ndim);
  chosen.forEach((position, row) =>
    x.shape.forEach((length, axis) => {
      indices[row * x.ndim + axis] = Math.floor(position / (strides[axis] ?? 1)) % length;
    }),
  );
  return tensor(indices, { shape: [chosen.length, x.ndim] });
}

/** The positions of values other than 0. */
function positionsOf(values: TypedArray): Int32Array {
  const positions = new Int32Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) positions[count++] = i;
  return positions.slice(0, count);
}

function checkMask(operation: string, mask: Tensor): void {
  checkTensor(`${operation}: the mask`, mask);
  if (mask.dtype === 'bool') return;
  throw new TypeError(
    `${operation}: the mask must be bool, got ${mask.dtype}; compare, or convert with astype('bool')`,
  );
}

function checkBroadcast(operation: string, name: string, { shape }: Tensor, x: Tensor): void {
  if (sameShape(broadcastShapes(operation, shape, x.shape), x.shape)) return;
  throw new RangeError(`${operation}: the ${name} ${formatShape(shape)} does not broadcast to ${formatShape(x.shape)}`);
}
