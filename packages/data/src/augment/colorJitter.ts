import { argumentError, checkOptions } from '@thetagrad/core/backend';
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation, checkColors } from './adjust.ts';
import type { Augmentation, Interval } from './augmentation.ts';

/** Limits of what `colorJitter` changes. Default for each: no change. */
export interface ColorJitterOptions {
  /** Limits of the factor of all values; a number b ≥ 0 means [max(0, 1 − b), 1 + b]. */
  readonly brightness?: number | Interval;
  /** Limits of the factor of the distance to the mean luma of the image, in the same way. */
  readonly contrast?: number | Interval;
  /** Limits of the factor of the distance to the luma of each pixel, in the same way. */
  readonly saturation?: number | Interval;
  /** Limits of the turn of hues, as a share of the circle of colors, −0.5 … 0.5; a number h means [−h, h]. */
  readonly hue?: number | Interval;
}

/**
 * Changes brightness, contrast, saturation and hue of images of one or three channels, in a random order, each uniformly
 * within its limits. Those of one channel have no saturation and hue.
 *
 * @throws {TypeError | RangeError} if an option is unknown or out of range; when applied, if an image has neither one channel nor three.
 */
export function colorJitter(options: ColorJitterOptions): Augmentation {
  checkOptions('colorJitter', options, ['brightness', 'contrast', 'saturation', 'hue']);
  const brightness = toFactors('brightness', options.brightness);
  const contrast = toFactors('contrast', options.contrast);
  const saturation = toFactors('saturation', options.saturation);
  const { hue = 0 } = options;
  const turns = typeof hue === 'number' ? ([-hue, hue] as const) : hue;
  if (!isInterval(turns, -0.5, 0.5)) {
    throw argumentError(
      'colorJitter',
      'hue',
      'from 0 to 0.5, or [low, high] with −0.5 ≤ low ≤ high ≤ 0.5',
      hue,
      isKind(hue),
    );
  }
  return (source, target, shape, stream) => {
    checkColors('colorJitter', shape);
    target.set(source);
    const order = stream.permutation(4);
    const factors = [brightness, contrast, saturation, turns].map((limits) => stream.uniform(...limits));
    const [bright, contrasting, saturated, turn] = factors as [number, number, number, number];
    const changes = [
      () => adjustBrightness(target, bright),
      () => adjustContrast(target, shape, contrasting),
      () => adjustSaturation(target, shape, saturated),
      () => adjustHue(target, shape, turn),
    ];
    for (const i of order) changes[i]!();
  };
}

function toFactors(name: string, option: number | Interval = 0): Interval {
  const limits = typeof option === 'number' ? ([Math.min(1, Math.max(0, 1 - option)), 1 + option] as const) : option;
  if (isInterval(limits, 0, Number.MAX_VALUE)) return limits;
  throw argumentError(
    'colorJitter',
    name,
    'a finite number ≥ 0, or [low, high] with 0 ≤ low ≤ high',
    option,
    isKind(option),
  );
}

function isInterval(limits: Interval, min: number, max: number): boolean {
  return Array.isArray(limits) && limits.length === 2 && min <= limits[0] && limits[0] <= limits[1] && limits[1] <= max;
}

const isKind = (option: unknown): boolean => typeof option === 'number' || Array.isArray(option);
