import { checkInteger, checkOptions } from '@thetagrad/core/backend';
import { cosSin } from '../cosSin.ts';
import type { ImageShape } from '../resample.ts';
import * as adjust from './adjust.ts';
import { type Augmentation, checkFill, type Fill, type Pixels } from './augmentation.ts';
import { affineMap, type PixelMap, warp } from './warp.ts';

/** Options of `randAugment`. */
export interface RandAugmentOptions {
  /** Number of operations, one after another. Default: 2. */
  readonly numOps?: number;
  /** Strength of all of them, an integer from 0 to `numMagnitudeBins` − 1. Default: 9. */
  readonly magnitude?: number;
  /** Number of strengths. Default: 31. */
  readonly numMagnitudeBins?: number;
  /** Value outside the image, 0 … 255, or 'edge' to repeat its border. Default: 0. */
  readonly fill?: Fill;
}

/** An image that an operation changes. */
interface Subject {
  readonly source: Pixels;
  readonly target: Float32Array;
  readonly shape: ImageShape;
  readonly fill: Fill;
}

/** Applies an operation at a strength from 0 to 1, in one of two directions: 1 or −1. */
type Operation = (subject: Subject, strength: number, direction: number) => void;

const geometric =
  (mapOf: (signed: number, shape: ImageShape) => PixelMap): Operation =>
  ({ source, target, shape, fill }, strength, direction) =>
    warp(source, target, shape, mapOf(strength * direction, shape), fill);

const inPlace =
  (change: (target: Float32Array, shape: ImageShape, strength: number, factor: number) => void): Operation =>
  ({ source, target, shape }, strength, direction) => {
    target.set(source);
    change(target, shape, strength, 1 + 0.9 * strength * direction);
  };

/** Maps a target pixel (x, y) to (x + shearX · y + dx, y + shearY · x + dy). */
const displace =
  (shearX: number, shearY: number, dx = 0, dy = 0): PixelMap =>
  (x, y, position) => {
    position[0] = x + shearX * y + dx;
    position[1] = y + shearY * x + dy;
  };

/** The operations of the paper and their greatest strengths, as in torchvision. */
const operations: readonly Operation[] = [
  inPlace(() => undefined),
  geometric((signed) => displace(0.3 * signed, 0)),
  geometric((signed) => displace(0, 0.3 * signed)),
  geometric((signed, { width }) => displace(0, 0, Math.trunc((150 / 331) * width * signed))),
  geometric((signed, { height }) => displace(0, 0, 0, Math.trunc((150 / 331) * height * signed))),
  geometric((signed, shape) => {
    const [cos, sin] = cosSin((30 * signed * Math.PI) / 180);
    return affineMap([cos, sin, -sin, cos], [0, 0], shape);
  }),
  inPlace((target, _shape, _strength, factor) => adjust.adjustBrightness(target, factor)),
  inPlace((target, shape, _strength, factor) => adjust.adjustSaturation(target, shape, factor)),
  inPlace((target, shape, _strength, factor) => adjust.adjustContrast(target, shape, factor)),
  inPlace((target, shape, _strength, factor) => adjust.adjustSharpness(target, shape, factor)),
  inPlace((target, _shape, strength) => adjust.posterize(target, 8 - Math.round(4 * strength))),
  inPlace((target, _shape, strength) => adjust.solarize(target, 256 * (1 - strength))),
  inPlace((target, shape) => adjust.autocontrast(target, shape)),
  inPlace((target, shape) => adjust.equalize(target, shape)),
];

/**
 * RandAugment (Cubuk et al., 2019): applies operations drawn at random from identity, shears, translations, rotation, brightness,
 * saturation, contrast, sharpness, posterize, solarize, autocontrast and equalize, all of one strength, in a random direction where they
 * have two. The greatest strengths are torchvision's; sampling is bilinear.
 *
 * @throws {TypeError | RangeError} if an option is unknown or out of range; when applied, if an image has neither one channel nor three.
 */
export function randAugment(options: RandAugmentOptions = {}): Augmentation {
  checkOptions('randAugment', options, ['numOps', 'magnitude', 'numMagnitudeBins', 'fill']);
  const { numOps = 2, magnitude = 9, numMagnitudeBins = 31, fill = 0 } = options;
  checkInteger('randAugment', 'numOps', numOps, { min: 0 });
  checkInteger('randAugment', 'numMagnitudeBins', numMagnitudeBins, { min: 2 });
  checkInteger('randAugment', 'magnitude', magnitude, { min: 0, max: numMagnitudeBins - 1 });
  checkFill('randAugment', fill);
  const strength = magnitude / (numMagnitudeBins - 1);
  return (source, target, shape, stream) => {
    adjust.checkColors('randAugment', shape);
    let from: Pixels = source;
    for (let i = 0; i < numOps; i++) {
      const operation = operations[stream.integer(operations.length)]!;
      if (i > 0) from = target.slice();
      operation({ source: from, target, shape, fill }, strength, stream.uniform() < 0.5 ? -1 : 1);
    }
    if (numOps === 0) target.set(source);
  };
}
