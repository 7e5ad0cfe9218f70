// Transforms along one axis.
import type { Tensor } from '@thetagrad/core';
import { checkOptions, normalizeAxis } from '@thetagrad/core/backend';
import type { Norm } from './axes.ts';
import { type Select, selectAxes, transformComplex, transformHalf, transformHalfInverse } from './selection.ts';

export interface FftOptions {
  /** The length of the transform: the axis is cut, or padded with zeros. Default: the length of the axis; see each function. */
  readonly n?: number;
  /** Where the factor 1/n goes: to the inverse, to both directions as 1/√n, or to the forward one. Default: 'backward'. */
  readonly norm?: Norm;
}

/**
 * The discrete Fourier transform Σⱼ x[j] e^(−2πijk/n) along an axis (NumPy's `fft.fft`), of any length, in O(n log n).
 * @param x complex, […shape, 2]. int32 and bool become float32.
 * @param axis of the shape, not counting the axis of real and imaginary parts. Default: −1.
 * @returns complex, of the same shape.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is not complex, the axis is out of range, or the length is not an integer ≥ 1.
 * @example
 * fft(complex(tensor([1, 2, 3, 4]))); // tensor([[10, 0], [-2, 2], [-2, 0], [-2, -2]])
 */
export function fft(x: Tensor, axis = -1, options: FftOptions = {}): Tensor {
  return transformComplex('fft', x, along('fft', axis, options), -1);
}

/**
 * The inverse of {@link fft}, (1/n) Σₖ x[k] e^(2πijk/n), along an axis (NumPy's `fft.ifft`).
 * @param x complex, […shape, 2]. int32 and bool become float32.
 * @param axis of the shape, not counting the axis of real and imaginary parts. Default: −1.
 * @returns complex, of the same shape.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is not complex, the axis is out of range, or the length is not an integer ≥ 1.
 * @example
 * ifft(fft(complex(tensor([1, 2])))); // tensor([[1, 0], [2, 0]])
 */
export function ifft(x: Tensor, axis = -1, options: FftOptions = {}): Tensor {
  return transformComplex('ifft', x, along('ifft', axis, options), 1);
}

/**
 * The coefficients 0 to n/2 of the Fourier transform of real numbers along an axis (NumPy's `fft.rfft`), at half the cost of
 * {@link fft}. The others are conjugates of these.
 * @param x real, […shape]. int32 and bool become float32.
 * @param axis Default: −1.
 * @returns complex, with ⌊n/2⌋ + 1 elements along the axis.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is a scalar, the axis is out of range, or the length is not an integer ≥ 1.
 * @example
 * rfft(tensor([1, 2, 3, 4])); // tensor([[10, 0], [-2, 2], [-2, 0]])
 */
export function rfft(x: Tensor, axis = -1, options: FftOptions = {}): Tensor {
  return transformHalf('rfft', x, along('rfft', axis, options), false);
}

/**
 * The real numbers of which {@link rfft} gives x (NumPy's `fft.irfft`). The imaginary parts of the coefficients 0 and n/2 do
 * not count.
 * @param x complex, […shape, 2]: the coefficients 0 to n/2 along the axis. int32 and bool become float32.
 * @param axis of the shape, not counting the axis of real and imaginary parts. Default: −1.
 * @param options `n`: the number of real numbers. Default: 2 · (m − 1) for m coefficients; for an odd one it must be given.
 * @returns real, with n elements along the axis.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is not complex, the axis is out of range, or the length is not an integer ≥ 1.
 * @example
 * irfft(rfft(tensor([1, 2, 3, 4]))); // tensor([1, 2, 3, 4])
 */
export function irfft(x: Tensor, axis = -1, options: FftOptions = {}): Tensor {
  return transformHalfInverse('irfft', x, along('irfft', axis, options), true);
}

/**
 * The Fourier transform of numbers whose spectrum is real: of x and its conjugates, which continue it as the coefficients of
 * {@link irfft} are continued (NumPy's `fft.hfft`).
 * @param x complex, […shape, 2]. int32 and bool become float32.
 * @param axis of the shape, not counting the axis of real and imaginary parts. Default: −1.
 * @param options `n`: the number of results. Default: 2 · (m − 1) for m elements; for an odd one it must be given.
 * @returns real, with n elements along the axis.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is not complex, the axis is out of range, or the length is not an integer ≥ 1.
 * @example
 * hfft(complex(tensor([1, 2, 3]))); // tensor([ 8, -2, 0, -2])
 */
export function hfft(x: Tensor, axis = -1, options: FftOptions = {}): Tensor {
  return transformHalfInverse('hfft', x, along('hfft', axis, options), false);
}

/**
 * The inverse of {@link hfft} (NumPy's `fft.ihfft`).
 * @param x real, […shape]. int32 and bool become float32.
 * @param axis Default: −1.
 * @returns complex, with ⌊n/2⌋ + 1 elements along the axis.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is a scalar, the axis is out of range, or the length is not an integer ≥ 1.
 * @example
 * ihfft(tensor([8, -4, 0, -4])); // tensor([[0, 0], [2, 0], [4, 0]])
 */
export function ihfft(x: Tensor, axis = -1, options: FftOptions = {}): Tensor {
  return transformHalf('ihfft', x, along('ihfft', axis, options), true);
}

/** Selects an axis. */
function along(operation: string, axis: number, options: FftOptions): Select {
  return (shape, isHalf) => {
    checkOptions(operation, options, ['n', 'norm']);
    const { n, norm } = options;
    const axes = [normalizeAxis(operation, axis, shape.length)];
    return selectAxes(operation, shape, { axes, lengths: n === undefined ? undefined : [n], norm, isHalf });
  };
}
