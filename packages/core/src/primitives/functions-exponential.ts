// eˣ and what is made of it, for float32. All begin alike: x = n ln 2 + r with an integer n and |r| ≤ ½ ln 2, so that
// eˣ = 2ⁿ eʳ, where 2ⁿ is put together from bits and eʳ is a polynomial.
import { constant, type Scalar } from '../scalar.ts';
import { atLeast, atMost, polynomial, powerOfTwo, rounded, withSignOf, inverseOfPower } from './functions-common.ts';

const { LOG2E } = Math;

/**
 * r, and 2ⁿ as the product of two powers, for −150 ≤ n ≤ 130: multiplied one after the other they overflow only where the
 * result does, and only the second rounds a denormal one.
 */
function reduced(x: Scalar): { readonly r: Scalar; readonly powers: readonly [Scalar, Scalar] } {
  const { integer: n, bits } = rounded(x.mul(LOG2E), 2 * 127);
  const half = bits.shrS(1);
  // ln 2 in two constants, the first of 16 bits, so that its product with n is exact.
  const r = x.sub(n.mul(0.693145751953125)).sub(n.mul(1.42860682e-6));
  return { r, powers: [powerOfTwo(half), powerOfTwo(bits.sub(half))] };
}

/** eʳ − 1 for |r| ≤ ½ ln 2, to an error of 3.2e-9: r + r² q. */
function nearExponentialLess1(r: Scalar): Scalar {
  const q = polynomial(r, 0.49999994, 0.16666517, 0.041668102, 0.0083691655, 0.0013838003);
  return q.mul(r.mul(r)).add(r);
}

/** The same with a relative error of 2.6e-9. */
function exponentialLess1(r: Scalar): Scalar {
  const q = polynomial(r, 0.5, 0.16666652, 0.04166663, 0.008336622, 0.0013920246, 0.00018172838);
  return q.mul(r.mul(r)).add(r);
}

/** factor · eˣ. */
function exponential(x: Scalar, factor: number): Scalar {
  const { r, powers } = reduced(x);
  return nearExponentialLess1(r).mul(factor).add(factor).mul(powers[0]).mul(powers[1]);
}

/** 2ˣ for |x| ≤ 126, less precisely, for where little of the error remains: degree 5, relative error 1.3e-7. */
function roughPowerOf2(x: Scalar): Scalar {
  const { integer: n, bits } = rounded(x, 127);
  const p = polynomial(x.sub(n), 1.0000001, 0.69314724, 0.24022107, 0.055502973, 0.009676036, 0.0013410005);
  return p.mul(powerOfTwo(bits));
}

export function exp(x: Scalar): Scalar {
  const { r, powers } = reduced(atLeast(atMost(x, 89), -104));
  return nearExponentialLess1(r).add(1).mul(powers[0]).mul(powers[1]);
}

export function expm1(x: Scalar): Scalar {
  const { r, powers } = reduced(atLeast(atMost(x, 89), -20));
  // 2ⁿ (eʳ − 1) + 2ⁿ − 1, divided by the second power, and multiplied by it at the end.
  const inverse = inverseOfPower(powers[1]);
  return withSignOf(exponentialLess1(r).mul(powers[0]).add(powers[0].sub(inverse)).mul(powers[1]), x);
}

export function sigmoid(x: Scalar): Scalar {
  // ¾ eˣ / (¾ eˣ + ¾): just below 1, where most sums of this kind lie, they round less than just above.
  const e = exponential(atLeast(atMost(x, 40), -104), 0.75);
  return e.div(e.add(0.75));
}

export function softplus(x: Scalar): Scalar {
  // max(x, 0) + log(1 + y) for 0 ≤ y ≤ 1. With s = y / (2 + y), the logarithm is 2 artanh s = y − s (y − R):
  // R in s² of degree 4, relative error of the whole 4.5e-9.
  const y = exp(x.abs().neg());
  const s = y.div(y.add(2));
  const z = s.mul(s);
  const rest = polynomial(z, 0.6666641, 0.40021598, 0.28000537, 0.28018776).mul(z);
  return atLeast(x, 0).add(y.sub(s.mul(y.sub(rest))));
}

export function tanh(x: Scalar): Scalar {
  const magnitude = atMost(x.abs(), 10);
  const far = constant('f32', 1).sub(constant('f32', 2).div(roughPowerOf2(magnitude.mul(2 * LOG2E)).add(1)));
  // For |x| < 0.625, x + x³ times a polynomial in x² of degree 4, relative error 7.1e-9.
  const z = magnitude.mul(magnitude);
  const p = polynomial(z, -0.3333328, 0.1333142, -0.053737797, 0.020632546, -0.005697385);
  return withSignOf(magnitude.lt(0.625).select(p.mul(z).mul(magnitude).add(magnitude), far), x);
}

export function cosh(x: Scalar): Scalar {
  const half = exponential(atMost(x.abs(), 90), 0.5);
  return half.add(constant('f32', 0.25).div(half));
}

export function sinh(x: Scalar): Scalar {
  const magnitude = x.abs();
  const half = exponential(atMost(magnitude, 90), 0.5);
  const z = x.mul(x);
  // For |x| < 1, x + x³ times a polynomial in x² of degree 2, relative error 2.4e-8.
  const nearZero = polynomial(z, 0.16666716, 0.008330284, 0.00020372194).mul(z).mul(magnitude).add(magnitude);
  return withSignOf(magnitude.lt(1).select(nearZero, half.sub(constant('f32', 0.25).div(half))), x);
}

export function erf(x: Scalar): Scalar {
  const magnitude = atMost(x.abs(), 3.95);
  const z = magnitude.mul(magnitude);
  // For |x| < 0.925, x + x times a polynomial in x² of degree 5.
  const p = polynomial(z, 0.12837915, -0.3761248, 0.112816826, -0.02676172, 0.0049859397, -0.00059537386);
  // Beyond, 1 − erfc |x|: its binary logarithm is a polynomial in |x| of degree 6.
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
  const far = constant('f32', 1).sub(roughPowerOf2(exponent));
  return withSignOf(magnitude.lt(0.925).select(p.mul(magnitude).add(magnitude), far), x);
}
