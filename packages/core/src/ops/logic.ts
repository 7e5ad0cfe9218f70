// Elementwise operations whose results are bool or bits: comparisons, tests and logic. They have no gradient.
import { binary, comparison, unary, type Binary, type Unary } from './define.ts';

const real = { from: -3, to: 3 };

/**
 * bool: whether x is NaN.
 * @example
 * isnan(tensor([1, NaN])); // tensor([false, true], bool)
 */
export const isnan: Unary = unary({
  name: 'isnan',
  dtypes: 'comparison',
  value: (x) => (x !== x ? 1 : 0),
  lower: (x) => x.isNaN(),
  derivatives: 'zero',
  domain: [real],
});

/**
 * bool: whether x is infinite, of either sign.
 * @example
 * isinf(tensor([1, -Infinity])); // tensor([false, true], bool)
 */
export const isinf: Unary = unary({
  name: 'isinf',
  dtypes: 'comparison',
  value: (x) => (x === Infinity || x === -Infinity ? 1 : 0),
  lower: (x) => x.isNaN().or(x.sub(x).eq(0)).not(),
  derivatives: 'zero',
  domain: [real],
});

/**
 * bool: whether x is neither infinite nor NaN.
 * @example
 * isfinite(tensor([1, NaN, Infinity])); // tensor([ true, false, false], bool)
 */
export const isfinite: Unary = unary({
  name: 'isfinite',
  dtypes: 'comparison',
  value: (x) => (x - x === 0 ? 1 : 0),
  lower: (x) => x.sub(x).eq(0),
  derivatives: 'zero',
  domain: [real],
});

/**
 * bool: whether x equals y.
 * @example
 * equal(tensor([1, 2]), 2); // tensor([false, true], bool)
 */
export const equal: Binary = comparison(
  'equal',
  (x, y) => (x === y ? 1 : 0),
  (x, y) => x.eq(y),
);
/**
 * bool: whether x differs from y. NaN differs from NaN.
 * @example
 * notEqual(tensor([1, 2]), 2); // tensor([ true, false], bool)
 */
export const notEqual: Binary = comparison(
  'notEqual',
  (x, y) => (x !== y ? 1 : 0),
  (x, y) => x.ne(y),
);
/**
 * bool: whether x < y.
 * @example
 * less(tensor([1, 2]), 2); // tensor([ true, false], bool)
 */
export const less: Binary = comparison(
  'less',
  (x, y) => (x < y ? 1 : 0),
  (x, y) => x.lt(y),
);
/**
 * bool: whether x ≤ y.
 * @example
 * lessEqual(tensor([1, 2]), 2); // tensor([true, true], bool)
 */
export const lessEqual: Binary = comparison(
  'lessEqual',
  (x, y) => (x <= y ? 1 : 0),
  (x, y) => x.le(y),
);
/**
 * bool: whether x > y.
 * @example
 * greater(tensor([2, 3]), 2); // tensor([false, true], bool)
 */
export const greater: Binary = comparison(
  'greater',
  (x, y) => (x > y ? 1 : 0),
  (x, y) => x.gt(y),
);
/**
 * bool: whether x ≥ y.
 * @example
 * greaterEqual(tensor([2, 3]), 2); // tensor([true, true], bool)
 */
export const greaterEqual: Binary = comparison(
  'greaterEqual',
  (x, y) => (x >= y ? 1 : 0),
  (x, y) => x.ge(y),
);

/**
 * bool: whether both x and y are true (not 0).
 * @example
 * logicalAnd(tensor([true, true]), tensor([true, false])); // tensor([ true, false], bool)
 */
export const logicalAnd: Binary = binary({
  name: 'logicalAnd',
  dtypes: 'logical',
  value: (x, y) => x & y,
  lower: (x, y) => x.and(y),
  derivatives: 'zero',
  domain: [real, real],
});

/**
 * bool: whether x or y is true (not 0).
 * @example
 * logicalOr(tensor([true, false]), tensor([false, false])); // tensor([ true, false], bool)
 */
export const logicalOr: Binary = binary({
  name: 'logicalOr',
  dtypes: 'logical',
  value: (x, y) => x | y,
  lower: (x, y) => x.or(y),
  derivatives: 'zero',
  domain: [real, real],
});

/**
 * bool: whether exactly one of x and y is true (not 0).
 * @example
 * logicalXor(tensor([true, true]), tensor([true, false])); // tensor([false, true], bool)
 */
export const logicalXor: Binary = binary({
  name: 'logicalXor',
  dtypes: 'logical',
  value: (x, y) => x ^ y,
  lower: (x, y) => x.xor(y),
  derivatives: 'zero',
  domain: [real, real],
});

/**
 * bool: whether x is false (0).
 * @example
 * logicalNot(tensor([true, false])); // tensor([false, true], bool)
 */
export const logicalNot: Unary = unary({
  name: 'logicalNot',
  dtypes: 'logical',
  value: (x) => 1 - x,
  lower: (x) => x.not(),
  derivatives: 'zero',
  domain: [real],
});

/**
 * The bitwise AND of int32; bool is promoted to int32.
 * @throws {TypeError} if the operands do not promote to int32.
 * @example
 * bitwiseAnd(tensor([6, 7], { dtype: 'int32' }), 3); // tensor([2, 3], int32)
 */
export const bitwiseAnd: Binary = binary({
  name: 'bitwiseAnd',
  dtypes: 'bitwise',
  value: (x, y) => x & y,
  lower: (x, y) => x.and(y),
  derivatives: 'zero',
  domain: [real, real],
});
