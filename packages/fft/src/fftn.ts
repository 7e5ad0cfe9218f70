// Transforms along several axes.
import type { Tensor } from '@thetagrad/core';
import { argumentError, areNumbers, at, checkOptions, last, normalizeAxis } from '@thetagrad/core/backend';
import {
  checkLength,
  factorOf,
  fromPlanar,
  inverseRealAxis,
  resize,
  toPlanar,
  toReal,
  transformAxis,
  transformRealAxis,
  type Norm,
} from './axes.ts';
import type { Sign } from './constants.ts';
import { conjugate, halfLength } from './transform.ts';

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
  return transformComplex('fft2', x, checkPair('fft2', axes), options, -1);
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
  return transformComplex('ifft2', x, checkPair('ifft2', axes), options, 1);
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
  return transformHalf('rfft2', x, checkPair('rfft2', axes), options, false);
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
  return inverseHalf('irfft2', x, checkPair('irfft2', axes), options, true);
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
  return transformComplex('fftn', x, axes, options, -1);
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
  return transformComplex('ifftn', x, axes, options, 1);
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
  return transformHalf('rfftn', x, axes, options, false);
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
  return inverseHalf('irfftn', x, axes, options, true);
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
  return inverseHalf('hfft2', x, checkPair('hfft2', axes), options, false);
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
  return transformHalf('ihfft2', x, checkPair('ihfft2', axes), options, true);
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
  return inverseHalf('hfftn', x, axes, options, false);
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
  return transformHalf('ihfftn', x, axes, options, true);
}

function checkPair(operation: string, axes: readonly number[]): readonly number[] {
  if (areNumbers(axes) && axes.length === 2) return axes;
  throw argumentError(operation, 'axes', 'an array of two axes', axes, areNumbers(axes));
}

/** Normalizes axes and finds the length along each. */
function resolve(
  operation: string,
  shape: readonly number[],
  axes: readonly number[] | undefined,
  options: FftnOptions,
): { readonly axes: readonly number[]; readonly lengths: readonly number[]; readonly norm: Norm } {
  checkOptions(operation, options, ['s', 'norm']);
  const { s, norm = 'backward' } = options;
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
  list.forEach((axis, i) => checkLength(operation, s ? at(s, i) : at(shape, axis), at(shape, axis)));
  return { axes: list, lengths: s ?? list.map((axis) => at(shape, axis)), norm };
}

function product(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total * length, 1);
}

/** Transforms a planar tensor along each of the axes, times a factor. */
function transformAxes(z: Tensor, axes: readonly number[], lengths: readonly number[], sign: Sign, factor = 1): Tensor {
  return axes.reduce(
    (result, axis, i) => transformAxis(resize(result, axis + 1, at(lengths, i)), axis, sign, i === 0 ? factor : 1),
    z,
  );
}

function transformComplex(
  operation: string,
  x: Tensor,
  given: readonly number[] | undefined,
  options: FftnOptions,
  sign: Sign,
): Tensor {
  const z = toPlanar(operation, x);
  const { axes, lengths, norm } = resolve(operation, z.shape.slice(1), given, options);
  const factor = factorOf(operation, product(lengths), norm, sign > 0);
  return fromPlanar(transformAxes(z, axes.toReversed(), lengths.toReversed(), sign, factor));
}

function transformHalf(
  operation: string,
  x: Tensor,
  given: readonly number[] | undefined,
  options: FftnOptions,
  isInverse: boolean,
): Tensor {
  const values = toReal(operation, x);
  const { axes, lengths, norm } = resolve(operation, x.shape, given, options);
  const [axis, length] = [last(axes), last(lengths)];
  const factor = factorOf(operation, product(lengths), norm, isInverse);
  const half = transformRealAxis(resize(values, axis, length), axis, factor);
  const spectrum = transformAxes(half, axes.slice(0, -1), lengths.slice(0, -1), -1);
  return fromPlanar(isInverse ? conjugate(spectrum) : spectrum);
}

function inverseHalf(
  operation: string,
  x: Tensor,
  given: readonly number[] | undefined,
  options: FftnOptions,
  isInverse: boolean,
): Tensor {
  const z = isInverse ? toPlanar(operation, x) : conjugate(toPlanar(operation, x));
  const shape = z.shape.slice(1);
  // The axis that holds half of the spectrum counts with its full length.
  const isGiven = areNumbers(given) && given.length > 0;
  const halfAxis = isGiven ? normalizeAxis(operation, last(given), shape.length) : shape.length - 1;
  const full = shape.with(halfAxis, 2 * (at(shape, halfAxis) - 1));
  const { axes, lengths, norm } = resolve(operation, full, given, options);
  const [axis, length] = [last(axes), last(lengths)];
  const inverse = transformAxes(z, axes.slice(0, -1), lengths.slice(0, -1), 1);
  const factor = factorOf(operation, product(lengths), norm, isInverse);
  return inverseRealAxis(resize(inverse, axis + 1, halfLength(length)), axis, length, factor);
}
