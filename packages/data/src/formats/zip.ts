import { crc32 } from './crc32.ts';
import { DataFileError, runDecoder, shorten } from './error.ts';
import type { FileBudget } from './fileBudget.ts';
import { inflate } from './inflate.ts';

/** Entry of a zip file. */
export interface ZipEntry {
  readonly path: string;
  /** Bytes as they are stored. */
  readonly content: Uint8Array;
  readonly isDeflated: boolean;
  /** Bytes of the file, and its checksum. */
  readonly size: number;
  readonly checksum: number;
}

const decoder = new TextDecoder();

/** Lengths of the fixed parts of the record at the end, of an entry of the directory, and of a local header. */
const [recordBytes, entryBytes, localBytes] = [22, 46, 30];

/**
 * Reads the directory of a zip file, and accounts for the size of the entries that `isWanted` selects.
 *
 * @throws {DataFileError} if the directory contradicts itself or the local headers, if bytes belong to two entries, or
 *   a limit is exceeded.
 */
export function readZipDirectory(
  bytes: Uint8Array,
  budget: FileBudget,
  isWanted: (path: string) => boolean,
): readonly ZipEntry[] {
  const { name } = budget;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < recordBytes || view.getUint16(0, true) !== 0x4b50) {
    throw new DataFileError(name, "not a zip file: it does not start with 'PK'");
  }
  const { start, end, count } = findDirectory(view, name);
  budget.check('entries', count, `has ${count} entries`);
  const damaged = new DataFileError(
    name,
    `damaged: the zip directory does not hold the ${count} entries that it announces`,
  );
  const entries = new Map<string, ZipEntry>();
  const ranges: [start: number, end: number][] = [];
  let at = start;
  for (; at + entryBytes <= end && view.getUint32(at, true) === 0x02014b50; at += entryLength(view, at)) {
    const local = findLocalHeader(view, at, start);
    if (at + entryLength(view, at) > end || local === undefined) throw damaged;
    const contentStart = local + localBytes + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const content = bytes.subarray(contentStart, contentStart + view.getUint32(at + 20, true));
    ranges.push([local, contentStart + view.getUint32(at + 20, true)]);
    const path = decoder.decode(bytes.subarray(at + entryBytes, at + entryBytes + view.getUint16(at + 28, true)));
    if (entries.has(path)) throw new DataFileError(name, `damaged: it has two entries '${shorten(path)}'`);
    const method = view.getUint16(at + 10, true);
    const isEncrypted = (view.getUint16(at + 8, true) & 1) !== 0;
    if (isWanted(path) && (isEncrypted || (method !== 0 && method !== 8))) {
      const problem = isEncrypted ? 'encrypted' : `compression method ${method}, expected 0 (none) or 8 (deflate)`;
      throw new DataFileError(`${name}/${path}`, `unsupported zip entry: ${problem}`);
    }
    const [checksum, size] = [view.getUint32(at + 16, true), view.getUint32(at + 24, true)];
    entries.set(path, { path, content, isDeflated: method === 8, size, checksum });
  }
  if (at !== end || ranges.length !== count) throw damaged;
  checkOverlaps(ranges, start, name);
  const wanted = [...entries.values()].filter(({ path }) => isWanted(path));
  budget.expand(wanted.reduce((sum, { size }) => sum + size, 0));
  return wanted;
}

/**
 * Returns the file of an entry, verifying its checksum.
 * @throws {DataFileError} if it is damaged, or has another size than announced.
 */
export function readZipEntry({ content, isDeflated, size, checksum }: ZipEntry, name: string): Uint8Array {
  return runDecoder(name, 'zip entry', () => {
    const file = isDeflated ? inflate(content, size) : content;
    if (file.length !== size) throw new Error(`it has ${file.length} bytes, not the ${size} that it announces`);
    if (crc32(file) !== checksum) throw new Error('the checksum does not match');
    return file;
  });
}

/** Finds the directory, and the number of its entries, by the record at the end of the file. */
function findDirectory(view: DataView, name: string): { start: number; end: number; count: number } {
  const minEnd = Math.max(0, view.byteLength - recordBytes - 0xffff); // A comment of up to 64 KiB may follow it.
  let end = view.byteLength - recordBytes;
  while (end >= minEnd && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < minEnd) throw new DataFileError(name, 'truncated: the directory at the end of the zip file is missing');
  const countOnDisk = view.getUint16(end + 8, true);
  const count = view.getUint16(end + 10, true);
  const length = view.getUint32(end + 12, true);
  const start = view.getUint32(end + 16, true);
  if (count === 0xffff || length === 0xffff_ffff || start === 0xffff_ffff) {
    throw new DataFileError(name, 'unsupported zip file: zip64, for 65535 entries or 4 GiB and more');
  }
  if (countOnDisk !== count || start + length !== end) {
    throw new DataFileError(name, `damaged: the zip directory does not hold the ${count} entries that it announces`);
  }
  return { start, end, count };
}

/** Length of a directory entry with its name, extra fields and comment. */
function entryLength(view: DataView, at: number): number {
  return entryBytes + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
}

/** Offset of the local header of a directory entry; undefined if it is not before `limit` or has another name. */
function findLocalHeader(view: DataView, at: number, limit: number): number | undefined {
  const length = view.getUint16(at + 28, true);
  const local = view.getUint32(at + 42, true);
  if (at + entryBytes + length > view.byteLength || local + localBytes + length > limit) return undefined;
  if (view.getUint32(local, true) !== 0x04034b50 || view.getUint16(local + 26, true) !== length) return undefined;
  for (let i = 0; i < length; i++) {
    if (view.getUint8(at + entryBytes + i) !== view.getUint8(local + localBytes + i)) return undefined;
  }
  return local;
}

/** Checks that entries share no bytes: entries that do can expand to any size, and all that they cost, repeatedly. */
function checkOverlaps(ranges: [start: number, end: number][], limit: number, name: string): void {
  ranges.sort(([a], [b]) => a - b);
  ranges.forEach(([, end], i) => {
    const next = ranges[i + 1]?.[0] ?? limit;
    if (end > next) throw new DataFileError(name, `damaged: zip entries overlap at byte ${next}`);
  });
}
