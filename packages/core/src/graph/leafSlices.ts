import { contiguous, sizeOf, type View } from '../data/shape.ts';
import { isLeaf } from './order.ts';
import type { Primitive, ViewRule } from './primitive.ts';
import type { LeafSlice } from './targets.ts';
import type { Tensor } from './tensor.ts';

export const noSlices: ReadonlyMap<Tensor, LeafSlice> = new Map();

/** Finds the slices of leaves in a graph in topological order, also of leaves seen through other movements. */
export function leafSlicesOf(order: readonly Tensor[]): ReadonlyMap<Tensor, LeafSlice> {
  if (!order.some(({ primitive }) => isSlice(primitive))) return noSlices;
  const slices = new Map<Tensor, LeafSlice>();
  const views = new Map<Tensor, LeafView>();
  const leafViewOf = (tensor: Tensor): LeafView | undefined =>
    isLeaf(tensor) ? { leaf: tensor, view: contiguous(tensor.shape) } : views.get(tensor);
  for (const tensor of order) {
    const { primitive } = tensor;
    if (primitive.kind !== 'movement' || isLeaf(tensor)) continue;
    const movement: ViewRule = primitive;
    const input = leafViewOf(tensor.inputs[0]!);
    const view = input && movement.view(input.view, tensor);
    if (!view) continue;
    views.set(tensor, { leaf: input.leaf, view });
    if (isSlice(primitive)) slices.set(tensor, spanOf(input.leaf, view));
  }
  return slices;
}

interface LeafView {
  readonly leaf: Tensor;
  readonly view: View;
}

function isSlice(primitive: Primitive): boolean {
  return primitive.kind === 'movement' && primitive.isSlice === true;
}

/** The part of a leaf that a view spans. */
function spanOf(leaf: Tensor, { shape, strides, offset }: View): LeafSlice {
  if (sizeOf(shape) === 0) return { leaf, start: 0, size: 0, view: contiguous(shape) };
  let [first, last] = [offset, offset];
  shape.forEach((length, axis) => {
    const distance = (length - 1) * strides[axis]!;
    if (distance < 0) first += distance;
    else last += distance;
  });
  return { leaf, start: first, size: last - first + 1, view: { shape, strides, offset: offset - first } };
}
