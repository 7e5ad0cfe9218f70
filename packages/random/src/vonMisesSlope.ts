// The derivative of von Mises angles with respect to the concentration.
import { tensor, type Tensor } from '@thetagrad/core';
import { i0e, i1e } from '@thetagrad/special';

/**
 * ∂z/∂κ of angles z where their probability is kept (implicit reparameterization: Figurnov, Mohamed and Mnih, NeurIPS 2018). With
 * A = I₁(κ) / I₀(κ) it is ∫ e^(κ (cos t − cos z)) (cos t − A) dt from z to π and, as that over all angles is 0, minus the integral
 * from 0 to z. Of these, the one is chosen whose integrand does not change its sign, so that nothing cancels.
 */
export function slopeOfVonMises(kappa: Tensor, angle: Tensor): Tensor {
  const gap = oneMinusMean(kappa);
  const z = angle.abs();
  const isInner = versine(z).less(gap);
  // Beyond 8 / √κ the integrand is less than e⁻³² of that at z, for small angles.
  const end = z.add(kappa.sqrt().reciprocal().mul(8)).minimum(Math.PI);
  const start = isInner.where(0, z);
  const length = isInner.where(z, end).sub(start);
  const { nodes, weights } = gaussLegendre(32);
  const options = { dtype: kappa.dtype };
  const t = start.expandDims(-1).add(length.expandDims(-1).mul(tensor(nodes, options)));
  // cos t − cos z, without the difference.
  const difference = sineOfHalf(t.add(z.expandDims(-1)))
    .mul(sineOfHalf(t.sub(z.expandDims(-1))))
    .mul(-2);
  const integrand = kappa
    .expandDims(-1)
    .mul(difference)
    .exp()
    .mul(gap.expandDims(-1).sub(versine(t)));
  const integral = integrand.mul(tensor(weights, options)).sum(-1).mul(length);
  return isInner.where(integral.neg(), integral).mul(angle.sign());
}

/** 1 − I₁(κ) / I₀(κ); for large κ by its asymptotic series, as the ratio is rounded to 1. */
function oneMinusMean(kappa: Tensor): Tensor {
  const isLarge = kappa.greater(kappa.dtype === 'float64' ? 2000 : 40);
  const small = isLarge.where(1, kappa);
  const inverse = isLarge.where(kappa, 1).reciprocal();
  const series = [25 / 128, 1 / 8, 1 / 8, 1 / 2].reduce<Tensor>((sum, c) => sum.add(c).mul(inverse), inverse.mul(0));
  return isLarge.where(series, i1e(small).div(i0e(small)).neg().add(1));
}

const sineOfHalf = (x: Tensor): Tensor => x.mul(0.5).sin();
/** 1 − cos x. */
const versine = (x: Tensor): Tensor => sineOfHalf(x).square().mul(2);

/** Nodes and weights of the Gauss–Legendre quadrature on [0, 1], by Newton’s iteration. */
function gaussLegendre(count: number): { readonly nodes: number[]; readonly weights: number[] } {
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < count; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let step = 0; step < 8; step++) {
      let [before, value] = [1, x];
      for (let n = 2; n <= count; n++) [before, value] = [value, ((2 * n - 1) * x * value - (n - 1) * before) / n];
      slope = (count * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    nodes.push((1 + x) / 2);
    weights.push(1 / ((1 - x * x) * slope * slope));
  }
  return { nodes, weights };
}
