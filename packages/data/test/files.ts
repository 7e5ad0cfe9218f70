/** Writes small files in the formats that the loaders read, and damages them. */
import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';

export function concatenate(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
}

export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function bigEndian(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

/** Writes an IDX file; `data` is big-endian. */
export function writeIdx(shape: readonly number[], data: Uint8Array, type = 0x08): Uint8Array {
  return concatenate([0, 0, type, shape.length], shape.flatMap(bigEndian), data);
}

export interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly depth?: number;
  /** 0 gray, 2 color, 3 palette, 4 gray with alpha, 6 color with alpha. */
  readonly type?: number;
  readonly interlace?: number;
  readonly palette?: readonly number[];
  readonly transparency?: readonly number[];
  /** Number of the filter of each row. Default: 0. */
  readonly filters?: readonly number[];
  /** Packed bytes of each row. */
  readonly rows: readonly (readonly number[])[];
}

/** Writes a PNG file of rows that are filtered already. */
export function writePng(parts: PngParts): Uint8Array {
  const { width, height, depth = 8, type = 0, interlace = 0, palette, transparency, filters, rows } = parts;
  return concatenate(
    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    writeChunk('IHDR', [...bigEndian(width), ...bigEndian(height), depth, type, 0, 0, interlace]),
    palette === undefined ? [] : writeChunk('PLTE', palette),
    transparency === undefined ? [] : writeChunk('tRNS', transparency),
    writeChunk('IDAT', deflateSync(Uint8Array.from(rows.flatMap((row, i) => [filters?.[i] ?? 0, ...row])))),
    writeChunk('IEND', []),
  );
}

export function writeChunk(type: string, content: Uint8Array | readonly number[]): Uint8Array {
  const body = concatenate(ascii(type), content);
  return concatenate(bigEndian(content.length), body, bigEndian(crc32(body)));
}

/** Writes a gray 8-bit PNG file of one value. */
export function writeConstantPng(width: number, height: number, value: number): Uint8Array {
  return writePng({
    width,
    height,
    rows: Array.from({ length: height }, () => Array.from({ length: width }, () => value)),
  });
}

/** The file truncated at any byte. */
export function truncations(file: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc.nat(file.length - 1).map((length) => file.slice(0, length));
}

/** The file with one bit flipped in its first `length` bytes. */
export function bitFlips(file: Uint8Array, length = file.length): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.nat(length - 1), fc.nat(7))
    .map(([at, bit]) => file.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte)));
}
