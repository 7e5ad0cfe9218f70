// Functions that JavaScript's Math lacks or defines differently, in double precision.

/** Evaluates a polynomial by Horner's rule. The coefficients are those from the constant on. */
export function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i]!;
  return sum;
}

/** The coefficients of a quotient of polynomials: numerator and denominator, each from the constant on. */
type Ratio = readonly [readonly number[], readonly number[]];

// Numerators and denominators of the rational functions of fdlibm (s_erf.c):
// Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro, a Sun Microsystems, Inc. business.
// Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.
// prettier-ignore
const nearZero = [
  [1.28379167095512558561e-1, -3.25042107247001499370e-1, -2.84817495755985104766e-2, -5.77027029648944159157e-3, -2.37630166566501626084e-5],
  [1, 3.97917223959155352819e-1, 6.50222499887672944485e-2, 5.08130628187576562776e-3, 1.32494738004321644526e-4, -3.96022827877536812320e-6],
] as const;
// prettier-ignore
const nearOne = [
  [-2.36211856075265944077e-3, 4.14856118683748331666e-1, -3.72207876035701323847e-1, 3.18346619901161753674e-1, -1.10894694282396677476e-1, 3.54783043256182359371e-2, -2.16637559486879084300e-3],
  [1, 1.06420880400844228286e-1, 5.40397917702171048937e-1, 7.18286544141962662868e-2, 1.26171219808761642112e-1, 1.36370839120290507362e-2, 1.19844998467991074170e-2],
] as const;
// prettier-ignore
const far = [
  [-9.86494403484714822705e-3, -6.93858572707181764372e-1, -1.05586262253232909814e1, -6.23753324503260060396e1, -1.62396669462573470355e2, -1.84605092906711035994e2, -8.12874355063065934246e1, -9.81432934416914548592],
  [1, 1.96512716674392571292e1, 1.37657754143519042600e2, 4.34565877475229228821e2, 6.45387271733267880336e2, 4.29008140027567833386e2, 1.08635005541779435134e2, 6.57024977031928170135, -6.04244152148580987438e-2],
] as const;

/** R(|x| − 1) of c + R for 0.84 < |x| < 1.25, and R(1/x²) of e^(−x² − 0.5625 + R) / |x| for 1.25 ≤ |x| ≤ 2.85, for erfc |x|. */
export const erfcRatios: { readonly nearOne: Ratio; readonly far: Ratio } = { nearOne, far };

/** Evaluates a quotient of polynomials. */
export function ratio(x: number, [numerator, denominator]: Ratio): number {
  return polynomial(x, numerator) / polynomial(x, denominator);
}

/** erf(x) in double precision, within 1 ulp and never beyond ±1: x + x R(x²), c + R(|x| − 1) or 1 − e^(−x² + R(1/x²)) / |x|. */
export function erfOf(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < 0.84375) return x + x * ratio(x * x, nearZero);
  if (magnitude < 1.25) return Math.sign(x) * (0.845062911510467529297 + ratio(magnitude - 1, nearOne));
  if (magnitude > 6) return Math.sign(x);
  return Math.sign(x) * (1 - Math.exp(-x * x - 0.5625 + ratio(1 / (x * x), far)) / magnitude);
}

/** x ** y by IEEE 754, as in NumPy: 1 ** NaN and (±1) ** ±Infinity are 1, where JavaScript returns NaN. */
export function powerOf(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}

/** x ** y of int32, modulo 2³², by repeated squaring; truncated to an integer for y < 0, where 0 ** y is 0. */
export function integerPowerOf(x: number, y: number): number {
  if (y < 0) return x === 0 ? 0 : Math.trunc(x ** y);
  let result = 1;
  for (let base = x, exponent = y; exponent > 0; exponent >>= 1, base = Math.imul(base, base)) {
    if (exponent & 1) result = Math.imul(result, base);
  }
  return result;
}

/** The function (sum, x, y) → sum + x · y: for integers modulo 2³², whose low bits double precision would lose. */
export function multiplyAddOf(isInteger: boolean): (sum: number, x: number, y: number) => number {
  return isInteger ? (sum, x, y) => (sum + Math.imul(x, y)) | 0 : (sum, x, y) => sum + x * y;
}

/** The remainder with the sign of y; a zero has the sign of x. */
export function remainderOf(x: number, y: number): number {
  const remainder = x % y;
  return remainder !== 0 && remainder < 0 !== y < 0 ? remainder + y : remainder;
}

/** The logistic function 1 / (1 + e⁻ˣ). */
export function sigmoidOf(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

/** log(1 + eˣ), without overflow. */
export function softplusOf(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
