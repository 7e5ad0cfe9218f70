// Changes of colors in place. Values stay within 0 … 255; a factor of 1 leaves them as they are, exactly.
import type { ImageShape } from '../resample.ts';

/** @throws {RangeError} if an image has neither one channel nor three. */
export function checkColors(operation: string, { channels }: ImageShape): void {
  if (channels === 1 || channels === 3) return;
  throw new RangeError(`${operation}: expected images of 1 or 3 channels, got ${channels}`);
}

const clamp = (value: number): number => Math.min(255, Math.max(0, value));

/** Multiplies all values. */
export function adjustBrightness(image: Float32Array, factor: number): void {
  for (let i = 0; i < image.length; i++) image[i] = clamp(image[i]! * factor);
}

/** Moves values away from the mean luma of the image, or toward it. */
export function adjustContrast(image: Float32Array, shape: ImageShape, factor: number): void {
  const area = shape.height * shape.width;
  let sum = 0;
  for (let i = 0; i < area; i++) sum += lumaAt(image, shape, i);
  const mean = sum / area;
  for (let i = 0; i < image.length; i++) image[i] = clamp(factor * image[i]! + (1 - factor) * mean);
}

/** Moves colors away from their luma, or toward it. */
export function adjustSaturation(image: Float32Array, shape: ImageShape, factor: number): void {
  if (shape.channels === 1) return;
  const area = shape.height * shape.width;
  for (let i = 0; i < area; i++) {
    const luma = lumaAt(image, shape, i);
    for (let at = i; at < image.length; at += area) image[at] = clamp(factor * image[at]! + (1 - factor) * luma);
  }
}

/** Luma of a pixel, by ITU-R BT.601. */
function lumaAt(image: Float32Array, { channels, height, width }: ImageShape, i: number): number {
  const area = height * width;
  return channels === 1 ? image[i]! : 0.299 * image[i]! + 0.587 * image[i + area]! + 0.114 * image[i + 2 * area]!;
}

/** Turns hues by a share of the circle of colors, −0.5 … 0.5, at the same maximum and minimum of the channels (HSV). */
export function adjustHue(image: Float32Array, { channels, height, width }: ImageShape, turn: number): void {
  if (channels === 1 || turn === 0) return;
  const area = height * width;
  for (let i = 0; i < area; i++) {
    const [red, green, blue] = [image[i]!, image[i + area]!, image[i + 2 * area]!];
    const max = Math.max(red, green, blue);
    const range = max - Math.min(red, green, blue);
    if (range === 0) continue;
    let hue = (red - green) / range + 4;
    if (max === red) hue = (green - blue) / range;
    else if (max === green) hue = (blue - red) / range + 2;
    hue += 6 * turn;
    // A channel is at its maximum up to one sixth of the circle from its own hue, at its minimum from two sixths on.
    for (let channel = 0; channel < 3; channel++) {
      const offset = (((hue - 2 * channel) % 6) + 6) % 6;
      const distance = Math.min(offset, 6 - offset);
      image[i + channel * area] = max - range * Math.min(1, Math.max(0, distance - 1));
    }
  }
}

/** Moves values away from a blurred image, or toward it, except at the border. */
export function adjustSharpness(image: Float32Array, { channels, height, width }: ImageShape, factor: number): void {
  const original = image.slice();
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 1; y < height - 1; y++) {
      for (let x = 1; x < width - 1; x++) {
        const at = (channel * height + y) * width + x;
        let sum = 4 * original[at]!;
        for (let dy = -width; dy <= width; dy += width) {
          for (let dx = -1; dx <= 1; dx++) sum += original[at + dy + dx]!;
        }
        image[at] = clamp(factor * original[at]! + (1 - factor) * (sum / 13));
      }
    }
  }
}

/** Keeps the highest bits of each value, 1 to 8. */
export function posterize(image: Float32Array, bits: number): void {
  const step = 2 ** (8 - bits);
  if (bits < 8) for (let i = 0; i < image.length; i++) image[i] = Math.floor(image[i]! / step) * step;
}

/** Inverts values from a threshold on. */
export function solarize(image: Float32Array, threshold: number): void {
  for (let i = 0; i < image.length; i++) if (image[i]! >= threshold) image[i] = 255 - image[i]!;
}

/** Stretches the values of each channel to 0 … 255, unless they are all the same. */
export function autocontrast(image: Float32Array, { height, width }: ImageShape): void {
  for (const channel of channelsOf(image, height * width)) {
    let [min, max] = [255, 0];
    for (const value of channel) [min, max] = [Math.min(min, value), Math.max(max, value)];
    if (max > min) for (let i = 0; i < channel.length; i++) channel[i] = ((channel[i]! - min) * 255) / (max - min);
  }
}

/** Maps the values of each channel, rounded, so that their histogram becomes as even as Pillow makes it. */
export function equalize(image: Float32Array, { height, width }: ImageShape): void {
  for (const channel of channelsOf(image, height * width)) {
    const counts = new Int32Array(256);
    for (const value of channel) counts[Math.round(value)]!++;
    const step = Math.floor((channel.length - counts.findLast((count) => count > 0)!) / 255);
    if (step === 0) continue;
    let below = Math.floor(step / 2);
    const levels = counts.map((count) => {
      const level = Math.min(255, Math.floor(below / step));
      below += count;
      return level;
    });
    for (let i = 0; i < channel.length; i++) channel[i] = levels[Math.round(channel[i]!)]!;
  }
}

function* channelsOf(image: Float32Array, area: number): Generator<Float32Array, void> {
  for (let at = 0; at < image.length; at += area) yield image.subarray(at, at + area);
}
