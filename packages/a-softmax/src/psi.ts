import { tensor, type Tensor } from '@thetagrad/core';
import { requireIntegerMargin } from './checks.ts';

/**
 * ψ as a function of the cosine instead of the angle: ψ(θ) = (−1)^k cos(mθ) − 2k for θ in [kπ/m, (k+1)π/m] with
 * k = 0 … m − 1, where θ = arccos(cosine) (SphereFace, arXiv 1704.08063, section 3.2, equation 7; {@link psi} is the
 * same on angles).
 *
 * No arccosine is taken, whose slope is infinite at θ = 0 and π: cos(mθ) is the Chebyshev polynomial T_m(cos θ), and k
 * is the number of seams jπ/m, j = 1 … m − 1, that lie at or before θ. k is a constant for the gradient. The first
 * derivative is continuous in θ; the second jumps at the seams, where it is that of the piece with the larger angle.
 *
 * @param cosine floating point, any shape. A cosine that rounding has carried beyond ±1 continues the polynomial.
 * @param margin m, an integer of at least 1; 1 gives the cosine itself.
 * @returns of the cosine's shape and dtype, from 1 (θ = 0) down to 1 − 2m (θ = π).
 * @throws {RangeError} if the margin is not an integer of at least 1.
 */
export function psiOfCosine(cosine: Tensor, margin: number): Tensor {
  requireIntegerMargin('psiOfCosine', margin);
  if (margin === 1) return cosine;
  const seams = Array.from({ length: margin - 1 }, (_, i) => Math.cos(((i + 1) * Math.PI) / margin));
  const k = cosine
    .expandDims(-1)
    .lessEqual(tensor(seams, { dtype: cosine.dtype }))
    .sum(-1);
  const sign = k.mod(2).mul(-2).add(1);
  return chebyshev(cosine, margin).mul(sign).sub(k.mul(2));
}

/** T_n(c) = cos(n arccos c) for n ≥ 1, by T_n = 2c T_{n−1} − T_{n−2}. */
function chebyshev(c: Tensor, n: number): Tensor {
  const twice = c.mul(2);
  let before: Tensor | number = 1;
  let last = c;
  for (let i = 2; i <= n; i++) [before, last] = [last, twice.mul(last).sub(before)];
  return last;
}
