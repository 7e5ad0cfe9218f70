// Reductions over axes. In all of them `axis` is one axis or several, negative ones counted from the end, and all axes by
// default; `keepdims` leaves the reduced axes in place with size 1.
import { toFloat, type DType } from '../data/dtype.ts';
import { formatShape, normalizeAxes, normalizeAxis, sizeOf } from '../data/shape.ts';
import type { Node, Reduce, ReduceAttributes } from '../graph/primitive.ts';
import { Tensor } from '../graph/tensor.ts';
import type { Scalar } from '../scalar/scalar.ts';
import { accumulatorDType, checkTensor } from './define.ts';

type ReduceNode = Node<readonly [Tensor], ReduceAttributes>;

export const Sum: Reduce = {
  kind: 'reduce',
  name: 'sum',
  initial: 0,
  combine: (accumulator, value) => accumulator + value,
  lower: (accumulator, value) => accumulator.add(value),
  vjp: (cotangent, { inputs: [x] }) => cotangent.broadcastTo(x.shape),
  jvp: (tangent, { attributes: { axes } }) => sumOver(tangent, axes),
};

export const Prod: Reduce = {
  kind: 'reduce',
  name: 'prod',
  initial: 1,
  combine: (accumulator, value) => accumulator * value,
  integer: Math.imul,
  lower: (accumulator, value) => accumulator.mul(value),
  vjp: (cotangent, output) => cotangent.mul(productsOfOthers(output)),
  jvp: (tangent, output) => sumOver(tangent.mul(productsOfOthers(output)), output.attributes.axes),
};

/** Rules of max and min: the gradient is shared evenly among the elements that attain it (as `torch.amax`). */
const evenShareRules: Pick<Reduce, 'vjp' | 'jvp'> = {
  vjp: (cotangent, output) => evenShare(output).mul(cotangent),
  jvp: (tangent, output) => sumOver(evenShare(output).mul(tangent), output.attributes.axes),
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

/** The node. Reduced axes stay with size 1, so that results broadcast against the input. */
function reduceAxes(primitive: Reduce, x: Tensor, axes: readonly number[], dtype: DType): Tensor {
  const shape = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  return new Tensor(primitive, [x], { shape, dtype }, { axes });
}

function sumOver(x: Tensor, axes: readonly number[]): Tensor {
  return reduceAxes(Sum, x, axes, x.dtype);
}

function evenShare(output: ReduceNode): Tensor {
  const attained = output.inputs[0].equal(output).astype(output.dtype);
  return attained.div(sumOver(attained, output.attributes.axes));
}

/**
 * For each element the product of the others that it is reduced with: of those before it and those after it. Nothing is
 * divided by elements, which may be 0.
 */
function productsOfOthers({ inputs: [x], attributes: { axes: reduced } }: ReduceNode): Tensor {
  const kept = x.shape.flatMap((_, axis) => (reduced.includes(axis) ? [] : [axis]));
  const axes = [...kept, ...reduced];
  const ordered = x.permute(axes);
  const lines = ordered.reshape([...ordered.shape.slice(0, kept.length), sizeOf(ordered.shape.slice(kept.length))]);
  const before = lines.cumprod(-1, { exclusive: true });
  const after = lines.cumprod(-1, { exclusive: true, reverse: true });
  return before
    .mul(after)
    .reshape(ordered.shape)
    .permute(x.shape.map((_, axis) => axes.indexOf(axis)));
}

export type Axis = number | readonly number[];

export interface ReduceOptions {
  /** Leave the reduced axes in place with size 1. */
  readonly keepdims?: boolean;
}

/** The sum. int32 and bool give int32. The sum of nothing is 0. */
export function sum(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  return over(Sum, x, axis, options);
}

/**
 * The product. int32 and bool give int32, modulo 2³². The product of nothing is 1. The gradient divides nothing: it is right
 * where elements are 0.
 */
export function prod(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  return over(Prod, x, axis, options);
}

/**
 * The largest element; NaN if there is one. The gradient is shared evenly among ties (as `torch.amax`).
 * @throws {RangeError} if a reduced axis is empty.
 */
export function max(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  return over(Max, x, axis, options);
}

/**
 * The smallest element; NaN if there is one. The gradient is shared evenly among ties (as `torch.amin`).
 * @throws {RangeError} if a reduced axis is empty.
 */
export function min(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  return over(Min, x, axis, options);
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
  return indexOver(Argmax, x, axis, options);
}

/** int32: the index of the first smallest element along an axis, or in row-major order over all; the first NaN if any. */
export function argmin(x: Tensor, axis?: number, options: ReduceOptions = {}): Tensor {
  return indexOver(Argmin, x, axis, options);
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
  const { name } = primitive;
  checkTensor(name, x);
  const axes = normalizeAxes(name, axis, x.ndim);
  const isEmpty = x.size === 0 && x.shape.every((length, i) => length > 0 || axes.includes(i));
  const hasIdentity = primitive === Sum || primitive === Prod;
  if (isEmpty && !hasIdentity) {
    throw new RangeError(
      `${name}: the reduced axes of shape ${formatShape(x.shape)} hold no elements, so there is no ${name}`,
    );
  }
  const reduced = reduceAxes(
    primitive,
    x,
    axes,
    primitive.index ? 'int32' : hasIdentity ? accumulatorDType(x.dtype) : x.dtype,
  );
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
