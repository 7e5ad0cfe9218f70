// Logarithms and what is made of them, for float32.
import { constant, type Scalar } from '../scalar.ts';
import { polynomial, withSignOf } from './functions-common.ts';

/** x = 2ᵏ m with √½ ≤ m < √2, for normal x > 0; and k in the place of an exponent. */
function parts(x: Scalar): { readonly k: Scalar; readonly m: Scalar; readonly exponent: Scalar } {
  const bits = x.bits();
  const k = bits.sub(0x3f3504f3).shrS(23); // the bits of √½
  const exponent = k.shl(23);
  return { k: k.to('f32'), m: bits.sub(exponent).float(), exponent };
}

/** log(1 + f) + k ln 2, for √½ ≤ 1 + f ≤ √2. */
function logarithm(f: Scalar, k: Scalar): Scalar {
  // With s = f / (2 + f), log(1 + f) is 2 artanh s = f − s (f − R): R in s² of degree 3, relative error of the whole 8e-10.
  const s = f.div(f.add(2));
  const z = s.mul(s);
  const rest = polynomial(z, 0.66666776, 0.39977375, 0.29876745).mul(z);
  // ln 2 in two constants, the first of 15 bits, so that its product with k is exact.
  return k.mul(0.693138122558594).sub(s.mul(f.sub(rest)).sub(k.mul(9.05800061445916e-6)).sub(f));
}

/** log x for normal x > 0, plus `more` · ln 2. */
function logarithmOfNormal(x: Scalar, more = 0): Scalar {
  const { k, m } = parts(x);
  return logarithm(m.sub(1), more === 0 ? k : k.add(more));
}

/** Whether 2⁻¹²⁶ ≤ x < 2^exponent, in one comparison: of the bits, moved so that the lowest of them is the lowest i32. */
function isNormal(x: Scalar, exponent: number): Scalar {
  return x
    .bits()
    .add(255 << 23)
    .lt((exponent - 130) * 2 ** 23);
}

export function log(x: Scalar): Scalar {
  const denormal = logarithmOfNormal(x.mul(2 ** 23), -23);
  const negative = x.lt(0).select(NaN, constant('f32', -Infinity));
  const rare = x.le(0).select(negative, x.lt(1).select(denormal, x));
  return isNormal(x, 128).not().rarely(rare, logarithmOfNormal(x));
}

export function log1p(x: Scalar): Scalar {
  const sum = x.add(1);
  const { k, m, exponent } = parts(sum);
  // What the sum lost in rounding, divided by 2ᵏ as m is.
  const lost = x.sub(sum.sub(1)).mul(
    constant('i32', 127 << 23)
      .sub(exponent)
      .float(),
  );
  return isNormal(sum, 127)
    .not()
    .rarely(log(sum), withSignOf(logarithm(m.sub(1).add(lost), k), x));
}
