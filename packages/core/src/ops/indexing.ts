import { type DType, promote } from '../data/dtype.ts';
import { checkTensor } from './define.ts';
import { argsort as argSortPrimitive, scattered, taken } from './indexingRecords.ts';
import { arange } from './creation.ts';
import { broadcastShapes, normalizeAxis, sameShape, show } from '../data/shape.ts';
import { Tensor } from '../graph/tensor.ts';

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
  const spread = indices
    .reshape([...before.map(() => 1), indices.size, ...after.map(() => 1)])
    .broadcastTo([...before, indices.size, ...after]);
  return taken(x, spread, along, 'take').reshape([...before, ...indices.shape, ...after]);
}

/**
 * One element along an axis for each index (PyTorch's `gather`): the other axes of x and `indices` broadcast.
 * Negative indices count from the end.
 * @param indices int32, of x's rank.
 * @throws {RangeError} if ranks or axes do not fit, or an index is out of range (at evaluation).
 */
export function takeAlongAxis(x: Tensor, indices: Tensor, axis: number): Tensor {
  checkTensor('takeAlongAxis', x);
  const { source, at, along } = aligned('takeAlongAxis', x, indices, axis);
  return taken(source, at, along);
}

/**
 * x with updates added along an axis at the indices (PyTorch's `scatter_add`); equal indices add up.
 * @param indices int32, of x's rank; the other axes are x's, or 1.
 * @param updates of the shape of the indices, or broadcasting to it; cast to x's dtype (bool to int32).
 * @throws {RangeError} if shapes do not fit, or an index is out of range (at evaluation).
 */
export function scatterAdd(x: Tensor, indices: Tensor, updates: Tensor, axis = 0): Tensor {
  checkTensor('scatterAdd', x);
  checkTensor('scatterAdd: the updates', updates);
  const { source, at, along } = aligned('scatterAdd', x, indices, axis);
  if (!sameShape(source.shape, x.shape)) {
    throw new RangeError(
      `scatterAdd: indices ${show(indices.shape)} are larger than ${show(x.shape)} on another axis than ${along}`,
    );
  }
  if (!sameShape(broadcastShapes('scatterAdd', updates.shape, at.shape), at.shape)) {
    throw new RangeError(
      `scatterAdd: updates ${show(updates.shape)} do not broadcast to the indices ${show(at.shape)}`,
    );
  }
  const dtype = promote(x.dtype, 'int32');
  return x.add(scattered(at, updates.astype(dtype).broadcastTo(at.shape), x.shape, along));
}

/**
 * 1 at the index and 0 elsewhere along a new last axis of length `depth`. Indices outside 0 to depth − 1 give zeros only.
 * @param indices int32, any shape.
 */
export function oneHot(indices: Tensor, depth: number, options: { readonly dtype?: DType } = {}): Tensor {
  checkIndices('oneHot', indices);
  if (!Number.isInteger(depth) || depth < 0) throw new RangeError(`oneHot: depth is an integer ≥ 0, got ${depth}`);
  return indices
    .expandDims(-1)
    .equal(arange(depth, { dtype: 'int32' }))
    .astype(options.dtype ?? 'float32');
}

export interface SortOptions {
  /** Largest first. NaN is last either way. */
  readonly descending?: boolean;
}

/** int32: the order that sorts x along an axis. Stable: ties keep their order. NaN is last. */
export function argsort(x: Tensor, axis = -1, { descending = false }: SortOptions = {}): Tensor {
  checkTensor('argsort', x);
  const along = normalizeAxis('argsort', axis, x.ndim);
  return new Tensor(argSortPrimitive, [x], { shape: x.shape, dtype: 'int32' }, { axis: along, descending });
}

/** x sorted along an axis, NaN last. The gradient goes to where each element came from. */
export function sort(x: Tensor, axis = -1, options: SortOptions = {}): Tensor {
  checkTensor('sort', x);
  const along = normalizeAxis('sort', axis, x.ndim);
  return taken(x, argsort(x, along, options), along);
}

/**
 * The k largest elements along an axis, largest first, and their indices (int32).
 * @throws {RangeError} if k is not an integer from 0 to the axis' length.
 */
export function topk(x: Tensor, k: number, axis = -1): { readonly values: Tensor; readonly indices: Tensor } {
  checkTensor('topk', x);
  const along = normalizeAxis('topk', axis, x.ndim);
  if (!Number.isInteger(k) || k < 0 || k > x.shape[along]!) {
    throw new RangeError(
      `topk: k must be an integer from 0 to the length of axis ${along}, ${x.shape[along]}; got ${k}`,
    );
  }
  const order = argsort(x, along, { descending: true });
  const indices = order.slice(x.shape.map((_, i) => (i === along ? [0, k] : null)));
  return { values: taken(x, indices, along), indices };
}

function aligned(
  operation: string,
  x: Tensor,
  indices: Tensor,
  axis: number,
): { source: Tensor; at: Tensor; along: number } {
  checkIndices(operation, indices);
  if (indices.ndim !== x.ndim) {
    throw new RangeError(
      `${operation}: indices ${show(indices.shape)} must have the rank of the tensor ${show(x.shape)}`,
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
