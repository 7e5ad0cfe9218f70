// Reading and adding at indices.
import { promote, type DType } from '../data/dtype.ts';
import { checkInteger } from '../data/checks.ts';
import {
  broadcastShapes,
  contiguous,
  formatShape,
  normalizeAxis,
  normalizeIndex,
  positions,
  sameShape,
  type Shape,
  type View,
} from '../data/shape.ts';
import type { Routine } from '../graph/primitive.ts';
import { applyRoutine, Tensor } from '../graph/tensor.ts';
import { arange } from './creation.ts';
import { checkTensor } from './define.ts';

/** One element along an axis for each index: output[…, i, …] = x[…, indices[…, i, …], …]. The other axes are equal. */
export const TakeAlongAxis: Routine<'takeAlongAxis'> = {
  kind: 'routine',
  name: 'takeAlongAxis',
  run: (output, _shape, [x, indices], { axis }) => {
    const stride = x.view.strides[axis]!;
    const length = x.view.shape[axis]!;
    const indexAt = positions(indices.view);
    const lineAt = positions(holdAxis(x.view, axis, indices.view.shape));
    for (let i = 0; i < output.length; i++) {
      const index = normalizeIndex('take', indices.values[indexAt[i]!]!, length, axis);
      output[i] = x.values[lineAt[i]! + index * stride]!;
    }
  },
  vjp: (cotangent, { inputs: [x, indices], attributes }, input) =>
    input === 0 ? scatter(indices, cotangent, x.shape, attributes.axis) : undefined,
  jvp: (tangent, { inputs: [, indices], attributes }, input) =>
    input === 0 ? takeAt(tangent, indices, attributes.axis) : undefined,
};

/** The transpose of {@link TakeAlongAxis}: zeros, with updates added at the indices. */
export const ScatterAdd: Routine<'scatterAdd'> = {
  kind: 'routine',
  name: 'scatterAdd',
  run: (output, shape, [indices, updates], { axis }) => {
    output.fill(0);
    const view = contiguous(shape);
    const indexAt = positions(indices.view);
    const updateAt = positions(updates.view);
    const lineAt = positions(holdAxis(view, axis, updates.view.shape));
    for (let i = 0; i < updateAt.length; i++) {
      const index = normalizeIndex('scatterAdd', indices.values[indexAt[i]!]!, shape[axis]!, axis);
      output[lineAt[i]! + index * view.strides[axis]!]! += updates.values[updateAt[i]!]!;
    }
  },
  vjp: (cotangent, { inputs: [indices], attributes }, input) =>
    input === 1 ? takeAt(cotangent, indices, attributes.axis) : undefined,
  jvp: (tangent, { inputs: [indices], attributes, shape }, input) =>
    input === 1 ? scatter(indices, tangent, shape, attributes.axis) : undefined,
};

function takeAt(x: Tensor, indices: Tensor, axis: number): Tensor {
  return applyRoutine(TakeAlongAxis, [x, indices], { shape: indices.shape, dtype: x.dtype }, { axis });
}

function scatter(indices: Tensor, updates: Tensor, shape: Shape, axis: number): Tensor {
  return applyRoutine(ScatterAdd, [indices, updates], { shape, dtype: updates.dtype }, { axis });
}

/** The view at index 0 of an axis, repeated to `shape`'s length of it. */
function holdAxis(view: View, axis: number, shape: Shape): View {
  return { ...view, shape, strides: view.strides.with(axis, 0) };
}

/**
 * Slices of x along an axis, one for each index (NumPy's `take`): the axis is replaced by the shape of `indices`.
 * The gradient adds up what was taken more than once. Negative indices count from the end.
 * @param indices int32, any shape.
 * @throws {RangeError} if an index is out of range (at evaluation).
 */
