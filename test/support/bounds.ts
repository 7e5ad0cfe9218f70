// How far results may be from the exact ones.
import type { TypedArray } from '@thetagrad/core';
import { expect } from 'vitest';

/** Half the distance from 1 to the next number: the largest relative error of one operation. */
export const unit = { float32: 2 ** -24, float64: 2 ** -53 } as const;

/** The distance between neighbouring float32 numbers around x. */
function ulp(x: number): number {
  const exponent = Math.floor(Math.log2(Math.abs(x)));
  return 2 ** (Math.max(-126, Math.min(exponent, 127)) - 23);
}

/** How many ulp a float32 is from a value in double precision; infinite where only one is NaN, or the sign of a zero differs. */
export function ulps(actual: number, value: number): number {
  const nearest = Math.fround(value);
  if (Number.isNaN(actual) || Number.isNaN(value)) return Object.is(actual, nearest) ? 0 : Infinity;
  if (actual === 0 && nearest === 0) return Object.is(actual, nearest) ? 0 : Infinity;
  if (actual === nearest && !Number.isFinite(nearest)) return 0;
  // Beyond the largest float32 come the multiples of its ulp.
  const finite = (x: number): number => Math.max(-(2 ** 128), Math.min(x, 2 ** 128));
  return Math.abs(finite(actual) - finite(value)) / ulp(finite(value));
}

/**
 * The largest error of a sum of so many terms, for each unit of Σ|term|: runs of 256 terms at most are added one after
 * another, then their sums. What it is compared with is computed in double precision, one term after another, and errs too.
 * (Higham, Accuracy and Stability of Numerical Algorithms, section 4.2.)
 */
export function sumError(terms: number, dtype: keyof typeof unit): number {
  return (Math.min(terms, 256) + Math.ceil(terms / 256) + 2) * unit[dtype] + terms * unit.float64;
}

/** Expects each element within its bound of the exact one; infinities and NaN must be where they are there. */
export function expectWithin(actual: TypedArray, exact: TypedArray, bounds: TypedArray): void {
  expect(actual.length).toBe(exact.length);
  const at = actual.findIndex((value, i) => {
    const wanted = exact[i]!;
    if (!Number.isFinite(wanted)) return !Object.is(value, wanted);
    return !(Math.abs(value - wanted) <= bounds[i]!);
  });
  expect([at, actual[at], exact[at], bounds[at]]).toEqual([-1, undefined, undefined, undefined]);
}
