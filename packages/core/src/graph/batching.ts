// What batching rules are made of.
import type { Attributes, Node, TensorType } from './primitive.ts';
import { Tensor } from './tensor.ts';

/** An input with an axis of examples first: repeated, without copying, if all examples share it. */
export function batchInput(input: Tensor, isBatched: boolean | undefined, size: number): Tensor {
  return isBatched ? input : input.broadcastTo([size, ...input.shape]);
}

/** Inserts axes of size 1 behind the axis of examples, so that the examples have `rank` axes and broadcast against others. */
export function alignRank(batch: Tensor, rank: number): Tensor {
  const [size = 1, ...shape] = batch.shape;
  const missing = rank - shape.length;
  return missing > 0 ? batch.reshape([size, ...Array.from({ length: missing }, () => 1), ...shape]) : batch;
}

/** The type of the outputs of all examples. */
export function batchType({ shape, dtype }: TensorType, size: number): TensorType {
  return { shape: [size, ...shape], dtype };
}

/** The rule of an operation that works along an axis, whose inputs have equal shapes but for that axis. */
export function batchAlongAxis<Inputs extends readonly Tensor[], A extends { readonly axis: number }>(
  inputs: Inputs,
  isBatched: readonly boolean[],
  example: Node<Inputs, A>,
  size: number,
): Tensor {
  const all = inputs.map((input, i) => batchInput(input, isBatched[i], size));
  const attributes: Attributes = { ...example.attributes, axis: example.attributes.axis + 1 };
  return new Tensor(example.primitive, all, batchType(example, size), attributes);
}

/** The rule of an operation that treats leading axes as batches, or leaves the shape as it is. */
export function batchLeading(
  inputs: readonly Tensor[],
  isBatched: readonly boolean[],
  example: Tensor,
  size: number,
): Tensor {
  const all = inputs.map((input, i) => batchInput(input, isBatched[i], size));
  return new Tensor(example.primitive, all, batchType(example, size), example.attributes);
}

/** The rule of an operation of one input whose first axis counts images: examples become more images. */
export function batchImages(
  [x]: readonly [Tensor],
  _isBatched: readonly boolean[],
  example: Tensor,
  size: number,
): Tensor {
  const [count = 1, ...rest] = example.shape;
  const merged = x.reshape([size * count, ...x.shape.slice(2)]);
  const type = { shape: [size * count, ...rest], dtype: example.dtype };
  return new Tensor(example.primitive, [merged], type, example.attributes).reshape([size, ...example.shape]);
}
