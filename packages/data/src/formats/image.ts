import type { Image } from '../resample.ts';
import { DataFileError } from './error.ts';
import { decodeJpeg, isJpeg } from './jpeg.ts';
import { decodePgm } from './pgm.ts';
import { decodePng, isPng } from './png.ts';

/**
 * Decodes a PNG, JPEG or PGM image, recognized by its first bytes, to 8-bit values of shape (C, H, W) with one channel
 * (gray) or three (red, green, blue).
 *
 * @param name Name of the file in error messages.
 * @throws {DataFileError} if it has another format, or is damaged.
 */
export function decodeImage(bytes: Uint8Array, name = 'image data'): Image {
  if (isPng(bytes)) return decodePng(bytes, name);
  if (isJpeg(bytes)) return decodeJpeg(bytes, name);
  if (bytes[0] === 0x50 && (bytes[1] === 0x35 || bytes[1] === 0x32)) return decodePgm(bytes, name);
  if (bytes.length === 0) throw new DataFileError(name, 'the file is empty');
  const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  throw new DataFileError(name, `not a PNG, JPEG or PGM (P5, P2) image: it starts with the bytes ${start}`);
}
