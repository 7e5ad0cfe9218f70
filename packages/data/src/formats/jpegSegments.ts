import { joinBytes } from './bytes.ts';
import { DataFileError } from './error.ts';
import type { FileBudget } from './fileBudget.ts';

/** Bytes that the decoder takes for a block of 8 × 8 coefficients. */
const blockBytes = 256;

/** Color component of an image. */
interface Component {
  /** Blocks that the image covers, and those that are stored to fill whole units. */
  readonly blocks: number;
  readonly storedBlocks: number;
  hasScan: boolean;
}

interface Frame {
  readonly pixels: number;
  readonly isProgressive: boolean;
  /** By their identifiers, in order. */
  readonly components: ReadonlyMap<number, Component>;
}

/** JPEG file whose structure is checked. */
export interface CheckedJpeg {
  /** The file with those segments alone that pixels depend on. */
  readonly file: Uint8Array;
  readonly channels: 1 | 3;
  /** Whether three components are red, green and blue, and not luma and chroma. */
  readonly isRgb: boolean;
  readonly pixels: number;
  /** Bytes that decoding takes. */
  readonly memory: number;
}

/** What application data say about the colors. */
interface ColorMarkers {
  hasJfif: boolean;
  /** The transform in Adobe's segment: 0 for none. */
  adobeTransform: number | undefined;
}

/** Whether bytes start with the signature of JPEG. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/**
 * Checks the structure of a JPEG file, and what decoding it costs: a decoder takes memory for as many pixels, and time
 * for as many scans, as a few bytes can announce.
 *
 * @throws {DataFileError} if the structure is damaged, there are too few bytes for the pixels, or a limit is exceeded.
 */
export function checkJpeg(bytes: Uint8Array, budget: FileBudget): CheckedJpeg {
  const { name } = budget;
  const parts = [bytes.subarray(0, 2)];
  const markers: ColorMarkers = { hasJfif: false, adobeTransform: undefined };
  let hasScan = false;
  let frame: Frame | undefined;
  for (let at = 2; at + 2 <= bytes.length;) {
    if (bytes[at] !== 0xff) throw new DataFileError(name, `damaged: byte ${at} should start a JPEG segment`);
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++; // Any number of fill bytes may precede a marker.
      continue;
    }
    if (marker === 0xd9) {
      if (frame === undefined || ![...frame.components.values()].every(({ hasScan }) => hasScan)) break;
      parts.push(bytes.subarray(at, at + 2));
      const file = joinBytes(parts);
      checkScans(file, budget);
      return {
        file,
        channels: frame.components.size === 1 ? 1 : 3,
        isRgb: isRgb(frame, markers),
        pixels: frame.pixels,
        memory: countMemory(frame, file),
      };
    }
    const length = bytes[at + 2]! * 256 + bytes[at + 3]!;
    let end = at + 2 + length;
    if (!(length >= 2 && end <= bytes.length)) break;
    const content = bytes.subarray(at + 4, end);
    if (isFrame(marker)) {
      if (frame !== undefined) throw new DataFileError(name, 'damaged: it has two frame headers');
      frame = parseFrame(marker, content, budget);
    } else if (marker === 0xda) {
      if (frame === undefined) throw new DataFileError(name, 'damaged: no frame header before the first scan');
      const start = end;
      end = findMarker(bytes, start);
      hasScan = true;
      checkScan(frame, content, end - start, budget);
    }
    // Comments and application data do not matter, but for the color space, which is known before the first scan.
    const isApplication = marker >= 0xe0 && marker <= 0xef;
    if (isApplication && !hasScan) readColorMarker(marker, content, markers);
    if ((marker === 0xee && !hasScan) || !(marker === 0xfe || isApplication)) parts.push(bytes.subarray(at, end));
    at = end;
  }
  throw new DataFileError(name, 'truncated: the end-of-image marker is missing, or a component has no scan');
}

function readColorMarker(marker: number, content: Uint8Array, markers: ColorMarkers): void {
  const startsWith = (text: string): boolean => String.fromCharCode(...content.subarray(0, text.length)) === text;
  if (marker === 0xe0 && startsWith('JFIF\0')) markers.hasJfif = true;
  if (marker === 0xee && startsWith('Adobe') && content.length >= 12) markers.adobeTransform = content[11]!;
}

/** JFIF means luma and chroma; without it Adobe's segment tells, and without that the identifiers, as in libjpeg. */
function isRgb({ components }: Frame, { hasJfif, adobeTransform }: ColorMarkers): boolean {
  if (components.size !== 3 || hasJfif) return false;
  if (adobeTransform !== undefined) return adobeTransform === 0;
  return String.fromCharCode(...components.keys()) === 'RGB';
}

