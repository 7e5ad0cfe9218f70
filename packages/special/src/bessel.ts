// Bessel functions of orders 0 and 1. Derivatives are combinations of the neighboring orders (DLMF 10.6.1 and 10.29.1).
import { defineUnary, type Tensor, type Unary } from '@thetagrad/core';
import * as oscillating from './expressions/bessel.ts';
import { inFloat32 } from './expressions/common.ts';
import * as modified from './expressions/modifiedBessel.ts';
import { family } from './family.ts';
import * as values from './values/besselOrders.ts';
import { sphericalBesselJOf } from './values/sphericalBessel.ts';

const real = { from: -4, to: 4 };
const positive = { from: 0.4, to: 5 };

/** Whether an order has a float32 expression. */
function isExpressed(n: number): n is 0 | 1 | 2 {
  return n <= 2;
}

const besselJ: (n: number) => Unary = family((n: number) =>
  defineUnary({
    name: `besselJ${n}`,
    dtypes: 'float',
    value: (x) => values.besselJOf(n, x),
    ...(isExpressed(n) && { lower: inFloat32((x) => oscillating.besselJ(n, x)) }),
    derivatives: [
      (t, x) =>
        t.strongMul(
          n === 0
            ? besselJ(1)(x).neg()
            : besselJ(n - 1)(x)
                .sub(besselJ(n + 1)(x))
                .mul(0.5),
        ),
    ],
    domain: [real],
  }),
);

const besselY: (n: number) => Unary = family((n: number) =>
  defineUnary({
    name: `besselY${n}`,
    dtypes: 'float',
    value: (x) => values.besselYOf(n, x),
    ...(isExpressed(n) && { lower: inFloat32((x) => oscillating.besselY(n, x)) }),
    derivatives: [
      (t, x) =>
        t.strongMul(
          n === 0
            ? besselY(1)(x).neg()
            : besselY(n - 1)(x)
                .sub(besselY(n + 1)(x))
                .mul(0.5),
        ),
    ],
    domain: [positive],
  }),
);

const modifiedI: (n: number, isScaled: boolean) => Unary = family((n: number, isScaled: boolean) =>
  defineUnary({
    name: isScaled ? `i${n}e` : `i${n}`,
    dtypes: 'float',
    value: (x) => values.modifiedIOf(n, isScaled, x),
    ...(isExpressed(n) && {
      lower: inFloat32((x) => (isScaled ? modified.scaledModifiedI : modified.modifiedI)(n, x)),
    }),
    derivatives: [
      (t, x, out) => {
        const I = (order: number): Tensor => modifiedI(order, isScaled)(x);
        const slope =
          n === 0
            ? I(1)
            : I(n - 1)
                .add(I(n + 1))
                .mul(0.5);
        return t.strongMul(isScaled ? slope.sub(x.sign().mul(out)) : slope);
      },
    ],
    domain: [isScaled ? { ...real, avoid: [0] } : real],
  }),
);

const modifiedK: (n: number, isScaled: boolean) => Unary = family((n: number, isScaled: boolean) =>
  defineUnary({
    name: `${isScaled ? 'scaledM' : 'm'}odifiedBesselK${n}`,
    dtypes: 'float',
    value: (x) => values.modifiedKOf(n, isScaled, x),
    ...(isExpressed(n) && {
      lower: inFloat32((x) => (isScaled ? modified.scaledModifiedK : modified.modifiedK)(n, x)),
    }),
    derivatives: [
      (t, x, out) => {
        const K = (order: number): Tensor => modifiedK(order, isScaled)(x);
        const slope =
          n === 0
            ? K(1).neg()
            : K(n - 1)
                .add(K(n + 1))
                .mul(-0.5);
        return t.strongMul(isScaled ? slope.add(out) : slope);
      },
    ],
    domain: [positive],
  }),
);

/**
 * The Bessel function of the first kind J₀(x). Near its zeros beyond 8 the error is absolute. int32 and bool become float32.
 * @example
 * besselJ0(tensor([0, 1, 10])) // tensor([ 1.0000, 0.7652, -0.2459])
 */
export const besselJ0: Unary = besselJ(0);

/**
 * The Bessel function of the first kind J₁(x). Near its zeros beyond 8 the error is absolute. int32 and bool become float32.
 * @example
 * besselJ1(tensor([0, 1, 10])) // tensor([0.0000, 0.4401, 0.0435])
 */
