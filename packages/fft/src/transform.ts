// The fast Fourier transform as a graph of matrix products. Complex numbers are planar: axis 0 holds the real and the imaginary
// parts.
import { type Tensor, concat } from '@thetagrad/core';
import { at, type Shape } from '@thetagrad/core/backend';
import {
  chirp,
  chirpSpectrum,
  conjugation,
  dftMatrix,
  inverseRealDftMatrix,
  realDftMatrix,
  twiddleFactors,
  type Factors,
  type Sign,
} from './constants.ts';
import { chooseRadices, maxDirect, nextFastLength } from './roots.ts';

/**
 * Multiplies z by complex factors, or by their conjugates if the sign is 1.
 * @param shape what the factors are reshaped to, to broadcast against z.
 */
export function rotate(z: Tensor, { cosines, sines }: Factors, sign: Sign, shape: Shape): Tensor {
  const signs = conjugation(z.ndim, z.dtype);
  const turned = z
    .flip(0)
    .mul(sines.reshape(shape))
    .mul(sign < 0 ? signs : signs.neg());
  return z.mul(cosines.reshape(shape)).add(turned);
}

/** Conjugates z. */
export function conjugate(z: Tensor): Tensor {
  return z.mul(conjugation(z.ndim, z.dtype));
}

/** The product of complex tensors of the same rank. */
export function multiply(a: Tensor, b: Tensor): Tensor {
  const crossed = a.flip(0).mul(b.slice([[1, 2]]));
  return a.mul(b.slice([[0, 1]])).sub(crossed.mul(conjugation(crossed.ndim, crossed.dtype)));
}

/**
 * The DFT along axis 1 of z, [2, n, columns], times a factor: mixed radix, Stockham's order. For n = r · m, index j₁m + j₂ of
 * the input and k₁ + rk₂ of the result, a stage is a product with the DFT matrix of length r over j₁, and one with the twiddle
 * factors of j₂ and k₁; transforms of length m over j₂ remain, for which k₁ is one more column.
 */
export function transform(z: Tensor, sign: Sign, factor: number): Tensor {
  const [n, columns] = z.shape.slice(1) as [number, number];
  if (n === 1) return factor === 1 ? z : z.mul(factor);
  let [x, m, inner] = [z, n, columns];
  for (const radix of chooseRadices(n, columns)) {
    m /= radix;
    const y = transformRadix(x.reshape([2, radix, m * inner]), sign, x === z ? factor : 1);
    if (m === 1) return y.reshape(z.shape);
    const transposed = y.reshape([2, radix, m, inner]).permute([0, 2, 1, 3]);
    x = rotate(transposed, twiddleFactors(m, radix, z.dtype), sign, [m, radix, 1]);
    inner *= radix;
  }
  return x;
}

/** The DFT along axis 1 of z, [2, r, columns], times a factor, in one stage. */
function transformRadix(z: Tensor, sign: Sign, factor: number): Tensor {
  const [r, columns] = z.shape.slice(1) as [number, number];
  if (r > maxDirect) return transformPrime(z, sign, factor);
  return dftMatrix(r, sign, factor, z.dtype)
    .matmul(z.reshape([2 * r, columns]))
    .reshape(z.shape);
}

/**
 * The DFT along axis 1 of z, [2, n, columns], times a factor, for a large prime n, as a convolution with a chirp (Bluestein
 * 1970): jk is (j² + k² − (k − j)²) / 2.
 */
function transformPrime(z: Tensor, sign: Sign, factor: number): Tensor {
  const n = at(z.shape, 1);
  const size = nextFastLength(2 * n - 1);
  const factors = chirp(n, z.dtype);
  const padded = rotate(z, factors, sign, [n, 1]).pad([
    [0, 0],
    [0, size - n],
    [0, 0],
  ]);
  const spectrum = rotate(transform(padded, sign, factor), chirpSpectrum(n, size, z.dtype), sign, [size, 1]);
  const convolved = transform(spectrum, sign === 1 ? -1 : 1, 1).slice([null, [0, n]]);
  return rotate(convolved, factors, sign, [n, 1]);
}

