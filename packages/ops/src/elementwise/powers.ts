// Powers, roots and lengths.
import {
  defineBinary,
  defineUnary,
  pow,
  strongDiv,
  strongMul,
  Tensor,
  type Binary,
  type TensorLike,
  type Unary,
} from '@thetagrad/core';
import { checkOperand, constant, toFloat, type Scalar } from '@thetagrad/core/backend';
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

/**
 * 2ˣ. int32 and bool become float32.
 * @example
 * exp2(tensor([3, -1])); // tensor([8.0, 0.5])
 */
export const exp2: Unary = /* @__PURE__ */ defineUnary({
  name: 'exp2',
  dtypes: 'float',
  value: (x) => 2 ** x,
  lower: (x) => (x.type === 'f32' ? exp2Expression(x) : undefined),
  derivatives: [(t, _x, out) => strongMul(t, out).mul(Math.LN2)],
  domain: [real],
});

/**
 * 1 / √x; ∞ at 0, NaN for x < 0. int32 and bool become float32.
 * @example
 * rsqrt(tensor([4, 0.25])); // tensor([0.5, 2.0])
 */
export const rsqrt: Unary = /* @__PURE__ */ defineUnary({
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

/**
 * The real cube root, negative for x < 0. Its gradient at 0 is infinite. int32 and bool become float32.
 * @example
 * cbrt(tensor([27, -8])); // tensor([ 3, -2])
 */
export const cbrt: Unary = /* @__PURE__ */ defineUnary({
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
 * @example
 * hypot(tensor([3, 5]), tensor([4, 12])); // tensor([ 5, 13])
 */
export const hypot: Binary = /* @__PURE__ */ defineBinary({
  name: 'hypot',
  dtypes: 'float',
  value: (x, y) => Math.hypot(x, y),
  lower: (x, y) => (x.type === 'f32' ? hypotExpression(x, y) : undefined),
  derivatives: [(t, x, _y, out) => strongMul(t, strongDiv(x, out)), (t, _x, y, out) => strongMul(t, strongDiv(y, out))],
  domain: [awayFromZero, real],
});

/**
 * x to the power y in floating point: as `pow`, but int32 and bool become float32, so that negative exponents have results.
 * @example
 * floatPower(tensor([2, 4], { dtype: 'int32' }), -1); // tensor([0.50, 0.25])
 */
export function floatPower(x: TensorLike, y: TensorLike): Tensor {
  checkOperand('floatPower', x, 0);
  checkOperand('floatPower', y, 1);
  if (x instanceof Tensor) return pow(x.astype(toFloat(x.dtype)), y);
  return pow(x, y instanceof Tensor ? y.astype(toFloat(y.dtype)) : y);
}
