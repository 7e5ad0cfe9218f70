// Transforms along several axes.
import type { Tensor } from '@thetagrad/core';
import { argumentError, areNumbers, checkOptions, normalizeAxis } from '@thetagrad/core/backend';
import type { Norm } from './axes.ts';
import { type Select, selectAxes, transformComplex, transformHalf, transformHalfInverse } from './selection.ts';

export interface FftnOptions {
  /**
   * The length of the transform along each axis, which is cut or padded with zeros. Default: those of the axes; see each
   * function.
   */
  readonly s?: readonly number[];
  /** Where the factor 1/n goes: to the inverse, to both directions as 1/√n, or to the forward one. Default: 'backward'. */
  readonly norm?: Norm;
}

/** Two axes, and the default of functions of images: the last two. */
const lastTwo: readonly number[] = [-2, -1];

/**
 * The discrete Fourier transform along two axes (NumPy's `fft.fft2`).
 * @param x complex, […shape, 2]. int32 and bool become float32.
 * @param axes of the shape, not counting the axis of real and imaginary parts. Default: the last two.
 * @returns complex, of the same shape.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is not complex, axes are not two different ones of it, or a length is not an integer ≥ 1.
 * @example
 * fft2(complex(tensor([[1, 2], [3, 4]]))); // tensor([[[10, 0], [-2, 0]], [[-4, 0], [ 0, 0]]])
 */
export function fft2(x: Tensor, axes: readonly number[] = lastTwo, options: FftnOptions = {}): Tensor {
  return transformComplex('fft2', x, over('fft2', checkPair('fft2', axes), options), -1);
}

/**
 * The inverse of {@link fft2} (NumPy's `fft.ifft2`).
 * @param x complex, […shape, 2]. int32 and bool become float32.
 * @param axes of the shape, not counting the axis of real and imaginary parts. Default: the last two.
 * @returns complex, of the same shape.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is not complex, axes are not two different ones of it, or a length is not an integer ≥ 1.
 * @example
 * real(ifft2(fft2(complex(tensor([[1, 2], [3, 4]]))))); // tensor([[1, 2], [3, 4]])
 */
export function ifft2(x: Tensor, axes: readonly number[] = lastTwo, options: FftnOptions = {}): Tensor {
  return transformComplex('ifft2', x, over('ifft2', checkPair('ifft2', axes), options), 1);
}

/**
 * The Fourier transform of real numbers along two axes (NumPy's `fft.rfft2`): of the last of them, the coefficients 0 to n/2.
 * @param x real, […shape]. int32 and bool become float32.
 * @param axes Default: the last two.
 * @returns complex, with ⌊n/2⌋ + 1 elements along the last of the axes.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if axes are not two different ones of x, or a length is not an integer ≥ 1.
 * @example
 * rfft2(ones([4, 4])).shape; // [4, 3, 2]
 */
export function rfft2(x: Tensor, axes: readonly number[] = lastTwo, options: FftnOptions = {}): Tensor {
  return transformHalf('rfft2', x, over('rfft2', checkPair('rfft2', axes), options), false);
}

/**
 * The real numbers of which {@link rfft2} gives x (NumPy's `fft.irfft2`).
 * @param x complex, […shape, 2]. int32 and bool become float32.
 * @param axes of the shape, not counting the axis of real and imaginary parts. Default: the last two.
 * @param options `s`: by default, the last length is 2 · (m − 1) for m coefficients; an odd one must be given.
 * @returns real.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is not complex, axes are not two different ones of it, or a length is not an integer ≥ 1.
 * @example
 * irfft2(rfft2(tensor([[1, 2], [3, 4]]))); // tensor([[1, 2], [3, 4]])
 */
export function irfft2(x: Tensor, axes: readonly number[] = lastTwo, options: FftnOptions = {}): Tensor {
  return transformHalfInverse('irfft2', x, over('irfft2', checkPair('irfft2', axes), options), true);
}

/**
 * The discrete Fourier transform along several axes (NumPy's `fft.fftn`).
 * @param x complex, […shape, 2]. int32 and bool become float32.
 * @param axes of the shape, not counting the axis of real and imaginary parts. Default: all; with lengths, as many last ones.
 * @returns complex, of the same shape.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is not complex, an axis is out of range or occurs twice, or a length is not an integer ≥ 1.
 * @example
 * fftn(complex(ones([2, 2]))).shape; // [2, 2, 2]
 */
export function fftn(x: Tensor, axes?: readonly number[], options: FftnOptions = {}): Tensor {
  return transformComplex('fftn', x, over('fftn', axes, options), -1);
}

/**
 * The inverse of {@link fftn} (NumPy's `fft.ifftn`).
 * @param x complex, […shape, 2]. int32 and bool become float32.
 * @param axes of the shape, not counting the axis of real and imaginary parts. Default: all; with lengths, as many last ones.
 * @returns complex, of the same shape.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is not complex, an axis is out of range or occurs twice, or a length is not an integer ≥ 1.
 * @example
 * real(ifftn(fftn(complex(tensor([[1, 2], [3, 4]]))))); // tensor([[1, 2], [3, 4]])
 */
export function ifftn(x: Tensor, axes?: readonly number[], options: FftnOptions = {}): Tensor {
  return transformComplex('ifftn', x, over('ifftn', axes, options), 1);
}

/**
 * The Fourier transform of real numbers along several axes (NumPy's `fft.rfftn`): of the last of them, the coefficients 0 to
 * n/2.
 * @param x real, […shape]. int32 and bool become float32.
 * @param axes Default: all; with lengths, as many last ones.
 * @returns complex, with ⌊n/2⌋ + 1 elements along the last of the axes.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is a scalar, an axis is out of range or occurs twice, or a length is not an integer ≥ 1.
 * @example
 * rfftn(ones([2, 4, 6])).shape; // [2, 4, 4, 2]
 */
