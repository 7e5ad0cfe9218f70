// Signs, infinities, fractions and angles.
import {
  defineBinary,
  defineUnary,
  isFloatingPoint,
  stopGradient,
  strongMul,
  where,
  type Binary,
  type Tensor,
  type Unary,
} from '@thetagrad/core';
import { argumentError, checkInteger, checkOptions, checkTensor, constant } from '@thetagrad/core/backend';
import { floorDivide } from './division.ts';
import { isNegative } from './expressions.ts';

const real = { from: -3, to: 3 };
const awayFromZero = { ...real, avoid: [0] };

/** Whether x is negative or −0. */
const isNegativeNumber = (x: number): boolean => x < 0 || Object.is(x, -0);

/**
 * bool: whether x is negative or −0. False for NaN.
 * @example
 * signbit(tensor([-1, 0, -0])); // tensor([ true, false, true], bool)
 */
export const signbit: Unary = /* @__PURE__ */ defineUnary({
  name: 'signbit',
  dtypes: 'comparison',
  value: (x) => (isNegativeNumber(x) ? 1 : 0),
  lower: isNegative,
  derivatives: 'zero',
  domain: [real],
});

/**
 * |x| with the sign of y, also that of −0; positive if y is NaN. int32 and bool become float32. The gradient at x = 0 is 0.
 * @example
 * copysign(tensor([1, -2]), -3); // tensor([-1, -2])
 */
export const copysign: Binary = /* @__PURE__ */ defineBinary({
  name: 'copysign',
  dtypes: 'float',
  value: (x, y) => (isNegativeNumber(y) ? -Math.abs(x) : Math.abs(x)),
  lower: (x, y) => isNegative(y).select(x.abs().neg(), x.abs()),
  derivatives: [(t, x, _y, out) => strongMul(t, x.sign().mul(out.sign())), null],
  domain: [awayFromZero, awayFromZero],
});

/**
 * The step function: 0 for x < 0, 1 for x > 0, and y at 0; NaN if x is. int32 and bool become float32. The slope in x is 0.
 * @example
 * heaviside(tensor([-1, 0, 2]), 0.5); // tensor([0.0, 0.5, 1.0])
 */
export const heaviside: Binary = /* @__PURE__ */ defineBinary({
  name: 'heaviside',
  dtypes: 'float',
  value: (x, y) => (x === 0 ? y : x > 0 ? 1 : x < 0 ? 0 : x),
  lower: (x, y) => x.eq(0).select(y, x.gt(0).select(1, x.lt(0).select(0, x))),
  derivatives: [null, (t, x) => x.equal(0).where(t, 0)],
  domain: [awayFromZero, real],
});

/**
 * bool: whether x is ∞.
 * @example
 * isposinf(tensor([1, Infinity, -Infinity])); // tensor([false, true, false], bool)
 */
export const isposinf: Unary = /* @__PURE__ */ defineUnary({
  name: 'isposinf',
  dtypes: 'comparison',
  value: (x) => (x === Infinity ? 1 : 0),
  lower: (x) => (x.type === 'i32' ? constant('bool', 0) : x.eq(Infinity)),
  derivatives: 'zero',
  domain: [real],
});

/**
 * bool: whether x is −∞.
 * @example
 * isneginf(tensor([1, Infinity, -Infinity])); // tensor([false, false, true], bool)
 */
export const isneginf: Unary = /* @__PURE__ */ defineUnary({
  name: 'isneginf',
  dtypes: 'comparison',
  value: (x) => (x === -Infinity ? 1 : 0),
  lower: (x) => (x.type === 'i32' ? constant('bool', 0) : x.eq(-Infinity)),
  derivatives: 'zero',
  domain: [real],
});

/**
 * The fraction x − trunc(x), with the sign of x. NaN for infinities. bool becomes int32, whose fraction is 0.
 * @example
 * frac(tensor([1.5, -2.25])); // tensor([ 0.50, -0.25])
 */
export const frac: Unary = /* @__PURE__ */ defineUnary({
  name: 'frac',
  dtypes: 'number',
  value: (x) => x - Math.trunc(x),
  lower: (x) => (x.type === 'i32' ? constant('i32', 0) : x.sub(x.trunc())),
  derivatives: [(t) => t],
  domain: [{ from: 0.2, to: 0.8 }],
});

