import { tensor, type Tensor } from '@thetagrad/core';
import { checkInteger } from '@thetagrad/core/backend';

/**
 * ψ as a function of cos θ: ψ(θ) = (−1)^k cos(mθ) − 2k for θ in [kπ/m, (k+1)π/m], k = 0 … m − 1 (SphereFace, arXiv
 * 1704.08063, section 3.2, equation 7). {@link psi} is the same function of the angle.
 *
 * There is no arccosine, whose slope is infinite at θ = 0 and π: cos(mθ) is the Chebyshev polynomial T_m(cos θ), and k
 * is the number of seams jπ/m, j = 1 … m − 1, at or before θ. k is a constant for the gradient. The first derivative is
 * continuous in θ; the second jumps at the seams, where it is that of the piece with the larger angles.
 * @param cosine floating point, of any shape. Beyond ±1, where rounding may carry it, the polynomial continues.
 * @param margin m, an integer ≥ 1; 1 returns the cosine itself
 * @returns of the shape and dtype of the cosine, from 1 (θ = 0) down to 1 − 2m (θ = π)
 * @throws {RangeError} if the margin is not an integer ≥ 1.
 */
export function psiOfCosine(cosine: Tensor, margin: number): Tensor {
  checkInteger('psiOfCosine', 'margin', margin, { min: 1 });
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
  let previous: Tensor | number = 1;
  let current = c;
  for (let i = 2; i <= n; i++) [previous, current] = [current, twice.mul(current).sub(previous)];
  return current;
}
