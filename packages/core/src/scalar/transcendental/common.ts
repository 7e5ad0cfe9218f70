// Building blocks of the float32 functions. Those are expressions of f32 nodes, branch-free except for `rarely`, and do not
// rely on fused multiply-add, so that every backend computes the same bits. Each function is within 2 ulp of its value in
// double precision, for all inputs. Polynomial coefficients are minimax fits of the relative error, by Remez or by linear
// programming that rounds one coefficient at a time to float32 and refits the remaining ones. Quoted errors are those of
// the rounded coefficients.
import { constant, type Scalar } from '../scalar.ts';

/** c₀ + c₁x + c₂x² + …, by Horner's rule. */
export function polynomial(x: Scalar, ...coefficients: readonly number[]): Scalar {
  const [last, ...rest] = coefficients.toReversed();
  return rest.reduce((sum, coefficient) => sum.mul(x).add(coefficient), constant('f32', last!));
}

/** Clamps x from above; NaN stays NaN. Cheaper than `min`, which orders signed zeros. */
export function clampMax(x: Scalar, limit: number): Scalar {
  return x.gt(limit).select(limit, x);
}

/** Clamps x from below; NaN stays NaN. */
export function clampMin(x: Scalar, limit: number): Scalar {
  return x.lt(limit).select(limit, x);
}

/** Gives x the sign of `sign`. x must be non-negative or have that sign already. */
export function copySign(x: Scalar, sign: Scalar): Scalar {
  return sign
    .bitcastI32()
    .and(-(2 ** 31))
    .or(x.bitcastI32())
    .bitcastF32();
}

/**
 * Rounds x to the nearest integer, for |x| < 2²², by adding 1.5 · 2²³, where float32 has no bits for a fraction. `bits` is an
 * i32 whose low bits are those of the integer plus `bias`.
 */
export function roundToInteger(x: Scalar, bias = 0): { readonly integer: Scalar; readonly bits: Scalar } {
  const magic = 1.5 * 2 ** 23 + bias;
  const sum = x.add(magic);
  return { integer: sum.sub(magic), bits: sum.bitcastI32() };
}

/** The power of two whose biased exponent (bias 127) is the low 8 bits of `bits`. */
export function powerOfTwo(bits: Scalar): Scalar {
  return bits.shl(23).bitcastF32();
}

/** Multiplies x by (−1)ⁿ, where the lowest of `bits` is that of n. */
export function flipSign(x: Scalar, bits: Scalar): Scalar {
  return x.bitcastI32().xor(bits.shl(31)).bitcastF32();
}

/** Truncates x to 12 significant bits: the product of two such numbers is exact. */
export function truncateToUpperBits(x: Scalar): Scalar {
  return x.bitcastI32().and(-4096).bitcastF32();
}
