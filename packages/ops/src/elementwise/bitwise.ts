// Operations on the bits of int32, and on its divisors.
import { defineBinary, defineUnary, type Binary, type Unary } from '@thetagrad/core';
import type { Scalar } from '@thetagrad/core/backend';
import { divideToNearest, truncatedQuotient } from './expressions.ts';

const integers = { from: -3, to: 3 };

/** Shifts by each power of two that is a bit of n, and selects what is shifted out for n outside of 0 to 31. */
function shift(x: Scalar, n: Scalar, by: (x: Scalar, bits: number) => Scalar, shiftedOut: Scalar | number): Scalar {
  let shifted = x;
  for (const bits of [1, 2, 4, 8, 16]) shifted = n.and(bits).ne(0).select(by(shifted, bits), shifted);
  return n.lt(0).or(n.gt(31)).select(shiftedOut, shifted);
}

/** Whether a number of bits is from 0 to 31. */
const isShift = (n: number): boolean => n >= 0 && n < 32;

/** Euclid's algorithm. */
function greatestCommonDivisor(x: number, y: number): number {
  let [a, b] = [Math.abs(x), Math.abs(y)];
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/**
 * Euclid's algorithm by least absolute remainders, unrolled: these shrink by 1 + √2 or more on average (Knuth, The Art of
 * Computer Programming, section 4.5.3), so that 27 divisions are enough for any two int32.
 */
function divisorExpression(x: Scalar, y: Scalar): Scalar {
  let [a, b] = [x, y];
  for (let step = 0; step < 27; step++) [a, b] = [b.eq(0).select(a, b), divideToNearest(a, b).remainder];
  return a.abs();
}

/**
 * The bitwise OR of int32; bool is promoted to int32.
 * @throws {TypeError} if the operands do not promote to int32.
 * @example
 * bitwiseOr(tensor([5, 8], { dtype: 'int32' }), 3); // tensor([ 7, 11], int32)
 */
export const bitwiseOr: Binary = /* @__PURE__ */ defineBinary({
  name: 'bitwiseOr',
  dtypes: 'bitwise',
  value: (x, y) => x | y,
  lower: (x, y) => x.or(y),
  derivatives: 'zero',
  domain: [integers, integers],
});

/**
 * The bitwise exclusive OR of int32; bool is promoted to int32.
 * @throws {TypeError} if the operands do not promote to int32.
 * @example
 * bitwiseXor(tensor([5, 8], { dtype: 'int32' }), 3); // tensor([ 6, 11], int32)
 */
export const bitwiseXor: Binary = /* @__PURE__ */ defineBinary({
  name: 'bitwiseXor',
  dtypes: 'bitwise',
  value: (x, y) => x ^ y,
  lower: (x, y) => x.xor(y),
  derivatives: 'zero',
  domain: [integers, integers],
});

/**
 * The bitwise complement of int32, −x − 1.
 * @throws {TypeError} if x is not int32.
 * @example
 * bitwiseNot(tensor([0, 5], { dtype: 'int32' })); // tensor([-1, -6], int32)
 */
export const bitwiseNot: Unary = /* @__PURE__ */ defineUnary({
  name: 'bitwiseNot',
  dtypes: 'bitwise',
  value: (x) => ~x,
  lower: (x) => x.not(),
  derivatives: 'zero',
  domain: [integers],
});

/**
 * The number of ones among the bits of |x| (NumPy 2's `bitwise_count`), for int32.
 * @throws {TypeError} if x is not int32.
 * @example
 * bitwiseCount(tensor([7, -8], { dtype: 'int32' })); // tensor([3, 1], int32)
 */
export const bitwiseCount: Unary = /* @__PURE__ */ defineUnary({
  name: 'bitwiseCount',
  dtypes: 'bitwise',
  value: (x) => {
    let pairs = Math.abs(x) | 0;
    pairs -= (pairs >>> 1) & 0x55555555;
    const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
    return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  },
  lower: (x) => {
    const bits = x.abs();
    const pairs = bits.sub(bits.shrU(1).and(0x55555555));
    const nibbles = pairs.and(0x33333333).add(pairs.shrU(2).and(0x33333333));
    return nibbles.add(nibbles.shrU(4)).and(0x0f0f0f0f).mul(0x01010101).shrU(24);
  },
  derivatives: 'zero',
  domain: [integers],
});

/**
 * Shifts the bits of int32 to the left by y: x · 2^y modulo 2³². 0 for y outside of 0 to 31.
 * @throws {TypeError} if the operands do not promote to int32.
 * @example
 * bitwiseLeftShift(tensor([1, 5], { dtype: 'int32' }), 3); // tensor([ 8, 40], int32)
 */
export const bitwiseLeftShift: Binary = /* @__PURE__ */ defineBinary({
  name: 'bitwiseLeftShift',
  dtypes: 'bitwise',
  value: (x, y) => (isShift(y) ? x << y : 0),
  lower: (x, y) => shift(x, y, (value, bits) => value.shl(bits), 0),
  derivatives: 'zero',
  domain: [integers, integers],
});

/**
 * Shifts the bits of int32 to the right by y, keeping the sign: x / 2^y rounded down. 0 or −1 for y outside of 0 to 31.
 * @throws {TypeError} if the operands do not promote to int32.
 * @example
 * bitwiseRightShift(tensor([20, -20], { dtype: 'int32' }), 3); // tensor([ 2, -3], int32)
 */
export const bitwiseRightShift: Binary = /* @__PURE__ */ defineBinary({
  name: 'bitwiseRightShift',
  dtypes: 'bitwise',
  value: (x, y) => x >> (isShift(y) ? y : 31),
  lower: (x, y) => shift(x, y, (value, bits) => value.shrS(bits), x.shrS(31)),
  derivatives: 'zero',
  domain: [integers, integers],
});

/**
 * The greatest common divisor of int32, ≥ 0; that of 0 and x is |x|. Wraps around for −2³¹ alone.
 * @throws {TypeError} if the operands do not promote to int32.
 * @example
 * gcd(tensor([12, -18], { dtype: 'int32' }), 8); // tensor([4, 2], int32)
 */
export const gcd: Binary = /* @__PURE__ */ defineBinary({
  name: 'gcd',
  dtypes: 'bitwise',
  value: greatestCommonDivisor,
  lower: divisorExpression,
  derivatives: 'zero',
  domain: [integers, integers],
});

/**
 * The least common multiple of int32; 0 if x or y is 0. Wraps around.
 * @throws {TypeError} if the operands do not promote to int32.
 * @example
 * lcm(tensor([4, 6], { dtype: 'int32' }), 10); // tensor([20, 30], int32)
 */
export const lcm: Binary = /* @__PURE__ */ defineBinary({
  name: 'lcm',
  dtypes: 'bitwise',
  value: (x, y) => {
    const divisor = greatestCommonDivisor(x, y);
    return divisor === 0 ? 0 : Math.imul(Math.abs(x) / divisor, Math.abs(y));
  },
  lower: (x, y) => truncatedQuotient(x.abs(), divisorExpression(x, y)).mul(y.abs()),
  derivatives: 'zero',
  domain: [integers, integers],
});
