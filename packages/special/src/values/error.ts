// Functions of the normal distribution and the error function, in double precision.
import { erf } from '@thetagrad/core';
import { erfcRatios, polynomial, ratio } from '@thetagrad/core/backend';
import { gaussian } from './elementary.ts';

const erfOf = erf.primitive.value;

const { nearOne, far: middle } = erfcRatios;
// The same for |x| > 2.85, from fdlibm (s_erf.c):
// Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro, a Sun Microsystems, Inc. business.
// Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.
// prettier-ignore
const far = [
  [-0.0098649429247001, -0.799283237680523, -17.757954917754752, -160.63638485582192, -637.5664433683896, -1025.0951316110772, -483.5191916086514],
  [1, 30.33806074348246, 325.7925129965739, 1536.729586084437, 3199.8582195085955, 2553.0504064331644, 474.52854120695537, -22.44095244658582],
] as const;

/** erfc x, the complement 1 − erf x without cancellation. */
export function erfcOf(x: number): number {
  if (x < 0.25) return 1 - erfOf(x);
  if (x < 0.84375) return 0.5 - (erfOf(x) - 0.5);
  if (x < 1.25) return 0.15493708848953247 - ratio(x - 1, nearOne);
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
  [3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087, 33430.57558358813, 2509.0809287301227],
  [1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943, 5226.495278852854],
] as const;
// prettier-ignore
const tail = [
  [1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684, 0.2417807251774506, 0.022723844989269184, 0.0007745450142783414],
  [1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457, 0.0005475938084995345, 1.0507500716444169e-9],
] as const;
// prettier-ignore
const farTail = [
  [6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124, 0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7],
  [1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15],
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
