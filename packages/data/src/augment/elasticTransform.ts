import type { random } from '@thetagrad/core';
import { checkNonnegative, checkOptions, checkPositive } from '@thetagrad/core/backend';
import { exp } from '../expLog.ts';
import type { ImageShape } from '../resample.ts';
import { type Augmentation, checkFill, type Fill } from './augmentation.ts';
import { warp } from './warp.ts';

/** Options of `elasticTransform`. */
export interface ElasticTransformOptions {
  /** Factor of the smoothed noise, which gives displacements in pixels. */
  readonly alpha: number;
  /** Standard deviation of the smoothing, in pixels. */
  readonly sigma: number;
  /** Value outside the image, 0 … 255, or 'edge' to repeat its border. Default: 0. */
  readonly fill?: Fill;
}

/**
 * Displaces each pixel by uniform noise from −1 to 1 along both axes, smoothed by a Gaussian and multiplied by alpha (Simard
 * et al., 2003, who use a sigma of 4 and an alpha of 34 for digits of 29 × 29). Noise outside of the image counts as 0.
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 */
export function elasticTransform(options: ElasticTransformOptions): Augmentation {
  checkOptions('elasticTransform', options, ['alpha', 'sigma', 'fill']);
  const { alpha, sigma, fill = 0 } = options;
  checkNonnegative('elasticTransform', 'alpha', alpha);
  checkPositive('elasticTransform', 'sigma', sigma);
  checkFill('elasticTransform', fill);
  const weights = gaussianWeights(sigma);
  return (source, target, shape, stream) => {
    const dx = drawSmoothNoise(shape, weights, stream);
    const dy = drawSmoothNoise(shape, weights, stream);
    const map = (x: number, y: number, position: Float64Array): void => {
      position[0] = x + alpha * dx[y * shape.width + x]!;
      position[1] = y + alpha * dy[y * shape.width + x]!;
    };
    warp(source, target, shape, map, fill);
  };
}

/** Weights at distances 0, 1, … up to four standard deviations, whose sum over both sides is 1. */
function gaussianWeights(sigma: number): Float64Array {
  const weights = Float64Array.from({ length: Math.ceil(4 * sigma) + 1 }, (_, k) =>
    exp((-k * k) / (2 * sigma * sigma)),
  );
  const sum = 2 * weights.reduce((total, weight) => total + weight) - weights[0]!;
  return weights.map((weight) => weight / sum);
}

/** Draws noise of shape (H, W) and smooths it along both axes. */
function drawSmoothNoise({ height, width }: ImageShape, weights: Float64Array, stream: random.Stream): Float64Array {
  const noise = Float64Array.from({ length: height * width }, () => stream.uniform(-1, 1));
  const rows = new Float64Array(height * width);
  for (let y = 0; y < height; y++) smoothLine(noise, rows, weights, { start: y * width, step: 1, size: width });
  for (let x = 0; x < width; x++) smoothLine(rows, noise, weights, { start: x, step: width, size: height });
  return noise;
}

function smoothLine(
  source: Float64Array,
  target: Float64Array,
  weights: Float64Array,
  { start, step, size }: { readonly start: number; readonly step: number; readonly size: number },
): void {
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let j = Math.max(0, i - weights.length + 1); j < Math.min(size, i + weights.length); j++) {
      sum += weights[Math.abs(i - j)]! * source[start + j * step]!;
    }
    target[start + i * step] = sum;
  }
}
