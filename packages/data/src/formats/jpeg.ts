import jpeg from 'jpeg-js';
import type { Image } from '../resample.ts';
import { DataFileError, runDecoder } from './error.ts';
import type { FileBudget } from './fileBudget.ts';
import { checkJpeg, isJpeg } from './jpegSegments.ts';

/**
 * Decodes a JPEG image (baseline or progressive), grayscale to one channel, color to three. JPEG has no checksums:
 * damage that leaves the compressed values decodable cannot be detected.
 *
 * @throws {DataFileError} if the file is truncated, cannot be decoded, uses another kind of compression, or exceeds a
 *   limit.
 */
export function decodeJpeg(bytes: Uint8Array, budget: FileBudget): Image {
  const { name } = budget;
  if (!isJpeg(bytes)) throw new DataFileError(name, 'not a JPEG file: it does not start with the bytes ff d8 ff');
  const { channels, isRgb, file, pixels, memory } = checkJpeg(bytes, budget);
  const options = {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    // What the budget accepted: a decoder that loses its place could find another frame, within a segment.
    maxMemoryUsageInMB: memory / 2 ** 20 + 1,
    maxResolutionInMP: (pixels + 1) / 1e6,
    // Of three components, the decoder would take all for luma and chroma; of four, it knows itself.
    ...(isRgb && { colorTransform: false }),
  } as const;
  const { data: rgb, height, width } = runDecoder(name, 'JPEG image', () => jpeg.decode(file, options));
  const area = height * width;
  const data = new Uint8Array(channels * area);
  for (let c = 0; c < channels; c++) for (let i = 0; i < area; i++) data[c * area + i] = rgb[3 * i + c]!;
  return { data, channels, height, width };
}
