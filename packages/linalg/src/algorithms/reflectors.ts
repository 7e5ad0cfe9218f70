import { addProduct, addScaled, dot, largestMagnitude, lengthOf } from './dense.ts';

/**
 * The Householder reflection I − τ v vᵀ that maps a vector to a multiple β of the first unit vector (Golub & Van Loan, §5.1).
 * Replaces the n elements from the start by v, whose first element is 1. Signs are LAPACK's: β has the sign opposite to the
 * first element, and a vector that is already a multiple is left as it is.
 */
export function makeReflector(
  x: Float64Array,
  start: number,
  n: number,
): { readonly tau: number; readonly beta: number } {
  const alpha = x[start]!;
  const rest = lengthOf(x, start + 1, n - 1);
  if (rest < tiny) {
    const largest = largestMagnitude(x, start, n);
    if (largest > 0 && largest < tiny) return makeTinyReflector(x, start, n);
  }
  x[start] = 1;
  if (rest === 0) return { tau: 0, beta: alpha };
  const length = Math.sqrt(alpha * alpha + rest * rest);
  const beta = alpha < 0 ? length : -length;
  for (let i = start + 1; i < start + n; i++) x[i]! /= alpha - beta;
  return { tau: (beta - alpha) / beta, beta };
}

/** Numbers whose squares lose digits. */
const tiny = 2 ** -500;

function makeTinyReflector(x: Float64Array, start: number, n: number): ReturnType<typeof makeReflector> {
  for (let i = start; i < start + n; i++) x[i]! *= 2 ** 600;
  const { tau, beta } = makeReflector(x, start, n);
  return { tau, beta: beta * 2 ** -600 };
}

/** A reflection of vectors of length n: v is at `start` of `values`. */
export interface Reflector {
  readonly values: Float64Array;
  readonly start: number;
  readonly n: number;
  readonly tau: number;
}

/** Reflects the columns of rows `row` to row + n − 1, from column `column` to the end of rows of length `width`. */
export function reflectColumns(
  a: Float64Array,
  row: number,
  column: number,
  width: number,
  reflector: Reflector,
): void {
  const { values: v, start, n, tau } = reflector;
  if (tau === 0) return;
  const count = width - column;
  const sums = new Float64Array(count);
  addProduct(
    { values: sums, offset: 0, stride: count },
    { values: v, offset: start, stride: n },
    { values: a, offset: row * width + column, stride: width },
    [1, n, count],
    1,
  );
  for (let i = 0; i < n; i++) addScaled(a, (row + i) * width + column, -tau * v[start + i]!, sums, 0, count);
}

/** Reflects n elements of each of the rows from `first` to `last` − 1, from column `column` on. */
export function reflectRows(
  a: Float64Array,
  [first, last]: readonly [number, number],
  column: number,
  width: number,
  reflector: Reflector,
): void {
  const { values: v, start, n, tau } = reflector;
  if (tau === 0) return;
  for (let i = first; i < last; i++) {
    const row = i * width + column;
    addScaled(a, row, -tau * dot(a, row, v, start, n), v, start, n);
  }
}
