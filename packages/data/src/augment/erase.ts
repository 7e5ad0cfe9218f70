import { argumentError, checkFraction, checkInteger, checkOptions } from '@thetagrad/core/backend';
import type { ImageShape } from '../resample.ts';
import { type Augmentation, checkPositiveInterval, type Interval } from './augmentation.ts';
import { type Box, drawBox } from './crop.ts';

/** Options of `randomErasing`. */
export interface RandomErasingOptions {
  /** Probability that a part is erased, 0 … 1. Default: 0.5. */
  readonly p?: number;
  /** Limits of the share of the area that is erased. Default: [0.02, 0.33]. */
  readonly scale?: Interval;
  /** Limits of the height of the part over its width, of which the logarithm is uniform. Default: [0.3, 3.3]. */
  readonly ratio?: Interval;
  /** Value of the part, 0 … 255, or 'random' for a random one at each place. Default: 0. */
  readonly value?: number | 'random';
}

/**
 * Erases a random rectangle of an image (Zhong et al., 2017). After ten rectangles that do not fit, leaves the image as it is.
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 */
export function randomErasing(options: RandomErasingOptions = {}): Augmentation {
  checkOptions('randomErasing', options, ['p', 'scale', 'ratio', 'value']);
  const { p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 } = options;
  checkFraction('randomErasing', 'p', p);
  checkPositiveInterval('randomErasing', 'scale', scale, 1);
  checkPositiveInterval('randomErasing', 'ratio', ratio);
  if (value !== 'random') checkValue('randomErasing', value, ` or 'random'`);
  return (source, target, shape, stream) => {
    target.set(source);
    if (stream.uniform() >= p) return;
    const box = drawBox({ scale, ratio }, shape, stream);
    if (box) eraseBox(target, shape, box, value === 'random' ? () => stream.uniform(0, 255) : () => value);
  };
}

/** Options of `cutout`. */
export interface CutoutOptions {
  /** Side of the square in pixels, an integer ≥ 0. */
  readonly size: number;
  /** Value of the square, 0 … 255. Default: 127.5, which `batches` normalizes to 0. */
  readonly value?: number;
}

/**
 * Erases a square whose center is a random pixel, so that a part of it may lie outside of the image (DeVries and Taylor, 2017).
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 */
export function cutout(options: CutoutOptions): Augmentation {
  checkOptions('cutout', options, ['size', 'value']);
  const { size, value = 127.5 } = options;
  checkInteger('cutout', 'size', size, { min: 0 });
  checkValue('cutout', value);
  return (source, target, shape, stream) => {
    target.set(source);
    const top = stream.integer(shape.height) - Math.floor(size / 2);
    const left = stream.integer(shape.width) - Math.floor(size / 2);
    eraseBox(target, shape, { top, left, height: size, width: size }, () => value);
  };
}

/** Sets the values of a box, where it lies within the image. */
function eraseBox(target: Float32Array, { channels, height, width }: ImageShape, box: Box, value: () => number): void {
  const [top, left] = [Math.max(0, box.top), Math.max(0, box.left)];
  const [bottom, right] = [Math.min(height, box.top + box.height), Math.min(width, box.left + box.width)];
  for (let channel = 0; channel < channels; channel++) {
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) target[(channel * height + y) * width + x] = value();
    }
  }
}

function checkValue(operation: string, value: unknown, otherwise = ''): void {
  if (typeof value === 'number' && value >= 0 && value <= 255) return;
  throw argumentError(operation, 'value', `a value from 0 to 255${otherwise}`, value);
}
