import { argumentError, unknownValue } from '@thetagrad/core/backend';
import type { random } from '@thetagrad/core';
import type { ImageShape } from '../resample.ts';

/** Values 0 … 255 of an image: of a data set, or changed by an augmentation before. */
export type Pixels = Uint8Array | Float32Array;

/**
 * Writes a randomly changed copy of one image: reads `source`, values 0 … 255 of shape (C, H, W), and writes every
 * value of `target`, of the same shape and range. Take all random numbers from `stream`: it starts anew for each image
 * of each epoch, so that the result does not depend on the order in which images are prepared.
 */
export type Augmentation = (source: Pixels, target: Float32Array, shape: ImageShape, stream: random.Stream) => void;

/**
 * Applies augmentations one after another. All draw from the same stream.
 *
 *     const change = compose(randomCrop({ padding: 4 }), randomHorizontalFlip(), randomErasing());
 *
 * @param augmentations Default: none, which leaves images as they are.
 * @throws {TypeError} if one is not a function.
 */
export function compose(...augmentations: readonly Augmentation[]): Augmentation {
  augmentations.forEach((augmentation, i) => {
    if (typeof augmentation !== 'function') {
      throw argumentError('compose', `argument ${i}`, 'an augmentation, a function', augmentation, false);
    }
  });
  let scratch = new Float32Array();
  return (source, target, shape, stream) => {
    if (scratch.length !== target.length) scratch = new Float32Array(target.length);
    let [from, to]: readonly [Pixels, Float32Array] = [source, scratch];
    for (const augmentation of augmentations) {
      augmentation(from, to, shape, stream);
      [from, to] = [to, to === scratch ? target : scratch];
    }
    if (from !== target) target.set(from);
  };
}

/** Value outside of an image, 0 … 255, or 'edge' to repeat its border. */
export type Fill = number | 'edge';

/** @throws {TypeError | RangeError} if the value is neither 'edge' nor a number from 0 to 255. */
export function checkFill(operation: string, fill: Fill): void {
  if (fill === 'edge') return;
  if (typeof fill === 'string') throw unknownValue(operation, 'fill', fill, `'edge' or a value from 0 to 255`);
  if (!(fill >= 0 && fill <= 255)) throw argumentError(operation, 'fill', `a value from 0 to 255 or 'edge'`, fill);
}

/** Limits of a random number. */
export type Interval = readonly [low: number, high: number];

/**
 * Checks an interval of numbers above 0, of which the second is not the smaller.
 * @throws {TypeError | RangeError} if it is something else, or exceeds the maximum.
 */
export function checkPositiveInterval(
  operation: string,
  name: string,
  interval: Interval,
  max: number = Infinity,
): void {
  const isPair = Array.isArray(interval) && interval.length === 2;
  const [low, high] = isPair ? interval : [];
  if (low !== undefined && high !== undefined && low > 0 && low <= high && high < Infinity && high <= max) return;
  const expected = `[low, high] with 0 < low ≤ high${max === Infinity ? '' : ` ≤ ${max}`}`;
  throw argumentError(operation, name, expected, interval, isPair);
}
