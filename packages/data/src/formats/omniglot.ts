import { unzipSync } from 'fflate';
import type { ImageDataset } from '../dataset.ts';
import { DataFileError, runDecoder } from './error.ts';
import { collateImages, convertImage, type LabeledImage } from './labeled.ts';
import { decodePng } from './png.ts';

/** Options of `parseOmniglot` and `omniglot`. */
export interface OmniglotOptions {
  /** Height and width to which the 105 × 105 drawings are resized; 28 is usual. Default: no resizing. */
  readonly size?: number;
  /** Name of the file in error messages. */
  readonly name?: string;
}

const drawingPath = /(?:^|\/)([^/]+)\/(character\d+)\/\d+_\d+\.png$/;

/**
 * Reads one of Omniglot's zip files (`images_background.zip`, `images_evaluation.zip`, the small variants; Lake,
 * Salakhutdinov, Tenenbaum, "Human-level concept learning through probabilistic program induction", 2015): drawings
 * `…/Alphabet/characterNN/NNNN_NN.png`. A class is a character, named `Alphabet/characterNN`; its group is the
 * alphabet. Inverts the drawings, black on white in the files, to bright on black.
 *
 * @throws {DataFileError} if it is not a zip file, is damaged, or has no such drawings.
 */
export function parseOmniglot(bytes: Uint8Array, options: OmniglotOptions = {}): ImageDataset {
  const { size, name = 'Omniglot zip' } = options;
  checkZip(bytes, name);
  const files = runDecoder(name, 'zip file', () => unzipSync(bytes, { filter: (file) => isPicture(file.name) }));
  const images = Object.entries(files).map(([path, content]): LabeledImage => {
    const file = `${name}/${path}`;
    const [, group, character] = drawingPath.exec(path) ?? [];
    if (group === undefined) {
      throw new DataFileError(file, 'not an Omniglot drawing: expected a path …/Alphabet/characterNN/NNNN_NN.png');
    }
    const { data, ...shape } = decodePng(content, file);
    const ink = { ...shape, data: data.map((value) => 255 - value) };
    const image = convertImage(ink, size === undefined ? undefined : [size, size], true);
    return { name: file, className: `${group}/${character}`, group, image };
  });
  if (images.length === 0) {
    throw new DataFileError(name, 'no Omniglot drawings (…/Alphabet/characterNN/NNNN_NN.png) in this zip file');
  }
  return collateImages(images, { size: 'all drawings must have one size', channels: 'all drawings must be gray' });
}

/** Whether a path is that of a PNG file, and not of the resource fork that macOS adds to archives. */
function isPicture(path: string): boolean {
  return path.endsWith('.png') && !path.startsWith('__MACOSX/');
}

/**
 * Checks the directory of a zip file, which fflate trusts: a damaged number of entries would silently give fewer files,
 * a damaged name a file at another path. The number must match its copy and the directory, and every name its copy in
 * the local header of the file.
 */
function checkZip(bytes: Uint8Array, name: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 22 || view.getUint16(0, true) !== 0x4b50) {
    throw new DataFileError(name, "not a zip file: it does not start with 'PK'");
  }
  const minEnd = Math.max(0, bytes.length - 22 - 0xffff); // A comment of up to 64 KiB may follow the record.
  let end = bytes.length - 22;
  while (end >= minEnd && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < minEnd) throw new DataFileError(name, 'truncated: the directory at the end of the zip file is missing');
  const entriesOnDisk = view.getUint16(end + 8, true);
  const entries = view.getUint16(end + 10, true);
  const size = view.getUint32(end + 12, true);
  const offset = view.getUint32(end + 16, true);
  const isZip64 = entries === 0xffff || size === 0xffff_ffff || offset === 0xffff_ffff;
  if (isZip64) return; // Zip64 stores the numbers elsewhere; Omniglot does not need archives of that size.
  if (entriesOnDisk !== entries || offset + size !== end || countEntries(view, offset, end) !== entries) {
    throw new DataFileError(name, `damaged: the zip directory does not hold the ${entries} entries that it announces`);
  }
}

/** Number of valid directory entries between two offsets, or −1 if they do not fill the range exactly. */
function countEntries(view: DataView, start: number, end: number): number {
  let count = 0;
  let at = start;
  while (at + 46 <= end && view.getUint32(at, true) === 0x02014b50 && namesMatch(view, at, start)) {
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    count++;
  }
  return at === end ? count : -1;
}

/** Whether the name in a directory entry equals that in the local header, which must end before `limit`. */
function namesMatch(view: DataView, at: number, limit: number): boolean {
  const length = view.getUint16(at + 28, true);
  const local = view.getUint32(at + 42, true);
  if (at + 46 + length > view.byteLength || local + 30 + length > limit) return false;
  if (view.getUint32(local, true) !== 0x04034b50 || view.getUint16(local + 26, true) !== length) return false;
  for (let i = 0; i < length; i++) if (view.getUint8(at + 46 + i) !== view.getUint8(local + 30 + i)) return false;
  return true;
}
