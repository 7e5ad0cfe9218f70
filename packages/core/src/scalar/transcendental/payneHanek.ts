// Argument reduction of large angles modulo 2π, in integer arithmetic: M. Payne and R. Hanek, "Radian reduction for
// trigonometric functions", ACM SIGNUM Newsletter 18 (1983).
import { constant, type Scalar } from '../scalar.ts';
import { truncateToUpperBits } from './common.ts';

/** An angle `r + error`, where `error` is the rounding error of r. */
export interface Angle {
  readonly r: Scalar;
  readonly error: Scalar;
}

/** The binary digits of 2⁻¹⁷ / 2π after the point, 32 per word. */
const inverseTwoPi = [0x0000145f, 0x306dc9c8, 0x82a53f84, 0xeafa3ea6, 0x9bb81b6c, 0x52b32788, 0x72083fca];

/**
 * The fraction of |x| / 2π as a 64-bit fixed-point number: `high` counts 2⁻³² turns, `low` 2⁻⁶⁴ turns, both unsigned. For
 * 2⁶ ≤ |x| < ∞. With |x| = M · 2ᵏ⁻¹⁷, the first k bits of the table contribute whole turns and are skipped.
 */
export function reduceToTurns(x: Scalar): { readonly high: Scalar; readonly low: Scalar } {
  const bits = x.bitcastI32().and(2 ** 31 - 1);
  // The exponent in steps of 8 selects the window of the table; its lowest three bits scale M, which stays below 2³¹.
  const k = bits.shrU(23).sub(133);
  const M = bits
    .sub(k.and(0x78).shl(23))
    .add(17 << 23)
    .bitcastF32()
    .toInteger();
  let window = inverseTwoPi.map((word) => constant('i32', word | 0));
  for (const step of [64, 32, 16, 8]) {
    const skip = k.and(step).ne(0);
    const needed = step > 32 ? 5 : step > 16 ? 4 : 3;
    window = window.slice(0, needed).map((word, i) => skip.select(wordAfter(window, i, step), word));
  }
  const [v0, v1, v2] = window as [Scalar, Scalar, Scalar];
  // Half of the low word, so that its top bit is the carry.
  const halfLow = M.mul(v1).shrU(1).add(multiplyHigh(M, v2).shrU(1));
  return { high: M.mul(v0).add(multiplyHigh(M, v1)).add(halfLow.shrU(31)), low: halfLow.shl(1) };
}

/** Word i of `words` shifted left by `bits` as one long number: a multiple of 32, or less than 32. */
function wordAfter(words: readonly Scalar[], i: number, bits: number): Scalar {
  if (bits >= 32) return words[i + bits / 32]!;
  const next = words[i + 1];
  const shifted = words[i]!.shl(bits);
  return next ? shifted.or(next.shrU(32 - bits)) : shifted;
}

/** The high word of the 64-bit product of two unsigned words, of which x < 2³¹. */
function multiplyHigh(x: Scalar, y: Scalar): Scalar {
  const [xHigh, xLow] = [x.shrU(16), x.and(0xffff)];
  const [yHigh, yLow] = [y.shrU(16), y.and(0xffff)];
  const middle = xLow.mul(yHigh).add(xLow.mul(yLow).shrU(16));
  const carry = middle.and(0xffff).add(xHigh.mul(yLow)).shrU(16);
  return xHigh.mul(yHigh).add(middle.shrU(16)).add(carry);
}

/** Radians of 2⁻³² turns, and the upper 12 bits of them. */
const unit = 2 * Math.PI * 2 ** -32;
const unitHigh = 6.28125 * 2 ** -32;

/** Converts a fixed-point number of turns to radians. `high` is signed here, `low` is not. */
export function turnsToRadians(high: Scalar, low: Scalar): Angle {
  const upper = truncateToUpperBits(high.to('f32'));
  const lower = low
    .shrU(8)
    .to('f32')
    .mul(2 ** -24)
    .add(high.sub(upper.toInteger()).to('f32'));
  const upperAngle = upper.mul(unitHigh);
  const lowerAngle = upper.mul(unit - unitHigh).add(lower.mul(unit));
  const r = upperAngle.add(lowerAngle);
  return { r, error: lowerAngle.sub(r.sub(upperAngle)) };
}
