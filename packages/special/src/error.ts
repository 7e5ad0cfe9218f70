// The error function's relatives and the normal distribution.
import { defineUnary, type Unary } from '@thetagrad/core';
import { inFloat32 } from './expressions/common.ts';
import * as expressions from './expressions/error.ts';
import { family } from './family.ts';
import * as values from './values/error.ts';

/**
 * The complementary error function 1 − erf x, without cancellation where it is small. int32 and bool become float32.
 * @example
 * erfc(tensor([-1, 0, 4])) // tensor([1.8427e+0, 1.0000e+0, 1.5417e-8])
 */
export const erfc: Unary = defineUnary({
  name: 'erfc',
  dtypes: 'float',
  value: values.erfcOf,
  lower: inFloat32(expressions.erfc),
  derivatives: [(t, x) => t.strongMul(x.square().neg().exp()).mul(-2 / Math.sqrt(Math.PI))],
  domain: [{ from: -2, to: 3 }],
});

/** e^(x²) times repeated integrals of erfc (DLMF 7.18), which are the derivatives of erfcx over (−2)ⁿ n!. */
const repeatedErfcx: (n: number) => Unary = family((n: number) =>
  defineUnary({
    name: n === 0 ? 'erfcx' : `erfcx (integral ${n})`,
    dtypes: 'float',
    value: n === 0 ? values.erfcxOf : (x) => values.repeatedErfcxOf(n, x),
    ...(n < 2 && { lower: inFloat32(n === 0 ? expressions.erfcx : expressions.erfcxSlope) }),
    derivatives: [(t, x) => t.strongMul(repeatedErfcx(n + 1)(x)).mul(-2 * (n + 1))],
    domain: [{ from: -2, to: 3 }],
  }),
);

/**
 * The scaled complementary error function e^(x²) erfc x, for large x about 1 / (x √π). Its derivatives do not cancel.
 * int32 and bool become float32.
 * @example
 * erfcx(tensor([0, 1, 100])) // tensor([1.0000, 0.4276, 0.0056])
 */
export const erfcx: Unary = repeatedErfcx(0);

/**
 * The inverse of erf; ±∞ at ±1, NaN outside [−1, 1] (Wichura 1988, algorithm AS 241). int32 and bool become float32.
 * @example
 * erfinv(tensor([0, 0.5, 1])) // tensor([ 0.0000, 0.4769, Infinity])
 */
export const erfinv: Unary = defineUnary({
  name: 'erfinv',
  dtypes: 'float',
  value: values.erfinvOf,
  lower: inFloat32(expressions.erfinv),
  derivatives: [(t, _x, out) => t.strongMul(out.square().exp()).mul(Math.sqrt(Math.PI) / 2)],
  domain: [{ from: -0.9, to: 0.9 }],
});

/**
 * The distribution function of the standard normal distribution, the probability of a number ≤ x. int32 and bool become float32.
 * @example
 * ndtr(tensor([-1.96, 0, 1])) // tensor([0.0250, 0.5000, 0.8413])
 */
export const ndtr: Unary = defineUnary({
  name: 'ndtr',
  dtypes: 'float',
  value: values.ndtrOf,
  lower: inFloat32(expressions.ndtr),
  derivatives: [(t, x) => t.strongMul(x.square().mul(-0.5).exp()).mul(1 / Math.sqrt(2 * Math.PI))],
  domain: [{ from: -3, to: 3 }],
});

/**
 * The logarithm of {@link ndtr}, accurate in both tails. int32 and bool become float32.
 * @example
 * logNdtr(tensor([-20, 0, 1])) // tensor([-203.9172, -0.6931, -0.1728])
 */
export const logNdtr: Unary = defineUnary({
  name: 'logNdtr',
  dtypes: 'float',
  value: values.logNdtrOf,
  lower: inFloat32(expressions.logNdtr),
  derivatives: [(t, x) => t.strongDiv(erfcx(x.mul(-Math.SQRT1_2))).mul(Math.sqrt(2 / Math.PI))],
  domain: [{ from: -4, to: 3 }],
});

/**
 * The quantile of the standard normal distribution, the inverse of {@link ndtr}; ∓∞ at 0 and 1, NaN outside [0, 1]
 * (Wichura 1988, algorithm AS 241). int32 and bool become float32.
 * @example
 * ndtri(tensor([0.025, 0.5, 0.9])) // tensor([-1.9600, 0.0000, 1.2816])
 */
export const ndtri: Unary = defineUnary({
  name: 'ndtri',
  dtypes: 'float',
  value: values.ndtriOf,
  lower: inFloat32(expressions.ndtri),
  derivatives: [(t, _x, out) => t.strongMul(out.square().mul(0.5).exp()).mul(Math.sqrt(2 * Math.PI))],
  domain: [{ from: 0.1, to: 0.9 }],
});
