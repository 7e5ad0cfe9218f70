// Plain nested arrays, for formulas that share nothing with the operations.
import type { NestedArray } from '@thetagrad/core';

export type Matrix = number[][];

/** The element at an index. */
export function get(values: NestedArray, ...index: readonly number[]): number {
  return index.reduce<NestedArray>((rest, i) => (rest as readonly NestedArray[])[i]!, values) as number;
}

/** Builds a nested array of a shape from a function of the index. */
export function build<Element extends number | boolean>(
  shape: readonly number[],
  f: (...index: number[]) => Element,
  index: readonly number[] = [],
): NestedArray {
  if (index.length === shape.length) return f(...index);
  return Array.from({ length: shape[index.length]! }, (_, i) => build(shape, f, [...index, i]));
}

/** All elements in row-major order. */
export function flat(values: NestedArray): number[] {
  return Array.isArray(values) ? (values as readonly NestedArray[]).flatMap(flat) : [values as number];
}

/** Sums a function of indices from 0 to `count` − 1. */
export function sumOf(count: number, f: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += f(i);
  return sum;
}

/** The shape of a nested array. */
export function shapeOf(values: NestedArray): number[] {
  if (!Array.isArray(values)) return [];
  return [values.length, ...(values.length > 0 ? shapeOf(values[0] as NestedArray) : [])];
}
