// What the float32 functions in scalar expressions share. They take f32 nodes alone, have no branches but `rarely`, and
// assume no fused multiply-add, so that they compute the same everywhere. Coefficients are minimax fits of the relative
// error: by Remez, or by linear programming with each coefficient rounded to float32 before the rest are fitted anew.
// Errors given are those of the rounded coefficients. Each function is within 2 ulp of the value in double precision,
// for all inputs.
import { constant, type Scalar } from '../scalar.ts';

/** c₀ + c₁x + c₂x² + …, by Horner's rule. */
export function polynomial(x: Scalar, ...coefficients: readonly number[]): Scalar {
  const [last, ...rest] = coefficients.toReversed();
  return rest.reduce((sum, coefficient) => sum.mul(x).add(coefficient), constant('f32', last!));
}

/** The smaller of x and a limit; NaN stays. Cheaper than `min`, which minds the signs of zeros. */
export function atMost(x: Scalar, limit: number): Scalar {
  return x.gt(limit).select(limit, x);
}

/** The larger of x and a limit; NaN stays. */
export function atLeast(x: Scalar, limit: number): Scalar {
  return x.lt(limit).select(limit, x);
}

/** x with the sign of `like`, if x is positive or has that sign already. */
export function withSignOf(x: Scalar, like: Scalar): Scalar {
  return like
    .bitcastI32()
    .and(-(2 ** 31))
    .or(x.bitcastI32())
    .bitcastF32();
}

/**
 * The integer nearest to x, for |x| < 2²², and an i32 whose low bits are those of the integer plus `bias`: added to 1.5 · 2²³,
 * x has no bits left for a fraction.
 */
export function rounded(x: Scalar, bias = 0): { readonly integer: Scalar; readonly bits: Scalar } {
  const magic = 1.5 * 2 ** 23 + bias;
  const sum = x.add(magic);
  return { integer: sum.sub(magic), bits: sum.bitcastI32() };
}

/** The power of two of which the low 8 bits are the exponent, with its bias of 127. */
export function powerOfTwo(bits: Scalar): Scalar {
  return bits.shl(23).bitcastF32();
}

/** x with its sign changed where the lowest of the bits is set. */
export function changeSign(x: Scalar, bits: Scalar): Scalar {
  return x.bitcastI32().xor(bits.shl(31)).bitcastF32();
}

/** x cut to its first 12 bits: the product of two such numbers is exact. */
export function upperBits(x: Scalar): Scalar {
  return x.bitcastI32().and(-4096).bitcastF32();
}
