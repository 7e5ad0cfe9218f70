// Trigonometric functions and their inverses, for float32.
import { call, constant, type Scalar } from '../scalar.ts';
import { polynomial, rounded, withSignOf } from './functions-common.ts';

/** π in four constants: the first three have 12 bits or less, so that their products with n are exact. */
const pi = [3.140625, 0.0009675025939941406, 1.5099067240953445e-7, 5.126688303189038e-12];
/** Larger angles are left to JavaScript: beyond, the last product begins to matter in the rounding of the others. */
const largest = 1600;

/** sin r for |r| ≤ π/2: degree 9, relative error 6e-9. */
function sineNearZero(r: Scalar): Scalar {
  const z = r.mul(r);
  return polynomial(z, 0, -0.1666666, 0.008333069, -0.00019809768, 2.6060538e-6).mul(r).add(r);
}

/** r with its sign changed where the lowest of the bits is set. */
function changeSign(r: Scalar, bits: Scalar): Scalar {
  return r.bits().xor(bits.shl(31)).float();
}

export function sin(x: Scalar): Scalar {
  // x = n π + r: (−1)ⁿ sin r.
  const { integer, bits } = rounded(x.mul(1 / Math.PI));
  const r = pi.reduce((rest, part) => rest.sub(integer.mul(part)), x);
  return x
    .abs()
    .gt(largest)
    .rarely(call(Math.sin, 'f32', [x]), sineNearZero(changeSign(r, bits)));
}

export function cos(x: Scalar): Scalar {
  // x = (n + ½) π − r: (−1)ⁿ sin r.
  const { integer, bits } = rounded(x.mul(1 / Math.PI).sub(0.5));
  const h = integer.add(0.5);
  const [first, ...others] = pi;
  const r = others.reduce((rest, part) => rest.add(h.mul(part)), h.mul(first!).sub(x));
  return x
    .abs()
    .gt(largest)
    .rarely(call(Math.cos, 'f32', [x]), sineNearZero(changeSign(r, bits)));
}

/** asin x for 0 ≤ x ≤ 0.54, given x²: x + x³ times a polynomial in x² of degree 4, relative error 1.5e-8. */
function arcSineNearZero(x: Scalar, square: Scalar): Scalar {
  const p = polynomial(square, 0.16666883, 0.07489918, 0.046146538, 0.020872138, 0.04769012);
  return p.mul(square).mul(x).add(x);
}

/**
 * For larger x, asin x = π/2 − 2 asin √((1 − x) / 2): the arc sine of x, or of that root, which
 * is below ½ up to there, and so more precise.
 */
function arcSine(magnitude: Scalar): { readonly large: Scalar; readonly angle: Scalar } {
  const large = magnitude.gt(0.54);
  const square = large.select(constant('f32', 0.5).sub(magnitude.mul(0.5)), magnitude.mul(magnitude));
  return { large, angle: arcSineNearZero(large.select(square.sqrt(), magnitude), square) };
}

export function asin(x: Scalar): Scalar {
  const { large, angle } = arcSine(x.abs());
  return withSignOf(large.select(complement(angle.mul(2)), angle), x);
}

export function acos(x: Scalar): Scalar {
  const { large, angle } = arcSine(x.abs());
  const negative = x.lt(0);
  const twice = angle.mul(2);
  const far = negative.select(constant('f32', Math.PI).sub(twice), twice);
  return large.select(far, constant('f32', Math.PI / 2).sub(withSignOf(angle, x)));
}

/** π/2 − angle, with π/2 in two constants. */
function complement(angle: Scalar): Scalar {
  return constant('f32', Math.PI / 2)
    .sub(angle)
    .sub(4.371139e-8);
}

/** atan a for 0 ≤ a ≤ 1: a + a³ times a polynomial in a² of degree 7, relative error 1.8e-8. */
function arcTangent(a: Scalar): Scalar {
  const z = a.mul(a);
  return polynomial(
    z,
    -0.33333153,
    0.19993773,
    -0.14211056,
    0.106660046,
    -0.07552215,
    0.043211866,
    -0.01636793,
    0.002920693,
  )
    .mul(z)
    .mul(a)
    .add(a);
}

export function atan(x: Scalar): Scalar {
  const magnitude = x.abs();
  const large = magnitude.gt(1);
  const one = constant('f32', 1);
  const angle = arcTangent(large.select(one.div(magnitude), magnitude));
  return withSignOf(large.select(complement(angle), angle), x);
}

export function atan2(y: Scalar, x: Scalar): Scalar {
  const [height, width] = [y.abs(), x.abs()];
  const steep = height.gt(width);
  const [smaller, larger] = [steep.select(width, height), steep.select(height, width)];
  const angle = arcTangent(smaller.div(larger));
  const acute = steep.select(complement(angle), angle);
  // The sign of x also counts at −0.
  const left = x.bits().lt(0);
  const usual = withSignOf(left.select(constant('f32', Math.PI).sub(acute.add(8.742278e-8)), acute), y);
  // Zeros, infinities, and what the quotient of may be denormal, are left to JavaScript.
  return smaller
    .lt(2 ** -60)
    .or(larger.gt(2 ** 60))
    .rarely(call(Math.atan2, 'f32', [y, x]), usual);
}
