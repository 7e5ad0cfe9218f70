// Reductions over axes.
import { checkOptions } from '../data/checks.ts';
import { maxInt32, isFloatingPoint, type DType } from '../data/dtype.ts';
import { at, formatShape, normalizeAxes, normalizeLineAxis, sizeOf } from '../data/shape.ts';
import type { Node, Reduce, ReduceAttributes } from '../graph/primitive.ts';
import { Tensor } from '../graph/tensor.ts';
import type { Scalar } from '../scalar/scalar.ts';
import { accumulatorDType, checkTensor } from './define.ts';
import { countOf, divideSum } from './range.ts';
import { strongMul } from './strongZero.ts';

type ReduceNode = Node<readonly [Tensor], ReduceAttributes>;

export const Sum: Reduce = {
  kind: 'reduce',
  name: 'sum',
  initial: 0,
  combine: (accumulator, value) => accumulator + value,
  integer: (accumulator, value) => (accumulator + value) | 0,
  lower: (accumulator, value) => accumulator.add(value),
  vjp: (cotangent, { inputs: [x] }) => cotangent.broadcastTo(x.shape),
  jvp: (tangent, { attributes: { axes } }) => sumAxes(tangent, axes),
};

export const Prod: Reduce = {
  kind: 'reduce',
  name: 'prod',
  initial: 1,
  combine: (accumulator, value) => accumulator * value,
  integer: Math.imul,
  lower: (accumulator, value) => accumulator.mul(value),
  vjp: (cotangent, output) => strongMul(cotangent, productsOfOthers(output)),
  jvp: (tangent, output) => sumAxes(strongMul(tangent, productsOfOthers(output)), output.attributes.axes),
};

/** Rules of max and min: divide the gradient evenly among the elements that attain the extremum (PyTorch's `amax`). */
const evenShareRules: Pick<Reduce, 'vjp' | 'jvp'> = {
  vjp: (cotangent, output) => evenShare(cotangent, output),
  jvp: (tangent, output) => sumAxes(evenShare(tangent, output), output.attributes.axes),
};

export const Max: Reduce = {
  kind: 'reduce',
  name: 'max',
  initial: -Infinity,
  combine: (accumulator, value) => (value > accumulator || value !== value ? value : accumulator),
  lower: (accumulator, value) => accumulator.max(value),
  ...evenShareRules,
};

export const Min: Reduce = {
  kind: 'reduce',
  name: 'min',
  initial: Infinity,
  combine: (accumulator, value) => (value < accumulator || value !== value ? value : accumulator),
  lower: (accumulator, value) => accumulator.min(value),
  ...evenShareRules,
};

export const Argmax: Reduce = {
  kind: 'reduce',
  name: 'argmax',
  initial: Max.initial,
  combine: Max.combine,
  index: true,
  lower: (accumulator, value) => value.gt(accumulator).or(isFirstNaN(accumulator, value)),
};

export const Argmin: Reduce = {
  kind: 'reduce',
  name: 'argmin',
  initial: Min.initial,
  combine: Min.combine,
  index: true,
  lower: (accumulator, value) => value.lt(accumulator).or(isFirstNaN(accumulator, value)),
};

function isFirstNaN(accumulator: Scalar, value: Scalar): Scalar {
  return value.isNaN().and(accumulator.isNaN().not());
}

/** Creates the node. Reduced axes are kept with size 1, so that results broadcast against the input. */
function applyReduce(primitive: Reduce, x: Tensor, axes: readonly number[], dtype: DType): Tensor {
  const shape = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  return new Tensor(primitive, [x], { shape, dtype }, { axes });
}

/** Sums over axes, which are kept with size 1. */
function sumAxes(x: Tensor, axes: readonly number[]): Tensor {
  return applyReduce(Sum, x, axes, x.dtype);
}

/** For each element of the input t/n if it is one of n that attain the extremum, else 0. */
function evenShare(t: Tensor, output: ReduceNode): Tensor {
  const attained = output.inputs[0].equal(output);
  return attained.where(t.div(sumAxes(attained.astype(output.dtype), output.attributes.axes)), 0);
}

/**
 * For each element of the input the product of all others that it is reduced with: those before it times those after it.
 * Does not divide by elements, which may be 0.
 */
function productsOfOthers({ inputs: [x], attributes: { axes: reduced } }: ReduceNode): Tensor {
  const keptAxes = x.shape.flatMap((_, axis) => (reduced.includes(axis) ? [] : [axis]));
  const axes = [...keptAxes, ...reduced];
  const ordered = x.permute(axes);
  const { length } = keptAxes;
  const lines = ordered.reshape([...ordered.shape.slice(0, length), sizeOf(ordered.shape.slice(length))]);
  const before = lines.cumprod(-1, { exclusive: true });
  const after = lines.cumprod(-1, { exclusive: true, reverse: true });
  return before
    .mul(after)
    .reshape(ordered.shape)
    .permute(x.shape.map((_, axis) => axes.indexOf(axis)));
}

/** One axis or several. Negative ones count from the end. */
export type Axis = number | readonly number[];

export interface ReduceOptions {
  /** Whether to keep the reduced axes with size 1. Default: false. */
  readonly keepdims?: boolean;
}

/**
 * The sum of elements over axes. bool becomes int32; int32 wraps around. The sum of no elements is 0.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * sum(tensor([[1, 2], [3, 4]]), 0); // tensor([4, 6])
 */
export function sum(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  return reduce(Sum, x, axis, options);
}

