// Logarithms and the inverse hyperbolic functions built on them, in float32.
import { constant, type Scalar } from '../scalar.ts';
import { polynomial, copySign, truncateToUpperBits } from './common.ts';

/** Decomposes (frexp) a normal x > 0 into x = 2ᵏ m with √½ ≤ m < √2. `exponent` is k shifted to the exponent's bits. */
export function decompose(x: Scalar): { readonly k: Scalar; readonly m: Scalar; readonly exponent: Scalar } {
  const bits = x.bitcastI32();
  const k = bits.sub(0x3f3504f3).shrS(23); // the bits of √½
  const exponent = k.shl(23);
  return { k: k.to('f32'), m: bits.sub(exponent).bitcastF32(), exponent };
}

/** f − log(1 + f), for √½ ≤ 1 + f ≤ √2. */
function curvature(f: Scalar): Scalar {
  // With s = f / (2 + f), log(1 + f) is 2 artanh s = f − s (f − R): R in s² of degree 3, relative error of the whole 8e-10.
  const s = f.div(f.add(2));
  const z = s.mul(s);
  const R = polynomial(z, 0.66666776, 0.39977375, 0.29876745).mul(z);
  return s.mul(f.sub(R));
}

/** log(1 + f) + k ln 2, for √½ ≤ 1 + f ≤ √2. */
function logReduced(f: Scalar, k: Scalar): Scalar {
  // ln 2 in two constants, the first of 15 bits, so that its product with k is exact.
  return k.mul(0.693138122558594).sub(curvature(f).sub(k.mul(9.05800061445916e-6)).sub(f));
}

/** The logarithm of (1 + f) 2ᵏ, for √½ ≤ 1 + f ≤ √2, to the base whose logarithm is 1 / slope; `ofTwo` is that of 2. */
function logReducedTo(slope: number, ofTwo: number): typeof logReduced {
  // Constants and the logarithm in two parts, whose first parts have so few bits that their products are exact.
  const slopeHigh = Math.floor(slope * 2 ** 11) / 2 ** 11;
  const ofTwoHigh = Math.floor(ofTwo * 2 ** 14) / 2 ** 14;
  return (f, k) => {
    const t = curvature(f);
    const high = truncateToUpperBits(f.sub(t));
    const low = f.sub(high).sub(t);
    const small = low.mul(slope).add(high.mul(slope - slopeHigh));
    const fraction = high.mul(slopeHigh).add(ofTwo === ofTwoHigh ? small : small.add(k.mul(ofTwo - ofTwoHigh)));
    return k.mul(ofTwoHigh).add(fraction);
  };
}

/** Whether 2⁻¹²⁶ ≤ x < 2^exponent, by one comparison of bits, offset so that those of 2⁻¹²⁶ are the smallest i32. */
export function isNormal(x: Scalar, exponent: number): Scalar {
  return x
    .bitcastI32()
    .add(255 << 23)
    .lt((exponent - 130) * 2 ** 23);
}

/** A logarithm of all numbers, by that of 1 + f and k. */
function logarithm(x: Scalar, reduced: typeof logReduced): Scalar {
  const normal = ({ k, m }: ReturnType<typeof decompose>, exponent: number): Scalar =>
    reduced(m.sub(1), exponent === 0 ? k : k.add(exponent));
  const denormal = normal(decompose(x.mul(2 ** 23)), -23);
  const negative = x.lt(0).select(NaN, constant('f32', -Infinity));
  const rare = x.le(0).select(negative, x.lt(1).select(denormal, x));
  return isNormal(x, 128)
    .not()
    .rarely(rare, normal(decompose(x), 0));
}

export function log(x: Scalar): Scalar {
  return logarithm(x, logReduced);
}

export function log2(x: Scalar): Scalar {
  return logarithm(x, logReducedTo(Math.LOG2E, 1));
}

export function log10(x: Scalar): Scalar {
  return logarithm(x, logReducedTo(Math.LOG10E, Math.log10(2)));
}

/** log(1 + x + xError) for −1 < x < 2⁶⁴, given `sum`, which is 1 + x rounded. `xError` is at most a rounding error of x. */
function logOfSum(x: Scalar, sum: Scalar, xError?: Scalar): Scalar {
  const { k, m, exponent } = decompose(sum);
  const sumError = x.sub(sum.sub(1));
  // 2⁻ᵏ: the error is scaled as m is.
  const scale = constant('i32', 127 << 23)
    .sub(exponent)
    .bitcastF32();
  return logReduced(m.sub(1).add((xError ? sumError.add(xError) : sumError).mul(scale)), k);
}

export function log1p(x: Scalar): Scalar {
  const sum = x.add(1);
  return isNormal(sum, 127)
    .not()
    .rarely(log(sum), copySign(logOfSum(x, sum), x));
}

/** log(1 + x + y) for 0 ≤ x ≤ y < 2⁶³. */
function log1pOfSum(x: Scalar, y: Scalar): Scalar {
  const sum = x.add(y);
  return logOfSum(sum, sum.add(1), x.sub(sum.sub(y)));
}

/** The bound from which asinh x and acosh x equal log 2x in float32. */
const large = 2 ** 26;

export function asinh(x: Scalar): Scalar {
  // log(a + √(a² + 1)) = log(1 + a + a² / (1 + √(a² + 1)))
  const a = x.abs();
  const square = a.mul(a);
  const usual = log1pOfSum(square.div(square.add(1).sqrt().add(1)), a);
  return copySign(a.lt(large).not().rarely(log(a).add(Math.LN2), usual), x);
}

export function acosh(x: Scalar): Scalar {
  // log(x + √(x² − 1)) = log(1 + t + √(t² + 2t)) with t = x − 1; for t < ½, √2t times a polynomial of degree 5, relative
  // error 1.3e-9.
  const t = x.sub(1);
  const p = polynomial(t, 1, -0.0833332166, 0.0187465958, -0.0055478001, 0.00175980804, -0.000412938971);
  const near = t.add(t).sqrt().mul(p);
  const usual = t.lt(0.5).select(near, log1pOfSum(t, t.mul(t.add(2)).sqrt()));
  return x
    .ge(1)
    .and(x.lt(large))
    .not()
    .rarely(x.lt(1).select(NaN, log(x).add(Math.LN2)), usual);
}

export function atanh(x: Scalar): Scalar {
  // ½ log((1 + a) / (1 − a)); for a < ½, x + x³ times a polynomial in x² of degree 4, relative error 2.3e-8.
  const a = x.abs();
  const z = x.mul(x);
  const near = z
    .mul(x)
    .mul(polynomial(z, 0.333337307, 0.199781865, 0.14669548, 0.0824159831, 0.181777015))
    .add(x);
  // (1 + a) / (1 − a) − 1
  const ratio = a.add(a).div(constant('f32', 1).sub(a));
  const far = copySign(logOfSum(ratio, ratio.add(1)).mul(0.5), x);
  const special = a.eq(1).select(copySign(constant('f32', Infinity), x), NaN);
  return a.lt(1).not().rarely(special, a.lt(0.5).select(near, far));
}
