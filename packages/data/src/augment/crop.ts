import type { random } from '@thetagrad/core';
import { checkFraction, checkInteger, checkOptions } from '@thetagrad/core/backend';
import { exp, log } from '../expLog.ts';
import type { ImageShape } from '../resample.ts';
import {
  type Augmentation,
  checkFill,
  checkPositiveInterval,
  type Fill,
  type Interval,
  type Pixels,
} from './augmentation.ts';
import { warp } from './warp.ts';

/** Options of random flips. */
export interface RandomFlipOptions {
  /** Probability of a flip, 0 … 1. Default: 0.5. */
  readonly p?: number;
}

/**
 * Mirrors left and right at random.
 * @throws {TypeError | RangeError} if an option is unknown, or `p` is not from 0 to 1.
 */
export function randomHorizontalFlip(options: RandomFlipOptions = {}): Augmentation {
  return randomFlip('randomHorizontalFlip', options, (x, y, { width }) => y * width + width - 1 - x);
}

/**
 * Mirrors top and bottom at random.
 * @throws {TypeError | RangeError} if an option is unknown, or `p` is not from 0 to 1.
 */
export function randomVerticalFlip(options: RandomFlipOptions = {}): Augmentation {
  return randomFlip('randomVerticalFlip', options, (x, y, { height, width }) => (height - 1 - y) * width + x);
}

function randomFlip(
  operation: string,
  options: RandomFlipOptions,
  mirrored: (x: number, y: number, shape: ImageShape) => number,
): Augmentation {
  checkOptions(operation, options, ['p']);
  const { p = 0.5 } = options;
  checkFraction(operation, 'p', p);
  return (source, target, shape, stream) => {
    if (stream.uniform() < p) copyPixels(source, target, shape, (x, y) => mirrored(x, y, shape));
    else target.set(source);
  };
}

/** Copies to each pixel the one at an index of its channel, or a value where the index is −1. */
function copyPixels(
  source: Pixels,
  target: Float32Array,
  { channels, height, width }: ImageShape,
  indexOf: (x: number, y: number) => number,
  fill = 0,
): void {
  const area = height * width;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const index = indexOf(x, y);
      for (let at = 0; at < channels * area; at += area) {
        target[at + y * width + x] = index < 0 ? fill : source[at + index]!;
      }
    }
  }
}

/** Options of `randomCrop`. */
export interface RandomCropOptions {
  /** Pixels that are added at each side, an integer ≥ 0. */
  readonly padding: number;
  /** Their value, 0 … 255, or 'edge' to repeat the border. Default: 0. */
  readonly fill?: Fill;
}

/**
 * Pads an image at each side and crops it to its size again, at a random place.
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 */
export function randomCrop(options: RandomCropOptions): Augmentation {
  checkOptions('randomCrop', options, ['padding', 'fill']);
  const { padding, fill = 0 } = options;
  checkInteger('randomCrop', 'padding', padding, { min: 0 });
  checkFill('randomCrop', fill);
  return (source, target, shape, stream) => {
    const { height, width } = shape;
    const top = stream.integer(2 * padding + 1) - padding;
    const left = stream.integer(2 * padding + 1) - padding;
    const indexOf = (x: number, y: number): number => {
      const fromX = Math.min(width - 1, Math.max(0, x + left));
      const fromY = Math.min(height - 1, Math.max(0, y + top));
      const isInside = fromX === x + left && fromY === y + top;
      return isInside || fill === 'edge' ? fromY * width + fromX : -1;
    };
    copyPixels(source, target, shape, indexOf, fill === 'edge' ? 0 : fill);
  };
}

/** Part of an image, in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Share of the area and shape of a box that is drawn at random. */
export interface BoxOptions {
  /** Limits of the share of the area of the image. */
  readonly scale: Interval;
  /** Limits of height / width, of which the logarithm is uniform. */
  readonly ratio: Interval;
}

/** Draws a box that lies within an image; after ten that do not, returns undefined. */
export function drawBox({ scale, ratio }: BoxOptions, shape: ImageShape, stream: random.Stream): Box | undefined {
  const [low, high] = [log(ratio[0]), log(ratio[1])];
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = shape.height * shape.width * stream.uniform(...scale);
    const drawn = exp(stream.uniform(low, high));
    const height = Math.round(Math.sqrt(area * drawn));
    const width = Math.round(Math.sqrt(area / drawn));
    if (height < 1 || width < 1 || height > shape.height || width > shape.width) continue;
    const top = stream.integer(shape.height - height + 1);
    return { top, left: stream.integer(shape.width - width + 1), height, width };
  }
  return undefined;
}

/** Options of `randomResizedCrop`. */
export interface RandomResizedCropOptions {
  /** Limits of the share of the area that is kept. Default: [0.08, 1]. */
  readonly scale?: Interval;
  /** Limits of the height of the part over its width, of which the logarithm is uniform. Default: [3/4, 4/3]. */
  readonly ratio?: Interval;
}

/**
 * Enlarges a random part of an image to the size of the image, bilinearly (Szegedy et al., CVPR 2015). After ten parts that
 * do not fit, leaves the image as it is.
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 */
export function randomResizedCrop(options: RandomResizedCropOptions = {}): Augmentation {
  checkOptions('randomResizedCrop', options, ['scale', 'ratio']);
  const { scale = [0.08, 1], ratio = [3 / 4, 4 / 3] } = options;
  checkPositiveInterval('randomResizedCrop', 'scale', scale, 1);
  checkPositiveInterval('randomResizedCrop', 'ratio', ratio);
  return (source, target, shape, stream) => {
    const box = drawBox({ scale, ratio }, shape, stream);
    if (box === undefined) return target.set(source);
    const clamp = (value: number, start: number, size: number): number =>
      Math.min(start + size - 1, Math.max(start, start + value));
    const [scaleX, scaleY] = [box.width / shape.width, box.height / shape.height];
    const map = (x: number, y: number, position: Float64Array): void => {
      position[0] = clamp((x + 0.5) * scaleX - 0.5, box.left, box.width);
      position[1] = clamp((y + 0.5) * scaleY - 0.5, box.top, box.height);
    };
    warp(source, target, shape, map, 'edge');
  };
}