export const besselJ1: Unary = besselJ(1);

/**
 * The Bessel function of the second kind Y₀(x); −∞ at 0, NaN for x < 0. Near its zeros the error is absolute. int32 and bool
 * become float32.
 * @example
 * besselY0(tensor([1, 10])) // tensor([0.0883, 0.0557])
 */
export const besselY0: Unary = besselY(0);

/**
 * The Bessel function of the second kind Y₁(x); −∞ at 0, NaN for x < 0. Near its zeros the error is absolute. int32 and bool
 * become float32.
 * @example
 * besselY1(tensor([1, 10])) // tensor([-0.7812, 0.2490])
 */
export const besselY1: Unary = besselY(1);

/**
 * The modified Bessel function of the first kind I₀(x). int32 and bool become float32.
 * @example
 * i0(tensor([0, 1, 3])) // tensor([1.0000, 1.2661, 4.8808])
 */
export const i0: Unary = modifiedI(0, false);

/**
 * e^(−|x|) I₀(x), which does not overflow. int32 and bool become float32.
 * @example
 * i0e(tensor([0, 1, 100])) // tensor([1.0000, 0.4658, 0.0399])
 */
export const i0e: Unary = modifiedI(0, true);

/**
 * The modified Bessel function of the first kind I₁(x). int32 and bool become float32.
 * @example
 * i1(tensor([0, 1, 3])) // tensor([0.0000, 0.5652, 3.9534])
 */
export const i1: Unary = modifiedI(1, false);

/**
 * e^(−|x|) I₁(x), which does not overflow. int32 and bool become float32.
 * @example
 * i1e(tensor([0, 1, 100])) // tensor([0.0000, 0.2079, 0.0397])
 */
export const i1e: Unary = modifiedI(1, true);

/**
 * The modified Bessel function of the second kind K₀(x); ∞ at 0, NaN for x < 0. int32 and bool become float32.
 * @example
 * modifiedBesselK0(tensor([1, 2])) // tensor([0.4210, 0.1139])
 */
export const modifiedBesselK0: Unary = modifiedK(0, false);

/**
 * The modified Bessel function of the second kind K₁(x); ∞ at 0, NaN for x < 0. int32 and bool become float32.
 * @example
 * modifiedBesselK1(tensor([1, 2])) // tensor([0.6019, 0.1399])
 */
export const modifiedBesselK1: Unary = modifiedK(1, false);

/**
 * eˣ K₀(x), which does not underflow; ∞ at 0, NaN for x < 0. int32 and bool become float32.
 * @example
 * scaledModifiedBesselK0(tensor([1, 100])) // tensor([1.1445, 0.1252])
 */
export const scaledModifiedBesselK0: Unary = modifiedK(0, true);

/**
 * eˣ K₁(x), which does not underflow; ∞ at 0, NaN for x < 0. int32 and bool become float32.
 * @example
 * scaledModifiedBesselK1(tensor([1, 100])) // tensor([1.6362, 0.1258])
 */
export const scaledModifiedBesselK1: Unary = modifiedK(1, true);

const sphericalBesselJ: (n: number) => Unary = family((n: number) =>
  defineUnary({
    name: `sphericalBesselJ${n}`,
    dtypes: 'float',
    value: (x) => sphericalBesselJOf(n, x),
    ...((n === 0 || n === 1) && { lower: inFloat32((x) => oscillating.sphericalBesselJ(n, x)) }),
    derivatives: [
      (t, x) => {
        if (n === 0) return t.strongMul(sphericalBesselJ(1)(x)).neg();
        const [before, after] = [sphericalBesselJ(n - 1)(x), sphericalBesselJ(n + 1)(x)];
        return t.strongMul(before.mul(n / (2 * n + 1)).sub(after.mul((n + 1) / (2 * n + 1))));
      },
    ],
    domain: [real],
  }),
);

/**
 * The spherical Bessel function of the first kind j₀(x) = sin x / x, 1 at 0 (DLMF 10.49.3). int32 and bool become float32.
 * @example
 * sphericalBesselJ0(tensor([0, 1, 10])) // tensor([ 1.0000, 0.8415, -0.0544])
 */
export const sphericalBesselJ0: Unary = sphericalBesselJ(0);
