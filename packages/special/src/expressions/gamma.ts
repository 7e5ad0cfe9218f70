// The gamma function and functions of it in float32.
import type { Scalar } from '@thetagrad/core/backend';
import { cotangentCoefficients } from '../values/zeta.ts';
import { cotPi, log, number, polynomial, reduceHalfTurns, sin } from './common.ts';

// prettier-ignore
/** log Γ(1 + t) / t, for |t| ≤ ½. */
const nearOne = [-0.5772157, 0.822467, -0.4006852, 0.27058038, -0.20741436, 0.16958435, -0.14337447, 0.12487264, -0.11874458, 0.10708671, -0.050554015, 0.04527798, -0.17768288, 0.16629279];
// prettier-ignore
/** log Γ(2 + t) / t, for |t| ≤ ½. */
const nearTwo = [0.42278433, 0.32246703, -0.067352295, 0.020581625, -0.0073859207, 0.0028788687, -0.0011874848, 0.00057025126, -0.00025056204];
// prettier-ignore
/** 1 / Γ(2 + t), for |t| ≤ ½. */
const reciprocal = [1.0, -0.42278433, -0.23309518, 0.19109167, -0.024523698, -0.017656526, 0.007839906, -0.00073198706];
// prettier-ignore
/** ψ(3/2 + t) / (3/2 + t − its zero), for |t| ≤ ½. */
const overZero = [0.9510559, -0.4236275, 0.24054253, -0.14839886, 0.09498469, -0.06205598, 0.04085003, -0.025786884, 0.01711499, -0.01637362, 0.010902588];

/** The zero of ψ, as a sum. */
const [zero, zeroError] = [1.4616321325302124, 1.2438149938918909e-8];

/** Steps down from x by 1 until below a limit, at most `count` times; what is added up or multiplied on the way. */
function stepDown(
  x: Scalar,
  {
    count,
    limit,
    from,
    join,
  }: { count: number; limit: number; from: number; join: (all: Scalar, y: Scalar) => Scalar },
): readonly [Scalar, Scalar] {
  let [y, all] = [x, number(from)];
  for (let i = 0; i < count; i++) {
    const isAbove = y.ge(limit);
    y = isAbove.select(y.sub(1), y);
    all = isAbove.select(join(all, y), all);
  }
  return [y, all];
}

/** |sin πx|, for any finite x. */
function absoluteSinPi(x: Scalar): Scalar {
  return sin(reduceHalfTurns(x).rest.abs().mul(Math.PI));
}

export function lgamma(x: Scalar): Scalar {
  const a = x.abs();
  const [isSmall, isLarge] = [a.lt(0.5), a.ge(8.5)];
  const [y, product] = stepDown(a, { count: 6, limit: 2.5, from: 1, join: (all, y) => all.mul(y) });
  const isNearOne = y.lt(1.5);
  const t = isSmall.select(y, isNearOne.select(y.sub(1), y.sub(2)));
  const near = t.mul(isNearOne.select(polynomial(t, nearOne), polynomial(t, nearTwo)));
  const logarithm = log(isSmall.or(isLarge).select(a, product));
  const inverse = number(1).div(a);
  const series = polynomial(inverse.mul(inverse), [1 / 12, -1 / 360, 1 / 1260]).mul(inverse);
  const large = a
    .sub(0.5)
    .mul(logarithm.sub(1))
    .add(series.add(0.5 * Math.log(2 * Math.PI) - 0.5));
  const positive = isLarge.select(large, isSmall.select(near.sub(logarithm), logarithm.add(near)));
  // log Γ(−a) = −log(a |sin πa| / π) − log Γ(a)
  const factor = absoluteSinPi(a)
    .mul(1 / Math.PI)
    .mul(isSmall.select(1, a));
  const reflected = log(factor).add(isSmall.select(near, positive)).neg();
  const isPole = factor.eq(0).or(a.eq(Infinity));
  return x.lt(0).rarely(isPole.select(Infinity, reflected), positive);
}

