import { decode, type DecodedPng } from 'fast-png';
import type { Image } from '../resample.ts';
import { DataFileError, decoding } from './error.ts';

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const largestArea = 2 ** 26;

/** Whether bytes start like a PNG file. */
export function isPng(bytes: Uint8Array): boolean {
  return signature.every((byte, i) => bytes[i] === byte);
}

/**
 * Decodes a PNG image to 8 bits, greyscale to one channel, colour (a palette too) to three. Transparent pixels are laid
 * over white, as viewers show them. Checksums are verified.
 *
 * @throws DataFileError if the file is damaged, above 2^26 pixels, or interlaced with less than 8 bits a sample
 */
export function decodePng(bytes: Uint8Array, name = 'PNG data'): Image {
  if (!isPng(bytes)) throw new DataFileError(name, 'not a PNG file: the signature is missing');
  // The size is checked before decoding, which would allocate whatever a damaged header asks for.
  if (bytes.length < 33) throw new DataFileError(name, `truncated: ${bytes.length} bytes hold no PNG header`);
  const header = new DataView(bytes.buffer, bytes.byteOffset + 16, 17);
  const [width, height] = [header.getUint32(0), header.getUint32(4)];
  if (width === 0 || height === 0 || width * height > largestArea) {
    throw new DataFileError(name, `unsupported PNG: ${width} × ${height} pixels, expected 1 to ${largestArea}`);
  }
  if (header.getUint8(8) < 8 && header.getUint8(12) !== 0) {
    throw new DataFileError(name, `unsupported PNG: interlaced with ${header.getUint8(8)} bits a sample`);
  }
  return decoding(name, 'PNG image', () => toImage(decode(bytes, { checkCrc: true })));
}

function toImage(png: DecodedPng): Image {
  const { width, height, channels: perPixel, depth, palette, transparency } = png;
  const samples = unpack(png);
  const channels = palette !== undefined || perPixel >= 3 ? 3 : 1;
  const area = height * width;
  const largest = palette === undefined ? 2 ** depth - 1 : 255;
  const data = new Uint8Array(channels * area);
  for (let i = 0; i < area; i++) {
    const colour = palette?.[samples[i]!];
    if (palette !== undefined && colour === undefined)
      throw new RangeError(`colour ${samples[i]} is not in the palette`);
    let alpha = 1;
    if (colour !== undefined) alpha = (colour[3] ?? 255) / 255;
    else if (perPixel > channels) alpha = samples[i * perPixel + channels]! / largest;
    else if (transparency?.every((value, c) => value === samples[i * perPixel + c]) === true) alpha = 0;
    for (let c = 0; c < channels; c++) {
      const value = ((colour === undefined ? samples[i * perPixel + c]! : colour[c]!) * 255) / largest;
      data[c * area + i] = Math.round(alpha * value + (1 - alpha) * 255);
    }
  }
  return { data, channels, height, width };
}

/** One element for each sample; below 8 bits, samples are packed from the high bits down and rows start at whole bytes. */
function unpack({ data, height, width, depth }: DecodedPng): ArrayLike<number> {
  if (depth >= 8) return data;
  const samples = new Uint8Array(height * width); // only images of one sample a pixel have so few bits
  const rowBytes = Math.ceil((width * depth) / 8);
  const mask = 2 ** depth - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      samples[y * width + x] = (data[y * rowBytes + (bit >> 3)]! >> (8 - depth - (bit & 7))) & mask;
    }
  }
  return samples;
}
