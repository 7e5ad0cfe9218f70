// Formulas of linear algebra on nested arrays: expansions into minors, which share nothing with factorizations.
import type { NestedArray } from '@thetagrad/core';

export type Matrix = readonly (readonly number[])[];

export const asMatrix = (x: NestedArray): Matrix => x as Matrix;
export const asVector = (x: NestedArray): readonly number[] => x as readonly number[];

export const transpose = (a: Matrix): number[][] => (a[0] ?? []).map((_, j) => a.map((row) => row[j]!));

export const multiply = (a: Matrix, b: Matrix): number[][] =>
  a.map((row) => (b[0] ?? []).map((_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)));

export const mapMatrix = (a: Matrix, f: (x: number, i: number, j: number) => number): number[][] =>
  a.map((row, i) => row.map((x, j) => f(x, i, j)));

export const add = (a: Matrix, b: Matrix): number[][] => mapMatrix(a, (x, i, j) => x + b[i]![j]!);

export const identity = (n: number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => Number(i === j)));

export const diagonal = (values: readonly number[]): number[][] =>
  values.map((x, i) => values.map((_, j) => (i === j ? x : 0)));

export const minor = (a: Matrix, i: number, j: number): number[][] =>
  a.filter((_, row) => row !== i).map((row) => row.filter((_, column) => column !== j));

/** By expansion along the first row. */
export const determinant = (a: Matrix): number =>
  a.length === 0 ? 1 : a[0]!.reduce((sum, x, j) => sum + (-1) ** j * x * determinant(minor(a, 0, j)), 0);

/** By Cramer's rule. */
export const inverse = (a: Matrix): number[][] => {
  const value = determinant(a);
  return mapMatrix(a, (_, i, j) => ((-1) ** (i + j) * determinant(minor(a, j, i))) / value);
};

/** a · aᵀ + 1. */
export const positive = (a: Matrix): number[][] => add(multiply(a, transpose(a)), identity(a.length));

/** Half of a + aᵀ. */
export const symmetric = (a: Matrix): number[][] => mapMatrix(a, (x, i, j) => (x + a[j]![i]!) / 2);

/** The eigenvalues of a symmetric 2 × 2 matrix, in ascending order, by the quadratic formula. */
export const eigenvalues2 = (a: Matrix): number[] => {
  const mean = (a[0]![0]! + a[1]![1]!) / 2;
  const radius = Math.hypot((a[0]![0]! - a[1]![1]!) / 2, a[0]![1]!);
  return [mean - radius, mean + radius];
};

/** The singular values of a matrix of two rows, in descending order. */
export const singularValues2 = (a: Matrix): number[] =>
  eigenvalues2(multiply(a, transpose(a)))
    .map((x) => Math.sqrt(x))
    .toReversed();

/** The Cholesky factor from minors: l[i][j] is a minor of the first j + 1 rows and columns, with row i as the last. */
export const choleskyFactor = (a: Matrix): number[][] => {
  const leading = (size: number, last: number): number => {
    const rows = Array.from({ length: size }, (_, i) => (i === size - 1 ? last : i));
    return determinant(rows.map((i) => a[i]!.slice(0, size)));
  };
  return mapMatrix(a, (_, i, j) => (j > i ? 0 : leading(j + 1, i) / Math.sqrt(leading(j, j - 1) * leading(j + 1, j))));
};

/** Σ aᵏ / k!, for matrices of small norm. */
export const exponentialSeries = (a: Matrix): number[][] => {
  let term = identity(a.length);
  let sum = term;
  for (let k = 1; k < 60; k++) {
    term = mapMatrix(multiply(term, a), (x) => x / k);
    sum = add(sum, term);
  }
  return sum;
};

/** a + 5. */
export const shifted = (a: Matrix): number[][] =>
  add(
    a,
    mapMatrix(identity(a.length), (x) => 5 * x),
  );
