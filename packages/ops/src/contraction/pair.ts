// Contracts two tensors whose axes have labels.
import { matmul, mul, promoteTypes, type Tensor } from '@thetagrad/core';
import { at, sizeOf } from '@thetagrad/core/backend';
import type { Label } from './equation.ts';

/** A tensor and a label for each of its axes. */
export interface Labeled {
  readonly x: Tensor;
  readonly labels: readonly Label[];
}

/** Reorders axes; labels that the tensor lacks become axes of size 1. */
export function arrange({ x, labels }: Labeled, order: readonly Label[]): Tensor {
  const present = order.filter((label) => labels.includes(label));
  const permuted = present.every((label, i) => label === labels[i])
    ? x
    : x.permute(present.map((l) => labels.indexOf(l)));
  return permuted.reshape(order.map((label) => (labels.includes(label) ? at(x.shape, labels.indexOf(label)) : 1)));
}

/** Sums over the axes whose labels are not kept. */
export function sumExcept({ x, labels }: Labeled, kept: ReadonlySet<Label>): Labeled {
  const axes = labels.flatMap((label, axis) => (kept.has(label) ? [] : [axis]));
  return axes.length === 0 ? { x, labels } : { x: x.sum(axes), labels: labels.filter((label) => kept.has(label)) };
}

/**
 * Sums the products of two tensors over the labels that are not kept. Axes of one label have equal sizes.
 * @returns a tensor whose labels are those kept, in any order.
 */
export function contractPair(first: Labeled, second: Labeled, kept: ReadonlySet<Label>): Labeled {
  const dtype = promoteTypes(promoteTypes(first.x.dtype, second.x.dtype), 'int32');
  const reduce = (operand: Labeled, other: Labeled): Labeled =>
    sumExcept({ ...operand, x: operand.x.astype(dtype) }, new Set([...kept, ...other.labels]));
  const [a, b] = [reduce(first, second), reduce(second, first)];
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => kept.has(label));
  // In the order of the larger operand, whose axes can then be merged without a copy more often.
  const summed = (a.x.size >= b.x.size ? a : b).labels.filter((label) => shared.includes(label) && !kept.has(label));
  const [rows, columns] = [a, b].map(({ labels }) => labels.filter((label) => !shared.includes(label))) as [
    Label[],
    Label[],
  ];
  if (summed.length === 0 || (rows.length === 0 && columns.length === 0)) {
    const labels = [...a.labels, ...columns];
    return sumExcept({ x: mul(arrange(a, labels), arrange(b, labels)), labels }, kept);
  }
  const shapeOf = ({ x, labels }: Labeled, some: readonly Label[]): number[] =>
    some.map((label) => at(x.shape, labels.indexOf(label)));
  const [batchShape, rowShape, columnShape] = [shapeOf(a, batch), shapeOf(a, rows), shapeOf(b, columns)];
  const inner = sizeOf(shapeOf(a, summed));
  const left = arrange(a, [...batch, ...rows, ...summed]).reshape([...batchShape, sizeOf(rowShape), inner]);
  const right = arrange(b, [...batch, ...summed, ...columns]).reshape([...batchShape, inner, sizeOf(columnShape)]);
  const x = matmul(left, right).reshape([...batchShape, ...rowShape, ...columnShape]);
  return { x, labels: [...batch, ...rows, ...columns] };
}