export function take(x: Tensor, indices: Tensor, axis = 0): Tensor {
  checkTensor('take', x);
  checkIndices('take', indices);
  const along = normalizeAxis('take', axis, x.ndim);
  const before = x.shape.slice(0, along);
  const after = x.shape.slice(along + 1);
  const expanded = indices
    .reshape([...before.map(() => 1), indices.size, ...after.map(() => 1)])
    .broadcastTo([...before, indices.size, ...after]);
  return takeAt(x, expanded, along).reshape([...before, ...indices.shape, ...after]);
}

/**
 * One element along an axis for each index (PyTorch's `gather`): the other axes of x and `indices` broadcast.
 * Negative indices count from the end.
 * @param indices int32, of x's rank.
 * @throws {RangeError} if ranks or axes do not fit, or an index is out of range (at evaluation).
 */
export function takeAlongAxis(x: Tensor, indices: Tensor, axis = -1): Tensor {
  checkTensor('takeAlongAxis', x);
  const { source, at, along } = alignIndices('takeAlongAxis', x, indices, axis);
  return takeAt(source, at, along);
}

/**
 * x with updates added along an axis at the indices (PyTorch's `scatter_add`); equal indices add up.
 * @param indices int32, of x's rank; the other axes are x's, or 1.
 * @param updates of the shape of the indices, or broadcasting to it; cast to x's dtype (bool to int32).
 * @throws {RangeError} if shapes do not fit, or an index is out of range (at evaluation).
 */
export function scatterAdd(x: Tensor, indices: Tensor, updates: Tensor, axis = -1): Tensor {
  checkTensor('scatterAdd', x);
  checkTensor('scatterAdd: the updates', updates);
  const { source, at, along } = alignIndices('scatterAdd', x, indices, axis);
  if (!sameShape(source.shape, x.shape)) {
    throw new RangeError(
      `scatterAdd: indices ${formatShape(indices.shape)} are larger than ${formatShape(x.shape)} on another axis than ${along}`,
    );
  }
  if (!sameShape(broadcastShapes('scatterAdd', updates.shape, at.shape), at.shape)) {
    throw new RangeError(
      `scatterAdd: updates ${formatShape(updates.shape)} do not broadcast to the indices ${formatShape(at.shape)}`,
    );
  }
  const dtype = promote(x.dtype, 'int32');
  return x.add(scatter(at, updates.astype(dtype).broadcastTo(at.shape), x.shape, along));
}

/**
 * 1 at the index and 0 elsewhere along a new last axis of length `depth`. Indices outside 0 to depth − 1 give zeros only.
 * @param indices int32, any shape.
 */
export function oneHot(indices: Tensor, depth: number, options: { readonly dtype?: DType } = {}): Tensor {
  checkIndices('oneHot', indices);
  checkInteger('oneHot', 'depth', depth, { min: 0 });
  return indices
    .expandDims(-1)
    .equal(arange(depth, { dtype: 'int32' }))
    .astype(options.dtype ?? 'float32');
}

function alignIndices(
  operation: string,
  x: Tensor,
  indices: Tensor,
  axis: number,
): { source: Tensor; at: Tensor; along: number } {
  checkIndices(operation, indices);
  if (indices.ndim !== x.ndim) {
    throw new RangeError(
      `${operation}: indices ${formatShape(indices.shape)} must have the rank of the tensor ${formatShape(x.shape)}`,
    );
  }
  const along = normalizeAxis(operation, axis, x.ndim);
  const others = broadcastShapes(operation, x.shape.with(along, 1), indices.shape.with(along, 1));
  return {
    source: x.broadcastTo(others.with(along, x.shape[along]!)),
    at: indices.broadcastTo(others.with(along, indices.shape[along]!)),
    along,
  };
}

function checkIndices(operation: string, indices: Tensor): void {
  if (!(indices instanceof Tensor)) throw new TypeError(`${operation}: indices must be an int32 tensor`);
  if (indices.dtype !== 'int32') {
    throw new TypeError(`${operation}: indices must be int32, got ${indices.dtype}; convert with astype('int32')`);
  }
}
