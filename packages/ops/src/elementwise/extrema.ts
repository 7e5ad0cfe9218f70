// Extrema that ignore NaN, and interpolation.
import {
  defineBinary,
  defineTernary,
  div,
  mul,
  strongMul,
  type Binary,
  type Tensor,
  type TensorLike,
  type Ternary,
} from '@thetagrad/core';
import { argumentError, checkOperand, checkOptions, checkTensor, type Scalar } from '@thetagrad/core/backend';

const real = { from: -3, to: 3 };
const lower = { from: -3, to: 0.2 };
const upper = { from: 0.4, to: 3 };

/** The one that is a number if the other is NaN, else the extremum. */
function ignoringNaN(x: Scalar, y: Scalar, extremum: Scalar): Scalar {
  return x.type === 'i32' ? extremum : x.isNaN().select(y, y.isNaN().select(x, extremum));
}

/**
 * The larger of x and y; the other if one is NaN, unlike `maximum`. bool becomes int32, −∞ as a plain number −2³¹ for int32. At
 * a tie x gets the gradient.
 * @example
 * fmax(tensor([1, NaN]), 2); // tensor([2, 2])
 */
export const fmax: Binary = /* @__PURE__ */ defineBinary({
  name: 'fmax',
  dtypes: 'number',
  value: (x, y) => (x !== x ? y : y !== y ? x : Math.max(x, y)),
  lower: (x, y) => ignoringNaN(x, y, x.max(y)),
  fitNumber: (value) => Math.max(value, -(2 ** 31)),
  derivatives: [
    (t, x, y) => x.greaterEqual(y).logicalOr(y.isnan()).where(t, 0),
    (t, x, y) => x.greaterEqual(y).logicalOr(y.isnan()).where(0, t),
  ],
  domain: [lower, upper],
});

/**
 * The smaller of x and y; the other if one is NaN, unlike `minimum`. bool becomes int32, ∞ as a plain number 2³¹ − 1 for int32.
 * At a tie x gets the gradient.
 * @example
 * fmin(tensor([1, NaN]), 2); // tensor([1, 2])
 */
export const fmin: Binary = /* @__PURE__ */ defineBinary({
  name: 'fmin',
  dtypes: 'number',
  value: (x, y) => (x !== x ? y : y !== y ? x : Math.min(x, y)),
  lower: (x, y) => ignoringNaN(x, y, x.min(y)),
  fitNumber: (value) => Math.min(value, 2 ** 31 - 1),
  derivatives: [
    (t, x, y) => x.lessEqual(y).logicalOr(y.isnan()).where(t, 0),
    (t, x, y) => x.lessEqual(y).logicalOr(y.isnan()).where(0, t),
  ],
  domain: [upper, lower],
});

/**
 * Interpolates from x to y: `lerp(x, y, weight)` is x + weight · (y − x), and y exactly for weight 1 (PyTorch's `lerp`). Weights
 * outside of [0, 1] extrapolate. int32 and bool become float32.
 * @example
 * lerp(tensor(10), 20, tensor([0, 0.25, 1])); // tensor([10.0, 12.5, 20.0])
 */
export const lerp: Ternary = /* @__PURE__ */ defineTernary({
  name: 'lerp',
  dtypes: 'float',
  value: (x, y, weight) => (weight < 0.5 ? x + weight * (y - x) : y - (1 - weight) * (y - x)),
  lower: (x, y, weight) => {
    const difference = y.sub(x);
    const fromEnd = y.sub(weight.neg().add(1).mul(difference));
    return weight.lt(0.5).select(x.add(weight.mul(difference)), fromEnd);
  },
  derivatives: [
    (t, _x, _y, weight) => strongMul(t, weight.neg().add(1)),
    (t, _x, _y, weight) => strongMul(t, weight),
    (t, x, y) => strongMul(t, y.sub(x)),
  ],
  domain: [real, real, { from: 0.1, to: 0.4 }],
});

export interface ScaleOptions {
  /** The factor of the product or quotient. Default: 1. */
  readonly value?: number;
}

/**
 * x + value · y · z (PyTorch's `addcmul`). The operands are promoted and broadcast.
 * @throws {TypeError} if `value` is not a number.
 * @example
 * addcmul(tensor([1, 2]), tensor([3, 4]), 5, { value: 0.5 }); // tensor([ 8.5, 12.0])
 */
export function addcmul(x: Tensor, y: TensorLike, z: TensorLike, options: ScaleOptions = {}): Tensor {
  const value = checkScale('addcmul', [x, y, z], options);
  return x.add(mul(mul(y, z), value));
}

/**
 * x + value · y / z (PyTorch's `addcdiv`). The operands are promoted and broadcast; int32 and bool become float32.
 * @throws {TypeError} if `value` is not a number.
 * @example
 * addcdiv(tensor([1, 2]), tensor([3, 4]), 2); // tensor([2.5, 4.0])
 */
export function addcdiv(x: Tensor, y: TensorLike, z: TensorLike, options: ScaleOptions = {}): Tensor {
  const value = checkScale('addcdiv', [x, y, z], options);
  return x.add(mul(div(y, z), value));
}

function checkScale(
  operation: string,
  operands: readonly [Tensor, TensorLike, TensorLike],
  options: ScaleOptions,
): number {
  checkTensor(operation, operands[0]);
  for (const [i, operand] of operands.entries()) checkOperand(operation, operand, i);
  checkOptions(operation, options, ['value']);
  const { value = 1 } = options;
  if (typeof value !== 'number') throw argumentError(operation, 'value', 'a number', value);
  return value;
}
