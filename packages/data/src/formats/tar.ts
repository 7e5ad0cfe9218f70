import { DataFileError } from './error.ts';

/** Archives consist of blocks of this size. */
export const tarBlock = 512;

/** The header of an entry: what it is, its name, and the bytes that follow. */
export interface TarHeader {
  /** '0' for a file, 'x' for attributes of the next entry, 'L' for its long name, '5' for a folder, … */
  readonly type: string;
  readonly path: string;
  readonly bytes: number;
}

/** The content of an entry and the zeros that fill its last block. */
export const paddedBytes = (bytes: number): number => Math.ceil(bytes / tarBlock) * tarBlock;

const decoder = new TextDecoder();

const readText = (block: Uint8Array, at: number, length: number): string => {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end));
};

/**
 * Reads a header of POSIX' ustar format (IEEE 1003.1, pax), or of GNU's tar; `undefined` for the block of zeros that ends an archive.
 * @throws {DataFileError} if its checksum or its size is wrong.
 */
export function readTarHeader(block: Uint8Array, name: string, at: number): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const checksum = Number.parseInt(readText(block, 148, 8).trim(), 8);
  if (checksum !== sumOf(block)) {
    throw new DataFileError(name, `not a tar file, or damaged: the header at byte ${at} has a wrong checksum`);
  }
  const prefix = readText(block, 257, 5) === 'ustar' && block[262] === 0 ? readText(block, 345, 155) : '';
  const path = readText(block, 0, 100);
  const bytes = readSize(block);
  if (!Number.isSafeInteger(bytes) || bytes < 0) {
    throw new DataFileError(name, `damaged: the entry at byte ${at} has no valid size`);
  }
  return { type: String.fromCharCode(block[156] || 0x30), path: prefix === '' ? path : `${prefix}/${path}`, bytes };
}

/** Sum of the bytes of a header, whose checksum counts as spaces. */
function sumOf(block: Uint8Array): number {
  return block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
}

/** Octal digits, or, in GNU's format from 8 GiB on, a big-endian number after a set bit. */
function readSize(block: Uint8Array): number {
  if (block[124]! < 0x80) return Number.parseInt(readText(block, 124, 12).trim() || '0', 8);
  return block.subarray(125, 136).reduce((size, byte) => size * 256 + byte, 0);
}

/** The attribute `path` of a pax header, whose records read `<length> <name>=<value>\n`. */
export function readPaxPath(content: Uint8Array): string | undefined {
  let path: string | undefined;
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const length = Number(decoder.decode(content.subarray(at, Math.max(at, space))));
    if (space < 0 || !Number.isInteger(length) || length <= space - at) return path;
    const record = decoder.decode(content.subarray(space + 1, at + length - 1));
    if (record.startsWith('path=')) path = record.slice('path='.length);
    at += length;
  }
  return path;
}

/** The header of a file, and before it one with its name if that is long or not ASCII. */
export function writeTarHeader(path: string, bytes: number): Uint8Array {
  // oxlint-disable-next-line no-control-regex -- the range of ASCII.
  const isShort = path.length <= 100 && /^[\x00-\x7f]*$/.test(path);
  if (isShort) return writeHeader(path, '0', bytes);
  const records = new TextEncoder().encode(writeRecord('path', path));
  const attributes = new Uint8Array(tarBlock + paddedBytes(records.length));
  attributes.set(writeHeader('PaxHeader', 'x', records.length));
  attributes.set(records, tarBlock);
  const file = writeHeader(path.replaceAll(/[^\x20-\x7e]/g, '_').slice(-100), '0', bytes);
  const whole = new Uint8Array(attributes.length + tarBlock);
  whole.set(attributes);
  whole.set(file, attributes.length);
  return whole;
}

/** A record of a pax header, whose length counts its own digits. */
function writeRecord(name: string, value: string): string {
  const rest = new TextEncoder().encode(` ${name}=${value}\n`).length;
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return `${length} ${name}=${value}\n`;
}

function writeHeader(path: string, type: string, bytes: number): Uint8Array {
  const block = new Uint8Array(tarBlock);
  const write = (at: number, text: string): void => block.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  write(0, path);
  write(100, '0000644\0');
  write(108, '0000000\0');
  write(116, '0000000\0');
  write(124, octal(bytes, 11));
  write(136, '00000000000');
  write(156, type);
  write(257, 'ustar\u{0}00');
  write(148, `${octal(sumOf(block), 6)}\0 `);
  return block;
}
