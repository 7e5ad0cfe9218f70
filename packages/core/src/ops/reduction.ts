// Reductions over axes. In all of them `axis` is one axis or several, negative ones counted from the end, and all axes if
// absent; `keepdims` leaves the reduced axes in place with size 1.
import { toFloat } from '../data/dtype.ts';
import { checkTensor } from './define.ts';
import * as primitives from './reductionRecords.ts';
import type { Reduce } from '../graph/primitive.ts';
import { normalizeAxes, normalizeAxis } from '../data/shape.ts';
import type { Tensor } from '../graph/tensor.ts';

export type Axis = number | readonly number[];

export interface ReduceOptions {
  /** Leave the reduced axes in place with size 1. */
  readonly keepdims?: boolean;
}

/** The sum. int32 and bool give int32. The sum of nothing is 0. */
export function sum(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  return over(primitives.sum, x, axis, options);
}

/**
 * The product. int32 and bool give int32, modulo 2³². The product of nothing is 1. The gradient divides nothing: it is right
 * where elements are 0.
 */
export function prod(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  return over(primitives.prod, x, axis, options);
}

/**
 * The largest element; NaN if there is one. The gradient is shared evenly among ties (as `torch.amax`).
 * @throws {RangeError} if a reduced axis is empty.
 */
export function max(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  return over(primitives.max, x, axis, options);
}

/**
 * The smallest element; NaN if there is one. The gradient is shared evenly among ties (as `torch.amin`).
 * @throws {RangeError} if a reduced axis is empty.
 */
export function min(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  return over(primitives.min, x, axis, options);
}

/** The arithmetic mean, in floating point: integers become float32. The mean of nothing is NaN. */
export function mean(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  checkTensor('mean', x);
  const axes = normalizeAxes('mean', axis, x.ndim);
  const count = axes.reduce((product, i) => product * x.shape[i]!, 1);
  return sum(x.astype(toFloat(x.dtype)), axes, options).div(count);
}

/** int32: the index of the first largest element along an axis, or in row-major order over all; the first NaN if any. */
export function argmax(x: Tensor, axis?: number, options: ReduceOptions = {}): Tensor {
  return indexOver(primitives.argmax, x, axis, options);
}

/** int32: the index of the first smallest element along an axis, or in row-major order over all; the first NaN if any. */
export function argmin(x: Tensor, axis?: number, options: ReduceOptions = {}): Tensor {
  return indexOver(primitives.argmin, x, axis, options);
}

/** Whether any element is true (not 0). */
export function any(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  checkTensor('any', x);
  return x
    .astype('bool')
    .sum(normalizeAxes('any', axis, x.ndim), options)
    .greater(0);
}

/** Whether all elements are true (not 0). */
export function all(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  checkTensor('all', x);
  return x
    .astype('bool')
    .logicalNot()
    .sum(normalizeAxes('all', axis, x.ndim), options)
    .equal(0);
}

function over(primitive: Reduce, x: Tensor, axis: Axis | undefined, { keepdims = false }: ReduceOptions): Tensor {
  checkTensor(primitive.name, x);
  const axes = normalizeAxes(primitive.name, axis, x.ndim);
  const reduced = primitives.reduce(primitive, x, axes);
  return keepdims || axes.length === 0 ? reduced : reduced.squeeze(axes);
}

function indexOver(primitive: Reduce, x: Tensor, axis: number | undefined, options: ReduceOptions): Tensor {
  checkTensor(primitive.name, x);
  if (axis === undefined) {
    const index = over(primitive, x.flatten(), 0, {});
    return options.keepdims ? index.reshape(x.shape.map(() => 1)) : index;
  }
  return over(primitive, x, normalizeAxis(primitive.name, axis, x.ndim), options);
}
