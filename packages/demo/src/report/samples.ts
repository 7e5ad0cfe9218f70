/** Grids of sample images, each as one PNG. */

import { encode } from 'fast-png';
import { type Markup, markup } from './markup.ts';
import type { SampleSheet } from './report.ts';

const MOST_ROWS = 8;
const MOST_COLUMNS = 10;
/** Colour values of one sheet; larger images are shown smaller, so that the file stays below a megabyte or so. */
const MOST_VALUES = 220_000;
/** Transparent pixels between images. */
const GAP = 1;

/**
 * A grid with a row for each class, at most 8 rows of 10 images.
 *
 * @throws RangeError if an image has not height · width · channels values
 */
export function sampleGrid(name: string, sheet: SampleSheet): Markup {
  const rows = sheet.rows
    .slice(0, MOST_ROWS)
    .map(({ className, images }) => ({ className, images: images.slice(0, MOST_COLUMNS) }));
  const columns = Math.max(0, ...rows.map(({ images }) => images.length));
  if (columns === 0) return markup`<p>No images.</p>`;
  for (const { className, images } of rows) {
    for (const image of images) {
      const size = sheet.height * sheet.width * sheet.channels;
      if (image.length !== size) {
        throw new RangeError(
          `sampleGrid: an image of class ${className} has ${image.length} values; ${sheet.height} × ${sheet.width} × ${sheet.channels} needs ${size}`,
        );
      }
    }
  }
  const png = sheetOf(sheet, rows, columns);
  const names = rows.map(({ className }) => className);
  const width = columns * Math.min(64, Math.max(40, sheet.width));
  return markup`<div class="samples"><div class="names" aria-hidden="true">${names.map((text) => markup`<span>${text}</span>`)}</div><img class="pixels" style="width:${width}px" alt="${name}: a row of images for each of the classes ${names.join(', ')}" src="data:image/png;base64,${Buffer.from(png).toString('base64')}" /></div>`;
}

type Rows = SampleSheet['rows'];

/** PNG with an alpha channel, in which gaps and missing images are transparent. */
function sheetOf({ height, width, channels }: SampleSheet, rows: Rows, columns: number): Uint8Array {
  const factor = Math.max(1, Math.ceil(Math.sqrt((rows.length * columns * height * width * channels) / MOST_VALUES)));
  const h = Math.ceil(height / factor);
  const w = Math.ceil(width / factor);
  const sheet = {
    width: columns * (w + GAP) - GAP,
    height: rows.length * (h + GAP) - GAP,
    channels: channels + 1,
    depth: 8 as const,
  };
  const data = new Uint8Array(sheet.width * sheet.height * sheet.channels);
  for (const [r, { images }] of rows.entries()) {
    for (const [c, image] of images.entries()) {
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w; x++) {
          const at = ((r * (h + GAP) + y) * sheet.width + c * (w + GAP) + x) * sheet.channels;
          for (let k = 0; k < channels; k++) data[at + k] = blockMean(image, { height, width }, factor, y, x, k);
          data[at + channels] = 255;
        }
      }
    }
  }
  return encode({ ...sheet, data });
}

function blockMean(
  image: Uint8Array,
  { height, width }: Pick<SampleSheet, 'height' | 'width'>,
  factor: number,
  row: number,
  column: number,
  channel: number,
): number {
  let sum = 0;
  let n = 0;
  for (let y = row * factor; y < Math.min(height, (row + 1) * factor); y++) {
    for (let x = column * factor; x < Math.min(width, (column + 1) * factor); x++) {
      sum += image[(channel * height + y) * width + x]!;
      n++;
    }
  }
  return Math.round(sum / n);
}
