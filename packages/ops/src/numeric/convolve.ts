// Convolution and correlation of vectors.
import { conv2d, type Tensor } from '@thetagrad/core';
import { checkOptions, unknownValue } from '@thetagrad/core/backend';
import { checkVector } from './vectors.ts';

export type ConvolveMode = 'full' | 'same' | 'valid';

export interface ConvolveOptions {
  /**
   * For vectors of n and m elements, m ≤ n: all n + m − 1 sums ('full'), the n in the middle of them ('same'), or the n − m + 1
   * in which the shorter vector lies within the longer ('valid').
   */
  readonly mode?: ConvolveMode;
}

/**
 * The convolution of two vectors, cₖ = Σᵢ aᵢ vₖ₋ᵢ (NumPy's `convolve`). The dtype is the common one; bool becomes int32. Takes
 * n · m multiplications; `fftconvolve` of fft takes fewer for long vectors.
 * @param options `mode`. Default: 'full'.
 * @throws {TypeError} if a or v is not a tensor, or the mode or an option is unknown.
 * @throws {RangeError} if a or v is not a vector, or empty.
 * @example
 * convolve(tensor([1, 2, 3]), tensor([0, 1, 0.5])) // tensor([0.0, 1.0, 2.5, 4.0, 1.5])
 */
export function convolve(a: Tensor, v: Tensor, options: ConvolveOptions = {}): Tensor {
  const mode = resolveMode('convolve', options, 'full');
  checkNonempty('convolve', a, v);
  return a.size < v.size ? slide(v, a.flip(), mode) : slide(a, v.flip(), mode);
}

/**
 * The correlation of two vectors, cₖ = Σᵢ aᵢ₊ₖ vᵢ (NumPy's `correlate`). The dtype is the common one; bool becomes int32.
 * @param options `mode`. Default: 'valid'.
 * @throws {TypeError} if a or v is not a tensor, or the mode or an option is unknown.
 * @throws {RangeError} if a or v is not a vector, or empty.
 * @example
 * correlate(tensor([1, 2, 3, 5]), tensor([0, 1])) // tensor([2, 3, 5])
 * correlate(tensor([1, 2, 3]), tensor([0, 1, 0.5]), { mode: 'full' }) // tensor([0.5, 2.0, 3.5, 3.0, 0.0])
 */
export function correlate(a: Tensor, v: Tensor, options: ConvolveOptions = {}): Tensor {
  const mode = resolveMode('correlate', options, 'valid');
  checkNonempty('correlate', a, v);
  return a.size < v.size ? slide(v, a, mode).flip() : slide(a, v, mode);
}

function resolveMode(operation: string, options: ConvolveOptions, byDefault: ConvolveMode): ConvolveMode {
  checkOptions(operation, options, ['mode']);
  const { mode = byDefault } = options;
  if (mode === 'full' || mode === 'same' || mode === 'valid') return mode;
  throw unknownValue(operation, 'mode', mode, "'full', 'same' or 'valid'");
}

function checkNonempty(operation: string, a: Tensor, v: Tensor): void {
  checkVector(operation, 'a', a);
  checkVector(operation, 'v', v);
  if (a.size === 0 || v.size === 0) throw new RangeError(`${operation}: a and v must have elements, but one is empty`);
}

/** The products of windows of the longer vector with the shorter one, at all its positions from left to right. */
function slide(longer: Tensor, shorter: Tensor, mode: ConvolveMode): Tensor {
  const overlap = shorter.size - 1;
  const before = { full: overlap, same: overlap - Math.floor(overlap / 2), valid: 0 }[mode];
  const after = { full: overlap, same: Math.floor(overlap / 2), valid: 0 }[mode];
  const asImage = (x: Tensor): Tensor => x.reshape([1, 1, 1, x.size]);
  const padding = [
    [0, 0],
    [before, after],
  ] as const;
  return conv2d(asImage(longer), asImage(shorter), { padding }).flatten();
}
