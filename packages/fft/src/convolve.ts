import type { Tensor } from '@thetagrad/core';
import {
  argumentError,
  at,
  broadcastShapes,
  checkOptions,
  checkTensorOperands,
  formatShape,
  last,
  normalizeAxes,
  unknownValue,
} from '@thetagrad/core/backend';
import { inverseRealAxis, resize, toReal, transformAxis, transformRealAxis } from './axes.ts';
import { nextFastLength } from './roots.ts';
import { halfLength, multiply } from './transform.ts';

export interface FftconvolveOptions {
  /**
   * 'full': all products; 'same': as many as x has elements, from the middle; 'valid': those in which the shorter operand is
   * whole. Default: 'full'.
   */
  readonly mode?: 'full' | 'same' | 'valid';
  /** The axes to convolve along; the others broadcast. Default: all. */
  readonly axes?: number | readonly number[];
}

/**
 * The convolution Σⱼ x[j] y[k − j] by Fourier transforms, in O(n log n) (SciPy's `signal.fftconvolve`). Unlike a convolution
 * layer it reverses y, and the result is rounded relative to the largest element.
 * @param x real. int32 and bool become float32.
 * @param y real, of the same rank.
 * @throws {TypeError} if an operand is not a tensor, or an option is invalid.
 * @throws {RangeError} if ranks differ, an axis is out of range or empty, other axes do not broadcast, or in mode 'valid'
 *   neither operand is at least as long as the other along all axes.
 * @example
 * fftconvolve(tensor([1, 2, 3]), tensor([1, 10])); // tensor([ 1, 12, 23, 30])
 */
export function fftconvolve(x: Tensor, y: Tensor, options: FftconvolveOptions = {}): Tensor {
  const operation = 'fftconvolve';
  checkTensorOperands(operation, [x, y]);
  const [a, b] = [toReal(operation, x), toReal(operation, y)];
  checkOptions(operation, options, ['mode', 'axes']);
  const { mode = 'full' } = options;
  if (a.ndim !== b.ndim) {
    throw new RangeError(
      `${operation}: operands must have the same rank, got shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  const axes = normalizeAxes(operation, options.axes, a.ndim);
  if (axes.length === 0) throw argumentError(operation, 'axes', 'at least one', options.axes, true);
  const sizesOf = (z: Tensor): number[] => axes.map((axis) => at(z.shape, axis));
  const [aSizes, bSizes] = [sizesOf(a), sizesOf(b)];
  if ([...aSizes, ...bSizes].includes(0)) {
    throw new RangeError(
      `${operation}: convolved axes must not be empty, got shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  const hold = (z: Tensor): number[] => z.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  broadcastShapes(operation, hold(a), hold(b));
  const parts = resultRanges(mode, aSizes, bSizes);
  const fullSizes = aSizes.map((size, i) => size + at(bSizes, i) - 1);
  const lengths = fullSizes.map(nextFastLength);
  const [halfAxis, length] = [last(axes), last(lengths)];
  const spectrumOf = (z: Tensor): Tensor =>
    axes
      .slice(0, -1)
      .reduce(
        (spectrum, axis, i) => transformAxis(resize(spectrum, axis + 1, at(lengths, i)), axis, -1),
        transformRealAxis(resize(z, halfAxis, length), halfAxis),
      );
  const product = multiply(spectrumOf(a), spectrumOf(b));
  const inverse = axes.slice(0, -1).reduce((spectrum, axis) => transformAxis(spectrum, axis, 1), product);
  const count = lengths.reduce((total, each) => total * each, 1);
  const values = inverseRealAxis(resize(inverse, halfAxis + 1, halfLength(length)), halfAxis, length, 1 / count);
  return values.slice(values.shape.map((_, axis) => parts[axes.indexOf(axis)] ?? null));
}

/** The part of the full convolution along each axis that a mode keeps. */
function resultRanges(
  mode: 'full' | 'same' | 'valid',
  a: readonly number[],
  b: readonly number[],
): (readonly [start: number, end: number])[] {
  const range = (start: number, count: number) => [start, start + count] as const;
  switch (mode) {
    case 'full':
      return a.map((size, i) => range(0, size + at(b, i) - 1));
    case 'same':
      return a.map((size, i) => range(Math.floor((at(b, i) - 1) / 2), size));
    case 'valid':
      if (!a.every((size, i) => size >= at(b, i)) && !a.every((size, i) => size <= at(b, i))) {
        throw new RangeError(
          `fftconvolve: for mode 'valid' one operand must be at least as long as the other along all axes, got lengths ` +
            `${formatShape(a)} and ${formatShape(b)}`,
        );
      }
      return a.map((size, i) => range(Math.min(size, at(b, i)) - 1, Math.abs(size - at(b, i)) + 1));
    default:
      throw unknownValue('fftconvolve', 'mode', mode, "'full', 'same' or 'valid'");
  }
}
