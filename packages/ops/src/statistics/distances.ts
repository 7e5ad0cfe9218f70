// Distances and similarities of vectors.
import { tensor, type Tensor } from '@thetagrad/core';
import {
  at,
  broadcastShapes,
  checkBoolean,
  checkNonnegative,
  checkOptions,
  checkTensor,
  checkTensorOperands,
  formatShape,
  last,
  normalizeAxis,
} from '@thetagrad/core/backend';
import { checkOrder, computeNorm } from './norms.ts';

export interface DistanceOptions {
  /** The order of the norm, ≥ 0. Default: 2. */
  readonly p?: number;
}

/**
 * The distance ‖x − y‖ of two tensors as vectors, a scalar; they are broadcast (PyTorch's `dist`). int32 and bool become float32.
 * The gradient where they are equal is 0.
 * @throws {TypeError | RangeError} if `p` is not a number ≥ 0.
 * @throws {RangeError} if shapes do not broadcast.
 * @example
 * dist(tensor([1, 2]), tensor([4, 6])); // tensor(5)
 */
export function dist(x: Tensor, y: Tensor, options: DistanceOptions = {}): Tensor {
  const difference = subtract('dist', x, y);
  checkOptions('dist', options, ['p']);
  const axes = difference.shape.map((_, i) => i);
  return computeNorm('dist', difference, axes, checkOrder('dist', options.p ?? 2), false);
}

/** Subtracts in floating point, so that int32 does not wrap around. */
function subtract(operation: string, x: Tensor, y: Tensor): Tensor {
  checkTensorOperands(operation, [x, y]);
  broadcastShapes(operation, x.shape, y.shape);
  return toFloating(x).sub(toFloating(y));
}

function toFloating(x: Tensor): Tensor {
  return x.dtype === 'float64' ? x : x.astype('float32');
}

export interface PairwiseDistanceOptions extends DistanceOptions {
  /** What is added to each difference, so that no distance is 0. Default: 1e-6. */
  readonly eps?: number;
  /** Whether to keep the last axis with size 1. Default: false. */
  readonly keepdims?: boolean;
}

/**
 * The distances ‖x − y + eps‖ of vectors along the last axis (PyTorch's `pairwise_distance`); the other axes broadcast. int32 and
 * bool become float32.
 * @throws {TypeError | RangeError} if `p` or `eps` is not a number ≥ 0.
 * @throws {RangeError} if shapes do not broadcast, or x and y are scalars.
 * @example
 * pairwiseDistance(tensor([[1, 2]]), tensor([[4, 6]]), { eps: 0 }); // tensor([5])
 */
export function pairwiseDistance(x: Tensor, y: Tensor, options: PairwiseDistanceOptions = {}): Tensor {
  const difference = subtract('pairwiseDistance', x, y);
  checkOptions('pairwiseDistance', options, ['p', 'eps', 'keepdims']);
  const { p = 2, eps = 1e-6, keepdims = false } = options;
  checkBoolean('pairwiseDistance', 'keepdims', keepdims);
  checkNonnegative('pairwiseDistance', 'eps', eps);
  const axis = normalizeAxis('pairwiseDistance', -1, difference.ndim);
  return computeNorm('pairwiseDistance', difference.add(eps), [axis], checkOrder('pairwiseDistance', p), keepdims);
}

/**
 * The distances of all pairs of rows of two matrices (PyTorch's `cdist`): [batch…, n, m] of x [batch…, n, size] and y [batch…, m,
 * size], whose batch axes broadcast. int32 and bool become float32. Computed from differences, without loss of digits for near
 * points; the gradient of coinciding ones is 0.
 * @throws {TypeError | RangeError} if `p` is not a number ≥ 0.
 * @throws {RangeError} if x or y has fewer than two axes, rows differ in size, or batch axes do not broadcast.
 * @example
 * cdist(tensor([[0, 0], [3, 4]]), tensor([[0, 0], [3, 0]])); // tensor([[0, 3], [5, 4]])
 */
export function cdist(x: Tensor, y: Tensor, options: DistanceOptions = {}): Tensor {
  checkTensorOperands('cdist', [x, y]);
  checkOptions('cdist', options, ['p']);
  const order = checkOrder('cdist', options.p ?? 2);
  if (x.ndim < 2 || y.ndim < 2 || last(x.shape) !== last(y.shape)) {
    throw new RangeError(
      `cdist: expected [batch…, n, size] and [batch…, m, size], got ${formatShape(x.shape)} and ${formatShape(y.shape)}`,
    );
  }
  const difference = subtract('cdist', x.expandDims(-2), y.expandDims(-3));
  return computeNorm('cdist', difference, [difference.ndim - 1], order, false);
}

/**
 * The distances of all pairs of different rows of a matrix [n, size], in the order (0, 1), (0, 2), …, (1, 2), …: a vector of
 * n(n − 1) / 2 (PyTorch's and SciPy's `pdist`). int32 and bool become float32. The gradient of coinciding rows is 0.
 * @throws {TypeError | RangeError} if `p` is not a number ≥ 0.
 * @throws {RangeError} if x does not have two axes.
 * @example
 * pdist(tensor([[0, 0], [3, 4], [3, 0]])); // tensor([5, 3, 4])
 */
export function pdist(x: Tensor, options: DistanceOptions = {}): Tensor {
  checkTensor('pdist', x);
  checkOptions('pdist', options, ['p']);
  const order = checkOrder('pdist', options.p ?? 2);
  if (x.ndim !== 2) throw new RangeError(`pdist: expected a matrix [n, size], got ${formatShape(x.shape)}`);
  const n = at(x.shape, 0);
  const pairs = Array.from({ length: n }, (_, i) => Array.from({ length: n - i - 1 }, (_, j) => [i, i + j + 1])).flat();
  const rows = (part: 0 | 1): Tensor => x.take(tensor(Int32Array.from(pairs, (pair) => at(pair, part))));
  return computeNorm('pdist', subtract('pdist', rows(0), rows(1)), [1], order, false);
}

export interface CosineSimilarityOptions {
  /** What norms below are raised to. Default: 1e-8. */
  readonly eps?: number;
}

/**
 * The cosine of the angle between vectors along an axis, x · y / (max(‖x‖, eps) max(‖y‖, eps)); x and y broadcast (PyTorch's
 * `cosine_similarity`). int32 and bool become float32.
 * @param axis Default: −1, where PyTorch has 1.
 * @throws {TypeError | RangeError} if `eps` is not a finite number ≥ 0.
 * @throws {RangeError} if shapes do not broadcast, or the axis is out of range.
 * @example
 * cosineSimilarity(tensor([1, 0]), tensor([1, 1])); // tensor(0.7071)
 */
export function cosineSimilarity(x: Tensor, y: Tensor, axis = -1, options: CosineSimilarityOptions = {}): Tensor {
  checkTensorOperands('cosineSimilarity', [x, y]);
  checkOptions('cosineSimilarity', options, ['eps']);
  const { eps = 1e-8 } = options;
  checkNonnegative('cosineSimilarity', 'eps', eps);
  const shape = broadcastShapes('cosineSimilarity', x.shape, y.shape);
  const axisIndex = normalizeAxis('cosineSimilarity', axis, shape.length);
  const direction = (vectors: Tensor): Tensor =>
    vectors.div(computeNorm('cosineSimilarity', vectors, [axisIndex], 2, true).maximum(eps));
  return direction(x.broadcastTo(shape))
    .mul(direction(y.broadcastTo(shape)))
    .sum(axisIndex);
}