/**
 * The product of elements over axes. bool becomes int32; int32 wraps around. The product of no elements is 1. The gradient
 * is computed without division and correct at zeros.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * prod(tensor([2, 3, 4])); // tensor(24)
 */
export function prod(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  return reduce(Prod, x, axis, options);
}

/**
 * The largest element over axes, in x's dtype; NaN if there is one. The gradient is divided evenly among ties (PyTorch's
 * `amax`).
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice, or there are no elements to reduce.
 * @example
 * max(tensor([[1, 4], [3, 2]]), 1); // tensor([4, 3])
 */
export function max(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  return reduce(Max, x, axis, options);
}

/**
 * The smallest element over axes, in x's dtype; NaN if there is one. The gradient is divided evenly among ties (PyTorch's
 * `amin`).
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice, or there are no elements to reduce.
 * @example
 * min(tensor([[1, 4], [3, 2]]), 1); // tensor([1, 2])
 */
export function min(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  return reduce(Min, x, axis, options);
}

/**
 * The arithmetic mean over axes. int32 and bool become float32; their sum does not wrap around. The mean of no elements is NaN.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * mean(tensor([1, 2, 6])); // tensor(3)
 */
export function mean(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  checkTensor('mean', x);
  checkOptions('mean', options, ['keepdims']);
  const axes = normalizeAxes('mean', axis, x.ndim);
  const count = countOf(x, axes);
  return isFloatingPoint(x.dtype) ? divideSum(x, axes, count, options) : sumToFloat(x, axes, options).div(count);
}

/** The float32 sum of int32 or bool: the wrapped sum and the multiple of 2³² that an estimate says is missing. */
function sumToFloat(x: Tensor, axes: Axis, options: ReduceOptions): Tensor {
  const wrapped = sum(x, axes, options).astype('float32');
  if (x.dtype === 'bool') return wrapped;
  const missing = sum(x.astype('float32'), axes, options).sub(wrapped);
  const turns = missing.mul(2 ** -32).round();
  return wrapped.add(turns.mul(2 ** 32));
}

/**
 * int32: the index of the largest element along an axis: the first of equals, or the first NaN.
 * @param axis Default: all axes; the index is then that of the flattened tensor.
 * @throws {RangeError} if the axis is out of range, or there are no elements to reduce.
 * @example
 * argmax(tensor([1, 4, 3])); // tensor(1, int32)
 */
export function argmax(x: Tensor, axis?: number, options: ReduceOptions = {}): Tensor {
  return reduceToIndex(Argmax, x, axis, options);
}

/**
 * int32: the index of the smallest element along an axis: the first of equals, or the first NaN.
 * @param axis Default: all axes; the index is then that of the flattened tensor.
 * @throws {RangeError} if the axis is out of range, or there are no elements to reduce.
 * @example
 * argmin(tensor([[1, 4], [3, 2]]), 1); // tensor([0, 1], int32)
 */
export function argmin(x: Tensor, axis?: number, options: ReduceOptions = {}): Tensor {
  return reduceToIndex(Argmin, x, axis, options);
}

/**
 * bool: whether any element over axes is true (not 0). False for no elements.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * any(tensor([[0, 1], [0, 0]]), 1); // tensor([ true, false], bool)
 */
export function any(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  checkTensor('any', x);
  checkOptions('any', options, ['keepdims']);
  return x
    .astype('bool')
    .sum(normalizeAxes('any', axis, x.ndim), options)
    .notEqual(0);
}

/**
 * bool: whether all elements over axes are true (not 0). True for no elements.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * all(tensor([[1, 1], [0, 1]]), 1); // tensor([ true, false], bool)
 */
export function all(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  checkTensor('all', x);
  checkOptions('all', options, ['keepdims']);
  return x
    .astype('bool')
    .logicalNot()
    .sum(normalizeAxes('all', axis, x.ndim), options)
    .equal(0);
}

function reduce(primitive: Reduce, x: Tensor, axis: Axis | undefined, options: ReduceOptions): Tensor {
  const { name } = primitive;
  checkTensor(name, x);
  checkOptions(name, options, ['keepdims']);
  const axes = normalizeAxes(name, axis, x.ndim);
  const isEmpty = x.size === 0 && x.shape.every((length, i) => length > 0 || axes.includes(i));
  const hasIdentity = primitive === Sum || primitive === Prod;
  if (isEmpty && !hasIdentity) {
    throw new RangeError(
      `${name}: expected at least one element along the reduced axes of shape ${formatShape(x.shape)}, got none`,
    );
  }
  const reduced = applyReduce(
    primitive,
    x,
    axes,
    primitive.index ? 'int32' : hasIdentity ? accumulatorDType(x.dtype) : x.dtype,
  );
  return options.keepdims || axes.length === 0 ? reduced : reduced.squeeze(axes);
}

function reduceToIndex(primitive: Reduce, x: Tensor, axis: number | undefined, options: ReduceOptions): Tensor {
  checkTensor(primitive.name, x);
  checkOptions(primitive.name, options, ['keepdims']);
  const along = axis === undefined ? undefined : normalizeLineAxis(primitive.name, axis, x.ndim);
  const isWhole = along === undefined || x.ndim === 0;
  const length = isWhole ? x.size : at(x.shape, along);
  if (length > maxInt32) {
    throw new RangeError(`${primitive.name}: an index among ${length} elements may not be int32; reduce in parts`);
  }
  if (isWhole) {
    const index = reduce(primitive, x.flatten(), 0, {});
    return options.keepdims ? index.reshape(x.shape.map(() => 1)) : index;
  }
  return reduce(primitive, x, along, options);
}
