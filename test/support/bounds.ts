// Error bounds of floating-point results.
import type { TypedArray } from '@thetagrad/core';
import { expect } from 'vitest';

/** The unit roundoff: the largest relative error of one correctly rounded operation. */
export const unit = { float32: 2 ** -24, float64: 2 ** -53 } as const;

/** The unit in the last place of x in float32. */
function ulp(x: number): number {
  const exponent = Math.floor(Math.log2(Math.abs(x)));
  return 2 ** (Math.max(-126, Math.min(exponent, 127)) - 23);
}

/** The error of a float32 in units in the last place; infinite where only one is NaN or the signs of zeros differ. */
export function ulps(actual: number, value: number): number {
  const nearest = Math.fround(value);
  if (Number.isNaN(actual) || Number.isNaN(value)) return Object.is(actual, nearest) ? 0 : Infinity;
  if (actual === 0 && nearest === 0) return Object.is(actual, nearest) ? 0 : Infinity;
  if (actual === nearest && !Number.isFinite(nearest)) return 0;
  // Values beyond the largest float32 count in its ulp.
  const finite = (x: number): number => Math.max(-(2 ** 128), Math.min(x, 2 ** 128));
  return Math.abs(finite(actual) - finite(value)) / ulp(finite(value));
}

/**
 * The error bound of a sum, relative to Σ|term|: runs of up to 256 terms are added in sequence, then runs of up to 256 of their
 * sums, and so on. The last summand is the error of the expected value, which is a sequential sum in double precision.
 * (Higham, Accuracy and Stability of Numerical Algorithms, section 4.2.)
 */
export function sumError(terms: number, dtype: keyof typeof unit): number {
  let additions = 2;
  for (let count = terms; count > 1; count = Math.ceil(count / 256)) additions += Math.min(count, 256);
  return additions * unit[dtype] + terms * unit.float64;
}

/** Expects each element to be within its bound of the exact one; NaN and infinities must be equal. */
export function expectWithin(actual: TypedArray, exact: TypedArray, bounds: TypedArray): void {
  expect(actual.length).toBe(exact.length);
  const at = actual.findIndex((value, i) => {
    const expected = exact[i]!;
    if (!Number.isFinite(expected)) return !Object.is(value, expected);
    return !(Math.abs(value - expected) <= bounds[i]!);
  });
  expect([at, actual[at], exact[at], bounds[at]]).toEqual([-1, undefined, undefined, undefined]);
}
