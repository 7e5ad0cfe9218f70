// eˣ and functions built on it, in float32. Argument reduction: x = n ln 2 + r with an integer n and |r| ≤ ½ ln 2, so that
// eˣ = 2ⁿ eʳ, where 2ⁿ is assembled from its bits and eʳ is a polynomial.
import { constant, type Scalar } from '../scalar.ts';
import { clampMin, clampMax, polynomial, powerOfTwo, roundToInteger, copySign } from './common.ts';

const { LOG2E } = Math;

/** Returns n, r and an i32 whose low bits are those of n + bias. */
function reduceArgument(x: Scalar, bias: number): { readonly n: Scalar; readonly r: Scalar; readonly bits: Scalar } {
  const { integer: n, bits } = roundToInteger(x.mul(LOG2E), bias);
  // ln 2 in two constants, the first of 16 bits, so that its product with n is exact.
  return { n, bits, r: x.sub(n.mul(0.693145751953125)).sub(n.mul(1.42860682e-6)) };
}

/** eʳ − 1 for |r| ≤ ½ ln 2: r + r² times a polynomial of degree 4, relative error 1.4e-8, and 5.6e-9 of eʳ. */
function expm1OfReduced(r: Scalar): Scalar {
  const q = polynomial(r, 0.49999997, 0.166665465, 0.0416674353, 0.00836626161, 0.00138706574);
  return q.mul(r.mul(r)).add(r);
}

/** Multiplies x by 2ⁿ for −150 ≤ n ≤ 130, where `bits` holds n + 254. */
function scaleByPowerOfTwo(x: Scalar, bits: Scalar): Scalar {
  // Two factors in turn: neither overflows unless the result does, and only the second product may round to a denormal.
  const half = bits.shrS(1);
  return x.mul(powerOfTwo(half)).mul(powerOfTwo(bits.sub(half)));
}

/** 2ˣ for |x| ≤ 126 in reduced precision, where the caller attenuates the error: degree 5, relative error 1.3e-7. */
function approximateExp2(x: Scalar): Scalar {
  const { integer: n, bits } = roundToInteger(x, 127);
  const p = polynomial(x.sub(n), 1.0000001, 0.69314724, 0.24022107, 0.055502973, 0.009676036, 0.0013410005);
  return p.mul(powerOfTwo(bits));
}

export function exp(x: Scalar): Scalar {
  const { r, bits } = reduceArgument(clampMin(clampMax(x, 89), -104), 2 * 127);
  return scaleByPowerOfTwo(expm1OfReduced(r).add(1), bits);
}

export function expm1(x: Scalar): Scalar {
  // 2ⁿ (eʳ − 1) + (2ⁿ − 1), computed as twice its half, since 2¹²⁸ overflows float32.
  const { n, r, bits } = reduceArgument(clampMin(clampMax(x, 89), -18), 126);
  const small = expm1OfReduced(r);
  const half = powerOfTwo(bits);
  return copySign(n.eq(0).select(small, half.mul(small).add(half.sub(0.5)).mul(2)), x);
}

export function sigmoid(x: Scalar): Scalar {
  // 1 / (1 + 2ⁿ + 2ⁿ (eʳ − 1)) for −x, where the sum 1 + 2ⁿ is compensated by its rounding error. All terms are scaled by
  // 2⁻³², since 2¹⁵⁰ overflows float32.
  const { r, bits } = reduceArgument(clampMax(clampMin(x.neg(), -60), 104), 127 - 32);
  const one = constant('f32', 2 ** -32);
  const power = powerOfTwo(bits);
  const sum = power.add(one);
  const roundingError = one.sub(sum.sub(power));
  return one.div(power.mul(expm1OfReduced(r)).add(roundingError).add(sum));
}

export function softplus(x: Scalar): Scalar {
  // max(x, 0) + log(1 + y) for 0 ≤ y ≤ 1. With s = y / (2 + y), the logarithm is 2 artanh s = y − s (y − R):
  // R in s² of degree 4, relative error of the whole 4.5e-9.
  const y = exp(x.abs().neg());
  const s = y.div(y.add(2));
  const z = s.mul(s);
  const R = polynomial(z, 0.6666641, 0.40021598, 0.28000537, 0.28018776).mul(z);
  return clampMin(x, 0).add(y.sub(s.mul(y.sub(R))));
}

export function tanh(x: Scalar): Scalar {
  // With h = (e^2|x| − 1) / 2, tanh |x| = h − h² / (1 + h), or 1 − 1 / (1 + h) for h > 1, where the former would cancel.
  // For n ≥ 2 the slope is so small that r may be inexact: one constant for ln 2 is enough.
  const magnitude = clampMax(x.abs(), 10);
  const { integer: n, bits } = roundToInteger(magnitude.mul(2 * LOG2E), 127);
  const r = magnitude.sub(n.mul(Math.LN2 / 2));
  const power = powerOfTwo(bits);
  // (e²ʳ − 1) / 2 for |r| ≤ ¼ ln 2: r + r² times a polynomial of degree 4, relative error 2.6e-8.
  const small = polynomial(r, 1, 0.66666186, 0.333339483, 0.13386018, 0.04438612).mul(r.mul(r)).add(r);
  const h = power.mul(small).add(power.mul(0.5).sub(0.5));
  const base = clampMax(h, 1);
  return copySign(base.sub(base.mul(base.div(h.add(1)))), x);
}

/** e^|x| / 2. */
function halfExponential(magnitude: Scalar): Scalar {
  const { r, bits } = reduceArgument(clampMax(magnitude, 90), 125);
  return expm1OfReduced(r).add(1).mul(powerOfTwo(bits)).mul(2);
}

export function cosh(x: Scalar): Scalar {
  const half = halfExponential(x.abs());
  return half.add(constant('f32', 0.25).div(half));
}

export function sinh(x: Scalar): Scalar {
  const magnitude = x.abs();
  const half = halfExponential(magnitude);
  const z = x.mul(x);
  // For |x| < 1: x + x³ times a polynomial in x² of degree 2, relative error 2.4e-8.
  const nearZero = polynomial(z, 0.16666716, 0.008330284, 0.00020372194).mul(z).mul(magnitude).add(magnitude);
  return copySign(magnitude.lt(1).select(nearZero, half.sub(constant('f32', 0.25).div(half))), x);
}

export function erf(x: Scalar): Scalar {
  const magnitude = clampMax(x.abs(), 3.95);
  const z = magnitude.mul(magnitude);
  // For |x| < 0.925: x + x times a polynomial in x² of degree 5.
  const p = polynomial(z, 0.12837915, -0.3761248, 0.112816826, -0.02676172, 0.0049859397, -0.00059537386);
  // Otherwise 1 − erfc |x|, where log₂ erfc |x| is a polynomial in |x| of degree 6.
  const exponent = polynomial(
    magnitude,
    -0.00028230413,
    -1.626892,
    -0.9192597,
    -0.14994156,
    0.03206665,
    -0.00439043,
    0.00028267718,
  );
  const far = constant('f32', 1).sub(approximateExp2(exponent));
  return copySign(magnitude.lt(0.925).select(p.mul(magnitude).add(magnitude), far), x);
}
