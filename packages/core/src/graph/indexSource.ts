// Where indices come from, so that the error for one out of range speaks of the call that was given it.
import type { TypedArray } from '../data/dtype.ts';
import { at } from '../data/shape.ts';
import type { Tensor } from './tensor.ts';

/** Builds the message for an index that is out of range; `position` is its place among all, in row-major order. */
export type DescribeIndex = (index: number, position: number) => string;

const descriptions = new WeakMap<Tensor, DescribeIndex>();

/**
 * Sets the message for elements of `indices` that turn out to be out of range where they index.
 * @param indices the indices, or a tensor gathered or scattered with them.
 */
export function describeIndices(indices: Tensor, describe: DescribeIndex): Tensor {
  descriptions.set(indices, describe);
  return indices;
}

/** Indices that a node uses, and the message for the first of their values that is out of range. */
export interface IndexSource {
  readonly indices: Tensor;
  readonly messageFor: (values: TypedArray) => string | undefined;
}

/** The described indices that these nodes use, in order. */
export function indexSourcesOf(order: readonly Tensor[]): IndexSource[] {
  return order.flatMap((node) => {
    const { primitive, inputs, attributes } = node;
    if (primitive.kind !== 'routine' || !primitive.checksIndices || inputs.length === 0) return [];
    const isScatter = primitive.name === 'scatterAdd';
    const indices = sameElements(inputs[isScatter ? 0 : 1]!);
    const describe = descriptions.get(indices) ?? descriptions.get(node);
    if (!describe) return [];
    const length = at((isScatter ? node : inputs[0]!).shape, attributes['axis'] as number);
    const messageFor = (values: TypedArray): string | undefined => {
      const position = values.findIndex((index) => index < -length || index >= length);
      return position < 0 ? undefined : describe(at(values, position), position);
    };
    return { indices, messageFor };
  });
}

/** Follows reshapes and broadcasts back to their source. */
function sameElements(tensor: Tensor): Tensor {
  const { primitive, inputs } = tensor;
  const isSame = primitive.kind === 'movement' && ['reshape', 'broadcast'].includes(primitive.name);
  return isSame && inputs.length > 0 ? sameElements(inputs[0]!) : tensor;
}
