// Constants of transforms, kept from call to call.
import { getBackend, tensor, type Backend, type DType, type Tensor } from '@thetagrad/core';
import { at, bytesPerElement, rowMajorStrides, sizeOf, type Shape } from '@thetagrad/core/backend';
import { hostTransform } from './hostTransform.ts';
import { rootOfUnity } from './roots.ts';

/** The bytes of constants that are kept for each backend. */
const maxBytes = 64 * 2 ** 20;

interface Cache {
  readonly entries: Map<string, readonly Tensor[]>;
  bytes: number;
}

/** Constants are in the memory of the backend that computes, and go with it. */
const caches = new WeakMap<Backend, Cache>();

function bytesOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((bytes, x) => bytes + x.size * bytesPerElement(x.dtype), 0);
}

/** Finds or makes constants. The least recently used ones are dropped. */
function findOrMake(
  name: string,
  dtype: DType,
  shape: Shape,
  compute: () => readonly Float64Array[],
): readonly Tensor[] {
  const backend = getBackend();
  let cache = caches.get(backend);
  if (!cache) caches.set(backend, (cache = { entries: new Map(), bytes: 0 }));
  const { entries } = cache;
  const key = `${name} ${dtype}`;
  const known = entries.get(key);
  const remove = (each: string, tensors: readonly Tensor[]): void => {
    entries.delete(each);
    cache.bytes -= bytesOf(tensors);
  };
  if (known) remove(key, known);
  // A graph of an earlier backend may have taken them along.
  const isUsable = known?.every(({ buffer }) => !buffer?.backend || buffer.backend === backend);
  const result = known && isUsable ? known : compute().map((values) => tensor(values, { shape, dtype }));
  entries.set(key, result);
  cache.bytes += bytesOf(result);
  for (const [each, tensors] of entries) {
    if (cache.bytes <= maxBytes) break;
    remove(each, tensors);
  }
  return result;
}

/** A constant of a shape, whose reshaped form has the given entries. */
function matrix(
  name: string,
  dtype: DType,
  shape: Shape,
  entries: { readonly shape: Shape; readonly at: (...index: number[]) => number },
): Tensor {
  const strides = rowMajorStrides(entries.shape);
  const indexOf = (place: number): number[] =>
    entries.shape.map((length, axis) => Math.floor(place / at(strides, axis)) % length);
  const compute = (): Float64Array =>
    Float64Array.from({ length: sizeOf(shape) }, (_, place) => entries.at(...indexOf(place)));
  return findOrMake(name, dtype, shape, () => [compute()])[0]!;
}

/** A part of a complex number: 0 is the real one, 1 the imaginary one. */
type Part = number;

/** The entry of the real 2×2 matrix of a multiplication by cosine + i · sine. */
function entry(to: Part, from: Part, [cosine, sine]: readonly [number, number]): number {
  if (to === from) return cosine;
  return to === 1 ? sine : -sine;
}

/** The direction of a transform: the sign of its exponents. */
export type Sign = -1 | 1;

/** The DFT of length r times a factor as a real matrix, [2r, 2r]: real parts, then imaginary ones. */
export function dftMatrix(r: number, sign: Sign, factor: number, dtype: DType): Tensor {
  return matrix(`dft ${r} ${sign} ${factor}`, dtype, [2 * r, 2 * r], {
    shape: [2, r, 2, r],
    at: (to = 0, k = 0, from = 0, j = 0) => factor * entry(to, from, rootOfUnity(sign * j * k, r)),
  });
}

/**
 * The rows 0 to r/2 of the DFT of length r times a factor, for real input: [2h, r] with h = ⌊r/2⌋ + 1. The others are their
 * conjugates.
 */
export function realDftMatrix(r: number, factor: number, dtype: DType): Tensor {
  const half = Math.floor(r / 2) + 1;
  return matrix(`real dft ${r} ${factor}`, dtype, [2 * half, r], {
    shape: [2, half, r],
    at: (to = 0, k = 0, j = 0) => factor * entry(to, 0, rootOfUnity(-j * k, r)),
  });
}

/**
 * The inverse of {@link realDftMatrix} times r and a factor: [r, 2h]. Columns that stand for a conjugate as well count twice.
 */
export function inverseRealDftMatrix(r: number, factor: number, dtype: DType): Tensor {
  const half = Math.floor(r / 2) + 1;
  return matrix(`inverse real dft ${r} ${factor}`, dtype, [r, 2 * half], {
    shape: [r, 2, half],
    at: (j = 0, from = 0, k = 0) => factor * (k === 0 || 2 * k === r ? 1 : 2) * entry(0, from, rootOfUnity(j * k, r)),
  });
}

/**
 * The DFT of length n times a factor for rows of complex numbers, whose parts alternate: [2n, 2n], to be multiplied from the right.
 */
