// Bessel functions of orders 0 and 1 in float32, in the pieces of values/bessel.ts.
import type { Scalar } from '@thetagrad/core/backend';
import { besselSeries, cos, log, number, polynomial, sin, withSign } from './common.ts';

// prettier-ignore
const near = [
  [0.0011434938, -6.624357e-5, 1.5269952e-6, -1.9578218e-8, 1.6190732e-10, -9.409616e-13, 4.0666895e-15, -1.3611722e-17, 3.674057e-20, -8.0006323e-23],
  [0.00019498936, -8.429758e-6, 1.5488298e-7, -1.6503933e-9, 1.167505e-11, -5.927369e-14, 2.274677e-16, -6.922659e-19, 1.6744105e-21],
] as const;
/** The zeros of J₀ and J₁, as sums. */
const zeros = [
  [
    [2.404825448989868, 1.0870590460455913e-7],
    [5.520078182220459, -7.19341483347784e-8],
  ],
  [
    [3.8317060470581055, -7.685059315313556e-8],
    [7.015586853027344, -1.8321172499646294e-7],
  ],
] as const;
// prettier-ignore
const secondNear = [
  [-0.38225067, -0.025888622, 0.0016084927, 4.3983864e-6, -1.0276294e-6, 2.0032438e-8, -2.0392056e-10, 1.3494595e-12, -6.3888807e-15, 2.2910827e-17, -6.551647e-20, 1.4906529e-22],
  [0.070759855, -0.0076055448, 2.2819893e-5, 7.1738295e-6, -1.873001e-7, 2.3409175e-9, -1.8280719e-11, 9.958842e-14, -4.036165e-16, 1.2884112e-18, -3.2305638e-21],
] as const;
// prettier-ignore
const p = [
  [1.0, -0.0010985748, 2.7079548e-5, -1.6520737e-6],
  [1.0, 0.0018309883, -3.4859262e-5, 1.9740214e-6],
] as const;
// prettier-ignore
const q = [
  [-0.125, 0.0011443893, -5.5280798e-5, 6.0835932e-6, -7.413605e-7],
  [0.375, -0.0016021508, 6.7584406e-5, -7.04376e-6, 8.390698e-7],
] as const;

/** √(2/πx) (P cos(x + phase) − Q sin(x + phase)) for phases of odd multiples of π/4. */
function far(order: 0 | 1, x: Scalar, [cosine, sine]: readonly [1 | -1, 1 | -1]): Scalar {
  const inverse = number(8).div(x);
  const w = inverse.mul(inverse);
  const [c, s] = [cos(x).mul(cosine), sin(x)];
  const amplitude = polynomial(w, p[order]).mul(c.sub(s.mul(sine)));
  const rest = polynomial(w, q[order])
    .div(x)
    .mul(c.mul(sine * cosine).add(s.mul(cosine)));
  return x.eq(Infinity).select(0, amplitude.sub(rest).div(x.sqrt().mul(Math.sqrt(Math.PI))));
}

/** Jₙ(x) for |x| ≤ 8. */
function nearJ(order: 0 | 1, x: Scalar): Scalar {
  const a = x.abs();
  let product = polynomial(x.mul(x).sub(32), near[order]);
  for (const [zero, error] of zeros[order]) product = product.mul(a.sub(zero).sub(error).mul(a.add(zero)));
  return order === 0 ? product : product.mul(x);
}

export function besselJ(order: 0 | 1 | 2, x: Scalar): Scalar {
  if (order === 2) return besselJ2(x);
  const a = x.abs();
  const distant = far(order, a, order === 0 ? [1, -1] : [-1, -1]);
  return a.le(8).select(nearJ(order, x), order === 0 ? distant : withSign(distant, x));
}

/** J₂(x), by its series where the recurrence would cancel. */
function besselJ2(x: Scalar): Scalar {
  const half = x.mul(0.5);
  const z = half.mul(half);
  const recurrence = besselJ(1, x).div(half).sub(besselJ(0, x));
  return x
    .abs()
    .lt(3)
    .select(besselSeries(z, 2, -1, 9).mul(z), recurrence);
}

export function besselY(order: 0 | 1 | 2, x: Scalar): Scalar {
  if (order === 2) {
    const recurrence = besselY(1, x).div(x.mul(0.5)).sub(besselY(0, x));
    return x.eq(0).select(-Infinity, recurrence);
  }
  const product = log(x).mul(nearJ(order, x));
  const series = polynomial(x.mul(x).sub(32), secondNear[order]);
  const nearZero =
    order === 0
      ? product.mul(2 / Math.PI).add(series)
      : product
          .sub(number(1).div(x))
          .mul(2 / Math.PI)
          .add(series.mul(x));
  const value = x.le(8).select(nearZero, far(order, x, order === 0 ? [-1, -1] : [-1, 1]));
  return x.eq(0).select(-Infinity, value);
}

export function sphericalBesselJ(order: 0 | 1, x: Scalar): Scalar {
  const zeroth = x.eq(0).select(1, sin(x).div(x));
  if (order === 0) return x.abs().eq(Infinity).select(0, zeroth);
  // x/3 (1 − x²/10 + x⁴/280 − …), by DLMF 10.53.1.
  const near = polynomial(x.mul(x), [1 / 3, -1 / 30, 1 / 840, -1 / 45360, 1 / 3991680]).mul(x);
  const recurrence = zeroth.sub(cos(x)).div(x);
  return x.abs().lt(1.5).select(near, x.abs().eq(Infinity).select(0, recurrence));
}
