import type { Tensor } from '@thetagrad/core';
import { areNumbers, argumentError, at, checkOptions, toFloat } from '@thetagrad/core/backend';
import { checkImages, parseOddPair } from '../checks.ts';
import { correlateAxis } from './correlate.ts';
import { extendAxis } from './border.ts';

/** Options of {@link gaussianBlur}. */
export interface GaussianBlurOptions {
  /** The height and width of the filter, odd numbers. */
  readonly kernelSize: number | readonly [height: number, width: number];
  /** Standard deviations in pixels, vertical and horizontal. Default: 0.15 · kernel size + 0.35 (OpenCV's). */
  readonly sigma?: number | readonly [vertical: number, horizontal: number];
}

/**
 * Blurs images [..., H, W] by a Gaussian filter (torchvision's `gaussian_blur`). Beyond their edges images are reflected. int32
 * and bool become float32.
 * @throws {TypeError} if x is not a tensor, or an option is unknown or of the wrong kind.
 * @throws {RangeError} if x has fewer than two axes, a size is not an odd integer ≥ 1, a deviation is not > 0, or the filter
 *   reaches beyond what is reflected.
 * @example
 * gaussianBlur(tensor([[0, 0, 1, 0, 0]]), { kernelSize: [1, 3], sigma: 1 }); // tensor([[0.0000, 0.2741, 0.4519, 0.2741, 0.0000]])
 */
export function gaussianBlur(x: Tensor, options: GaussianBlurOptions): Tensor {
  checkImages('gaussianBlur', x, 2);
  checkOptions('gaussianBlur', options, ['kernelSize', 'sigma']);
  const kernelSize = parseOddPair('gaussianBlur', options.kernelSize);
  const sigma = parseSigma(options.sigma ?? kernelSize.map((size) => 0.15 * size + 0.35));
  return [x.ndim - 2, x.ndim - 1].reduce(
    (images, axis, i) => {
      const weights = gaussian(at(kernelSize, i), at(sigma, i));
      const radius = (weights.length - 1) / 2;
      return correlateAxis(extendAxis('gaussianBlur', images, axis, [radius, radius], 'reflect'), axis, weights);
    },
    x.astype(toFloat(x.dtype)),
  );
}

function gaussian(size: number, sigma: number): number[] {
  const values = Array.from({ length: size }, (_, i) => Math.exp(-(((i - (size - 1) / 2) / sigma) ** 2) / 2));
  const total = values.reduce((sum, value) => sum + value, 0);
  return values.map((value) => value / total);
}

function parseSigma(sigma: unknown): readonly number[] {
  const pair: unknown = typeof sigma === 'number' ? [sigma, sigma] : sigma;
  const isPair = areNumbers(pair) && pair.length === 2;
  if (isPair && pair.every((value) => value > 0 && value < Infinity)) return pair;
  throw argumentError('gaussianBlur', 'sigma', 'a number > 0 or a pair of them', sigma, areNumbers(pair));
}
