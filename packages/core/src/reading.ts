// Methods of Tensor that read values, which evaluate the tensor first.
import { evaluate, evaluateFor } from './evaluate.ts';
import { formatShape } from './data/shape.ts';
import type { TypedArray } from './data/dtype.ts';
import { checkNotDisposed, type Tensor } from './graph/tensor.ts';
import { formatTensor, nest, type NestedArray } from './inspect/format.ts';
import type { Buffer } from './data/buffer.ts';

/**
 * Evaluates the tensor and copies its elements to a new array, in row-major order: a Float32Array, Float64Array, Int32Array,
 * or a Uint8Array for bool.
 * @throws {Error} if the tensor cannot be evaluated, see {@link evaluate}.
 */
export async function data(x: Tensor): Promise<TypedArray> {
  return readAsync('data', x);
}

/**
 * As {@link data}, synchronously.
 * @throws {Error} on backends that compute asynchronously.
 */
export function dataSync(x: Tensor): TypedArray {
  return read('dataSync', x);
}

/**
 * Evaluates a tensor of one element and returns it as a number; bool as 0 or 1.
 * @throws {RangeError} if the tensor does not have exactly one element.
 */
export async function item(x: Tensor): Promise<number> {
  checkOneElement('item', x);
  return (await readAsync('item', x))[0]!;
}

/**
 * As {@link item}, synchronously.
 * @throws {RangeError} if the tensor does not have exactly one element.
 * @throws {Error} on backends that compute asynchronously.
 */
export function itemSync(x: Tensor): number {
  checkOneElement('itemSync', x);
  return read('itemSync', x)[0]!;
}

/** Evaluates the tensor and returns its elements as nested arrays; a number or boolean if it is a scalar. */
export async function toArray(x: Tensor): Promise<NestedArray> {
  return nest(await readAsync('toArray', x), x.shape, x.dtype);
}

/**
 * As {@link toArray}, synchronously.
 * @throws {Error} on backends that compute asynchronously.
 */
export function toArraySync(x: Tensor): NestedArray {
  return nest(read('toArraySync', x), x.shape, x.dtype);
}

/**
 * Evaluates the tensor and formats its values as NumPy does, with long axes shortened.
 * @throws {Error} on backends that compute asynchronously.
 */
export function toString(x: Tensor): string {
  return formatTensor(read('toString', x), x.shape, x.dtype);
}

async function readAsync(operation: string, x: Tensor): Promise<TypedArray> {
  checkNotDisposed(operation, x);
  await evaluate(x);
  return valueOf(operation, x).read();
}

function read(operation: string, x: Tensor): TypedArray {
  evaluateFor(operation, [x]);
  return valueOf(operation, x).readSync();
}

function valueOf(operation: string, x: Tensor): Buffer {
  checkNotDisposed(operation, x);
  const { buffer } = x;
  if (!buffer) throw new Error(`${operation}: the tensor has no value`);
  return buffer;
}

function checkOneElement(operation: string, { shape, size }: Tensor): void {
  if (size === 1) return;
  throw new RangeError(
    `${operation}: expected a tensor of one element, got ${size} of shape ${formatShape(shape)}; use data() or toArray()`,
  );
}
