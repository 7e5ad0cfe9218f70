// Sine, cosine and tangent in float32. Argument reduction up to 100 by Cody and Waite: multiples of π (of π/2 for the
// tangent) are subtracted in three parts, of which the first two have 18 bits, so that their products with the multiple are
// exact. Larger angles are rare and reduced by Payne and Hanek's method; see payneHanek.ts.
import { constant, type Scalar } from '../scalar.ts';
import { flipSign, polynomial, roundToInteger } from './common.ts';
import { turnsToRadians, reduceToTurns, type Angle } from './payneHanek.ts';

const maxCodyWaite = 100;
const rightAngle = [1.5707931518554688, 3.1749368645250797e-6, 2.5633440682570896e-12] as const;

/** x − n · scale · π/2 as one number (`sum`), and as an angle with its error. */
function reduceCodyWaite(x: Scalar, n: Scalar, scale: 1 | 2): Angle & { readonly sum: Scalar } {
  const [high, middle, low] = rightAngle.map((part) => n.mul(part * scale)) as [Scalar, Scalar, Scalar];
  const first = x.sub(high);
  const r = first.sub(middle);
  return { r, error: first.sub(r).sub(middle).sub(low), sum: r.sub(low) };
}

/** Selects between the two methods of argument reduction; NaN for infinite x. */
function selectByMagnitude(x: Scalar, usual: Scalar, large: Scalar): Scalar {
  const magnitude = x.abs();
  return magnitude.gt(maxCodyWaite).rarely(magnitude.lt(Infinity).select(large, NaN), usual);
}

/** (−1)ⁿ sin r for |r| ≤ π/2, given the lowest bit of n: degree 9, relative error 9.8e-9. */
function sine(r: Scalar, n: Scalar): Scalar {
  const z = r.mul(r);
  const p = polynomial(z, -0.166666567, 0.00833300594, -0.000198057416, 2.5981094e-6);
  return flipSign(z.mul(r).mul(p).add(r), n);
}

/** The sine of a fixed-point number of turns, see {@link reduceToTurns}. */
function sineOfTurns(high: Scalar, low: Scalar): Scalar {
  const n = high.add(2 ** 30).shrU(31);
  return sine(turnsToRadians(high.sub(n.shl(31)), low).r, n);
}

/** tan(r + error + n π/2) for |r| ≤ π/4, given the lowest bit of n: degree 13, relative error 1.8e-8. */
function tangent({ r, error }: Angle, n: Scalar): Scalar {
  const z = r.mul(r);
  const p = polynomial(z, 0.333331555, 0.13338846, 0.0534068681, 0.0244472288, 0.00309088826, 0.00940335169);
  const value = z.mul(r).mul(p).add(error).add(r);
  return n.shl(31).lt(0).select(constant('f32', -1).div(value), value);
}

/** Keeps the sign of a zero argument, which the polynomial loses. */
function preserveZero(x: Scalar, value: Scalar): Scalar {
  return x.eq(0).select(x, value);
}

export function sin(x: Scalar): Scalar {
  const { integer, bits } = roundToInteger(x.mul(1 / Math.PI));
  const usual = preserveZero(x, sine(reduceCodyWaite(x, integer, 2).sum, bits));
  const { high, low } = reduceToTurns(x);
  return selectByMagnitude(x, usual, flipSign(sineOfTurns(high, low), x.bitcastI32().shrU(31)));
}

export function cos(x: Scalar): Scalar {
  // sin(x + π/2), where x + π/2 = r + n π.
  const { integer, bits } = roundToInteger(x.mul(1 / Math.PI).add(0.5));
  const usual = sine(reduceCodyWaite(x, integer.sub(0.5), 2).sum, bits);
  const { high, low } = reduceToTurns(x);
  return selectByMagnitude(x, usual, sineOfTurns(high.add(2 ** 30), low));
}

export function tan(x: Scalar): Scalar {
  const { integer, bits } = roundToInteger(x.mul(2 / Math.PI));
  const usual = preserveZero(x, tangent(reduceCodyWaite(x, integer, 1), bits));
  const { high, low } = reduceToTurns(x);
  const n = high.add(2 ** 29).shrU(30);
  const large = tangent(turnsToRadians(high.sub(n.shl(30)), low), n);
  return selectByMagnitude(x, usual, flipSign(large, x.bitcastI32().shrU(31)));
}
