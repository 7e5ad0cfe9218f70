/**
 * Writes files that cost far more than their size: few bytes that expand to many, announce what they do not hold, or
 * repeat work. Each is made in milliseconds, whatever it expands to.
 */
import { constants, crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { ascii, bigEndian, concatenate, writeChunk } from './files.ts';

const mebibyte = 2 ** 20;
/** A mebibyte of zeros in deflate blocks that end at a byte and refer to nothing before them. */
const zeroMebibyte = deflateRawSync(new Uint8Array(mebibyte), { level: 9, finishFlush: constants.Z_FULL_FLUSH });

/** Deflate data of so many zeros, about a thousandth as long. */
export function deflateZeros(bytes: number): Uint8Array {
  const whole = Array.from({ length: Math.floor(bytes / mebibyte) }, () => zeroMebibyte);
  return concatenate(...whole, deflateRawSync(new Uint8Array(bytes % mebibyte), { level: 9 }));
}

/** A gzip file of some bytes and zeros after them. Its checksum is wrong, as is only seen at the end. */
export function gzipBomb(zeros: number, start: readonly number[] = []): Uint8Array {
  const stored = [0, start.length & 0xff, start.length >> 8, ~start.length & 0xff, (~start.length >> 8) & 0xff];
  const header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
  return concatenate(header, stored, start, deflateZeros(zeros), new Uint8Array(8));
}

/** A header of IDX for unsigned bytes. */
export function idxHeader(...shape: number[]): number[] {
  return [0, 0, 8, shape.length, ...shape.flatMap(bigEndian)];
}

export interface HostilePngParts {
  readonly width: number;
  readonly height: number;
  readonly depth?: number;
  readonly type?: number;
  readonly interlace?: number;
  /** Number of zeros in the pixel data. Default: as many as it needs. */
  readonly zeros?: number;
  /** Chunks between the header and the pixel data. */
  readonly chunks?: readonly Uint8Array[];
}

/** A PNG file whose pixel data are zeros, however many; not interlaced if it is to decode. */
export function pngBomb(parts: HostilePngParts): Uint8Array {
  const { width, height, depth = 8, type = 0, interlace = 0, chunks = [] } = parts;
  const samples = [1, 0, 3, 1, 2, 0, 4][type]!;
  const { zeros = height * (1 + Math.ceil((width * depth * samples) / 8)) } = parts;
  return concatenate(
    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    writeChunk('IHDR', [...bigEndian(width), ...bigEndian(height), depth, type, 0, 0, interlace]),
    ...chunks,
    writeChunk('IDAT', zlibZeros(zeros)),
    writeChunk('IEND', []),
  );
}

/** A chunk of a color profile (iCCP) or of compressed text (zTXt, iTXt) that expands to zeros. */
export function compressedChunk(type: 'iCCP' | 'zTXt' | 'iTXt', zeros: number): Uint8Array {
  const head = type === 'iTXt' ? [...ascii('name'), 0, 1, 0, 0, 0] : [...ascii('name'), 0, 0];
  return writeChunk(type, concatenate(head, zlibZeros(zeros)));
}

function zlibZeros(bytes: number): Uint8Array {
  return concatenate([0x78, 0x9c], deflateZeros(bytes), bigEndian(1));
}

export interface HostileJpegParts {
  readonly width: number;
  readonly height: number;
  /** Default: 1. */
  readonly components?: number;
  /** Sampling factors, horizontal in the high four bits. Default: 0x11. */
  readonly sampling?: number;
  /** Scans in all; more than one makes the file progressive. Default: 1. */
  readonly scans?: number;
  /** Whether scans after the first refine coefficients, which reads each of them. Default: false. */
  readonly refine?: boolean;
  /** Bytes of compressed values of the first scan. Default: as many as it needs. */
  readonly bytes?: number;
  /** Segments before the frame. */
  readonly segments?: readonly (readonly number[])[];
}

/** A gray JPEG file of one value, in as few bytes as there can be: all its codes are zeros. */
export function jpegBomb(parts: HostileJpegParts): Uint8Array {
  const { width, height, components = 1, sampling = 0x11, scans = 1, refine = false, segments = [] } = parts;
  const isProgressive = scans > 1;
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const ids = Array.from({ length: components }, (_, i) => i + 1);
  const needed = Math.ceil((blocks * components * (isProgressive ? 1 : 2)) / 8) + 1;
  const first = new Uint8Array(parts.bytes ?? needed);
  const runs = new Uint8Array(Math.ceil(((blocks / 2 ** 14 + 1) * 15) / 8) + 1);
  return concatenate(
    [0xff, 0xd8],
    segment(0xdb, [0, ...Array.from({ length: 64 }, () => 1)]),
    ...segments,
    frame(isProgressive ? 0xc2 : 0xc0, width, height, components, sampling),
    huffmanTable(0x00, 0),
    // Symbol 0 ends a block, symbol 0xe0 ends this and the next 2^14 − 1.
    huffmanTable(0x10, isProgressive ? 0xe0 : 0),
    scan(ids, 0, isProgressive ? 0 : 63, 0),
    first,
    ...Array.from({ length: scans - 1 }, () => concatenate(scan([1], 1, 63, refine ? 0x10 : 0), runs)),
    [0xff, 0xd9],
  );
}

export function segment(marker: number, content: readonly number[]): number[] {
  const length = content.length + 2;
  return [0xff, marker, length >> 8, length & 0xff, ...content];
}

/** The header of a frame. */
export function frame(marker: number, width: number, height: number, components: number, sampling = 0x11): number[] {
  const size = [height >> 8, height & 0xff, width >> 8, width & 0xff];
  const specs = Array.from({ length: components }, (_, i) => [i + 1, sampling, 0]).flat();
  return segment(marker, [8, ...size, components, ...specs]);
}

function huffmanTable(spec: number, symbol: number): number[] {
  return segment(0xc4, [spec, 1, ...Array.from({ length: 15 }, () => 0), symbol]);
}

/** The header of a scan. */
export function scan(ids: readonly number[], start: number, end: number, approximation: number): number[] {
  return segment(0xda, [ids.length, ...ids.flatMap((id) => [id, 0x00]), start, end, approximation]);
}

/** An entry of a zip file that holds a file, deflated. */
export function deflatedEntry(name: string, file: Uint8Array): ZipEntry {
  return { name, content: deflateRawSync(file, { level: 9 }), size: file.length, checksum: crc32(file) };
}

export interface ZipEntry {
  readonly name: string;
  /** Bytes as they are in the file. */
  readonly content: Uint8Array;
  /** 0 stored, 8 deflated. Default: 8. */
  readonly method?: number;
  /** Announced size and checksum. Default: those of the content. */
  readonly size?: number;
  readonly checksum?: number;
  /** Index of the entry whose bytes this one has too. Default: its own. */
  readonly sharedWith?: number;
  readonly flags?: number;
  /** Bytes after the content that are said to be part of it. Default: 0. */
  readonly overlap?: number;
}

/** Writes a zip file whose directory may say anything. */
export function writeZip(entries: readonly ZipEntry[], changes: { readonly count?: number } = {}): Uint8Array {
  const locals: Uint8Array[] = [];
  const offsets: number[] = [];
  let end = 0;
  for (const entry of entries) {
    if (entry.sharedWith !== undefined) {
      offsets.push(offsets[entry.sharedWith]!);
      continue;
    }
    const local = concatenate(
      little(0x04034b50, 4),
      [20, 0],
      fields(entry),
      nameLength(entry),
      [0, 0],
      ascii(entry.name),
    );
    offsets.push(end);
    locals.push(local, entry.content);
    end += local.length + entry.content.length;
  }
  const directory = concatenate(
    ...entries.map((entry, i) =>
      concatenate(
        little(0x02014b50, 4),
        [20, 0, 20, 0],
        fields(entry),
        nameLength(entry),
        new Uint8Array(12),
        little(offsets[i]!, 4),
        ascii(entry.name),
      ),
    ),
  );
  const count = little(changes.count ?? entries.length, 2);
  const record = concatenate(
    little(0x06054b50, 4),
    [0, 0, 0, 0],
    count,
    count,
    little(directory.length, 4),
    little(end, 4),
  );
  return concatenate(...locals, directory, record, [0, 0]);
}

/** From the flags to the announced size, which both headers of an entry have. */
function fields({ content, method = 8, size = content.length, flags = 0, ...entry }: ZipEntry): Uint8Array {
  const sizes = [...little(content.length + (entry.overlap ?? 0), 4), ...little(size, 4)];
  return concatenate(
    little(flags, 2),
    little(method, 2),
    [0, 0, 0, 0],
    little(entry.checksum ?? crc32(content), 4),
    sizes,
  );
}

function nameLength({ name }: ZipEntry): number[] {
  return little(name.length, 2);
}

function little(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) & 0xff);
}

