// The table of elementwise operations. To add one, add its definition: backends, transformations, methods of Tensor and
// gradient tests derive from it. Export nothing but operations from this file. For operations without `lower`,
// scalar/transcendental has a float32 expression, keyed by `value`.
//
// All operations broadcast their inputs; plain numbers are weakly typed. `dtypes` names the rule by which inputs are promoted
// (see DTypeRule): for 'float' integers become float32, for 'number' bool becomes int32.
import { maxInt32, minInt32 } from '../data/dtype.ts';
import { binary, ternary, unary, type Binary, type Operation, type Ternary, type Unary } from './define.ts';
import { constant } from '../scalar/scalar.ts';
import type { Tensor, TensorLike } from '../graph/tensor.ts';
import { strongDiv, strongMul } from './strongZero.ts';
import { integerPowerOf, powerOf, remainderOf } from '../scalar/definitions.ts';

export * from './logic.ts';
export * from './transcendental.ts';

// The derivative with respect to an input is a function (t, ...inputs, output) that returns t · ∂f/∂input, where t has any
// shape that broadcasts against the output. At ties and kinks derivatives are those of PyTorch. Rules multiply and divide t by
// strongMul and strongDiv, in which a zero outweighs an infinity: what is not chosen has no slope.

const real = { from: -3, to: 3 };
const positive = { from: 0.2, to: 4 };
const awayFromZero = { ...real, avoid: [0] };
const atIntegers = { from: -3.4, to: 3.4, avoid: [-3, -2, -1, 0, 1, 2, 3] };
const atHalves = { from: -3, to: 3, avoid: [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5] };

// Bounds that no int32 exceeds stand for the ends of its range, so that the result is int32.
const fitLower = (bound: number): number => Math.max(bound, minInt32);
const fitUpper = (bound: number): number => Math.min(bound, maxInt32);

/** Passes t to the input that wins, and half of it at a tie. */
function shareAtTies(t: Tensor, wins: Tensor, ties: Tensor): Tensor {
  return wins.where(t, ties.where(t.mul(0.5), 0));
}

/**
 * x + y. int32 wraps around; bool becomes int32.
 * @example
 * add(tensor([1, 2]), 3); // tensor([4, 5])
 */
export const add: Binary = binary({
  name: 'add',
  dtypes: 'number',
  value: (x, y) => x + y,
  lower: (x, y) => x.add(y),
  derivatives: [(t) => t, (t) => t],
  domain: [real, real],
});

/**
 * x − y. int32 wraps around; bool becomes int32.
 * @example
 * sub(tensor([1, 2]), 3); // tensor([-2, -1])
 */
export const sub: Binary = binary({
  name: 'sub',
  dtypes: 'number',
  value: (x, y) => x - y,
  lower: (x, y) => x.sub(y),
  derivatives: [(t) => t, (t) => t.neg()],
  domain: [real, real],
});

/**
 * x · y. int32 wraps around; bool becomes int32.
 * @example
 * mul(tensor([1, 2]), 3); // tensor([3, 6])
 */
export const mul: Binary = binary({
  name: 'mul',
  dtypes: 'number',
  value: (x, y) => x * y,
  integer: Math.imul,
  lower: (x, y) => x.mul(y),
  derivatives: [(t, _x, y) => strongMul(t, y), (t, x) => strongMul(t, x)],
  domain: [real, real],
});

/**
 * x / y, true division: int32 and bool become float32.
 * @example
 * div(tensor([1, 2]), 4); // tensor([0.25, 0.50])
 */
export const div: Binary = binary({
  name: 'div',
  dtypes: 'float',
  value: (x, y) => x / y,
  lower: (x, y) => x.div(y),
  derivatives: [(t, _x, y) => strongDiv(t, y), (t, _x, y, out) => strongMul(strongDiv(t, y), out).neg()],
  domain: [real, awayFromZero],
});

/**
 * The remainder of x / y with the sign of y (NumPy's `mod`, PyTorch's `remainder`). For y = 0 floats give NaN, int32 gives 0.
 * bool becomes int32.
 * @example
 * mod(tensor([-3, 3]), 2); // tensor([1, 1])
 */
export const mod: Binary = binary({
  name: 'mod',
  dtypes: 'number',
  value: remainderOf,
  derivatives: [(t) => t, (t, x, y) => strongMul(t, x.div(y).floor()).neg()],
  domain: [
    { from: 0.2, to: 0.8 },
    { from: 1, to: 3 },
  ],
});

/**
 * x to the power y, by IEEE 754: 1 if x = 1 or y = 0, even if the other is NaN. int32 wraps around, and for a tensor of y < 0
 * is truncated: 2⁻¹ and 0⁻¹ are 0. bool becomes int32. The gradient of x⁰ with respect to x is 0, and that of 0^y with respect
 * to y is 0 for y ≥ 0.
 * @throws {RangeError} if x is int32 or bool and y a negative integer as a plain number.
 * @example
 * pow(tensor([2, 3]), 2); // tensor([4, 9])
 */