export function gamma(x: Scalar): Scalar {
  const isReflected = x.lt(-0.5);
  const a = isReflected.select(x.neg(), x);
  const [isSmall, isBelow] = [a.lt(0.5), a.lt(1.5)];
  const [y, product] = stepDown(a, { count: 34, limit: 2.5, from: 1, join: (all, y) => all.mul(y) });
  const rest = isSmall.select(a, isBelow.select(a.sub(1), y.sub(2)));
  const divisor = isBelow.select(isSmall.select(a.mul(a.add(1)), a), 1);
  const value = a.gt(36).select(Infinity, product.div(divisor.mul(polynomial(rest, reciprocal))));
  const { isOdd } = reduceHalfTurns(a);
  const sine = absoluteSinPi(a);
  const magnitude = number(-Math.PI).div(sine).div(value).div(a);
  const isPole = sine.eq(0).or(a.eq(Infinity));
  return isReflected.rarely(isPole.select(NaN, isOdd.xor(isNegativeRest(a)).select(magnitude.neg(), magnitude)), value);
}

/** Whether x is less than the nearest integer. */
function isNegativeRest(x: Scalar): Scalar {
  return reduceHalfTurns(x).rest.lt(0);
}

export function digamma(x: Scalar): Scalar {
  const isNegative = x.lt(0);
  const a = isNegative.select(number(1).sub(x), x);
  const [y, sum] = stepDown(a, { count: 6, limit: 2.001, from: 0, join: (all, y) => all.add(number(1).div(y)) });
  const isBelow = y.lt(1);
  const u = isBelow.select(y.add(1), y);
  const correction = isBelow.select(number(-1).div(a), sum);
  const near = u
    .sub(zero)
    .sub(zeroError)
    .mul(polynomial(u.sub(1.5), overZero))
    .add(correction);
  const inverse = number(1).div(a);
  const z = inverse.mul(inverse);
  const far = log(a)
    .sub(inverse.mul(0.5))
    .sub(polynomial(z, [1 / 12, -1 / 120, 1 / 252, -1 / 240]).mul(z));
  const positive = a.ge(8).select(far, near);
  const { rest } = reduceHalfTurns(x);
  const reflected = positive.sub(cotPi(rest).mul(Math.PI));
  return isNegative.rarely(rest.eq(0).select(NaN, reflected), positive);
}

/** B₂ₖ / (2k)!, from k = 1 on. */
const bernoulli = [1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160];

/** xⁿ. */
function power(x: Scalar, n: number): Scalar {
  return Array.from({ length: n - 1 }).reduce<Scalar>((product) => product.mul(x), x);
}

/** The n-th derivative of ψ, for n from 1 to 6. */
export function polygamma(n: number, x: Scalar): Scalar {
  const s = n + 1;
  const sign = n % 2 === 0 ? -1 : 1;
  let factorial = 1;
  for (let k = 2; k <= n; k++) factorial *= k;
  const isNegative = x.lt(0);
  const a = isNegative.select(number(1).sub(x), x.abs());
  const isNear = a.lt(8);
  const y = isNear.select(a.add(8), a);
  // The Euler–Maclaurin formula for ζ(s, y), times yⁿ.
  const inverse = number(1).div(y);
  let rising = s;
  const coefficients = bernoulli.map((coefficient, k) => {
    if (k > 0) rising *= (s + 2 * k - 1) * (s + 2 * k);
    return coefficient * rising;
  });
  const z = inverse.mul(inverse);
  const tail = polynomial(z, coefficients)
    .mul(z)
    .add(inverse.mul(0.5))
    .add(1 / n);
  let zeta = tail.mul(power(inverse, n));
  for (let k = 7; k >= 0; k--) zeta = isNear.select(zeta.add(power(number(1).div(a.add(k)), s)), zeta);
  const positive = zeta.mul(sign * factorial);
  const { rest } = reduceHalfTurns(x);
  const cotangents = polynomial(cotPi(rest), cotangentCoefficients(n)).mul(Math.PI ** s);
  const reflected = positive.mul(-sign).sub(cotangents);
  return isNegative.rarely(rest.eq(0).select(sign * Infinity, reflected), positive);
}