/** The file with some bytes changed, removed, repeated, or taken from another file. */
export function mutations(file: Uint8Array, other: Uint8Array = file): fc.Arbitrary<Uint8Array> {
  const at = fc.nat(file.length);
  const value = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff));
  const change = fc.oneof(
    fc.tuple(at, value).map(
      ([i, byte]) =>
        (bytes: Uint8Array) =>
          bytes.map((old, k) => (k === i ? byte : old)),
    ),
    at.map((length) => (bytes: Uint8Array) => bytes.slice(0, length)),
    fc.tuple(at, at, fc.nat(64)).map(
      ([from, to, length]) =>
        (bytes: Uint8Array) =>
          concatenate(bytes.subarray(0, to), other.subarray(from, from + length), bytes.subarray(to)),
    ),
    fc.tuple(at, fc.nat(64)).map(
      ([i, length]) =>
        (bytes: Uint8Array) =>
          concatenate(bytes.subarray(0, i), bytes.subarray(i + length)),
    ),
  );
  return fc
    .array(change, { minLength: 1, maxLength: 6 })
    .map((changes) => changes.reduce((bytes, f) => f(bytes), file));
}

/** The PNG file with the checksums of all chunks made right, as far as their lengths lead. */
export function repairPng(file: Uint8Array): Uint8Array {
  const result = file.slice();
  const view = new DataView(result.buffer);
  for (let at = 8; at + 12 <= result.length;) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > result.length) break;
    view.setUint32(end, crc32(result.subarray(at + 4, end)));
    at = end + 4;
  }
  return result;
}
