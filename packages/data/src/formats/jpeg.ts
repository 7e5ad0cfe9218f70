import jpeg from 'jpeg-js';
import type { Image } from '../resample.ts';
import { DataFileError, runDecoder } from './error.ts';

/** Whether bytes start with the signature of JPEG. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/**
 * Decodes a JPEG image (baseline or progressive), grayscale to one channel, color to three. JPEG has no checksums:
 * damage that leaves the compressed values decodable cannot be detected.
 *
 * @throws {DataFileError} if the file is truncated, cannot be decoded, or uses another kind of compression.
 */
export function decodeJpeg(bytes: Uint8Array, name = 'JPEG data'): Image {
  if (!isJpeg(bytes)) throw new DataFileError(name, 'not a JPEG file: it does not start with the bytes ff d8 ff');
  const channels = countComponents(bytes, name) === 1 ? 1 : 3;
  const options = { useTArray: true, formatAsRGBA: false, tolerantDecoding: false } as const;
  const { data: rgb, height, width } = runDecoder(name, 'JPEG image', () => jpeg.decode(bytes, options));
  const area = height * width;
  if (area === 0) throw new DataFileError(name, `damaged: ${width} × ${height} pixels`);
  const data = new Uint8Array(channels * area);
  for (let i = 0; i < data.length; i++) data[i] = rgb[(i % area) * 3 + Math.floor(i / area)]!;
  return { data, channels, height, width };
}

/** Reads the segments up to the compressed values: counts color components, and checks that the image has an end. */
function countComponents(bytes: Uint8Array, name: string): number {
  let components: number | undefined;
  for (let at = 2; at + 4 <= bytes.length;) {
    const marker = bytes[at + 1]!;
    if (bytes[at] !== 0xff) throw new DataFileError(name, `damaged: byte ${at} should start a JPEG segment`);
    if (marker === 0xff) {
      at++; // Any number of fill bytes may precede a marker.
      continue;
    }
    const length = bytes[at + 2]! * 256 + bytes[at + 3]!;
    // C0 … CF start a frame, except C4 (Huffman tables), C8 (reserved) and CC (arithmetic conditioning).
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      if (marker > 0xc2) throw new DataFileError(name, `unsupported JPEG: frame type 0x${marker.toString(16)}`);
      components = bytes[at + 9];
    }
    at += 2 + length;
    if (marker === 0xda) {
      if (components === undefined) throw new DataFileError(name, 'damaged: no frame header before the first scan');
      if (findEndOfImage(bytes, at) < 0) break;
      return components;
    }
  }
  throw new DataFileError(name, 'truncated: the end-of-image marker is missing');
}

/** Offset of the marker ff d9, which compressed values never contain, or −1. */
function findEndOfImage(bytes: Uint8Array, from: number): number {
  for (let at = from; at + 1 < bytes.length; at++) if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return at;
  return -1;
}