/**
 * Converts degrees to radians. int32 and bool become float32.
 * @example
 * deg2rad(tensor([90, 180])); // tensor([1.5708, 3.1416])
 */
export const deg2rad: Unary = /* @__PURE__ */ defineUnary({
  name: 'deg2rad',
  dtypes: 'float',
  value: (x) => x * (Math.PI / 180),
  lower: (x) => x.mul(Math.PI / 180),
  derivatives: [(t) => deg2rad(t)],
  domain: [real],
});

/**
 * Converts radians to degrees. int32 and bool become float32.
 * @example
 * rad2deg(tensor(Math.PI)); // tensor(180)
 */
export const rad2deg: Unary = /* @__PURE__ */ defineUnary({
  name: 'rad2deg',
  dtypes: 'float',
  value: (x) => x * (180 / Math.PI),
  lower: (x) => x.mul(180 / Math.PI),
  derivatives: [(t) => rad2deg(t)],
  domain: [real],
});

export interface NanToNumOptions {
  /** What replaces NaN. Default: 0. */
  readonly nan?: number;
  /** What replaces ∞. Default: the largest finite number of the dtype. */
  readonly posinf?: number;
  /** What replaces −∞. Default: the smallest finite number of the dtype. */
  readonly neginf?: number;
}

/**
 * Replaces NaN and infinities by finite numbers (NumPy's `nan_to_num`). int32 and bool are returned as they are. The gradient is
 * 0 where x is replaced.
 * @throws {TypeError} if a replacement is not a number.
 * @example
 * nanToNum(tensor([NaN, Infinity, 2]), { posinf: 9 }); // tensor([0, 9, 2])
 */
export function nanToNum(x: Tensor, options: NanToNumOptions = {}): Tensor {
  checkTensor('nanToNum', x);
  checkOptions('nanToNum', options, ['nan', 'posinf', 'neginf']);
  const largest = x.dtype === 'float64' ? Number.MAX_VALUE : (2 - 2 ** -23) * 2 ** 127;
  const { nan = 0, posinf = largest, neginf = -largest } = options;
  for (const [name, value] of Object.entries({ nan, posinf, neginf })) {
    if (typeof value !== 'number') throw argumentError('nanToNum', name, 'a number', value);
  }
  if (!isFloatingPoint(x.dtype)) return x;
  return where(isposinf(x), posinf, where(isneginf(x), neginf, where(x.isnan(), nan, x)));
}

/**
 * Rounds to a number of decimal places, halves to even (NumPy's `around`); negative ones round to tens, hundreds and so on.
 * int32 is exact; bool becomes int32. The gradient is 0.
 * @param decimals Default: 0.
 * @throws {TypeError | RangeError} if `decimals` is not an integer.
 * @example
 * around(tensor([1.25, -0.35]), 1); // tensor([ 1.2, -0.4])
 * around(tensor([149, 151], { dtype: 'int32' }), -2); // tensor([100, 200], int32)
 */
export function around(x: Tensor, decimals = 0): Tensor {
  checkTensor('around', x);
  checkInteger('around', 'decimals', decimals);
  const values = stopGradient(x);
  if (!isFloatingPoint(x.dtype)) return decimals < 0 ? aroundIntegers(values, -decimals) : values.round();
  const power = 10 ** Math.abs(decimals);
  if (decimals < 0) {
    const quotient = values.div(power).round();
    return quotient.equal(0).where(quotient, quotient.mul(power));
  }
  const rounded = values.mul(power).round().div(power);
  // A number that is too large to be multiplied has no decimals.
  return rounded.isfinite().where(rounded, values);
}

/** Rounds int32 to a multiple of a power of ten. */
function aroundIntegers(x: Tensor, zeros: number): Tensor {
  if (zeros > 9) return x.mul(0);
  const power = 10 ** zeros;
  const quotient = floorDivide(x, power);
  const rest = x.sub(quotient.mul(power));
  // Twice the rest could wrap around.
  const other = rest.mul(-1).add(power);
  const isOdd = quotient.bitwiseAnd(1).equal(1);
  const isUp = rest.greater(other).logicalOr(rest.equal(other).logicalAnd(isOdd));
  return quotient.add(isUp).mul(power);
}
