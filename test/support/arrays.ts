// Arrays of any rank for formulas in tests: nested arrays as shape and data, and back.
import type { NestedArray } from '@thetagrad/core';

export interface NumberArray {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Converts a nested array of numbers or booleans. */
export function fromNested(values: NestedArray): NumberArray {
  if (!Array.isArray(values)) return { shape: [], data: [Number(values)] };
  const parts = (values as NestedArray[]).map(fromNested);
  return { shape: [parts.length, ...(parts[0]?.shape ?? [])], data: parts.flatMap(({ data }) => data) };
}

/** Converts to a nested array. */
export function toNested({ shape, data }: NumberArray): NestedArray {
  if (shape.length === 0) return data[0]!;
  const size = shape.slice(1).reduce((product, length) => product * length, 1);
  return Array.from({ length: shape[0]! }, (_, i) =>
    toNested({ shape: shape.slice(1), data: data.slice(i * size, (i + 1) * size) }),
  );
}

/** All indices of a shape, in row-major order. */
export function indicesOf(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (prefixes, length) => prefixes.flatMap((prefix) => Array.from({ length }, (_, i) => [...prefix, i])),
    [[]],
  );
}

/** Builds a nested array by a function of the index. */
export function buildNested(shape: readonly number[], of: (index: readonly number[]) => number): NestedArray {
  return toNested({ shape, data: indicesOf(shape).map(of) });
}

/** The element at an index; `undefined` outside. */
export function elementOf({ shape, data }: NumberArray, index: readonly number[]): number | undefined {
  if (index.some((i, axis) => i < 0 || i >= shape[axis]!)) return undefined;
  return data[index.reduce((position, i, axis) => position * shape[axis]! + i, 0)];
}
