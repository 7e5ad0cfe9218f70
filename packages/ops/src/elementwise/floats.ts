// Numbers as mantissas and exponents.
import {
  defineBinary,
  defineUnary,
  isFloatingPoint,
  promoteTypes,
  stopGradient,
  Tensor,
  where,
  type Binary,
  type TensorLike,
  type Unary,
} from '@thetagrad/core';
import {
  broadcastShapes,
  checkTensor,
  checkTensorOperands,
  constant,
  toFloat,
  type Scalar,
} from '@thetagrad/core/backend';
import { powerOfTwo } from './expressions.ts';

const real = { from: -3, to: 3 };
const awayFromZero = { ...real, avoid: [0] };

/** x · 2ⁿ for an integer n, with factors that are in range. */
function scaleByPowerOfTwo(x: number, n: number): number {
  const bounded = Math.max(-2200, Math.min(2200, Math.trunc(n) || 0));
  const third = Math.trunc(bounded / 3);
  return x * 2 ** third * 2 ** third * 2 ** (bounded - 2 * third);
}

const scale: Binary = /* @__PURE__ */ defineBinary({
  name: 'ldexp',
  dtypes: 'float',
  value: scaleByPowerOfTwo,
  lower: (x, n) => {
    if (x.type !== 'f32') return undefined;
    const bounded = n.lt(-300).select(-300, n.gt(300).select(300, n)).toInteger();
    // A third, rounded toward 0, so that all factors are on one side of 1: 171 / 512 is near enough for |n| ≤ 300.
    const magnitude = bounded.abs().mul(171).shrS(9);
    const third = bounded.lt(0).select(magnitude.neg(), magnitude);
    const factor = powerOfTwo(third.add(127));
    return x
      .mul(factor)
      .mul(factor)
      .mul(powerOfTwo(bounded.sub(third).sub(third).add(127)));
  },
  derivatives: [(t, _x, n) => scale(t, n), null],
  domain: [real, real],
});

/**
 * x · 2ⁿ (NumPy's `ldexp`). int32 and bool x become float32.
 * @param n int32, or an integer; broadcast against x. It has no gradient.
 * @throws {TypeError} if n is a floating-point tensor.
 * @throws {RangeError} if shapes do not broadcast, or n is a number that is not an integer.
 * @example
 * ldexp(tensor(0.75), 4); // tensor(12)
 */
export function ldexp(x: TensorLike, n: TensorLike): Tensor {
  if (n instanceof Tensor && isFloatingPoint(n.dtype)) {
    throw new TypeError(`ldexp: n must be int32, got ${n.dtype}; convert with astype('int32')`);
  }
  if (typeof n === 'number' && !Number.isInteger(n)) {
    throw new RangeError(`ldexp: n must be an integer, got ${n}; multiply by exp2(${n}) instead`);
  }
  return scale(x, n);
}

/** The exponent e of a double x = m · 2ᵉ with ½ ≤ |m| < 1; 0 for 0, infinities and NaN. */
function exponentOf(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude === 0 || !(magnitude < Infinity)) return 0;
  if (magnitude < 2 ** -1000) return exponentOf(magnitude * 2 ** 100) - 100;
  // The logarithm is off by rounding alone, and so by one at most.
  const estimate = Math.min(1023, Math.floor(Math.log2(magnitude)));
  if (2 ** estimate > magnitude) return estimate;
  return magnitude / 2 ** estimate >= 2 ? estimate + 2 : estimate + 1;
}

/** The exponent as an i32, and x scaled to normal f32. */
function exponentExpression(x: Scalar): Scalar {
  const magnitude = x.abs();
  const isDenormal = magnitude.lt(2 ** -126);
  const bits = isDenormal.select(magnitude.mul(2 ** 30), magnitude).bitcastI32();
  const exponent = bits.shrS(23).sub(isDenormal.select(126 + 30, constant('i32', 126)));
  return magnitude.gt(0).and(magnitude.lt(Infinity)).select(exponent, constant('i32', 0));
}

const exponent: Unary = /* @__PURE__ */ defineUnary({
  name: 'frexp',
  dtypes: 'float',
  value: exponentOf,
  lower: (x) => (x.type === 'f32' ? exponentExpression(x).to('f32') : undefined),
  derivatives: 'zero',
  domain: [awayFromZero],
});

/**
 * Splits x into a mantissa from ½ to 1, or its negative, and a power of two: x = mantissa · 2^exponent (NumPy's `frexp`). 0,
 * infinities and NaN are their own mantissa, with exponent 0. int32 and bool become float32; the exponent is int32.
 * @example
 * frexp(tensor([12, -0.3])); // { mantissa: tensor([ 0.75, -0.60]), exponent: tensor([ 4, -1], int32) }
 */
export function frexp(x: Tensor): { readonly mantissa: Tensor; readonly exponent: Tensor } {
  checkTensor('frexp', x);
  const power = exponent(x);
  return { mantissa: scale(x, power.neg()), exponent: power.astype('int32') };
}

/**
 * The next number of the dtype after x in the direction of y (NumPy's `nextafter`); y if they are equal. int32 and bool become
 * float32. The gradient is 0.
 * @throws {TypeError} if x or y is not a tensor.
 * @throws {RangeError} if shapes do not broadcast.
 * @example
 * nextafter(tensor(1), tensor(2)).sub(1); // tensor(1.1921e-7)
 */
export function nextafter(x: Tensor, y: Tensor): Tensor {
  checkTensorOperands('nextafter', [x, y]);
  broadcastShapes('nextafter', x.shape, y.shape);
  const dtype = toFloat(promoteTypes(x.dtype, y.dtype));
  const [digits, smallest] = dtype === 'float64' ? [53, -1074] : [24, -149];
  const [from, to] = [stopGradient(x.astype(dtype)), stopGradient(y.astype(dtype))];
  const direction = where(to.greater(from), 1, -1).astype(dtype);
  const { mantissa, exponent: power } = frexp(from);
  // Below a power of two, numbers are twice as dense.
  const isDenser = mantissa.mul(direction).equal(-0.5);
  const spacing = from.equal(0).where(smallest, power.sub(isDenser).sub(digits).maximum(smallest));
  const next = from.add(ldexp(direction, spacing));
  const largest = ldexp(direction.mul(1 - 2 ** digits), (dtype === 'float64' ? 1024 : 128) - digits);
  const stepped = from.isfinite().where(next, largest);
  // A sum with NaN is NaN.
  return to.equal(from).where(to, stepped.add(to.isnan().logicalOr(from.isnan()).where(NaN, 0)));
}
