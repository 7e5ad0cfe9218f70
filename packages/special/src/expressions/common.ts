// Building blocks of float32 expressions, for backends that generate code. None of them relies on fused multiply-add.
import * as core from '@thetagrad/core';
import { clampMax, lowered, polynomialExpression, type Scalar } from '@thetagrad/core/backend';

/** The float32 expression of an elementwise operation of core. */
function expressionOf({ primitive }: core.Operation): (...inputs: Scalar[]) => Scalar {
  return (...inputs) => lowered(primitive, inputs, 'float32');
}

export const exp: (...inputs: Scalar[]) => Scalar = expressionOf(core.exp);
export const log: (...inputs: Scalar[]) => Scalar = expressionOf(core.log);
export const log1p: (...inputs: Scalar[]) => Scalar = expressionOf(core.log1p);
export const sin: (...inputs: Scalar[]) => Scalar = expressionOf(core.sin);
export const cos: (...inputs: Scalar[]) => Scalar = expressionOf(core.cos);

/** Makes a `lower` of a float32 expression: float64 has none. */
export function inFloat32<Inputs extends Scalar[]>(
  expression: (...inputs: Inputs) => Scalar,
): (...inputs: Inputs) => Scalar | undefined {
  return (...inputs) => (inputs[0]?.type === 'f32' ? expression(...inputs) : undefined);
}

export function number(value: number): Scalar {
  return core.constant('f32', value);
}

/** c₀ + c₁x + c₂x² + …, by Horner's rule. */
export function polynomial(x: Scalar, coefficients: readonly number[]): Scalar {
  return polynomialExpression(x, ...coefficients);
}

/** The sum of zᵏ / (k! (k + n)!) over k < count, times signᵏ: Bessel functions of order n without (x/2)ⁿ, for z = x²/4. */
export function besselSeries(z: Scalar, n: number, sign: 1 | -1, count: number): Scalar {
  let coefficient = 1;
  for (let k = 2; k <= n; k++) coefficient /= k;
  const coefficients = Array.from({ length: count }, (_, k) => {
    if (k > 0) coefficient *= sign / (k * (k + n));
    return coefficient;
  });
  return polynomial(z, coefficients);
}

/** x with the sign of `sign`, for x ≥ 0. */
export function withSign(x: Scalar, sign: Scalar): Scalar {
  return sign.lt(0).select(x.neg(), x);
}

/** e^(scale · x²) for scales of magnitude up to 1, without the error of rounding x². */
export function gaussian(x: Scalar, scale: number): Scalar {
  const magnitude = clampMax(x.abs(), 20);
  // 12 bits, so that the square is exact.
  const upper = magnitude.bitcastI32().and(-4096).bitcastF32();
  const rest = magnitude.sub(upper).mul(magnitude.add(upper)).mul(scale);
  return exp(upper.mul(upper).mul(scale)).mul(polynomial(rest, [1, 1, 1 / 2, 1 / 6, 1 / 24]));
}

/** x less the nearest integer, and whether that integer is odd. */
export function reduceHalfTurns(x: Scalar): { readonly rest: Scalar; readonly isOdd: Scalar } {
  const nearest = x.nearest();
  const half = nearest.mul(0.5);
  return { rest: x.sub(nearest), isOdd: half.trunc().ne(half) };
}

/** cot πx for a `rest` of x. */
export function cotPi(rest: Scalar): Scalar {
  const angle = rest.mul(Math.PI);
  return cos(angle).div(sin(angle));
}
