import type { Image } from '../resample.ts';
import { joinBytes } from './bytes.ts';
import { crc32 } from './crc32.ts';
import { DataFileError, runDecoder } from './error.ts';
import type { FileBudget } from './fileBudget.ts';
import { inflate } from './inflate.ts';
import { countRawBytes, type PngFormat, toImage } from './pngPixels.ts';

// Not by a library: those inflate profiles and pixel data whatever they expand to, before a caller can stop them.

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether bytes start with the signature of PNG. */
export function isPng(bytes: Uint8Array): boolean {
  return signature.every((byte, i) => bytes[i] === byte);
}

/**
 * Decodes a PNG image to 8 bits, grayscale to one channel, color (direct or by palette) to three. Composes transparent
 * pixels over white, as viewers do. Ignores color profiles and text. Verifies the CRC of each
 * chunk, but not the Adler-32 within the pixel data, all bytes of which these cover.
 *
 * @throws {DataFileError} if the file is damaged, has an unknown chunk that decoders must not ignore, or exceeds a limit.
 */
export function decodePng(bytes: Uint8Array, budget: FileBudget): Image {
  const { name } = budget;
  if (!isPng(bytes)) throw new DataFileError(name, 'not a PNG file: the signature is missing');
  const { format, pixels } = readChunks(bytes, budget);
  const rawBytes = countRawBytes(format);
  budget.expand(rawBytes + format.width * format.height * (format.type === 0 || format.type === 4 ? 1 : 3));
  return runDecoder(name, 'PNG image', () => {
    const [method, flags] = pixels;
    const isZlib = (method! & 0x0f) === 8 && (method! * 256 + flags!) % 31 === 0 && (flags! & 0x20) === 0;
    if (!isZlib) throw new Error('its pixel data are not in the format of zlib');
    return toImage(format, inflate(pixels.subarray(2), rawBytes));
  });
}

/** Reads the chunks up to IEND: what the pixels are like, and their compressed data. */
function readChunks(bytes: Uint8Array, budget: FileBudget): { format: PngFormat; pixels: Uint8Array } {
  const { name } = budget;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let format: PngFormat | undefined;
  for (let at = signature.length; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) break;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const content = bytes.subarray(at + 8, end);
    if (crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) {
      throw new DataFileError(name, `damaged: the checksum of the chunk at byte ${at} does not match`);
    }
    at = end + 4;
    if (format === undefined) {
      if (type !== 'IHDR' || length !== 13) throw new DataFileError(name, 'damaged: it does not start with a header');
      format = parseHeader(content, budget);
    } else if (type === 'IHDR') throw new DataFileError(name, 'damaged: it has two headers');
    else if (type === 'PLTE') format = { ...format, palette: checkPalette(content, name) };
    else if (type === 'tRNS') format = { ...format, transparency: checkTransparency(content, format, name) };
    else if (type === 'IDAT') parts.push(content);
    else if (type === 'IEND') {
      if (parts.length === 0) throw new DataFileError(name, 'damaged: it has no pixel data');
      if (format.type === 3 && format.palette === undefined) throw new DataFileError(name, 'damaged: no palette');
      return { format, pixels: joinBytes(parts) };
    } else if ((type.charCodeAt(0) & 0x20) === 0) {
      // A capital letter: the pixels mean something else without it.
      throw new DataFileError(name, `unsupported PNG: unknown critical chunk '${type}'`);
    }
  }
  throw new DataFileError(name, 'truncated: the end of the PNG image is missing');
}

/** Numbers of bits of a sample, by color type. */
const depths: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

function parseHeader(header: Uint8Array, budget: FileBudget): PngFormat {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  budget.checkSize(width, height);
  const [depth, type, compression, filtering, interlacing] = header.subarray(8);
  if (depths[type!]?.includes(depth!) !== true || compression !== 0 || filtering !== 0 || interlacing! > 1) {
    throw new DataFileError(
      budget.name,
      `unsupported PNG: color type ${type}, ${depth} bits per sample, compression ${compression}, ` +
        `filtering ${filtering}, interlacing ${interlacing}`,
    );
  }
  return { width, height, depth: depth!, type: type as PngFormat['type'], isInterlaced: interlacing === 1 };
}

function checkPalette(content: Uint8Array, name: string): Uint8Array {
  if (content.length % 3 === 0 && content.length > 0 && content.length <= 768) return content;
  throw new DataFileError(
    name,
    `damaged: a palette of ${content.length} bytes, expected 3 for each of 1 to 256 colors`,
  );
}

function checkTransparency(content: Uint8Array, { type, palette }: PngFormat, name: string): Uint8Array {
  const colors = (palette?.length ?? 0) / 3;
  const isValid = type === 3 ? content.length <= colors : content.length === { 0: 2, 2: 6, 4: -1, 6: -1 }[type];
  if (isValid) return content;
  const image = type === 3 ? `a palette of ${colors} colors` : `color type ${type}`;
  throw new DataFileError(name, `damaged: transparency of ${content.length} bytes for ${image}`);
}
