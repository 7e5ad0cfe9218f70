import type { TypedArray } from './dtype.ts';
import { positions, type View } from './shape.ts';

/** The element at an index that is known to exist. */
export function load(values: TypedArray, index: number): number {
  return values[index]!;
}

/** An array read or written through a view. */
export interface Strided {
  readonly values: TypedArray;
  readonly view: View;
}

/** Reads the element at an index of four axes. */
export function elementAt({ values, view }: Strided, ...index: readonly [number, number, number, number]): number {
  const { strides, offset } = view;
  return values[
    offset + index[0] * strides[0]! + index[1] * strides[1]! + index[2] * strides[2]! + index[3] * strides[3]!
  ]!;
}

/** Copies elements between views of one shape. */
export function copyInto(target: Strided, source: Strided): void {
  const to = positions(target.view);
  const from = positions(source.view);
  for (let i = 0; i < to.length; i++) target.values[to[i]!] = source.values[from[i]!]!;
}

/** Adds elements of one view to those of another view of the same shape. */
export function addInto(target: Strided, source: Strided): void {
  const to = positions(target.view);
  const from = positions(source.view);
  for (let i = 0; i < to.length; i++) target.values[to[i]!]! += source.values[from[i]!]!;
}

/** Zeros in which to add up the elements of an output: the output itself, or for float32 an array in double precision. */
export function accumulatorsOf(output: TypedArray): TypedArray {
  return output instanceof Float32Array ? new Float64Array(output.length) : output.fill(0);
}
