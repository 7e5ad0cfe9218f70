// Large angles as turns without the whole ones, in integers: M. Payne and R. Hanek, "Radian reduction for trigonometric
// functions", ACM SIGNUM Newsletter 18 (1983).
import { constant, type Scalar } from '../scalar.ts';
import { upperBits } from './common.ts';

/** A number, and what its rounding has lost. */
export interface Angle {
  readonly r: Scalar;
  readonly lost: Scalar;
}

/** 1/2π · 2⁻¹⁷, 32 bits in a word. */
const inverse = [0x0000145f, 0x306dc9c8, 0x82a53f84, 0xeafa3ea6, 0x9bb81b6c, 0x52b32788, 0x72083fca];

/**
 * |x| / 2π without its integer part, in units of 2⁻³² (`turns`) and of 2⁻⁶⁴ (`rest`), for 2⁶ ≤ |x| < ∞. With
 * |x| = M · 2ᵏ⁻¹⁷, the first k bits of the table are skipped, as they make integers.
 */
export function turnsOf(x: Scalar): { readonly turns: Scalar; readonly rest: Scalar } {
  const bits = x.bitcastI32().and(2 ** 31 - 1);
  // The exponent, in steps of 8, chooses the window on the table; its lowest three bits scale M to less than 2³¹.
  const k = bits.shrU(23).sub(133);
  const M = bits
    .sub(k.and(0x78).shl(23))
    .add(17 << 23)
    .bitcastF32()
    .toInteger();
  let window = inverse.map((word) => constant('i32', word | 0));
  for (const step of [64, 32, 16, 8]) {
    const skip = k.and(step).ne(0);
    const needed = step > 32 ? 5 : step > 16 ? 4 : 3;
    window = window.slice(0, needed).map((word, i) => skip.select(later(window, i, step), word));
  }
  const [v0, v1, v2] = window as [Scalar, Scalar, Scalar];
  // Halved, so that the sign bit is the carry.
  const rest = M.mul(v1).shrU(1).add(upperProduct(M, v2).shrU(1));
  return { turns: M.mul(v0).add(upperProduct(M, v1)).add(rest.shrU(31)), rest: rest.shl(1) };
}

/** Word i of those that are so many bits further on. */
function later(words: readonly Scalar[], i: number, bits: number): Scalar {
  if (bits >= 32) return words[i + bits / 32]!;
  const next = words[i + 1];
  const whole = words[i]!.shl(bits);
  return next ? whole.or(next.shrU(32 - bits)) : whole;
}

/** The upper word of the product of two unsigned words, the first of which is less than 2³¹. */
function upperProduct(x: Scalar, y: Scalar): Scalar {
  const [xHigh, xLow] = [x.shrU(16), x.and(0xffff)];
  const [yHigh, yLow] = [y.shrU(16), y.and(0xffff)];
  const middle = xLow.mul(yHigh).add(xLow.mul(yLow).shrU(16));
  const carry = middle.and(0xffff).add(xHigh.mul(yLow)).shrU(16);
  return xHigh.mul(yHigh).add(middle.shrU(16)).add(carry);
}

/** 2π · 2⁻³², the upper part of 12 bits. */
const unit = 2 * Math.PI * 2 ** -32;
const unitHigh = 6.28125 * 2 ** -32;

/** The angle of a signed number of 2⁻³² turns and of `rest` 2⁻⁶⁴ turns. */
export function radians(turns: Scalar, rest: Scalar): Angle {
  const first = upperBits(turns.to('f32'));
  const more = rest
    .shrU(8)
    .to('f32')
    .mul(2 ** -24)
    .add(turns.sub(first.toInteger()).to('f32'));
  const high = first.mul(unitHigh);
  const low = first.mul(unit - unitHigh).add(more.mul(unit));
  const r = high.add(low);
  return { r, lost: low.sub(r.sub(high)) };
}
