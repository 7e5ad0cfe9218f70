// Quotients and remainders.
import { defineBinary, strongMul, type Binary } from '@thetagrad/core';
import { remainderOf, type Scalar } from '@thetagrad/core/backend';
import { applyFunction, floorQuotient, truncatedQuotient } from './expressions.ts';

const dividend = { from: 0.2, to: 0.8 };
const divisor = { from: 1, to: 3 };

/** The remainder with the sign of x, of f32 or i32. */
function remainderToward0(x: Scalar, y: Scalar): Scalar {
  if (x.type === 'i32') return y.eq(0).select(0, x.sub(truncatedQuotient(x, y).mul(y)));
  const sign = x.bitcastI32().and(-(2 ** 31));
  return applyFunction(remainderOf, x.abs(), y.abs()).bitcastI32().or(sign).bitcastF32();
}

/** The quotient of f32, rounded, where x − remainder is a multiple of y. A quotient of 0 has the sign of x / y. */
function exactQuotient(x: Scalar, y: Scalar, remainder: Scalar, adjust: (quotient: Scalar) => Scalar): Scalar {
  const ratio = x.div(y);
  const quotient = adjust(x.sub(remainder).div(y).nearest());
  return y.eq(0).select(ratio, quotient.eq(0).select(ratio.mul(0), quotient));
}

function signedZero(sign: number): number {
  return 1 / sign < 0 ? -0 : 0;
}

/** The quotient of doubles without its fraction. A quotient of 0 has the sign of x / y, and that of an infinity is infinite. */
function truncatedQuotientOf(x: number, y: number): number {
  if (y === 0 || Math.abs(x) === Infinity) return x / y;
  const quotient = Math.round((x - (x % y)) / y);
  return quotient === 0 ? signedZero(x / y) : quotient;
}

/** The largest integer below the quotient of doubles, by which x = quotient · y + remainder for the remainder of `mod`. */
function floorQuotientOf(x: number, y: number): number {
  if (y === 0) return x / y;
  const remainder = x % y;
  const quotient = Math.round((x - remainder) / y) - (remainder !== 0 && remainder < 0 !== y < 0 ? 1 : 0);
  return quotient === 0 ? signedZero(x / y) : quotient;
}

/**
 * x / y rounded down (NumPy's `floor_divide`), so that x = floorDivide(x, y) · y + mod(x, y). For y = 0 floats give ±∞ or NaN,
 * int32 gives 0. int32 is exact; bool becomes int32. The gradient is 0.
 * @example
 * floorDivide(tensor([7, -7]), 2); // tensor([ 3, -4])
 */
export const floorDivide: Binary = /* @__PURE__ */ defineBinary({
  name: 'floorDivide',
  dtypes: 'number',
  value: floorQuotientOf,
  integer: (x, y) => (y === 0 ? 0 : Math.floor(x / y)),
  lower: (x, y) => {
    if (x.type === 'i32') return floorQuotient(x, y);
    if (x.type === 'f64') return undefined;
    const remainder = remainderToward0(x, y);
    const isOpposite = remainder.ne(0).and(remainder.lt(0).xor(y.lt(0)));
    return exactQuotient(x, y, remainder, (quotient) => isOpposite.select(quotient.sub(1), quotient));
  },
  derivatives: 'zero',
  domain: [dividend, divisor],
});

/**
 * x / y rounded toward 0 (PyTorch's `div` with `rounding_mode='trunc'`), so that x = truncDivide(x, y) · y + fmod(x, y). For
 * y = 0 floats give ±∞ or NaN, int32 gives 0; an infinity divided by a number is infinite. int32 is exact; bool becomes int32. The gradient is 0.
 * @example
 * truncDivide(tensor([7, -7]), 2); // tensor([ 3, -3])
 */
export const truncDivide: Binary = /* @__PURE__ */ defineBinary({
  name: 'truncDivide',
  dtypes: 'number',
  value: truncatedQuotientOf,
  integer: (x, y) => (y === 0 ? 0 : Math.trunc(x / y)),
  lower: (x, y) => {
    if (x.type === 'i32') return truncatedQuotient(x, y);
    if (x.type === 'f64') return undefined;
    const quotient = exactQuotient(x, y, remainderToward0(x, y), (each) => each);
    return x.abs().eq(Infinity).select(x.div(y), quotient);
  },
  derivatives: 'zero',
  domain: [dividend, divisor],
});

/**
 * The remainder of x / y with the sign of x (C's `fmod`; `mod` has that of y). For y = 0 floats give NaN, int32 gives 0. int32
 * is exact; bool becomes int32.
 * @example
 * fmod(tensor([7, -7]), 4); // tensor([ 3, -3])
 */
export const fmod: Binary = /* @__PURE__ */ defineBinary({
  name: 'fmod',
  dtypes: 'number',
  value: (x, y) => x % y,
  integer: (x, y) => (y === 0 ? 0 : x % y),
  lower: (x, y) => (x.type === 'f64' ? undefined : remainderToward0(x, y)),
  derivatives: [(t) => t, (t, x, y) => strongMul(t, truncDivide(x, y)).neg()],
  domain: [dividend, divisor],
});
