// Elementwise functions of analysis, see elementwise.ts. All have a float32 expression in scalar/transcendental, keyed by `value`.
import { erfOf, sigmoidOf, softplusOf } from '../scalar/definitions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { binary, unary, type Binary, type Unary } from './define.ts';
import { stopGradient } from './identity.ts';
import { strongDiv, strongMul } from './strongZero.ts';

const real = { from: -3, to: 3 };
const positive = { from: 0.2, to: 4 };
const awayFromZero = { ...real, avoid: [0] };

/** 1 − x², accurate near 1. */
function oneMinusSquare(x: Tensor): Tensor {
  return x.neg().add(1).mul(x.add(1));
}

/** √(x² + 1), without overflow: |x| from where the 1 is rounded away in float64. */
function rootOfSquarePlusOne(x: Tensor): Tensor {
  const isLarge = x.abs().greater(2 ** 27);
  return isLarge.where(x.abs(), isLarge.where(0, x).square().add(1).sqrt());
}

/** x / (x² + y²), without overflow; 0 at the origin and at infinity. The scale cancels, so that it needs no gradient. */
function partOfNorm(x: Tensor, y: Tensor): Tensor {
  const scale = stopGradient(x.abs().maximum(y.abs()));
  const isOrdinary = scale.greater(0).logicalAnd(scale.less(Infinity));
  const [a, b] = [isOrdinary.where(x, 1).div(scale), isOrdinary.where(y, 1).div(scale)];
  return isOrdinary.where(a.div(a.square().add(b.square())).div(scale), 0);
}

/**
 * eˣ. int32 and bool become float32.
 * @example
 * exp(tensor([0, 1])); // tensor([1.0000, 2.7183])
 */
export const exp: Unary = unary({
  name: 'exp',
  dtypes: 'float',
  value: Math.exp,
  derivatives: [(t, _x, out) => strongMul(t, out)],
  domain: [real],
});

/**
 * eˣ − 1, accurate near 0. int32 and bool become float32.
 * @example
 * expm1(tensor([0, 1])); // tensor([0.0000, 1.7183])
 */
export const expm1: Unary = unary({
  name: 'expm1',
  dtypes: 'float',
  value: Math.expm1,
  derivatives: [(t, x) => strongMul(t, x.exp())],
  domain: [real],
});

/**
 * The natural logarithm; −∞ at 0, NaN for x < 0. int32 and bool become float32.
 * @example
 * log(tensor([1, 10])); // tensor([0.0000, 2.3026])
 */
export const log: Unary = unary({
  name: 'log',
  dtypes: 'float',
  value: Math.log,
  derivatives: [(t, x) => strongDiv(t, x)],
  domain: [positive],
});

/**
 * The binary logarithm, exact for powers of 2; −∞ at 0, NaN for x < 0. int32 and bool become float32.
 * @example
 * log2(tensor([8, 0.5])); // tensor([ 3, -1])
 */
export const log2: Unary = unary({
  name: 'log2',
  dtypes: 'float',
  value: Math.log2,
  derivatives: [(t, x) => strongDiv(t, x).mul(Math.LOG2E)],
  domain: [positive],
});

/**
 * The decimal logarithm; −∞ at 0, NaN for x < 0. int32 and bool become float32.
 * @example
 * log10(tensor([1000, 0.1])); // tensor([ 3, -1])
 */
export const log10: Unary = unary({
  name: 'log10',
  dtypes: 'float',
  value: Math.log10,
  derivatives: [(t, x) => strongDiv(t, x).mul(Math.LOG10E)],
  domain: [positive],
});

/**
 * log(1 + x), accurate near 0; −∞ at −1, NaN for x < −1. int32 and bool become float32.
 * @example
 * log1p(tensor([0, 1])); // tensor([0.0000, 0.6931])
 */
export const log1p: Unary = unary({
  name: 'log1p',
  dtypes: 'float',
  value: Math.log1p,
  derivatives: [(t, x) => strongDiv(t, x.add(1))],
  domain: [{ from: -0.8, to: 3 }],
});

/**
 * The sine of an angle in radians. int32 and bool become float32.
 * @example
 * sin(tensor([0, 1])); // tensor([0.0000, 0.8415])
 */
export const sin: Unary = unary({
  name: 'sin',
  dtypes: 'float',
  value: Math.sin,
  derivatives: [(t, x) => strongMul(t, x.cos())],
  domain: [real],
});

/**
 * The cosine of an angle in radians. int32 and bool become float32.
 * @example
 * cos(tensor([0, 1])); // tensor([1.0000, 0.5403])
 */
export const cos: Unary = unary({
  name: 'cos',
  dtypes: 'float',
  value: Math.cos,
  derivatives: [(t, x) => strongMul(t, x.sin()).neg()],
  domain: [real],
});

/**
 * The tangent of an angle in radians. int32 and bool become float32.
 * @example
 * tan(tensor([0, 1])); // tensor([0.0000, 1.5574])
 */
export const tan: Unary = unary({
  name: 'tan',
  dtypes: 'float',
  value: Math.tan,
  derivatives: [(t, _x, out) => strongMul(t, out.square().add(1))],
  domain: [{ from: -1.2, to: 1.2 }],
});

/**
 * The angle from −π/2 to π/2 whose sine is x; NaN outside [−1, 1]. int32 and bool become float32.
 * @example
 * asin(tensor([0, 1])); // tensor([0.0000, 1.5708])
 */
