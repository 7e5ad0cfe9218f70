/** Channels, height and width of one image. */
export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** An image of 8-bit values, channel by channel, row by row (C, H, W). */
export interface Image extends ImageShape {
  readonly data: Uint8Array;
}

/**
 * Resizes planes of height × width to another size: the mean over the covered area along an axis that shrinks, linear
 * interpolation between pixel centres along one that grows. Values are rounded once, at the end.
 *
 * @param data any number of planes one after the other
 */
export function resizePlanes(
  data: Uint8Array,
  [height, width]: readonly [number, number],
  [newHeight, newWidth]: readonly [number, number],
): Uint8Array {
  for (const size of [newHeight, newWidth]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`resize: height and width must be positive integers, got ${newHeight} × ${newWidth}`);
    }
  }
  if (height === newHeight && width === newWidth) return data.slice();
  const planes = data.length / (height * width);
  const rows = axisWeights(height, newHeight);
  const columns = axisWeights(width, newWidth);
  const result = new Uint8Array(planes * newHeight * newWidth);
  const narrowed = new Float64Array(height * newWidth);
  for (let plane = 0; plane < planes; plane++) {
    const source = data.subarray(plane * height * width, (plane + 1) * height * width);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < newWidth; x++) {
        const { start, weights } = columns[x]!;
        let sum = 0;
        for (let i = 0; i < weights.length; i++) sum += weights[i]! * source[y * width + start + i]!;
        narrowed[y * newWidth + x] = sum;
      }
    }
    const target = result.subarray(plane * newHeight * newWidth, (plane + 1) * newHeight * newWidth);
    for (let y = 0; y < newHeight; y++) {
      const { start, weights } = rows[y]!;
      for (let x = 0; x < newWidth; x++) {
        let sum = 0;
        for (let i = 0; i < weights.length; i++) sum += weights[i]! * narrowed[(start + i) * newWidth + x]!;
        target[y * newWidth + x] = Math.round(sum);
      }
    }
  }
  return result;
}

/** For each new position along an axis: the first old position that it reads, and the weights from there on (sum 1). */
function axisWeights(size: number, newSize: number): { start: number; weights: number[] }[] {
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
    const centre = Math.min(size - 1, Math.max(0, (i + 0.5) * ratio - 0.5));
    const start = Math.floor(centre);
    const fraction = centre - start;
    return fraction === 0 ? { start, weights: [1] } : { start, weights: [1 - fraction, fraction] };
  });
}

/**
 * Makes one plane of luma of each image of three channels (red, green, blue), with the weights of ITU-R BT.601
 * (0.299, 0.587, 0.114), as Pillow and torchvision do.
 *
 * @param data images of shape (3, H, W) one after the other
 * @param area H · W
 */
export function lumaPlanes(data: Uint8Array, area: number): Uint8Array {
  const result = new Uint8Array(data.length / 3);
  for (let i = 0; i < result.length; i++) {
    const red = Math.floor(i / area) * 3 * area + (i % area);
    result[i] = Math.round(0.299 * data[red]! + 0.587 * data[red + area]! + 0.114 * data[red + 2 * area]!);
  }
  return result;
}
