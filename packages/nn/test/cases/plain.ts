// Formulas on nested arrays of plain numbers, which losses and layers are compared with.
import type { NestedArray } from '@thetagrad/core';

export const sum = (x: readonly number[]): number => x.reduce((total, value) => total + value, 0);

export const mean = (x: readonly number[]): number => sum(x) / x.length;

export const flat = (x: NestedArray): number[] => (Array.isArray(x) ? (x as NestedArray[]).flatMap(flat) : [Number(x)]);

/** Applies a function to the elements of tensors of one shape; the others are broadcast scalars. */
export function map(f: (...x: number[]) => number, ...inputs: NestedArray[]): NestedArray {
  const deepest = inputs.find((x) => Array.isArray(x)) as NestedArray[] | undefined;
  if (!deepest) return f(...inputs.map(Number));
  const pick = (x: NestedArray, i: number): NestedArray => (Array.isArray(x) ? (x as NestedArray[])[i]! : x);
  return deepest.map((_, i) => map(f, ...inputs.map((x) => pick(x, i)))) as NestedArray;
}

export const logSoftmax = (row: readonly number[]): number[] => {
  const largest = Math.max(...row);
  const total = Math.log(sum(row.map((value) => Math.exp(value - largest)))) + largest;
  return row.map((value) => value - total);
};

export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export const dot = (x: readonly number[], y: readonly number[]): number => sum(x.map((value, i) => value * y[i]!));

export const norm = (x: readonly number[], p = 2): number =>
  p === Infinity ? Math.max(...x.map(Math.abs)) : sum(x.map((value) => Math.abs(value) ** p)) ** (1 / p);

export const transposed = (x: NestedArray): number[][] => {
  const rows = x as number[][];
  return rows[0]!.map((_, j) => rows.map((row) => row[j]!));
};