/** The number of coefficients that determine the spectrum of n real numbers. */
export function halfLength(n: number): number {
  return Math.floor(n / 2) + 1;
}

/**
 * The coefficients 0 to n/2 of the DFT along axis 0 of real x, [n, columns], times a factor: [2, ⌊n/2⌋ + 1, columns]. The first
 * stage computes only k₁ ≤ r/2; the other coefficients are conjugates of those.
 */
export function transformReal(x: Tensor, factor: number): Tensor {
  const [n, columns] = x.shape as [number, number];
  const half = halfLength(n);
  const r = at(chooseRadices(n, columns), 0);
  if (r > maxDirect) {
    const z = x.expandDims(0).pad([
      [0, 1],
      [0, 0],
      [0, 0],
    ]);
    return transform(z, -1, factor).slice([null, [0, half]]);
  }
  const [m, kept] = [n / r, halfLength(r)];
  const y = realDftMatrix(r, factor, x.dtype).matmul(x.reshape([r, m * columns]));
  if (m === 1) return y.reshape([2, half, columns]);
  const transposed = y.reshape([2, kept, m, columns]).permute([0, 2, 1, 3]);
  const rotated = rotate(transposed, keepRows(twiddleFactors(m, r, x.dtype), kept), -1, [m, kept, 1]);
  const z = transform(rotated.reshape([2, m, kept * columns]), -1, 1).reshape([2, m, kept, columns]);
  // The conjugate of k₁ + rk₂ is (r − k₁) + r(m − 1 − k₂).
  const rows = Math.floor((half - 1) / r) + 1;
  const mirrored = z.slice([null, [m - rows, m], [1, r - kept + 1]]).flip([1, 2]);
  return concat([z.slice([null, [0, rows]]), conjugate(mirrored)], 2)
    .reshape([2, rows * r, columns])
    .slice([null, [0, half]]);
}

/** The factors of k₁ < `kept`. */
function keepRows({ cosines, sines }: Factors, kept: number): Factors {
  return { cosines: cosines.slice([null, [0, kept]]), sines: sines.slice([null, [0, kept]]) };
}

/**
 * The inverse of {@link transformReal} times n and a factor: real [n, columns] of z, [2, ⌊n/2⌋ + 1, columns]. Its stages are
 * those of the transpose of transformReal: the last one needs only k₁ ≤ r/2. The imaginary parts of the coefficients 0 and n/2
 * do not count.
 */
export function inverseTransformReal(z: Tensor, n: number, factor: number): Tensor {
  const [half, columns] = z.shape.slice(1) as [number, number];
  const r = at(chooseRadices(n, columns), 0);
  const [m, kept] = [n / r, halfLength(r)];
  if (m === 1 && r <= maxDirect) return inverseRealDftMatrix(r, factor, z.dtype).matmul(z.reshape([2 * half, columns]));
  const full = concat([z, conjugate(z.slice([null, [1, n - half + 1]])).flip(1)], 1);
  if (r > maxDirect) return transform(full, 1, factor).slice([0]);
  const x = full
    .reshape([2, m, r, columns])
    .slice([null, null, [0, kept]])
    .reshape([2, m, kept * columns]);
  const y = transform(x, 1, 1).reshape([2, m, kept, columns]).permute([0, 2, 1, 3]);
  const { cosines, sines } = keepRows(twiddleFactors(m, r, z.dtype), kept);
  const factors = { cosines: cosines.transpose(), sines: sines.transpose() };
  const rotated = rotate(y, factors, 1, [kept, m, 1]).reshape([2 * kept, m * columns]);
  return inverseRealDftMatrix(r, factor, z.dtype).matmul(rotated).reshape([n, columns]);
}
