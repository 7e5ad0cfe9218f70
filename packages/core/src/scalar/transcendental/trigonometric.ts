// Sine, cosine and tangent of float32. Up to 100, multiples of π are taken off in three parts (Cody and Waite), the
// first two of 18 bits, so that their products with the number of half turns (of right angles, for the tangent) are
// exact. Larger angles are rare, and reduced by as many bits of 1/2π as it takes; see functions-turns.ts.
import { constant, type Scalar } from '../scalar.ts';
import { changeSign, polynomial, rounded } from './common.ts';
import { radians, turnsOf, type Angle } from './payneHanek.ts';

const largest = 100;
const rightAngle = [1.5707931518554688, 3.1749368645250797e-6, 2.5633440682570896e-12] as const;

/** x − n · scale · π/2: rounded at once (`sum`), or before its last part is taken off, with what is then lost. */
function remainder(x: Scalar, n: Scalar, scale: 1 | 2): Angle & { readonly sum: Scalar } {
  const [high, middle, low] = rightAngle.map((part) => n.mul(part * scale)) as [Scalar, Scalar, Scalar];
  const first = x.sub(high);
  const r = first.sub(middle);
  return { r, lost: first.sub(r).sub(middle).sub(low), sum: r.sub(low) };
}

function unlessLarge(x: Scalar, usual: Scalar, large: Scalar): Scalar {
  const magnitude = x.abs();
  return magnitude.gt(largest).rarely(magnitude.lt(Infinity).select(large, NaN), usual);
}

/** (−1)ⁿ sin r for |r| ≤ π/2, given the lowest bit of n: degree 9, relative error 9.8e-9. */
function sine(r: Scalar, n: Scalar): Scalar {
  const z = r.mul(r);
  const p = polynomial(z, -0.166666567, 0.00833300594, -0.000198057416, 2.5981094e-6);
  return changeSign(z.mul(r).mul(p).add(r), n);
}

/** The sine of an angle in units of 2⁻³² turns and 2⁻⁶⁴ turns. */
function sineOfTurns(turns: Scalar, rest: Scalar): Scalar {
  const n = turns.add(2 ** 30).shrU(31);
  return sine(radians(turns.sub(n.shl(31)), rest).r, n);
}

/** tan(r + lost + n π/2) for |r| ≤ π/4, given the lowest bit of n: degree 13, relative error 1.8e-8. */
function tangent({ r, lost }: Angle, n: Scalar): Scalar {
  const z = r.mul(r);
  const p = polynomial(z, 0.333331555, 0.13338846, 0.0534068681, 0.0244472288, 0.00309088826, 0.00940335169);
  const value = z.mul(r).mul(p).add(lost).add(r);
  return n.shl(31).lt(0).select(constant('f32', -1).div(value), value);
}

/** −0 for −0, which sums with 0 lose. */
function keepZero(x: Scalar, value: Scalar): Scalar {
  return x.eq(0).select(x, value);
}

export function sin(x: Scalar): Scalar {
  const { integer, bits } = rounded(x.mul(1 / Math.PI));
  const usual = keepZero(x, sine(remainder(x, integer, 2).sum, bits));
  const { turns, rest } = turnsOf(x);
  return unlessLarge(x, usual, changeSign(sineOfTurns(turns, rest), x.bitcastI32().shrU(31)));
}

export function cos(x: Scalar): Scalar {
  // sin(x + π/2), where x + π/2 = r + n π.
  const { integer, bits } = rounded(x.mul(1 / Math.PI).add(0.5));
  const usual = sine(remainder(x, integer.sub(0.5), 2).sum, bits);
  const { turns, rest } = turnsOf(x);
  return unlessLarge(x, usual, sineOfTurns(turns.add(2 ** 30), rest));
}

export function tan(x: Scalar): Scalar {
  const { integer, bits } = rounded(x.mul(2 / Math.PI));
  const usual = keepZero(x, tangent(remainder(x, integer, 1), bits));
  const { turns, rest } = turnsOf(x);
  const n = turns.add(2 ** 29).shrU(30);
  const large = tangent(radians(turns.sub(n.shl(30)), rest), n);
  return unlessLarge(x, usual, changeSign(large, x.bitcastI32().shrU(31)));
}
