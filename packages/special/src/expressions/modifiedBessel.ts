// Modified Bessel functions of orders 0 and 1 in float32, in the pieces of values/modifiedBessel.ts.
import type { Scalar } from '@thetagrad/core/backend';
import { besselSeries, exp, log, number, polynomial, withSign } from './common.ts';

// prettier-ignore
const [i0Near, i1Near] = [
  [1.0, 0.9999999, 0.25000036, 0.027777424, 0.0017362867, 6.939371e-5, 1.938116e-6, 3.8325073e-8, 6.90991e-10, 4.237871e-12, 1.5536414e-13],
  [1.0, 0.5, 0.083333366, 0.006944416, 0.0003472362, 1.1570028e-5, 2.7629997e-7, 4.8376103e-9, 7.442421e-11, 4.8961475e-13, 1.3335585e-14],
] as const;
// prettier-ignore
const [i0Far, i1Far] = [
  [0.3989423, 0.00623365, 0.0004363052, 6.4908934e-5, -2.1563233e-6, 1.1352384e-5],
  [0.3989423, -0.018700372, -0.00073121325, -7.575616e-5, -2.4812993e-5, 9.958223e-6, -7.815999e-6],
] as const;
// prettier-ignore
const [k0Near, k1Near] = [
  [-0.5772157, 0.4227843, 0.23069756, 0.03487569, 0.002689762],
  [0.038607832, -0.16819608, -0.04539379, -0.004795555, -0.00027878268, -1.0558341e-5],
] as const;
// prettier-ignore
const [k0Middle, k1Middle] = [
  [1.1775639, -0.02428551, 0.0017057263, -0.00018031179, 2.357717e-5, -3.565546e-6, 7.105872e-7, -1.3079945e-7],
  [1.5076065, 0.090294026, -0.003449497, 0.0003016452, -3.583381e-5, 5.1028283e-6, -9.660861e-7, 1.726371e-7],
] as const;
// prettier-ignore
const [k0Far, k1Far] = [
  [1.2533141, -0.039165873, 0.0055045323, -0.0014137187, 0.00048220722, -0.0001534452, 2.7502825e-5],
  [1.2533141, 0.11749797, -0.009175728, 0.0019834668, -0.0006264062, 0.00019237289, -3.3926004e-5],
] as const;

function nearI(order: 0 | 1, x: Scalar): Scalar {
  const half = x.mul(0.5);
  const z = half.mul(half);
  return order === 0 ? polynomial(z, i0Near) : polynomial(z, i1Near).mul(half);
}

function farScaledI(order: 0 | 1, magnitude: Scalar): Scalar {
  return polynomial(number(8).div(magnitude), order === 0 ? i0Far : i1Far).div(magnitude.sqrt());
}

/** I₂(x), or e^(−|x|) I₂(x), by its series where the recurrence would cancel. */
function secondI(x: Scalar, isScaled: boolean): Scalar {
  const half = x.mul(0.5);
  const z = half.mul(half);
  const I = isScaled ? scaledModifiedI : modifiedI;
  const recurrence = I(0, x).sub(I(1, x).div(half));
  const series = besselSeries(z, 2, 1, 17).mul(z);
  const near = isScaled ? series.mul(exp(x.abs().neg())) : series;
  return x
    .abs()
    .le(8)
    .select(near, x.abs().eq(Infinity).select(I(0, x), recurrence));
}

export function modifiedI(order: 0 | 1 | 2, x: Scalar): Scalar {
  if (order === 2) return secondI(x, false);
  const a = x.abs();
  const root = exp(a.mul(0.5));
  const far = a.eq(Infinity).select(a, root.mul(farScaledI(order, a)).mul(root));
  const isNear = a.le(8);
  return order === 0 ? isNear.select(nearI(0, x), far) : isNear.select(nearI(1, x), withSign(far, x));
}

export function scaledModifiedI(order: 0 | 1 | 2, x: Scalar): Scalar {
  if (order === 2) return secondI(x, true);
  const a = x.abs();
  const near = nearI(order, x).mul(exp(a.neg()));
  const far = farScaledI(order, a);
  return a.le(8).select(near, order === 0 ? far : withSign(far, x));
}

/** Kₙ(x) for x ≤ 1. */
function nearK(order: 0 | 1, x: Scalar): Scalar {
  const half = x.mul(0.5);
  const z = half.mul(half);
  const logarithm = log(x).sub(Math.LN2);
  if (order === 0) return polynomial(z, k0Near).sub(logarithm.mul(nearI(0, x)));
  const rest = logarithm.mul(nearI(1, x)).add(polynomial(z, k1Near).mul(x));
  return x.eq(0).select(Infinity, number(1).div(x).add(rest));
}

/** eˣ Kₙ(x) for x ≥ 1. */
function farScaledK(order: 0 | 1, x: Scalar): Scalar {
  const z = number(4).div(x);
  const middle = polynomial(z.sub(2.5), order === 0 ? k0Middle : k1Middle);
  return x
    .lt(4)
    .select(middle, polynomial(z, order === 0 ? k0Far : k1Far))
    .div(x.sqrt());
}

export function modifiedK(order: 0 | 1 | 2, x: Scalar): Scalar {
  if (order === 2) return modifiedK(0, x).add(modifiedK(1, x).div(x.mul(0.5)));
  return x.le(1).select(nearK(order, x), farScaledK(order, x).mul(exp(x.neg())));
}

export function scaledModifiedK(order: 0 | 1 | 2, x: Scalar): Scalar {
  if (order === 2) return scaledModifiedK(0, x).add(scaledModifiedK(1, x).div(x.mul(0.5)));
  return x.le(1).select(nearK(order, x).mul(exp(x)), farScaledK(order, x));
}
