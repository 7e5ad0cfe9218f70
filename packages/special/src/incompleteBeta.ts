// The regularized incomplete beta function.
import { defineTernary, type Tensor, type Ternary } from '@thetagrad/core';
import { family } from './family.ts';
import { digamma, polygamma } from './gamma.ts';
import * as values from './values/incompleteBeta.ts';

const domain = [
  { from: 0.5, to: 4 },
  { from: 0.5, to: 4 },
  { from: 0.2, to: 0.8 },
] as const;

/** ∂/∂a log B(a, b), whose derivatives are differences of polygamma functions. */
function slopeOfBetaln(a: Tensor, b: Tensor): Tensor {
  return digamma(a).sub(digamma(a.add(b)));
}

/** xᵃ⁻¹ (1 − x)ᵇ⁻¹ / B(a, b), the derivative of I with respect to x. */
const betaDensity: Ternary = defineTernary({
  name: 'betainc (density)',
  dtypes: 'float',
  value: values.betaDensityOf,
  derivatives: [
    (t, a, b, x, out) => t.strongMul(out).strongMul(x.log().sub(slopeOfBetaln(a, b))),
    (t, a, b, x, out) => t.strongMul(out).strongMul(x.neg().log1p().sub(slopeOfBetaln(b, a))),
    (t, a, b, x, out) =>
      t.strongMul(out).strongMul(
        a
          .sub(1)
          .strongDiv(x)
          .sub(b.sub(1).strongDiv(x.neg().add(1))),
      ),
  ],
  domain,
});

/** The derivative of {@link betaDensity} of orders in a and b, by Leibniz's rule for its logarithmic derivatives. */
function densityDerivative(
  [first, second]: readonly [number, number],
  [a, b, x]: readonly [Tensor, Tensor, Tensor],
): Tensor {
  if (first === 0 && second === 0) return betaDensity(a, b, x);
  if (first === 0) return densityDerivative([second, 0], [b, a, x.neg().add(1)]);
  // The derivative of order (i, j) of log x − ψ(a) + ψ(a + b).
  const slope = (i: number, j: number): Tensor => {
    if (i + j === 0) return x.log().sub(slopeOfBetaln(a, b));
    const shared = polygamma(i + j, a.add(b));
    return j === 0 ? shared.sub(polygamma(i, a)) : shared;
  };
  let sum = a.mul(0);
  let outer = 1;
  for (let i = 0; i < first; i++) {
    let binomial = outer;
    for (let j = 0; j <= second; j++) {
      const rest = densityDerivative([first - 1 - i, second - j], [a, b, x]);
      sum = sum.add(rest.strongMul(slope(i, j)).mul(binomial));
      binomial *= (second - j) / (j + 1);
    }
    outer *= (first - 1 - i) / (i + 1);
  }
  return sum;
}

/** The derivatives of I with respect to a and b, by their orders. */
const derivative: (first: number, second: number) => Ternary = family((first: number, second: number) =>
  defineTernary({
    name: first + second === 0 ? 'betainc' : `betainc (derivative ${first}, ${second})`,
    dtypes: 'float',
    value: first + second === 0 ? values.betaincOf : (a, b, x) => values.betaincDerivativeOf([first, second], a, b, x),
    derivatives: [
      (t, a, b, x) => t.strongMul(derivative(first + 1, second)(a, b, x)),
      (t, a, b, x) => t.strongMul(derivative(first, second + 1)(a, b, x)),
      (t, a, b, x) => t.strongMul(densityDerivative([first, second], [a, b, x])),
    ],
    domain,
  }),
);

/**
 * The regularized incomplete beta function I_x(a, b) = 1/B(a, b) ∫₀ˣ uᵃ⁻¹ (1 − u)ᵇ⁻¹ du, the distribution function of a beta
 * distribution (SciPy's `betainc`). NaN for a < 0, b < 0 or x outside of [0, 1]. Differentiable in all three, to any order. int32 and
 * bool become float32.
 * @example
 * betainc(tensor([1, 2, 50]), tensor([1, 3, 50]), 0.5) // tensor([0.5000, 0.6875, 0.5000])
 */
export const betainc: Ternary = derivative(0, 0);
