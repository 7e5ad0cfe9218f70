// The values of tensors, as methods of Tensor: computed if need be.
import { evaluate, evaluateSync } from './evaluate.ts';
import { formatShape } from './data/shape.ts';
import type { TypedArray } from './data/dtype.ts';
import type { Tensor } from './graph/tensor.ts';
import { formatTensor, nest, type NestedArray } from './inspect/format.ts';
import type { Buffer } from './schedule/backend.ts';

/** The elements in row-major order, computed if need be. The array belongs to the caller. */
export async function data(x: Tensor): Promise<TypedArray> {
  await evaluate(x);
  return valueOf(x).read();
}

/**
 * As {@link data}, synchronously.
 * @throws {Error} on backends that compute asynchronously.
 */
export function dataSync(x: Tensor): TypedArray {
  evaluateSync(x);
  return valueOf(x).readSync();
}

/**
 * The only element, as a number.
 * @throws {RangeError} if the tensor does not have exactly one element.
 */
export async function item(x: Tensor): Promise<number> {
  checkSingle(x);
  return (await data(x))[0]!;
}

/** As {@link item}, synchronously. */
export function itemSync(x: Tensor): number {
  checkSingle(x);
  return dataSync(x)[0]!;
}

/** The elements as nested arrays; a number or boolean if the tensor is a scalar. */
export async function toArray(x: Tensor): Promise<NestedArray> {
  return nest(await data(x), x.shape, x.dtype);
}

/** As {@link toArray}, synchronously. */
export function toArraySync(x: Tensor): NestedArray {
  return nest(dataSync(x), x.shape, x.dtype);
}

/** The values as NumPy prints them, long axes shortened; computed if need be. */
export function toString(x: Tensor): string {
  return formatTensor(dataSync(x), x.shape, x.dtype);
}

function valueOf({ buffer }: Tensor): Buffer {
  if (!buffer) throw new Error('data: the tensor was not evaluated');
  return buffer;
}

function checkSingle({ shape, size }: Tensor): void {
  if (size === 1) return;
  throw new RangeError(
    `item: a tensor of shape ${formatShape(shape)} has ${size} elements, not one; use data() or toArray()`,
  );
}
