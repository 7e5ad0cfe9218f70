// The regularized incomplete gamma functions.
import { defineBinary, full, type Binary, type Tensor } from '@thetagrad/core';
import { family } from './family.ts';
import { digamma, polygamma } from './gamma.ts';
import * as values from './values/incompleteGamma.ts';

const domain = [
  { from: 0.5, to: 4 },
  { from: 0.5, to: 4 },
] as const;

/** xᵃ⁻¹ e⁻ˣ / Γ(a), the derivative of P(a, x) with respect to x. */
const gammaDensity: Binary = defineBinary({
  name: 'gammainc (density)',
  dtypes: 'float',
  value: values.gammaDensityOf,
  derivatives: [
    (t, a, x, out) => t.strongMul(out).strongMul(x.log().sub(digamma(a))),
    (t, a, x, out) => t.strongMul(out).strongMul(a.sub(1).strongDiv(x).sub(1)),
  ],
  domain,
});

/** The derivative of {@link gammaDensity} with respect to a, by Leibniz's rule for its logarithmic derivative. */
function densityDerivative(order: number, a: Tensor, x: Tensor): Tensor {
  if (order === 0) return gammaDensity(a, x);
  let sum: Tensor = full([], 0, { dtype: a.dtype });
  let binomial = 1;
  for (let j = 0; j < order; j++) {
    const slope = j === 0 ? x.log().sub(digamma(a)) : polygamma(j, a).neg();
    sum = sum.add(
      densityDerivative(order - 1 - j, a, x)
        .strongMul(slope)
        .mul(binomial),
    );
    binomial *= (order - 1 - j) / (j + 1);
  }
  return sum;
}

/** The derivatives of P(a, x) with respect to a. */
const derivative: (order: number) => Binary = family((order) =>
  defineBinary({
    name: `gammainc (derivative ${order})`,
    dtypes: 'float',
    value: (a, x) => values.gammaincDerivativeOf(order, a, x),
    derivatives: [
      (t, a, x) => t.strongMul(derivative(order + 1)(a, x)),
      (t, a, x) => t.strongMul(densityDerivative(order, a, x)),
    ],
    domain,
  }),
);

/**
 * The regularized lower incomplete gamma function P(a, x) = 1/Γ(a) ∫₀ˣ uᵃ⁻¹ e⁻ᵘ du, the distribution function of a gamma
 * distribution of shape a (torch's `igamma`). NaN for a < 0 or x < 0. Differentiable in both, to any order (PyTorch: in x alone).
 * int32 and bool become float32.
 * @example
 * gammainc(tensor([1, 2, 50]), tensor([1, 1, 50])) // tensor([0.6321, 0.2642, 0.5188])
 */
export const gammainc: Binary = defineBinary({
  name: 'gammainc',
  dtypes: 'float',
  value: values.gammaincOf,
  derivatives: [(t, a, x) => t.strongMul(derivative(1)(a, x)), (t, a, x) => t.strongMul(gammaDensity(a, x))],
  domain,
});

/**
 * The regularized upper incomplete gamma function Q(a, x) = 1 − P(a, x), see {@link gammainc}, without cancellation (torch's
 * `igammac`). int32 and bool become float32.
 * @example
 * gammaincc(tensor([1, 2, 50]), tensor([1, 1, 50])) // tensor([0.3679, 0.7358, 0.4812])
 */
export const gammaincc: Binary = defineBinary({
  name: 'gammaincc',
  dtypes: 'float',
  value: values.gammainccOf,
  derivatives: [
    (t, a, x) => t.strongMul(derivative(1)(a, x)).neg(),
    (t, a, x) => t.strongMul(gammaDensity(a, x)).neg(),
  ],
  domain,
});
