// The normalized sinc function, by spherical Bessel functions.
import { defineUnary, strongMul, type Tensor, type Unary } from '@thetagrad/core';
import { constant, type Scalar } from '@thetagrad/core/backend';
import { applyFunction } from './expressions.ts';

/** sin(πx) / (πx), with exact zeros at integers. */
function sincOf(x: number): number {
  if (x === 0) return 1;
  const whole = Math.round(x);
  const sine = Math.sin(Math.PI * (x - whole));
  return (whole % 2 === 0 ? sine : -sine) / (Math.PI * x);
}

/** The sine and the cosine of πx in f32; the sine is exactly 0 at integers. */
function rotate(x: Scalar): readonly [sine: Scalar, cosine: Scalar] {
  const whole = x.nearest();
  const half = whole.mul(0.5);
  const angle = x.sub(whole).mul(Math.PI);
  const isOdd = half.floor().ne(half);
  const signed = (value: Scalar): Scalar => isOdd.select(value.neg(), value);
  return [signed(applyFunction(Math.sin, angle)), signed(applyFunction(Math.cos, angle))];
}

function sincExpression(x: Scalar): Scalar {
  return x.eq(0).select(constant('f32', 1), rotate(x)[0].div(x.mul(Math.PI)));
}

/** jₙ(z) / zⁿ, where jₙ is the spherical Bessel function. Even, and finite at 0. */
function scaledBessel(n: number, z: number): number {
  if (Math.abs(z) < n + 2) {
    // Σ (−z²/2)ᵏ / (k! (2n + 2k + 1)!!), DLMF 10.53.1.
    let term = 1;
    for (let odd = 3; odd <= 2 * n + 1; odd += 2) term /= odd;
    let sum = term;
    for (let k = 1; k < 40; k++) {
      term *= (-z * z) / (2 * k * (2 * n + 2 * k + 1));
      sum += term;
    }
    return sum;
  }
  // zⁿ⁺¹ jₙ₊₁ = (2n + 1) zⁿ jₙ − z² zⁿ⁻¹ jₙ₋₁, DLMF 10.51.1, stable as |z| ≥ n + 2.
  let [previous, current] = [Math.cos(z) / z, Math.sin(z) / z];
  for (let k = 0; k < n; k++) [previous, current] = [current, ((2 * k + 1) * current) / z - previous];
  return current / z ** n;
}

/** {@link scaledBessel} of πx in f32. */
function scaledBesselExpression(n: number, x: Scalar): Scalar {
  const z = x.mul(Math.PI);
  const square = z.mul(z);
  let series = constant('f32', 1);
  for (let k = 14; k > 0; k--)
    series = series
      .mul(square)
      .mul(-1 / (2 * k * (2 * n + 2 * k + 1)))
      .add(1);
  let [previous, current] = rotate(x)
    .toReversed()
    .map((part) => part.div(z)) as [Scalar, Scalar];
  for (let k = 0; k < n; k++)
    [previous, current] = [
      current,
      current
        .mul(2 * k + 1)
        .div(z)
        .sub(previous),
    ];
  for (let k = 0; k < n; k++) current = current.div(z);
  return z
    .abs()
    .lt(n + 2)
    .select(series.mul(scaledBessel(n, 0)), current);
}

const slopes: Unary[] = [];

/** πⁿ jₙ(πx) / (πx)ⁿ for n ≥ 1 as an elementwise operation, of which the derivatives of sinc are made. */
function slope(n: number): (x: Tensor) => Tensor {
  slopes[n] ??= /* @__PURE__ */ defineUnary({
    name: `sincSlope${n}`,
    dtypes: 'float',
    value: (x) => scaledBessel(n, Math.PI * x),
    lower: (x) => (x.type === 'f32' ? scaledBesselExpression(n, x) : undefined),
    derivatives: [(t, x) => differentiate(t, x, n)],
    domain: [{ from: -3, to: 3 }],
  });
  return slopes[n];
}

/** t · d/dx of jₙ(πx) / (πx)ⁿ: −π² x jₙ₊₁(πx) / (πx)ⁿ⁺¹, DLMF 10.51.3. */
function differentiate(t: Tensor, x: Tensor, n: number): Tensor {
  return strongMul(strongMul(t, x), slope(n + 1)(x)).mul(-(Math.PI ** 2));
}

/**
 * sin(πx) / (πx), and 1 at 0 (NumPy's `sinc`); exactly 0 at other integers, NaN for infinities. int32 and bool become float32.
 * Derivatives of every order are accurate near 0, too.
 * @example
 * sinc(tensor([0, 0.5, 1])); // tensor([1.0000, 0.6366, 0.0000])
 */
export const sinc: Unary = /* @__PURE__ */ defineUnary({
  name: 'sinc',
  dtypes: 'float',
  value: sincOf,
  lower: (x) => (x.type === 'f32' ? sincExpression(x) : undefined),
  derivatives: [(t, x) => differentiate(t, x, 0)],
  domain: [{ from: -3, to: 3 }],
});