export const asin: Unary = unary({
  name: 'asin',
  dtypes: 'float',
  value: Math.asin,
  derivatives: [(t, x) => strongDiv(t, oneMinusSquare(x).sqrt())],
  domain: [{ from: -0.9, to: 0.9 }],
});

/**
 * The angle from 0 to π whose cosine is x; NaN outside [−1, 1]. int32 and bool become float32.
 * @example
 * acos(tensor([1, 0])); // tensor([0.0000, 1.5708])
 */
export const acos: Unary = unary({
  name: 'acos',
  dtypes: 'float',
  value: Math.acos,
  derivatives: [(t, x) => strongDiv(t, oneMinusSquare(x).sqrt()).neg()],
  domain: [{ from: -0.9, to: 0.9 }],
});

/**
 * The angle from −π/2 to π/2 whose tangent is x. int32 and bool become float32.
 * @example
 * atan(tensor([0, 1])); // tensor([0.0000, 0.7854])
 */
export const atan: Unary = unary({
  name: 'atan',
  dtypes: 'float',
  value: Math.atan,
  derivatives: [(t, x) => strongDiv(t, x.square().add(1))],
  domain: [real],
});

/**
 * The angle of the point (x, y) in radians, from −π to π: `atan2(y, x)`. int32 and bool become float32.
 * @example
 * atan2(tensor([0, 1]), tensor([-1, 0])); // tensor([3.1416, 1.5708])
 */
export const atan2: Binary = binary({
  name: 'atan2',
  dtypes: 'float',
  value: Math.atan2,
  derivatives: [(t, y, x) => strongMul(t, partOfNorm(x, y)), (t, y, x) => strongMul(t, partOfNorm(y, x)).neg()],
  domain: [awayFromZero, real],
});

/**
 * The hyperbolic sine. int32 and bool become float32.
 * @example
 * sinh(tensor([0, 1])); // tensor([0.0000, 1.1752])
 */
export const sinh: Unary = unary({
  name: 'sinh',
  dtypes: 'float',
  value: Math.sinh,
  derivatives: [(t, x) => strongMul(t, x.cosh())],
  domain: [real],
});

/**
 * The hyperbolic cosine. int32 and bool become float32.
 * @example
 * cosh(tensor([0, 1])); // tensor([1.0000, 1.5431])
 */
export const cosh: Unary = unary({
  name: 'cosh',
  dtypes: 'float',
  value: Math.cosh,
  derivatives: [(t, x) => strongMul(t, x.sinh())],
  domain: [real],
});

/**
 * The hyperbolic tangent. int32 and bool become float32.
 * @example
 * tanh(tensor([0, 1])); // tensor([0.0000, 0.7616])
 */
export const tanh: Unary = unary({
  name: 'tanh',
  dtypes: 'float',
  value: Math.tanh,
  derivatives: [(t, x) => strongDiv(strongDiv(t, x.cosh()), x.cosh())],
  domain: [real],
});

/**
 * The inverse hyperbolic sine. int32 and bool become float32.
 * @example
 * asinh(tensor([0, 1])); // tensor([0.0000, 0.8814])
 */
export const asinh: Unary = unary({
  name: 'asinh',
  dtypes: 'float',
  value: Math.asinh,
  derivatives: [(t, x) => strongDiv(t, rootOfSquarePlusOne(x))],
  domain: [real],
});

/**
 * The inverse hyperbolic cosine; NaN for x < 1. int32 and bool become float32.
 * @example
 * acosh(tensor([1, 2])); // tensor([0.000, 1.317])
 */
export const acosh: Unary = unary({
  name: 'acosh',
  dtypes: 'float',
  value: Math.acosh,
  derivatives: [(t, x) => strongDiv(t, x.sub(1).sqrt().mul(x.add(1).sqrt()))],
  domain: [{ from: 1.2, to: 4 }],
});

/**
 * The inverse hyperbolic tangent; ±∞ at ±1, NaN outside [−1, 1]. int32 and bool become float32.
 * @example
 * atanh(tensor([0, 0.5])); // tensor([0.0000, 0.5493])
 */
export const atanh: Unary = unary({
  name: 'atanh',
  dtypes: 'float',
  value: Math.atanh,
  derivatives: [(t, x) => strongDiv(t, oneMinusSquare(x))],
  domain: [{ from: -0.9, to: 0.9 }],
});

/**
 * The logistic function 1 / (1 + e⁻ˣ). int32 and bool become float32.
 * @example
 * sigmoid(tensor([0, 2])); // tensor([0.5000, 0.8808])
 */
export const sigmoid: Unary = unary({
  name: 'sigmoid',
  dtypes: 'float',
  value: sigmoidOf,
  derivatives: [(t, x, out) => strongMul(t, out.mul(x.neg().sigmoid()))],
  domain: [real],
});

/**
 * log(1 + eˣ), without overflow. int32 and bool become float32.
 * @example
 * softplus(tensor([0, 100])); // tensor([ 0.6931, 100.0000])
 */
export const softplus: Unary = unary({
  name: 'softplus',
  dtypes: 'float',
  value: softplusOf,
  derivatives: [(t, x) => strongMul(t, x.sigmoid())],
  domain: [real],
});

/**
 * The error function 2/√π ∫₀ˣ e^(−t²) dt. int32 and bool become float32.
 * @example
 * erf(tensor([0, 1])); // tensor([0.0000, 0.8427])
 */
export const erf: Unary = unary({
  name: 'erf',
  dtypes: 'float',
  value: erfOf,
  derivatives: [(t, x) => strongMul(t, x.square().neg().exp()).mul(2 / Math.sqrt(Math.PI))],
  domain: [real],
});
