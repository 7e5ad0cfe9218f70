import type { random } from '@thetagrad/core';
import { argumentError, checkFraction, checkNonnegative, checkOptions, unknownValue } from '@thetagrad/core/backend';
import { cosSin } from './cosSin.ts';
import type { ImageShape } from './resample.ts';

/**
 * Writes a randomly changed copy of one image: reads `source`, values 0 … 255 of shape (C, H, W), and writes every
 * value of `target`, of the same shape and range. Take all random numbers from `stream`: it starts anew for each image
 * of each epoch, so that the result does not depend on the order in which images are prepared.
 */
export type Augmentation = (source: Uint8Array, target: Float32Array, shape: ImageShape, stream: random.Stream) => void;

/** Limits of what `augment` changes. Default for each: no change. */
export interface AugmentOptions {
  /** Probability of a horizontal flip, 0 … 1. */
  readonly flip?: number;
  /** Maximum shift along each axis, in pixels. */
  readonly shift?: number;
  /** Maximum rotation about the center, in degrees, in both directions. */
  readonly rotate?: number;
  /** Range of the scale factor; above 1 enlarges. */
  readonly scale?: readonly [low: number, high: number];
  /** Value outside the image, 0 … 255, or 'edge' to repeat its border. Default: 0. */
  readonly fill?: number | 'edge';
}

/**
 * Random flip, scale, rotation and shift, each uniform within its limits, composed into one affine map and applied by
 * one bilinear resampling, so that the image is blurred at most once. Limits of zero give the image itself, exactly.
 *
 * @throws {TypeError} if `fill` is an unknown string, or another option not a number.
 * @throws {RangeError} if an option is out of range.
 */
export function augment(options: AugmentOptions): Augmentation {
  checkOptions('augment', options, ['flip', 'shift', 'rotate', 'scale', 'fill']);
  const { flip = 0, shift = 0, rotate = 0, scale = [1, 1], fill = 0 } = options;
  const [low, high] = scale;
  checkFraction('augment', 'flip', flip);
  checkNonnegative('augment', 'shift', shift);
  if (!(rotate >= 0 && rotate <= 180)) {
    throw argumentError('augment', 'rotate', 'an angle from 0 to 180 degrees', rotate);
  }
  if (!(low > 0 && low <= high && high < Infinity)) {
    throw new RangeError(`augment: scale must be [low, high] with 0 < low ≤ high, got [${scale.join(', ')}]`);
  }
  if (typeof fill === 'string' && fill !== 'edge') {
    throw unknownValue('augment', 'fill', fill, `'edge' or a value from 0 to 255`);
  }
  if (fill !== 'edge' && !(fill >= 0 && fill <= 255)) {
    throw argumentError('augment', 'fill', `a value from 0 to 255 or 'edge'`, fill);
  }
  return (source, target, shape, stream) => {
    // Draws every number whatever the options, so that setting one option leaves the draws of the others unchanged.
    const isFlipped = stream.uniform() < flip;
    const angle = (stream.uniform(-rotate, rotate) * Math.PI) / 180;
    const factor = stream.uniform(low, high);
    const dx = stream.uniform(-shift, shift);
    const dy = stream.uniform(-shift, shift);
    const [cos, sin] = cosSin(angle);
    const sign = isFlipped ? -1 : 1;
    // Inverse of flip, scale, rotation and shift: maps a target pixel to its source position.
    const matrix = [(sign * cos) / factor, (sign * sin) / factor, -sin / factor, cos / factor] as const;
    warpAffine(source, target, shape, matrix, [dx, dy], fill);
  };
}

/** Resamples an image bilinearly: the target value at p is the source value at A·(p − c − t) + c, with c the center. */
function warpAffine(
  source: Uint8Array,
  target: Float32Array,
  { channels, height, width }: ImageShape,
  [a, b, c, d]: readonly [number, number, number, number],
  [dx, dy]: readonly [number, number],
  fill: number | 'edge',
): void {
  const centerX = (width - 1) / 2;
  const centerY = (height - 1) / 2;
  const area = height * width;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fromX = x - centerX - dx;
      const fromY = y - centerY - dy;
      const sourceX = a * fromX + b * fromY + centerX;
      const sourceY = c * fromX + d * fromY + centerY;
      const x0 = Math.floor(sourceX);
      const y0 = Math.floor(sourceY);
      const fx = sourceX - x0;
      const fy = sourceY - y0;
      for (let channel = 0; channel < channels; channel++) {
        let value = 0;
        for (let corner = 0; corner < 4; corner++) {
          const right = corner & 1;
          const below = corner >> 1;
          const weight = (right === 1 ? fx : 1 - fx) * (below === 1 ? fy : 1 - fy);
          if (weight === 0) continue;
          let atX = x0 + right;
          let atY = y0 + below;
          if (fill === 'edge') {
            atX = Math.min(width - 1, Math.max(0, atX));
            atY = Math.min(height - 1, Math.max(0, atY));
          }
          const inside = atX >= 0 && atX < width && atY >= 0 && atY < height;
          value += weight * (inside ? source[channel * area + atY * width + atX]! : (fill as number));
        }
        target[channel * area + y * width + x] = value;
      }
    }
  }
}
