import type { Image } from '../resample.ts';
import { DataFileError } from './error.ts';
import type { FileBudget } from './fileBudget.ts';

/** Whether bytes start with the signature of PGM, binary or text. */
export function isPgm(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && (bytes[1] === 0x35 || bytes[1] === 0x32);
}

/**
 * Decodes a PGM image, binary (P5) or plain text (P2), of 8 or 16 bits, to one channel of 8 bits: scales the values
 * 0 … maxval to 0 … 255.
 *
 * @throws {DataFileError} if the header is invalid, values are missing or above maxval, other data follows, or the image
 *   exceeds a limit.
 */
export function decodePgm(bytes: Uint8Array, budget: FileBudget): Image {
  const reader = new HeaderReader(bytes, budget.name);
  const width = reader.readInteger('width', 0xffff_ffff);
  const height = reader.readInteger('height', 0xffff_ffff);
  const maxval = reader.readInteger('maxval', 65535);
  budget.checkSize(width, height);
  const data = bytes[1] === 0x35 ? readBinary(reader, width, height, maxval) : readText(reader, width, height, maxval);
  return { data, channels: 1, height, width };
}

function readBinary(reader: HeaderReader, width: number, height: number, maxval: number): Uint8Array {
  const { bytes, name } = reader;
  const start = reader.offset + 1; // Exactly one white space separates header and values.
  const sampleBytes = maxval > 255 ? 2 : 1;
  const expected = width * height * sampleBytes;
  if (bytes.length - start < expected) {
    const problem = `truncated: ${width} × ${height} needs ${expected} bytes after the header, got`;
    throw new DataFileError(name, `${problem} ${Math.max(0, bytes.length - start)}`);
  }
  checkEnd(bytes, start + expected, name);
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) {
    const at = start + i * sampleBytes;
    data[i] = scaleToByte(sampleBytes === 1 ? bytes[at]! : bytes[at]! * 256 + bytes[at + 1]!, maxval, name);
  }
  return data;
}

function readText(reader: HeaderReader, width: number, height: number, maxval: number): Uint8Array {
  const { bytes, name } = reader;
  // Bounds the allocation by the length of the file: every value takes at least a digit and a separator.
  if (width * height * 2 > bytes.length) {
    throw new DataFileError(name, `truncated: ${bytes.length} bytes cannot hold ${width} × ${height} values`);
  }
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) data[i] = scaleToByte(reader.readInteger('value', 65535, 0), maxval, name);
  checkEnd(bytes, reader.offset, name);
  return data;
}

function scaleToByte(value: number, maxval: number, name: string): number {
  if (value > maxval) throw new DataFileError(name, `damaged: value ${value} is above the maxval ${maxval}`);
  return Math.round((value * 255) / maxval);
}

function checkEnd(bytes: Uint8Array, end: number, name: string): void {
  if (!bytes.subarray(end).every(isSpace)) {
    throw new DataFileError(name, `damaged: ${bytes.length - end} bytes follow the ${end} that its header announces`);
  }
}

/** Reads decimal integers that are separated by white space and comments (from # to the end of the line). */
class HeaderReader {
  readonly bytes: Uint8Array;
  readonly name: string;
  offset = 2;

  constructor(bytes: Uint8Array, name: string) {
    this.bytes = bytes;
    this.name = name;
  }

  readInteger(what: string, max: number, min = 1): number {
    const { bytes } = this;
    const before = this.offset;
    while (isSpace(bytes[this.offset]) || bytes[this.offset] === 0x23) {
      if (bytes[this.offset] === 0x23) {
        while (this.offset < bytes.length && bytes[this.offset] !== 0x0a) this.offset++;
      } else this.offset++;
    }
    const start = this.offset;
    let value = 0;
    for (let digit = this.#peekDigit(); digit >= 0 && value <= max; digit = this.#peekDigit()) {
      value = value * 10 + digit;
      this.offset++;
    }
    if (start === bytes.length) throw new DataFileError(this.name, `truncated: it ends before the ${what}`);
    const isSeparated = start > before && (isSpace(bytes[this.offset]) || this.offset === bytes.length);
    if (this.offset === start || !isSeparated || value < min || value > max) {
      throw new DataFileError(this.name, `damaged: the ${what} at byte ${start} is not a number ${min} … ${max}`);
    }
    return value;
  }

  /** Next digit, or a negative number. */
  #peekDigit(): number {
    const digit = (this.bytes[this.offset] ?? 0) - 0x30;
    return digit <= 9 ? digit : -1;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}
