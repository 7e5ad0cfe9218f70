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
  const area = width * height;
  const data = new Uint8Array(channels * area);
  const samples = samplesPerPixel[type];
  const color = createColorReader(format, raw);
  const isPlain = depth === 8 && channels === samples && type !== 3 && format.transparency === undefined;
  let row = 1;
  for (const { x0, y0, dx, dy, columns, rows, rowBytes } of passesOf(format)) {
    for (let y = 0; y < rows; y++, row += rowBytes + 1) {
      unfilterRow(raw, row, rowBytes, Math.max(1, (depth * samples) >> 3), y === 0);
      const start = (y0 + y * dy) * width + x0;
      if (isPlain) {
        for (let c = 0; c < channels; c++) {
          let to = c * area + start;
          for (let from = row + c; from < row + rowBytes; from += samples, to += dx) data[to] = raw[from]!;
        }
        continue;
      }
      for (let x = 0; x < columns; x++) {
        color.moveTo(row, x * samples);
        for (let c = 0; c < channels; c++) data[c * area + start + x * dx] = color.channel(c);
      }
    }
  }
  return { data, channels, height, width };
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

/** Reads pixels as 8-bit gray, or red, green and blue, over white. */
function createColorReader({ depth, type, palette, transparency }: PngFormat, raw: Uint8Array) {
  const maxValue = 2 ** depth - 1;
  const colors = type === 0 || type === 4 ? 1 : 3;
  const hasAlpha = type === 4 || type === 6;
  // The transparent color, one sample for each channel.
  const key =
    transparency && Array.from({ length: colors }, (_, c) => transparency[2 * c]! * 256 + transparency[2 * c + 1]!);
  let row = 0;
  let first = 0;
  let alpha = 1;
  /** Index of a color in the palette. */
  let index = 0;

  /** Samples of fewer than 8 bits are packed from the high bits down. */
  function sample(i: number): number {
    if (depth === 8) return raw[row + i]!;
    if (depth === 16) return raw[row + 2 * i]! * 256 + raw[row + 2 * i + 1]!;
    const bit = i * depth;
    return (raw[row + (bit >> 3)]! >> (8 - depth - (bit & 7))) & maxValue;
  }
  return {
    moveTo(start: number, i: number): void {
      row = start;
      first = i;
      if (type === 3) {
        index = sample(i);
        if (index * 3 >= palette!.length) throw new RangeError(`color ${index} is not in the palette`);
        alpha = (transparency?.[index] ?? 255) / 255;
      } else if (hasAlpha) alpha = sample(i + colors) / maxValue;
      else if (key) alpha = key.every((value, c) => value === sample(i + c)) ? 0 : 1;
    },
    channel(c: number): number {
      const value = type === 3 ? palette![index * 3 + c]! : (sample(first + c) * 255) / maxValue;
      return alpha === 1 ? Math.round(value) : Math.round(alpha * value + (1 - alpha) * 255);
    },
  };
}