export const pow: Binary = binary({
  name: 'pow',
  dtypes: 'number',
  value: powerOf,
  integer: integerPowerOf,
  fitNumber: (value, index) => {
    if (index === 0 || !Number.isInteger(value) || value >= 0) return value;
    throw new RangeError(`pow: int32 has no power ${value}; convert with astype('float32')`);
  },
  derivatives: [
    // y − 1 is kept at y = 0, where its derivative counts, except at x = y = 0, where 0 · 0⁻¹ would be NaN.
    (t, x, y) => strongMul(t, strongMul(y, x.pow(x.equal(0).logicalAnd(y.equal(0)).where(1, y.sub(1))))),
    (t, x, _y, out) => strongMul(t, strongMul(out, x.equal(0).where(1, x).log())),
  ],
  domain: [positive, real],
});

/**
 * The larger of x and y; NaN if either is. bool becomes int32, −∞ as a plain number −2³¹ for int32. At a tie each gets half of
 * the gradient.
 * @example
 * maximum(tensor([1, 5]), 3); // tensor([3, 5])
 */
export const maximum: Binary = binary({
  name: 'maximum',
  dtypes: 'number',
  value: (x, y) => Math.max(x, y),
  lower: (x, y) => x.max(y),
  fitNumber: fitLower,
  derivatives: [
    (t, x, y) => shareAtTies(t, x.greater(y), x.equal(y)),
    (t, x, y) => shareAtTies(t, y.greater(x), x.equal(y)),
  ],
  domain: [
    { from: -3, to: 0.2 },
    { from: 0.4, to: 3 },
  ],
});

/**
 * The smaller of x and y; NaN if either is. bool becomes int32, ∞ as a plain number 2³¹ − 1 for int32. At a tie each gets half
 * of the gradient.
 * @example
 * minimum(tensor([1, 5]), 3); // tensor([1, 3])
 */
export const minimum: Binary = binary({
  name: 'minimum',
  dtypes: 'number',
  value: (x, y) => Math.min(x, y),
  lower: (x, y) => x.min(y),
  fitNumber: fitUpper,
  derivatives: [(t, x, y) => shareAtTies(t, x.less(y), x.equal(y)), (t, x, y) => shareAtTies(t, y.less(x), x.equal(y))],
  domain: [
    { from: -3, to: 0.2 },
    { from: 0.4, to: 3 },
  ],
});

/**
 * −x. int32 wraps around; bool becomes int32.
 * @example
 * neg(tensor([1, -2])); // tensor([-1, 2])
 */
export const neg: Unary = unary({
  name: 'neg',
  dtypes: 'number',
  value: (x) => -x,
  lower: (x) => x.neg(),
  derivatives: [(t) => t.neg()],
  domain: [real],
});

/**
 * The absolute value. bool becomes int32. The gradient at 0 is 0.
 * @example
 * abs(tensor([1, -2])); // tensor([1, 2])
 */
export const abs: Unary = unary({
  name: 'abs',
  dtypes: 'number',
  value: Math.abs,
  lower: (x) => x.abs(),
  derivatives: [(t, x) => strongMul(t, x.sign())],
  domain: [awayFromZero],
});

/**
 * The sign: −1, 0 or 1; NaN if x is. bool becomes int32. The gradient is 0.
 * @example
 * sign(tensor([3, 0, -2])); // tensor([ 1, 0, -1])
 */
export const sign: Unary = unary({
  name: 'sign',
  dtypes: 'number',
  value: Math.sign,
  lower: (x) => x.gt(0).select(1, x.lt(0).select(-1, x)),
  derivatives: 'zero',
  domain: [awayFromZero],
});

/**
 * x². int32 wraps around; bool becomes int32.
 * @example
 * square(tensor([3, -2])); // tensor([9, 4])
 */
export const square: Unary = unary({
  name: 'square',
  dtypes: 'number',
  value: (x) => x * x,
  integer: (x) => Math.imul(x, x),
  lower: (x) => x.mul(x),
  derivatives: [(t, x) => strongMul(t, x).mul(2)],
  domain: [real],
});

/**
 * √x; NaN for x < 0. The gradient at 0 is infinite. int32 and bool become float32.
 * @example
 * sqrt(tensor([4, 2])); // tensor([2.0000, 1.4142])
 */
export const sqrt: Unary = unary({
  name: 'sqrt',
  dtypes: 'float',
  value: Math.sqrt,
  lower: (x) => x.sqrt(),
  derivatives: [(t, _x, out) => strongDiv(t, out).mul(0.5)],
  domain: [positive],
});

/**
 * 1 / x. int32 and bool become float32.
 * @example
 * reciprocal(tensor([4, -2])); // tensor([ 0.25, -0.50])
 */
export const reciprocal: Unary = unary({
  name: 'reciprocal',
  dtypes: 'float',
  value: (x) => 1 / x,
  lower: (x) => constant(x.type, 1).div(x),
  derivatives: [(t, x) => strongDiv(strongDiv(t, x), x).neg()],
  domain: [awayFromZero],
});

