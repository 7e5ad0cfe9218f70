import { isFloat, type DType } from '../data/dtype.ts';
import type { Scalar } from '../scalar/scalar.ts';
import { sizeOf, show } from '../data/shape.ts';
import { Tensor } from '../graph/tensor.ts';
import type { Reduce } from '../graph/primitive.ts';

/** The axes a reduction runs over, kept in the output with size 1. */
type ReduceAttributes = {
  readonly axes: readonly number[];
};

export function reducedAxes(output: Tensor): readonly number[] {
  return (output.attributes as ReduceAttributes).axes;
}

export const sum: Reduce = {
  kind: 'reduce',
  name: 'sum',
  initial: 0,
  combine: (accumulator, value) => accumulator + value,
  lower: (accumulator, value) => accumulator.add(value),
  vjp: (cotangent, output) => cotangent.broadcastTo(output.inputs[0]!.shape),
  jvp: (tangent, output) => reduce(sum, tangent, reducedAxes(output)),
};

export const prod: Reduce = {
  kind: 'reduce',
  name: 'prod',
  initial: 1,
  combine: (accumulator, value) => accumulator * value,
  integer: Math.imul,
  lower: (accumulator, value) => accumulator.mul(value),
  vjp: (cotangent, output) => cotangent.mul(productsOfOthers(output)),
  jvp: (tangent, output) => reduce(sum, tangent.mul(productsOfOthers(output)), reducedAxes(output)),
};

/** Rules of max and min: the gradient is shared evenly among the elements that attain it (as `torch.amax`). */
const share: Pick<Reduce, 'vjp' | 'jvp'> = {
  vjp: (cotangent, output) => evenShare(output).mul(cotangent),
  jvp: (tangent, output) => reduce(sum, evenShare(output).mul(tangent), reducedAxes(output)),
};

export const max: Reduce = {
  kind: 'reduce',
  name: 'max',
  initial: -Infinity,
  combine: (accumulator, value) => (value > accumulator || value !== value ? value : accumulator),
  lower: (accumulator, value) => accumulator.max(value),
  ...share,
};

export const min: Reduce = {
  kind: 'reduce',
  name: 'min',
  initial: Infinity,
  combine: (accumulator, value) => (value < accumulator || value !== value ? value : accumulator),
  lower: (accumulator, value) => accumulator.min(value),
  ...share,
};

export const argmax: Reduce = {
  kind: 'reduce',
  name: 'argmax',
  initial: max.initial,
  combine: max.combine,
  index: true,
  lower: (accumulator, value) => value.gt(accumulator).or(firstNaN(accumulator, value)),
};
export const argmin: Reduce = {
  kind: 'reduce',
  name: 'argmin',
  initial: min.initial,
  combine: min.combine,
  index: true,
  lower: (accumulator, value) => value.lt(accumulator).or(firstNaN(accumulator, value)),
};

function firstNaN(accumulator: Scalar, value: Scalar): Scalar {
  return value.isNaN().and(accumulator.isNaN().not());
}

/** The node; reduced axes stay with size 1, so that results broadcast against the input. */
export function reduce(primitive: Reduce, x: Tensor, axes: readonly number[]): Tensor {
  const { name } = primitive;
  const shape = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const ofNothing = primitive === sum || primitive === prod;
  if (!ofNothing && x.size === 0 && sizeOf(shape) > 0) {
    throw new RangeError(
      `${name}: the reduced axes of shape ${show(x.shape)} hold no elements, so there is no ${name}`,
    );
  }
  let dtype: DType = 'int32';
  if (!primitive.index) dtype = isFloat(x.dtype) || !ofNothing ? x.dtype : 'int32';
  return new Tensor(primitive, [x], { shape, dtype }, { axes });
}

function evenShare(output: Tensor): Tensor {
  const attained = output.inputs[0]!.equal(output).astype(output.dtype);
  return attained.div(reduce(sum, attained, reducedAxes(output)));
}

/**
 * For each element the product of all others that it is reduced with: of those before it and those behind it. So nothing
 * is divided by elements, which may be 0.
 */
function productsOfOthers(output: Tensor): Tensor {
  const [x] = output.inputs as [Tensor];
  const reduced = reducedAxes(output);
  const kept = x.shape.flatMap((_, axis) => (reduced.includes(axis) ? [] : [axis]));
  const axes = [...kept, ...reduced];
  const ordered = x.permute(axes);
  const lines = ordered.reshape([...kept.map((axis) => x.shape[axis]!), sizeOf(ordered.shape.slice(kept.length))]);
  const before = lines.cumprod(-1, { exclusive: true });
  const behind = lines.cumprod(-1, { exclusive: true, reverse: true });
  return before
    .mul(behind)
    .reshape(ordered.shape)
    .permute(x.shape.map((_, axis) => axes.indexOf(axis)));
}