/** Whether a marker, c0 … cf, starts a frame; c4 is for Huffman tables, c8 is reserved, cc for conditioning. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function parseFrame(marker: number, content: Uint8Array, budget: FileBudget): Frame {
  const { name } = budget;
  if (marker > 0xc2) throw new DataFileError(name, `unsupported JPEG: frame type 0x${marker.toString(16)}`);
  const [precision, , , , , count] = content;
  if (content.length !== 6 + 3 * count!) throw new DataFileError(name, 'damaged: a frame header of a wrong length');
  if (precision !== 8 || (count !== 1 && count !== 3 && count !== 4)) {
    throw new DataFileError(name, `unsupported JPEG: ${count} components of ${precision} bits`);
  }
  const height = content[1]! * 256 + content[2]!;
  const width = content[3]! * 256 + content[4]!;
  budget.checkSize(width, height);
  const specs = Array.from({ length: count }, (_, i) => content.subarray(6 + 3 * i, 9 + 3 * i)).map(
    ([id, sampling]) => ({ id: id!, across: sampling! >> 4, down: sampling! & 15 }),
  );
  if (specs.some(({ across, down }) => Math.min(across, down) < 1 || Math.max(across, down) > 4)) {
    throw new DataFileError(name, 'damaged: a sampling factor is not 1 … 4');
  }
  const maxAcross = Math.max(...specs.map(({ across }) => across));
  const maxDown = Math.max(...specs.map(({ down }) => down));
  const units = Math.ceil(width / 8 / maxAcross) * Math.ceil(height / 8 / maxDown);
  const components = new Map<number, Component>();
  for (const { id, across, down } of specs) {
    const columns = Math.ceil((Math.ceil(width / 8) * across) / maxAcross);
    const rows = Math.ceil((Math.ceil(height / 8) * down) / maxDown);
    components.set(id, { blocks: columns * rows, storedBlocks: units * across * down, hasScan: false });
  }
  if (components.size !== count) throw new DataFileError(name, 'damaged: two components have one identifier');
  budget.expand([...components.values()].reduce((sum, { storedBlocks }) => sum + storedBlocks * blockBytes, 0));
  return { pixels: width * height, isProgressive: marker === 0xc2, components };
}

/** Counts bytes of coefficients, samples, colors and tables, which a file has four bytes for each byte of at most. */
function countMemory({ pixels, components }: Frame, file: Uint8Array): number {
  const blocks = [...components.values()].reduce((sum, { storedBlocks }) => sum + storedBlocks, 0);
  return blocks * (blockBytes + 64) + pixels * (components.size + 3) + file.length * 4;
}

/**
 * Checks a scan of `length` compressed bytes: each of its blocks needs one bit, and two in a baseline image. Scans of a
 * progressive image may have almost none, and take time for all their coefficients.
 */
function checkScan(frame: Frame, content: Uint8Array, length: number, budget: FileBudget): void {
  const { name } = budget;
  const count = content[0] ?? 0;
  const ids = new Set(Array.from({ length: count }, (_, i) => content[1 + 2 * i]!));
  const components = [...ids].map((id) => frame.components.get(id));
  if (content.length !== 4 + 2 * count || ids.size !== count || count === 0 || components.includes(undefined)) {
    throw new DataFileError(name, 'damaged: a scan lists components that the frame does not have');
  }
  const [start, end] = frame.isProgressive ? content.subarray(1 + 2 * count) : [0, 63];
  if (start! > end! || end! > 63)
    throw new DataFileError(name, `damaged: a scan of the coefficients ${start} to ${end}`);
  const blocks = components.reduce((sum, component) => sum + component!.blocks, 0);
  budget.expand(blocks * (end! - start! + 1));
  if (start! > 0) return; // One code may stand for the end of many blocks.
  const bits = frame.isProgressive ? 1 : 2;
  if (length * 8 < blocks * bits) {
    throw new DataFileError(name, `truncated: ${length} bytes cannot hold ${blocks} compressed blocks of 8 × 8 values`);
  }
  for (const component of components) component!.hasScan = true;
}

/** Offset of the next marker among compressed values, in which only 00 or a restart marker follows ff. */
function findMarker(bytes: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0) return bytes.length;
    const next = bytes[at + 1];
    if (next !== undefined && next !== 0 && !(next >= 0xd0 && next <= 0xd7)) return at;
    at++;
  }
}

/** Counts the markers of scans anywhere in the file, as a decoder in search of its place may find them there. */
function checkScans(file: Uint8Array, budget: FileBudget): void {
  let scans = 0;
  for (let at = file.indexOf(0xff); at >= 0; at = file.indexOf(0xff, at + 1)) if (file[at + 1] === 0xda) scans++;
  budget.check('scans', scans, `has ${scans} scans`);
}
