import { resolveLimits } from '@thetagrad/core/backend';
import type { Image } from '../resample.ts';
import { defaultLimits, type DecodeOptions } from '../limits.ts';
import { checkBytes, DataFileError } from './error.ts';
import { FileBudget } from './fileBudget.ts';
import { decodeJpeg } from './jpeg.ts';
import { isJpeg } from './jpegSegments.ts';
import { decodePgm, isPgm } from './pgm.ts';
import { decodePng, isPng } from './png.ts';

/**
 * Decodes a PNG, JPEG or PGM image, recognized by its first bytes, to 8-bit values of shape (C, H, W) with one channel
 * (gray) or three (red, green, blue).
 *
 * @param options.name Name of the file in error messages. Default: 'image data'.
 * @throws {DataFileError} if it has another format, is damaged, or exceeds a limit.
 * @throws {TypeError | RangeError} if an option is unknown, or a limit is not a positive integer or Infinity.
 */
export function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Image {
  const limits = resolveLimits('decodeImage', options, defaultLimits, ['name']);
  checkBytes('decodeImage', bytes);
  return readImage(bytes, new FileBudget(options.name ?? 'image data', limits, bytes.length));
}

/** Decodes an image within a budget; see {@link decodeImage}. */
export function readImage(bytes: Uint8Array, budget: FileBudget): Image {
  if (isPng(bytes)) return decodePng(bytes, budget);
  if (isJpeg(bytes)) return decodeJpeg(bytes, budget);
  if (isPgm(bytes)) return decodePgm(bytes, budget);
  if (bytes.length === 0) throw new DataFileError(budget.name, 'the file is empty');
  const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  throw new DataFileError(budget.name, `not a PNG, JPEG or PGM (P5, P2) image: it starts with the bytes ${start}`);
}
