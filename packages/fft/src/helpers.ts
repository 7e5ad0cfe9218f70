// Frequencies, and the order of spectra.
import { concat, tensor, type DType, type Tensor } from '@thetagrad/core';
import {
  areIntegers,
  areNumbers,
  argumentError,
  at,
  checkInteger,
  checkTensor,
  checkTensorOptions,
  normalizeAxis,
} from '@thetagrad/core/backend';
import { nextFastLength } from './roots.ts';
import { halfLength } from './transform.ts';

/**
 * The frequencies of the coefficients of `fft`, in cycles per unit of the spacing (NumPy's `fft.fftfreq`): 0, 1, …, then the
 * negative ones up to −1, divided by n · d.
 * @param d the spacing of samples. Default: 1.
 * @param options `dtype`. Default: float32.
 * @throws {TypeError} if an option is invalid.
 * @throws {RangeError} if n is not an integer ≥ 1, or d is not a finite number other than 0.
 * @example
 * fftfreq(4); // tensor([ 0.00, 0.25, -0.50, -0.25])
 */
export function fftfreq(n: number, d = 1, options: { readonly dtype?: DType } = {}): Tensor {
  checkSpacing('fftfreq', n, d, options);
  return createFrequencies(n, n * d, (i) => (i < n / 2 ? i : i - n), options.dtype);
}

/**
 * The frequencies of the coefficients of `rfft`, in cycles per unit of the spacing (NumPy's `fft.rfftfreq`): 0, 1, …, ⌊n/2⌋,
 * divided by n · d.
 * @param d the spacing of samples. Default: 1.
 * @param options `dtype`. Default: float32.
 * @throws {TypeError} if an option is invalid.
 * @throws {RangeError} if n is not an integer ≥ 1, or d is not a finite number other than 0.
 * @example
 * rfftfreq(4); // tensor([0.00, 0.25, 0.50])
 */
export function rfftfreq(n: number, d = 1, options: { readonly dtype?: DType } = {}): Tensor {
  checkSpacing('rfftfreq', n, d, options);
  return createFrequencies(halfLength(n), n * d, (i) => i, options.dtype);
}

function checkSpacing(operation: string, n: number, d: number, options: { readonly dtype?: DType }): void {
  checkInteger(operation, 'n', n, { min: 1 });
  if (!Number.isFinite(d) || d === 0) throw argumentError(operation, 'd', 'a finite number other than 0', d);
  checkTensorOptions(operation, options);
}

function createFrequencies(
  count: number,
  period: number,
  multiple: (i: number) => number,
  dtype: DType = 'float32',
): Tensor {
  return tensor(
    Float64Array.from({ length: count }, (_, i) => multiple(i) / period),
    { dtype },
  );
}

/**
 * Moves the frequency 0 to the middle of axes (NumPy's `fft.fftshift`).
 * @param axes one or several, counted from 0, so that those of a complex tensor are those of its shape without the last axis.
 * @throws {TypeError} if x is not a tensor, or axes are neither a number nor an array of numbers.
 * @throws {RangeError} if an axis is negative or out of range.
 * @example
 * fftshift(tensor([0, 1, -2, -1]), 0); // tensor([-2, -1, 0, 1])
 */
export function fftshift(x: Tensor, axes: number | readonly number[]): Tensor {
  return rotateAxes('fftshift', x, axes, (length) => Math.ceil(length / 2));
}

/**
 * The inverse of {@link fftshift} (NumPy's `fft.ifftshift`).
 * @param axes one or several, counted from 0, so that those of a complex tensor are those of its shape without the last axis.
 * @throws {TypeError} if x is not a tensor, or axes are neither a number nor an array of numbers.
 * @throws {RangeError} if an axis is negative or out of range.
 * @example
 * ifftshift(tensor([-2, -1, 0, 1]), 0); // tensor([ 0, 1, -2, -1])
 */
export function ifftshift(x: Tensor, axes: number | readonly number[]): Tensor {
  return rotateAxes('ifftshift', x, axes, (length) => Math.floor(length / 2));
}

/** Lets axes begin at an index that depends on their length. */
function rotateAxes(
  operation: string,
  x: Tensor,
  axes: number | readonly number[],
  startOf: (length: number) => number,
): Tensor {
  checkTensor(operation, x);
  const list = typeof axes === 'number' ? [axes] : axes;
  if (!areIntegers(list, 0)) {
    throw argumentError(operation, 'axes', 'an integer ≥ 0 or an array of them', axes, areNumbers(list));
  }
  return list.reduce((result, axis) => {
    const length = at(x.shape, normalizeAxis(operation, axis, x.ndim));
    const start = startOf(length);
    const part = (from: number, to: number): Tensor =>
      result.slice(x.shape.map((_, i) => (i === axis ? [from, to] : null)));
    return concat([part(start, length), part(0, start)], axis);
  }, x);
}

/**
 * The smallest length ≥ n whose transform is as fast as it gets: 1, 3, 5, 9 or 15 times a power of two (SciPy's
 * `fft.next_fast_len`, for the algorithm of this package).
 * @throws {TypeError | RangeError} if n is not an integer ≥ 1.
 * @example
 * nextFastLen(1021); // 1024
 */
export function nextFastLen(n: number): number {
  checkInteger('nextFastLen', 'n', n, { min: 1 });
  return nextFastLength(n);
}