/**
 * max(x, 0); NaN if x is. bool becomes int32. The gradient at 0 is 0.
 * @example
 * relu(tensor([-1, 2])); // tensor([0, 2])
 */
export const relu: Unary = unary({
  name: 'relu',
  dtypes: 'number',
  value: (x) => (x < 0 ? 0 : x),
  lower: (x) => x.lt(0).select(0, x),
  derivatives: [(t, x) => x.greater(0).where(t, 0)],
  domain: [awayFromZero],
});

/**
 * Rounds down to an integer of x's dtype. bool becomes int32. The gradient is 0.
 * @example
 * floor(tensor([1.5, -1.5])); // tensor([ 1, -2])
 */
export const floor: Unary = unary({
  name: 'floor',
  dtypes: 'number',
  value: Math.floor,
  lower: (x) => (x.type === 'i32' ? x : x.floor()),
  derivatives: 'zero',
  domain: [atIntegers],
});

/**
 * Rounds up to an integer of x's dtype. bool becomes int32. The gradient is 0.
 * @example
 * ceil(tensor([1.5, -1.5])); // tensor([ 2, -1])
 */
export const ceil: Unary = unary({
  name: 'ceil',
  dtypes: 'number',
  value: Math.ceil,
  lower: (x) => (x.type === 'i32' ? x : x.ceil()),
  derivatives: 'zero',
  domain: [atIntegers],
});

/**
 * Rounds to the nearest integer, halves to even, of x's dtype. bool becomes int32. The gradient is 0.
 * @example
 * round(tensor([0.5, 1.5, 1.7])); // tensor([0, 2, 2])
 */
export const round: Unary = unary({
  name: 'round',
  dtypes: 'number',
  value: (x) => {
    const up = Math.round(x);
    return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
  },
  lower: (x) => (x.type === 'i32' ? x : x.nearest()),
  derivatives: 'zero',
  domain: [atHalves],
});

/**
 * Rounds towards 0 to an integer of x's dtype. bool becomes int32. The gradient is 0.
 * @example
 * trunc(tensor([1.5, -1.5])); // tensor([ 1, -1])
 */
export const trunc: Unary = unary({
  name: 'trunc',
  dtypes: 'number',
  value: Math.trunc,
  lower: (x) => (x.type === 'i32' ? x : x.trunc()),
  derivatives: 'zero',
  domain: [atIntegers],
});

/**
 * Selects y where the condition is true (not 0) and z elsewhere: `where(condition, y, z)`. y and z are promoted.
 * @example
 * where(tensor([true, false]), tensor([1, 2]), 0); // tensor([1, 0])
 */
export const where: Ternary = ternary({
  name: 'where',
  dtypes: 'select',
  value: (condition, y, z) => (condition !== 0 ? y : z),
  lower: (condition, y, z) => condition.select(y, z),
  derivatives: [null, (t, condition) => condition.where(t, 0), (t, condition) => condition.where(0, t)],
  domain: [awayFromZero, real, real],
});

const clipBoth: Ternary = ternary({
  name: 'clip',
  dtypes: 'number',
  value: (x, low, high) => Math.min(Math.max(x, low), high),
  lower: (x, low, high) => x.max(low).min(high),
  fitNumber: (value, index) => [value, fitLower(value), fitUpper(value)][index] ?? value,
  derivatives: [
    (t, x, low, high) => x.greaterEqual(low).logicalAnd(x.lessEqual(high)).where(t, 0),
    (t, x, low, high) => x.less(low).logicalAnd(low.less(high)).where(t, 0),
    (t, x, low, high) => x.greater(high).logicalOr(low.greater(high)).where(t, 0),
  ],
  domain: [
    { from: -3, to: 3, avoid: [-1.6, -1.5, -1.4, 1.4, 1.5, 1.6] },
    { from: -1.6, to: -1.4 },
    { from: 1.4, to: 1.6 },
  ],
});

/** {@link clip}: a function, with its primitive as a property. */
export type Clip = ((x: TensorLike, low?: TensorLike | null, high?: TensorLike | null) => Tensor) & Operation;

/**
 * Clamps x to [low, high]: `clip(x, low, high)`. A bound that is left out or null bounds nothing. NaN if any of them is; high if
 * low > high. bool becomes int32; for int32 plain bounds below −2³¹ or above 2³¹ − 1 bound nothing. The gradient passes to x
 * inside of and at the bounds, else to the bound that applies.
 * @throws {TypeError} if both bounds are left out.
 * @example
 * clip(tensor([1, 5, 9]), 2, 6); // tensor([2, 5, 6])
 */
export const clip: Clip = Object.assign(
  (x: TensorLike, low?: TensorLike | null, high?: TensorLike | null) => {
    if ((low ?? high ?? undefined) === undefined)
      throw new TypeError('clip: expected a bound, low or high, got neither');
    return clipBoth(x, low ?? -Infinity, high ?? Infinity);
  },
  { primitive: clipBoth.primitive },
);
