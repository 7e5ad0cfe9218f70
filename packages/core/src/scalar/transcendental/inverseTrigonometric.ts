// Inverse trigonometric functions in float32.
import { constant, type Scalar } from '../scalar.ts';
import { polynomial, copySign } from './common.ts';

/** asin x for 0 ≤ x ≤ 0.54, given x²: x + x³ times a polynomial in x² of degree 4, relative error 1.5e-8. */
function asinNearZero(x: Scalar, square: Scalar): Scalar {
  const p = polynomial(square, 0.16666883, 0.07489918, 0.046146538, 0.020872138, 0.04769012);
  return p.mul(square).mul(x).add(x);
}

/**
 * Argument reduction of asin for 0 ≤ x ≤ 1: `angle` is asin x for x ≤ 0.54. For `large` x it is asin √((1 − x) / 2), and
 * asin x = π/2 − 2 · angle.
 */
function reduceAsin(magnitude: Scalar): { readonly large: Scalar; readonly angle: Scalar } {
  const large = magnitude.gt(0.54);
  const square = large.select(constant('f32', 0.5).sub(magnitude.mul(0.5)), magnitude.mul(magnitude));
  return { large, angle: asinNearZero(large.select(square.sqrt(), magnitude), square) };
}

export function asin(x: Scalar): Scalar {
  const { large, angle } = reduceAsin(x.abs());
  return copySign(large.select(complement(angle.mul(2)), angle), x);
}

export function acos(x: Scalar): Scalar {
  const { large, angle } = reduceAsin(x.abs());
  const negative = x.lt(0);
  const twice = angle.mul(2);
  const far = negative.select(constant('f32', Math.PI).sub(twice), twice);
  return large.select(far, constant('f32', Math.PI / 2).sub(copySign(angle, x)));
}

/** π/2 − angle, with π/2 as the sum of two constants. */
function complement(angle: Scalar): Scalar {
  return constant('f32', Math.PI / 2)
    .sub(angle)
    .sub(4.371139e-8);
}

/** atan a for 0 ≤ a ≤ 1: a + a³ times a polynomial in a² of degree 7, relative error 1.8e-8. */
function atanOfUnit(a: Scalar): Scalar {
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
  const angle = atanOfUnit(large.select(one.div(magnitude), magnitude));
  return copySign(large.select(complement(angle), angle), x);
}

export function atan2(y: Scalar, x: Scalar): Scalar {
  const [height, width] = [y.abs(), x.abs()];
  const steep = height.gt(width);
  const smaller = steep.select(width, height);
  const larger = steep.select(height, width);
  // Equal sides, also infinite ones, have the ratio 1; two zeros have the ratio 0.
  const ratioOfEqual = larger.eq(0).select(0, constant('f32', 1));
  const angle = atanOfUnit(smaller.eq(larger).select(ratioOfEqual, smaller.div(larger)));
  const acute = steep.select(complement(angle), angle);
  // Tests the sign bit, so that x = −0 is left of the y axis.
  const left = x.bitcastI32().lt(0);
  return copySign(left.select(constant('f32', Math.PI).sub(acute.add(8.742278e-8)), acute), y);
}
