// Powers, roots and lengths.
import {
  defineBinary,
  defineUnary,
  isFloatingPoint,
  pow,
  promoteTypes,
  stopGradient,
  strongDiv,
  strongMul,
  Tensor,
  type Binary,
  type TensorLike,
  where,
  type Unary,
} from '@thetagrad/core';
import { broadcastShapes, checkTensor, constant, toFloat, type Scalar } from '@thetagrad/core/backend';
import { applyFunction, powerOfTwo } from './expressions.ts';

const real = { from: -3, to: 3 };
const positive = { from: 0.2, to: 4 };
const awayFromZero = { ...real, avoid: [0] };

/** 2ˣ in f32: two powers of two times e^(f ln 2) for the fraction f, |f| ≤ ½. Exact for integers. */
function exp2Expression(x: Scalar): Scalar {
  const bounded = x.lt(-151).select(-151, x.gt(129).select(129, x));
  const whole = bounded.nearest();
  const factor = applyFunction(Math.exp, bounded.sub(whole).mul(Math.LN2));
  const bits = whole.toInteger().add(2 * 127);
  const half = bits.shrS(1);
  return factor.mul(powerOfTwo(half)).mul(powerOfTwo(bits.sub(half)));
}

/** 2ˣ. int32 and bool become float32. */
export const exp2: Unary = defineUnary({
  name: 'exp2',
  dtypes: 'float',
  value: (x) => 2 ** x,
  lower: (x) => (x.type === 'f32' ? exp2Expression(x) : undefined),
  derivatives: [(t, _x, out) => strongMul(t, out).mul(Math.LN2)],
  domain: [real],
});

/** 1 / √x; ∞ at 0, NaN for x < 0. int32 and bool become float32. */
export const rsqrt: Unary = defineUnary({
  name: 'rsqrt',
  dtypes: 'float',
  value: (x) => 1 / Math.sqrt(x),
  lower: (x) => constant(x.type, 1).div(x.sqrt()),
  derivatives: [(t, x, out) => strongDiv(strongMul(t, out), x).mul(-0.5)],
  domain: [positive],
});

/** ∛x in f32: Newton's method from an estimate by the exponent's bits. */
function cbrtExpression(x: Scalar): Scalar {
  // Keeps cubes and their multiples in range.
  const magnitude = x.abs();
  const [isSmall, isLarge] = [magnitude.lt(2 ** -60), magnitude.gt(2 ** 60)];
  const choose = (small: number, large: number): Scalar =>
    isSmall.select(small, isLarge.select(large, constant('f32', 1)));
  const a = magnitude.mul(choose(2 ** 90, 2 ** -90));
  let root = a
    .bitcastI32()
    .to('f32')
    .mul(1 / 3)
    .toInteger()
    .add(709921077)
    .bitcastF32();
  // Halley's step triples the digits of an estimate within 4 %.
  for (let step = 0; step < 2; step++) {
    const cube = root.mul(root).mul(root);
    root = root.sub(root.mul(cube.sub(a)).div(cube.mul(2).add(a)));
  }
  root = root.sub(root.sub(a.div(root.mul(root))).mul(1 / 3));
  const scaled = root.mul(choose(2 ** -30, 2 ** 30));
  return magnitude.gt(0).and(magnitude.lt(Infinity)).select(x.lt(0).select(scaled.neg(), scaled), x);
}

/** The real cube root, negative for x < 0. Its gradient at 0 is infinite. int32 and bool become float32. */
export const cbrt: Unary = defineUnary({
  name: 'cbrt',
  dtypes: 'float',
  value: Math.cbrt,
  lower: (x) => (x.type === 'f32' ? cbrtExpression(x) : undefined),
  derivatives: [(t, _x, out) => strongDiv(t, out.square()).div(3)],
  domain: [positive],
});

/** √(x² + y²) in f32, without overflow. */
function hypotExpression(x: Scalar, y: Scalar): Scalar {
  const [a, b] = [x.abs(), y.abs()];
  const [longer, shorter] = [a.max(b), a.min(b)];
  const ratio = longer.eq(0).select(0, shorter.div(longer));
  const length = longer.mul(ratio.mul(ratio).add(1).sqrt());
  return a.eq(Infinity).or(b.eq(Infinity)).select(Infinity, length);
}

/**
 * √(x² + y²), the length of the vector (x, y), without overflow; ∞ if x or y is infinite. int32 and bool become float32. The
 * gradient at the origin is 0.
 */
export const hypot: Binary = defineBinary({
  name: 'hypot',
  dtypes: 'float',
  value: (x, y) => Math.hypot(x, y),
  lower: (x, y) => (x.type === 'f32' ? hypotExpression(x, y) : undefined),
  derivatives: [(t, x, _y, out) => strongMul(t, strongDiv(x, out)), (t, _x, y, out) => strongMul(t, strongDiv(y, out))],
  domain: [awayFromZero, real],
});

/** x · 2ⁿ for an integer n, with factors that are in range. */
function scaleByPowerOfTwo(x: number, n: number): number {
  const bounded = Math.max(-2200, Math.min(2200, Math.trunc(n) || 0));
  const third = Math.trunc(bounded / 3);
  return x * 2 ** third * 2 ** third * 2 ** (bounded - 2 * third);
}

const scale: Binary = defineBinary({
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

const exponent: Unary = defineUnary({
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
 */
export function nextafter(x: Tensor, y: Tensor): Tensor {
  checkTensor('nextafter', x);
  checkTensor('nextafter', y);
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

/** x to the power y in floating point: as `pow`, but int32 and bool become float32, so that negative exponents have results. */
export function floatPower(x: TensorLike, y: TensorLike): Tensor {
  if (x instanceof Tensor) return pow(x.astype(toFloat(x.dtype)), y);
  return pow(x, y instanceof Tensor ? y.astype(toFloat(y.dtype)) : y);
}