export function rowDftMatrix(n: number, sign: Sign, factor: number, dtype: DType): Tensor {
  return matrix(`row dft ${n} ${sign} ${factor}`, dtype, [2 * n, 2 * n], {
    shape: [n, 2, n, 2],
    at: (j = 0, from = 0, k = 0, to = 0) => factor * entry(to, from, rootOfUnity(sign * j * k, n)),
  });
}

/** The coefficients 0 to n/2 of the same for rows of real numbers: [n, 2h] with h = ⌊n/2⌋ + 1. */
export function rowRealDftMatrix(n: number, sign: Sign, factor: number, dtype: DType): Tensor {
  const half = Math.floor(n / 2) + 1;
  return matrix(`row real dft ${n} ${sign} ${factor}`, dtype, [n, 2 * half], {
    shape: [n, half, 2],
    at: (j = 0, k = 0, to = 0) => factor * entry(to, 0, rootOfUnity(sign * j * k, n)),
  });
}

/**
 * The inverse of {@link rowRealDftMatrix} of the opposite sign times n and a factor: [2h, n]. Rows that stand for a conjugate as
 * well count twice.
 */
export function rowInverseRealDftMatrix(n: number, sign: Sign, factor: number, dtype: DType): Tensor {
  const half = Math.floor(n / 2) + 1;
  return matrix(`row inverse real dft ${n} ${sign} ${factor}`, dtype, [2 * half, n], {
    shape: [half, 2, n],
    at: (k = 0, from = 0, j = 0) =>
      factor * (k === 0 || 2 * k === n ? 1 : 2) * entry(0, from, rootOfUnity(sign * j * k, n)),
  });
}

/** Complex factors: their real parts and, negated, their imaginary ones. */
export interface Factors {
  readonly cosines: Tensor;
  readonly sines: Tensor;
}

function factors(
  name: string,
  dtype: DType,
  shape: Shape,
  compute: (cosines: Float64Array, sines: Float64Array) => void,
): Factors {
  const [cosines, sines] = findOrMake(name, dtype, shape, () => {
    const parts = [new Float64Array(sizeOf(shape)), new Float64Array(sizeOf(shape))] as const;
    compute(...parts);
    return parts;
  }) as readonly [Tensor, Tensor];
  return { cosines, sines };
}

/** The twiddle factors e^(−2πijk/(mr)), [m, r]. */
export function twiddleFactors(m: number, r: number, dtype: DType): Factors {
  return factors(`twiddle ${m} ${r}`, dtype, [m, r], (cosines, sines) => {
    for (let j = 0; j < m; j++) {
      for (let k = 0; k < r; k++) [cosines[j * r + k], sines[j * r + k]] = rootOfUnity(j * k, m * r);
    }
  });
}

/** The chirp e^(−πij²/n), [n]. */
export function chirp(n: number, dtype: DType): Factors {
  return factors(`chirp ${n}`, dtype, [n], (cosines, sines) => {
    for (let j = 0; j < n; j++) [cosines[j], sines[j]] = rootOfUnity(j ** 2 % (2 * n), 2 * n);
  });
}

/** e^(−πik/(2n)) for k from 0 to n/2: from the transform of n real numbers to their cosine transform. */
export function cosineFactors(n: number, dtype: DType): Factors {
  const half = Math.floor(n / 2) + 1;
  return factors(`cosine ${n}`, dtype, [half], (cosines, sines) => {
    for (let k = 0; k < half; k++) [cosines[k], sines[k]] = rootOfUnity(k, 4 * n);
  });
}

/** The transform of length `size` of the conjugate chirp e^(πij²/n) for |j| < n, divided by `size`: [size]. */
export function chirpSpectrum(n: number, size: number, dtype: DType): Factors {
  return factors(`chirp spectrum ${n} ${size}`, dtype, [size], (cosines, sines) => {
    const z = { re: new Float64Array(size), im: new Float64Array(size) };
    for (let j = 0; j < n; j++) {
      const [cosine, sine] = rootOfUnity(j ** 2 % (2 * n), 2 * n);
      for (const place of [j, (size - j) % size]) [z.re[place], z.im[place]] = [cosine / size, sine / size];
    }
    const { re, im } = hostTransform(z);
    cosines.set(re);
    for (let k = 0; k < size; k++) sines[k] = -at(im, k);
  });
}

/** [1, −1] along the first axis, for `rank` axes: multiplies the imaginary parts by −1. */
export function conjugation(rank: number, dtype: DType): Tensor {
  const shape = [2, ...Array.from({ length: rank - 1 }, () => 1)];
  return matrix('conjugation', dtype, [2], { shape: [2], at: (part) => (part === 0 ? 1 : -1) }).reshape(shape);
}
