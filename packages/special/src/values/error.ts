// Functions of the normal distribution and the error function, in double precision.
import { erf } from '@thetagrad/core';
import { gaussian, polynomial, ratio } from './polynomial.ts';

const erfOf = erf.primitive.value;

// Numerators and denominators of the rational functions of fdlibm (s_erf.c):
// Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro, a Sun Microsystems, Inc. business.
// Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.
// prettier-ignore
const nearOne = [
  [-2.36211856075265944077e-3, 4.14856118683748331666e-1, -3.72207876035701323847e-1, 3.18346619901161753674e-1, -1.10894694282396677476e-1, 3.54783043256182359371e-2, -2.16637559486879084300e-3],
  [1, 1.06420880400844228286e-1, 5.40397917702171048937e-1, 7.18286544141962662868e-2, 1.26171219808761642112e-1, 1.36370839120290507362e-2, 1.19844998467991074170e-2],
] as const;
// prettier-ignore
const middle = [
  [-9.86494403484714822705e-3, -6.93858572707181764372e-1, -1.05586262253232909814e1, -6.23753324503260060396e1, -1.62396669462573470355e2, -1.84605092906711035994e2, -8.12874355063065934246e1, -9.81432934416914548592],
  [1, 1.96512716674392571292e1, 1.37657754143519042600e2, 4.34565877475229228821e2, 6.45387271733267880336e2, 4.29008140027567833386e2, 1.08635005541779435134e2, 6.57024977031928170135, -6.04244152148580987438e-2],
] as const;
// prettier-ignore
const far = [
  [-9.86494292470009928597e-3, -7.99283237680523006574e-1, -1.77579549177547519889e1, -1.60636384855821916062e2, -6.37566443368389627722e2, -1.02509513161107724954e3, -4.83519191608651397019e2],
  [1, 3.03380607434824582924e1, 3.25792512996573918826e2, 1.53672958608443695994e3, 3.19985821950859553908e3, 2.55305040643316442583e3, 4.74528541206955367215e2, -2.24409524465858183362e1],
] as const;

/** erfc x, the complement 1 − erf x without cancellation. */
export function erfcOf(x: number): number {
  if (x < 0.25) return 1 - erfOf(x);
  if (x < 0.84375) return 0.5 - (erfOf(x) - 0.5);
  if (x < 1.25) return 0.154937088489532470703 - ratio(x - 1, nearOne);
  return x > 28 ? 0 : gaussian(x, 1) * erfcxOf(x);
}

/** e^(x²) erfc x, without overflow for x > 0. */
export function erfcxOf(x: number): number {
  if (x < 1.25) return x < -27 ? Infinity : erfcOf(x) / gaussian(x, 1);
  if (x < 28) return Math.exp(-0.5625 + ratio(1 / (x * x), x < 1 / 0.35 ? middle : far)) / x;
  // DLMF 7.12.1
  const z = 0.5 / (x * x);
  return polynomial(z, [1, -1, 3, -15, 105, -945, 10395]) / (x * Math.sqrt(Math.PI));
}

/**
 * (−1)ⁿ times the n-th derivative of erfcx over 2ⁿ n!, which is e^(x²) times the n-th repeated integral of erfc (DLMF 7.18.4).
 */
export function repeatedErfcxOf(n: number, x: number): number {
  if (Number.isNaN(x)) return x;
  const first = 2 / Math.sqrt(Math.PI);
  if (x < 0.5) {
    // The recurrence of DLMF 7.18.7, which is stable for x < 0.
    let [before, value] = [first, erfcxOf(x)];
    for (let k = 1; k <= n; k++) [before, value] = [value, (before - 2 * x * value) / (2 * k)];
    return value;
  }
  // Quotients rₖ of values of orders k and k − 1, from the recurrence backward (Gautschi 1961): rₖ = 1 / (2x + 2(k + 1) rₖ₊₁).
  const count = n + 20 + Math.ceil(220 / (x * x));
  let quotient = 0;
  let value = first;
  for (let k = count; k >= 0; k--) {
    quotient = 1 / (2 * x + 2 * (k + 1) * quotient);
    if (k <= n) value *= quotient;
  }
  return value;
}

/** The probability that a standard normal number is at most x. */
export function ndtrOf(x: number): number {
  if (Math.abs(x) < 1) return 0.5 + 0.5 * erfOf(x * Math.SQRT1_2);
  const tail = Math.abs(x) > 40 ? 0 : 0.5 * gaussian(x, 2) * erfcxOf(Math.abs(x) * Math.SQRT1_2);
  return x > 0 ? 1 - tail : tail;
}

/** The logarithm of {@link ndtrOf}. */
export function logNdtrOf(x: number): number {
  if (x > -1) return Math.log1p(-ndtrOf(-x));
  return Math.log(0.5 * erfcxOf(-x * Math.SQRT1_2)) - 0.5 * x * x;
}

// Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics 37 (1988), PPND16.
// prettier-ignore
const center = [
  [3.3871328727963666080, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3],
  [1, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3],
] as const;
// prettier-ignore
const tail = [
  [1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504, 1.27045825245236838258, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4],
  [1, 2.05319162663775882187, 1.67638483018380384940, 6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9],
] as const;
// prettier-ignore
const farTail = [
  [6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7],
  [1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15],
] as const;

/** The normal quantile of ½ + q, given the smaller of the probabilities ½ + q and ½ − q. */
function quantile(q: number, smaller: number): number {
  if (Math.abs(q) <= 0.425) return q * ratio(0.180625 - q * q, center);
  if (!(smaller > 0)) return smaller === 0 ? Math.sign(q) * Infinity : NaN;
  const r = Math.sqrt(-Math.log(smaller));
  return Math.sign(q) * (r <= 5 ? ratio(r - 1.6, tail) : ratio(r - 5, farTail));
}

/** The inverse of {@link ndtrOf}. */
export function ndtriOf(p: number): number {
  return quantile(p - 0.5, Math.min(p, 1 - p));
}

/** The inverse of erf. */
export function erfinvOf(x: number): number {
  return x === 0 ? x : quantile(0.5 * x, 0.5 - 0.5 * Math.abs(x)) * Math.SQRT1_2;
}
