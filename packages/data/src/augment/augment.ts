import { argumentError, checkFraction, checkNonnegative, checkOptions } from '@thetagrad/core/backend';
import { cosSin } from '../cosSin.ts';
import { type Augmentation, checkFill, checkPositiveInterval, type Fill, type Interval } from './augmentation.ts';
import { affineMap, warp } from './warp.ts';

/** Limits of what `augment` changes. Default for each: no change. */
export interface AugmentOptions {
  /** Probability of a horizontal flip, 0 … 1. */
  readonly flip?: number;
  /** Maximum shift along each axis, in pixels. */
  readonly shift?: number;
  /** Maximum rotation about the center, in degrees, in both directions. */
  readonly rotate?: number;
  /** Range of the scale factor; above 1 enlarges. */
  readonly scale?: Interval;
  /** Value outside the image, 0 … 255, or 'edge' to repeat its border. Default: 0. */
  readonly fill?: Fill;
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
  checkFraction('augment', 'flip', flip);
  checkNonnegative('augment', 'shift', shift);
  if (!(rotate >= 0 && rotate <= 180)) {
    throw argumentError('augment', 'rotate', 'an angle from 0 to 180 degrees', rotate);
  }
  checkPositiveInterval('augment', 'scale', scale);
  checkFill('augment', fill);
  return (source, target, shape, stream) => {
    // Draws every number whatever the options, so that setting one option leaves the draws of the others unchanged.
    const isFlipped = stream.uniform() < flip;
    const angle = (stream.uniform(-rotate, rotate) * Math.PI) / 180;
    const factor = stream.uniform(...scale);
    const dx = stream.uniform(-shift, shift);
    const dy = stream.uniform(-shift, shift);
    const [cos, sin] = cosSin(angle);
    const sign = isFlipped ? -1 : 1;
    // Inverse of flip, scale, rotation and shift: maps a target pixel to its source position.
    const matrix = [(sign * cos) / factor, (sign * sin) / factor, -sin / factor, cos / factor] as const;
    warp(source, target, shape, affineMap(matrix, [dx, dy], shape), fill);
  };
}
