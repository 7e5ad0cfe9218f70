import type { ImageShape } from '../resample.ts';
import type { Fill, Pixels } from './augmentation.ts';

/** Writes the source position of a target pixel to `position`: x, then y. */
export type PixelMap = (x: number, y: number, position: Float64Array) => void;

/** Resamples an image bilinearly at the positions that a map gives. */
export function warp(
  source: Pixels,
  target: Float32Array,
  { channels, height, width }: ImageShape,
  map: PixelMap,
  fill: Fill,
): void {
  const area = height * width;
  const position = new Float64Array(2);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      map(x, y, position);
      const sourceX = position[0]!;
      const sourceY = position[1]!;
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

/** Matrix of rows [a, b] and [c, d]. */
export type Matrix = readonly [a: number, b: number, c: number, d: number];

/** Maps a target pixel p to A·(p − center − shift) + center. */
export function affineMap(
  [a, b, c, d]: Matrix,
  [dx, dy]: readonly [number, number],
  { height, width }: ImageShape,
): PixelMap {
  const centerX = (width - 1) / 2;
  const centerY = (height - 1) / 2;
  return (x, y, position) => {
    const fromX = x - centerX - dx;
    const fromY = y - centerY - dy;
    position[0] = a * fromX + b * fromY + centerX;
    position[1] = c * fromX + d * fromY + centerY;
  };
}
