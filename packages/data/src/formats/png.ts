import { decode, type DecodedPng } from 'fast-png';
import type { Image } from '../resample.ts';
import { DataFileError, runDecoder } from './error.ts';

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const maxArea = 2 ** 26;

/** Whether bytes start with the signature of PNG. */
export function isPng(bytes: Uint8Array): boolean {
  return signature.every((byte, i) => bytes[i] === byte);
}

/**
 * Decodes a PNG image to 8 bits, grayscale to one channel, color (direct or by palette) to three. Composes transparent
 * pixels over white, as viewers do. Verifies checksums.
 *
 * @throws {DataFileError} if the file is damaged, above 2^26 pixels, or interlaced with fewer than 8 bits per sample.
 */
export function decodePng(bytes: Uint8Array, name = 'PNG data'): Image {
  if (!isPng(bytes)) throw new DataFileError(name, 'not a PNG file: the signature is missing');
  // Checks the size before decoding, which would allocate whatever a damaged header asks for.
  if (bytes.length < 33) throw new DataFileError(name, `truncated: ${bytes.length} bytes hold no PNG header`);
  const header = new DataView(bytes.buffer, bytes.byteOffset + 16, 17);
  const [width, height] = [header.getUint32(0), header.getUint32(4)];
  if (width === 0 || height === 0 || width * height > maxArea) {
    throw new DataFileError(name, `unsupported PNG: ${width} × ${height} pixels, expected 1 to ${maxArea}`);
  }
  if (header.getUint8(8) < 8 && header.getUint8(12) !== 0) {
    throw new DataFileError(name, `unsupported PNG: interlaced with ${header.getUint8(8)} bits per sample`);
  }
  return runDecoder(name, 'PNG image', () => toImage(decode(bytes, { checkCrc: true })));
}

function toImage(png: DecodedPng): Image {
  const { width, height, channels: samplesPerPixel, depth, palette, transparency } = png;
  const samples = unpackSamples(png);
  const channels = palette !== undefined || samplesPerPixel >= 3 ? 3 : 1;
  const area = height * width;
  const maxValue = palette === undefined ? 2 ** depth - 1 : 255;
  const data = new Uint8Array(channels * area);
  for (let i = 0; i < area; i++) {
    const color = palette?.[samples[i]!];
    if (palette !== undefined && color === undefined) throw new RangeError(`color ${samples[i]} is not in the palette`);
    let alpha = 1;
    if (color !== undefined) alpha = (color[3] ?? 255) / 255;
    else if (samplesPerPixel > channels) alpha = samples[i * samplesPerPixel + channels]! / maxValue;
    else if (transparency?.every((value, c) => value === samples[i * samplesPerPixel + c]) === true) alpha = 0;
    for (let c = 0; c < channels; c++) {
      const value = ((color === undefined ? samples[i * samplesPerPixel + c]! : color[c]!) * 255) / maxValue;
      data[c * area + i] = Math.round(alpha * value + (1 - alpha) * 255);
    }
  }
  return { data, channels, height, width };
}

/**
 * Gives each sample an element. Samples of fewer than 8 bits are packed from the high bits down, in rows of whole
 * bytes.
 */
function unpackSamples({ data, height, width, depth }: DecodedPng): ArrayLike<number> {
  if (depth >= 8) return data;
  const samples = new Uint8Array(height * width); // Such images have one sample per pixel.
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
