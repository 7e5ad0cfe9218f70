import { checkInteger } from '@thetagrad/core/backend';

/** Shape of one image. */
export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** An image of 8-bit values, of shape (C, H, W) in row-major order. */
export interface Image extends ImageShape {
  readonly data: Uint8Array;
}

/**
 * Resizes planes of height × width: takes the mean over the covered area along an axis that shrinks, interpolates
 * linearly between pixel centers along one that grows. Rounds values once, at the end.
 *
 * @param data Planes of shape (N, height, width).
 * @throws {RangeError} if the new height or width is not an integer ≥ 1.
 */
export function resizePlanes(
  data: Uint8Array,
  [height, width]: readonly [number, number],
  [newHeight, newWidth]: readonly [number, number],
): Uint8Array {
  checkInteger('resize', 'height', newHeight, { min: 1 });
  checkInteger('resize', 'width', newWidth, { min: 1 });
  if (height === newHeight && width === newWidth) return data.slice();
  const planes = data.length / (height * width);
  const rows = computeAxisWeights(height, newHeight);
  const columns = computeAxisWeights(width, newWidth);
  const result = new Uint8Array(planes * newHeight * newWidth);
  // Two neighboring rows of new width: what two new rows in a row share. All of a tall image's would be too much.
  const narrowed = [new Float64Array(newWidth), new Float64Array(newWidth)] as const;
  const sums = new Float64Array(newWidth);
  for (let plane = 0; plane < planes; plane++) {
    const source = data.subarray(plane * height * width, (plane + 1) * height * width);
    const target = result.subarray(plane * newHeight * newWidth, (plane + 1) * newHeight * newWidth);
    let lastNarrowed = -1;
    for (let y = 0; y < newHeight; y++) {
      const { start, weights } = rows[y]!;
      sums.fill(0);
      for (let i = 0; i < weights.length; i++) {
        const row = narrowed[(start + i) % 2]!;
        if (start + i > lastNarrowed) {
          lastNarrowed = start + i;
          narrowRow(source.subarray(lastNarrowed * width, (lastNarrowed + 1) * width), columns, row);
        }
        for (let x = 0; x < newWidth; x++) sums[x]! += weights[i]! * row[x]!;
      }
      for (let x = 0; x < newWidth; x++) target[y * newWidth + x] = Math.round(sums[x]!);
    }
  }
  return result;
}

/** Weights of the pixels that a new one is computed from, from the position `start` on. */
interface AxisWeights {
  readonly start: number;
  readonly weights: readonly number[];
}

function narrowRow(source: Uint8Array, columns: readonly AxisWeights[], target: Float64Array): void {
  for (let x = 0; x < target.length; x++) {
    const { start, weights } = columns[x]!;
    let sum = 0;
    for (let i = 0; i < weights.length; i++) sum += weights[i]! * source[start + i]!;
    target[x] = sum;
  }
}

/** For each new position along an axis, the first old position that it reads and the weights from there, of sum 1. */
function computeAxisWeights(size: number, newSize: number): AxisWeights[] {
  const ratio = size / newSize;
  return Array.from({ length: newSize }, (_, i) => {
    if (newSize < size) {
      const low = i * ratio;
      const high = Math.min(size, (i + 1) * ratio);
      const start = Math.floor(low);
      const end = Math.min(size, Math.ceil(high));
      const weights = Array.from(
        { length: end - start },
        (_, k) => (Math.min(high, start + k + 1) - Math.max(low, start + k)) / (high - low),
      );
      return { start, weights };
    }
    const center = Math.min(size - 1, Math.max(0, (i + 0.5) * ratio - 0.5));
    const start = Math.floor(center);
    const fraction = center - start;
    return fraction === 0 ? { start, weights: [1] } : { start, weights: [1 - fraction, fraction] };
  });
}

/**
 * Converts images of three channels (red, green, blue) to one channel of luma, with the weights of ITU-R BT.601
 * (0.299, 0.587, 0.114), as Pillow and torchvision do.
 *
 * @param data Images of shape (N, 3, H, W).
 * @param area Number of pixels of an image, H · W.
 */
export function convertToLuma(data: Uint8Array, area: number): Uint8Array {
  const result = new Uint8Array(data.length / 3);
  for (let i = 0; i < result.length; i++) {
    const red = Math.floor(i / area) * 3 * area + (i % area);
    result[i] = Math.round(0.299 * data[red]! + 0.587 * data[red + area]! + 0.114 * data[red + 2 * area]!);
  }
  return result;
}
