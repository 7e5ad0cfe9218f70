import type { Image } from '../resample.ts';

/** What a PNG file says about its pixels. */
export interface PngFormat {
  readonly width: number;
  readonly height: number;
  /** Bits per sample. */
  readonly depth: number;
  /** 0 gray, 2 color, 3 palette, 4 gray with alpha, 6 color with alpha. */
  readonly type: 0 | 2 | 3 | 4 | 6;
  readonly isInterlaced: boolean;
  /** Red, green and blue of each color. */
  readonly palette?: Uint8Array;
  /** Alpha of each color of the palette; or the 16-bit samples of the color that is transparent. */
  readonly transparency?: Uint8Array;
}

/** Pixels x0, x0 + dx, … of rows y0, y0 + dy, …, which are stored together. */
interface Pass {
  readonly x0: number;
  readonly y0: number;
  readonly dx: number;
  readonly dy: number;
}

const whole: readonly Pass[] = [{ x0: 0, y0: 0, dx: 1, dy: 1 }];
const adam7: readonly Pass[] = [
  { x0: 0, y0: 0, dx: 8, dy: 8 },
  { x0: 4, y0: 0, dx: 8, dy: 8 },
  { x0: 0, y0: 4, dx: 4, dy: 8 },
  { x0: 2, y0: 0, dx: 4, dy: 4 },
  { x0: 0, y0: 2, dx: 2, dy: 4 },
  { x0: 1, y0: 0, dx: 2, dy: 2 },
  { x0: 0, y0: 1, dx: 1, dy: 2 },
];

const samplesPerPixel = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;

/** Passes that are not empty, with their number of rows, and of bytes of a row without its filter. */
function passesOf({ width, height, depth, type, isInterlaced }: PngFormat) {
  return (isInterlaced ? adam7 : whole).flatMap((pass) => {
    const columns = Math.ceil((width - pass.x0) / pass.dx);
    const rows = Math.ceil((height - pass.y0) / pass.dy);
    if (columns <= 0 || rows <= 0) return [];
    return [{ ...pass, columns, rows, rowBytes: Math.ceil((columns * depth * samplesPerPixel[type]) / 8) }];
  });
}

/** Number of bytes of the rows, each with the byte of its filter. */
export function countRawBytes(format: PngFormat): number {
  return passesOf(format).reduce((sum, { rows, rowBytes }) => sum + rows * (rowBytes + 1), 0);
}

/**
 * Converts inflated rows, which it overwrites, to an image.
 * @throws {RangeError} if a filter is unknown, or a color is not in the palette.
 */
export function toImage(format: PngFormat, raw: Uint8Array): Image {
  const { width, height, depth, type } = format;
  const channels = type === 0 || type === 4 ? 1 : 3;
  const data = new Uint8Array(channels * width * height);
  const samples = samplesPerPixel[type];
  const convertRow = samples === 1 && depth <= 8 ? createLookup(format) : createComposer(format);
  let row = 1;
  for (const { x0, y0, dx, dy, columns, rows, rowBytes } of passesOf(format)) {
    for (let y = 0; y < rows; y++, row += rowBytes + 1) {
      unfilterRow(raw, row, rowBytes, Math.max(1, (depth * samples) >> 3), y === 0);
      convertRow({ raw, row, columns, data, target: (y0 + y * dy) * width + x0, step: dx });
    }
  }
  return { data, channels, height, width };
}

/** Samples from `row` on, and where their pixels go in each plane of the image. */
interface Row {
  readonly raw: Uint8Array;
  readonly row: number;
  readonly columns: number;
  readonly data: Uint8Array;
  readonly target: number;
  readonly step: number;
}

type ConvertRow = (row: Row) => void;

/** Converts rows of one sample of up to 8 bits, gray or an index in the palette, by a table of colors over white. */
function createLookup({ width, height, depth, type, palette, transparency }: PngFormat): ConvertRow {
  const count = type === 3 ? palette!.length / 3 : 2 ** depth;
  const channels = type === 3 ? 3 : 1;
  const key = transparency && transparency[0]! * 256 + transparency[1]!;
  const table = Uint8Array.from({ length: count * channels }, (_, i) => {
    const value = Math.floor(i / channels);
    if (type === 3) return composeOverWhite(palette![i]!, (transparency?.[value] ?? 255) / 255);
    return composeOverWhite((value * 255) / (count - 1), value === key ? 0 : 1);
  });
  const area = width * height;
  return ({ raw, row, columns, data, target, step }) => {
    for (let x = 0; x < columns; x++) {
      // Samples of fewer than 8 bits are packed from the high bits down.
      const bit = x * depth;
      const value = (raw[row + (bit >> 3)]! >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
      if (value >= count) throw new RangeError(`color ${value} is not in the palette`);
      for (let c = 0; c < channels; c++) data[c * area + target + x * step] = table[value * channels + c]!;
    }
  };
}

/** Converts rows of several samples or of 16 bits. */
function createComposer({ width, height, depth, type, transparency }: PngFormat): ConvertRow {
  const bytes = depth / 8;
  const maxValue = 2 ** depth - 1;
  const samples = samplesPerPixel[type];
  const channels = type === 0 || type === 4 ? 1 : 3;
  // The transparent color, one sample for each channel.
  const key = transparency && Array.from({ length: channels }, (_, c) => readSample(transparency, 2 * c, 2));
  const area = width * height;
  return ({ raw, row, columns, data, target, step }) => {
    for (let x = 0; x < columns; x++) {
      const first = row + x * samples * bytes;
      let alpha = 1;
      if (samples > channels) alpha = readSample(raw, first + channels * bytes, bytes) / maxValue;
      else if (key?.every((value, c) => value === readSample(raw, first + c * bytes, bytes)) === true) alpha = 0;
      for (let c = 0; c < channels; c++) {
        const sample = readSample(raw, first + c * bytes, bytes);
        const isPlain = alpha === 1 && bytes === 1;
        data[c * area + target + x * step] = isPlain ? sample : composeOverWhite((sample * 255) / maxValue, alpha);
      }
    }
  };
}

/** Reads a sample of one byte or two. */
function readSample(bytes: Uint8Array, at: number, size: number): number {
  return size === 1 ? bytes[at]! : bytes[at]! * 256 + bytes[at + 1]!;
}

function composeOverWhite(value: number, alpha: number): number {
  return Math.round(alpha * value + (1 - alpha) * 255);
}

/** Undoes the filter of a row in place; its number precedes the row, and the row above precedes that. */
function unfilterRow(raw: Uint8Array, start: number, length: number, step: number, isFirst: boolean): void {
  const filter = raw[start - 1]!;
  if (filter > 4) throw new RangeError(`unknown filter ${filter}`);
  if (filter === 0) return;
  for (let i = 0; i < length; i++) {
    const at = start + i;
    const left = i < step ? 0 : raw[at - step]!;
    const above = isFirst ? 0 : raw[at - length - 1]!;
    let predicted = left;
    if (filter === 2) predicted = above;
    else if (filter === 3) predicted = (left + above) >> 1;
    else if (filter === 4)
      predicted = predictPaeth(left, above, isFirst || i < step ? 0 : raw[at - step - length - 1]!);
    raw[at]! += predicted;
  }
}

/** The neighbor that is closest to the plane through all three. */
function predictPaeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
