// The Hurwitz zeta function.
import { defineBinary, type Binary } from '@thetagrad/core';
import { family } from './family.ts';
import { zetaOf } from './values/zeta.ts';

/** The derivatives of ζ(s, q) with respect to s. */
const zetaDerivative: (order: number) => Binary = family((order) =>
  defineBinary({
    name: order === 0 ? 'zeta' : `zeta (derivative ${order})`,
    dtypes: 'float',
    value: (s, q) => zetaOf(order, s, q),
    derivatives: [
      (t, s, q) => t.strongMul(zetaDerivative(order + 1)(s, q)),
      (t, s, q) => {
        const slope = s.strongMul(zetaDerivative(order)(s.add(1), q));
        const other = order === 0 ? slope : slope.add(zetaDerivative(order - 1)(s.add(1), q).mul(order));
        return t.strongMul(other).neg();
      },
    ],
    domain: [
      { from: 1.5, to: 4 },
      { from: 0.5, to: 3 },
    ],
  }),
);

/**
 * The Hurwitz zeta function ζ(s, q) = Σ (q + n)⁻ˢ, for q = 1 Riemann's; ∞ for s = 1 and at the poles q = 0, −1, −2, …; NaN for
 * s < 1, and for q < 0 unless s is an integer. Differentiable in both (PyTorch: in q alone). int32 and bool become float32.
 * @example
 * zeta(tensor([2, 3, 4]), 1) // tensor([1.6449, 1.2021, 1.0823])
 */
export const zeta: Binary = zetaDerivative(0);
