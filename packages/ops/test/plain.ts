// Formulas on nested arrays of plain numbers, which the operations are compared with.
import type { NestedArray } from '@thetagrad/core';

type Element = number | boolean;

const depthOf = (x: NestedArray): number => (Array.isArray(x) ? 1 + depthOf((x as NestedArray[])[0] ?? 0) : 0);

/** Applies a function to elements, broadcast as NumPy does. */
export function map(f: (...x: number[]) => Element, ...inputs: NestedArray[]): NestedArray {
  const depth = Math.max(...inputs.map(depthOf));
  if (depth === 0) return f(...inputs.map(Number));
  const deepest = inputs.filter((x) => depthOf(x) === depth) as NestedArray[][];
  const length = deepest.reduce((longest, x) => (x.length === 1 ? longest : x.length), deepest[0]!.length);
  const pick = (x: NestedArray, i: number): NestedArray =>
    depthOf(x) === depth ? (x as NestedArray[])[(x as NestedArray[]).length === 1 ? 0 : i]! : x;
  return Array.from({ length }, (_, i) => map(f, ...inputs.map((x) => pick(x, i)))) as NestedArray;
}

/** Applies a function to each line along the last axis. */
export function lines(f: (line: number[]) => Element | readonly Element[], x: NestedArray): NestedArray {
  const items = x as NestedArray[];
  if (items.length > 0 && Array.isArray(items[0])) return items.map((item) => lines(f, item)) as NestedArray;
  return f(items.map(Number)) as NestedArray;
}

/** All elements in row-major order. */
export const flat = (x: NestedArray): number[] => (Array.isArray(x) ? (x as NestedArray[]).flatMap(flat) : [Number(x)]);

/** Rows of a matrix as columns. */
export const transposed = (x: NestedArray): number[][] => {
  const rows = x as number[][];
  return rows[0]!.map((_, j) => rows.map((row) => row[j]!));
};

export const sum = (x: readonly number[]): number => x.reduce((total, value) => total + value, 0);

export const mean = (x: readonly number[]): number => sum(x) / x.length;

export const sorted = (x: readonly number[]): number[] => x.toSorted((a, b) => a - b);