export function rfftn(x: Tensor, axes?: readonly number[], options: FftnOptions = {}): Tensor {
  return transformHalf('rfftn', x, over('rfftn', axes, options), false);
}

/**
 * The real numbers of which {@link rfftn} gives x (NumPy's `fft.irfftn`).
 * @param x complex, […shape, 2]. int32 and bool become float32.
 * @param axes of the shape, not counting the axis of real and imaginary parts. Default: all; with lengths, as many last ones.
 * @param options `s`: by default, the last length is 2 · (m − 1) for m coefficients; an odd one must be given.
 * @returns real.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is not complex, an axis is out of range or occurs twice, or a length is not an integer ≥ 1.
 * @example
 * irfftn(rfftn(tensor([[1, 2], [3, 4]]))); // tensor([[1, 2], [3, 4]])
 */
export function irfftn(x: Tensor, axes?: readonly number[], options: FftnOptions = {}): Tensor {
  return transformHalfInverse('irfftn', x, over('irfftn', axes, options), true);
}

/**
 * The transform along two axes of numbers whose spectrum is real (PyTorch's `fft.hfft2`): `hfft` along the last of them, `fft`
 * along the other.
 * @param x complex, […shape, 2]. int32 and bool become float32.
 * @param axes of the shape, not counting the axis of real and imaginary parts. Default: the last two.
 * @param options `s`: by default, the last length is 2 · (m − 1) for m elements; an odd one must be given.
 * @returns real.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is not complex, axes are not two different ones of it, or a length is not an integer ≥ 1.
 * @example
 * hfft2(ihfft2(tensor([[1, 2], [3, 4]]))); // tensor([[1, 2], [3, 4]])
 */
export function hfft2(x: Tensor, axes: readonly number[] = lastTwo, options: FftnOptions = {}): Tensor {
  return transformHalfInverse('hfft2', x, over('hfft2', checkPair('hfft2', axes), options), false);
}

/**
 * The inverse of {@link hfft2} (PyTorch's `fft.ihfft2`).
 * @param x real, […shape]. int32 and bool become float32.
 * @param axes Default: the last two.
 * @returns complex, with ⌊n/2⌋ + 1 elements along the last of the axes.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if axes are not two different ones of x, or a length is not an integer ≥ 1.
 * @example
 * ihfft2(ones([4, 4])).shape; // [4, 3, 2]
 */
export function ihfft2(x: Tensor, axes: readonly number[] = lastTwo, options: FftnOptions = {}): Tensor {
  return transformHalf('ihfft2', x, over('ihfft2', checkPair('ihfft2', axes), options), true);
}

/**
 * The transform along several axes of numbers whose spectrum is real (PyTorch's `fft.hfftn`): `hfft` along the last of them,
 * `fft` along the others.
 * @param x complex, […shape, 2]. int32 and bool become float32.
 * @param axes of the shape, not counting the axis of real and imaginary parts. Default: all; with lengths, as many last ones.
 * @param options `s`: by default, the last length is 2 · (m − 1) for m elements; an odd one must be given.
 * @returns real.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is not complex, an axis is out of range or occurs twice, or a length is not an integer ≥ 1.
 * @example
 * hfftn(ihfftn(tensor([[1, 2], [3, 4]]))); // tensor([[1, 2], [3, 4]])
 */
export function hfftn(x: Tensor, axes?: readonly number[], options: FftnOptions = {}): Tensor {
  return transformHalfInverse('hfftn', x, over('hfftn', axes, options), false);
}

/**
 * The inverse of {@link hfftn} (PyTorch's `fft.ihfftn`).
 * @param x real, […shape]. int32 and bool become float32.
 * @param axes Default: all; with lengths, as many last ones.
 * @returns complex, with ⌊n/2⌋ + 1 elements along the last of the axes.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is a scalar, an axis is out of range or occurs twice, or a length is not an integer ≥ 1.
 * @example
 * ihfftn(ones([2, 4, 6])).shape; // [2, 4, 4, 2]
 */
export function ihfftn(x: Tensor, axes?: readonly number[], options: FftnOptions = {}): Tensor {
  return transformHalf('ihfftn', x, over('ihfftn', axes, options), true);
}

function checkPair(operation: string, axes: readonly number[]): readonly number[] {
  if (areNumbers(axes) && axes.length === 2) return axes;
  throw argumentError(operation, 'axes', 'an array of two axes', axes, areNumbers(axes));
}

/** Selects axes, by default all or as many last ones as there are lengths. */
function over(operation: string, axes: readonly number[] | undefined, options: FftnOptions): Select {
  return (shape, isHalf) => {
    checkOptions(operation, options, ['s', 'norm']);
    const { s, norm } = options;
    if (s !== undefined && !areNumbers(s)) throw argumentError(operation, 's', 'an array of lengths', s, false);
    const rank = shape.length;
    const count = axes === undefined && s !== undefined ? s.length : rank;
    const given = axes ?? Array.from({ length: count }, (_, i) => i - count);
    if (!areNumbers(given)) throw argumentError(operation, 'axes', 'an array of axes', axes, false);
    const list = given.map((axis) => normalizeAxis(operation, axis, rank));
    if (list.length === 0 || new Set(list).size !== list.length) {
      throw argumentError(operation, 'axes', 'distinct, and at least one', given, true);
    }
    if (s && s.length !== list.length) {
      throw argumentError(operation, 's', `${list.length} lengths, one for each axis`, s, true);
    }
    return selectAxes(operation, shape, { axes: list, lengths: s, norm, isHalf });
  };
}
