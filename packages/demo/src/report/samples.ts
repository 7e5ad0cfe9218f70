/** Grids of sample images, one PNG each. */

import { encode } from 'fast-png';
import { type Markup, markup } from './markup.ts';
import type { SampleSheet } from './contents.ts';

const maxRows = 8;
const maxColumns = 10;
/** Maximum number of values of a sheet; larger images are reduced, so that the file stays below about a megabyte. */
const maxValues = 220_000;
/** Number of transparent pixels between images. */
const gap = 1;

/**
 * Renders a grid with one row per class, at most 8 rows of 10 images.
 *
 * @throws {RangeError} if the length of an image is not height · width · channels.
 */
export function renderSamples(name: string, sheet: SampleSheet): Markup {
  const rows = sheet.rows
    .slice(0, maxRows)
    .map(({ className, images }) => ({ className, images: images.slice(0, maxColumns) }));
  const columns = Math.max(0, ...rows.map(({ images }) => images.length));
  if (columns === 0) return markup`<p>No images.</p>`;
  for (const { className, images } of rows) {
    for (const image of images) {
      const size = sheet.height * sheet.width * sheet.channels;
      if (image.length !== size) {
        throw new RangeError(
          `renderSamples: an image of class ${className} of ${sheet.channels} × ${sheet.height} × ${sheet.width} needs ${size} values, got ${image.length}`,
        );
      }
    }
  }
  const png = encodeSheet(sheet, rows, columns);
  const names = rows.map(({ className }) => className);
  const width = columns * Math.min(64, Math.max(40, sheet.width));
  return markup`<div class="samples"><div class="names" aria-hidden="true">${names.map((text) => markup`<span>${text}</span>`)}</div><img class="pixels" width="${width}" alt="${name}: one row of images for each class: ${names.join(', ')}" src="data:image/png;base64,${Buffer.from(png).toString('base64')}" /></div>`;
}

type Rows = SampleSheet['rows'];

/** Encodes images as a PNG with an alpha channel, in which gaps and missing images are transparent. */
function encodeSheet({ height, width, channels }: SampleSheet, rows: Rows, columns: number): Uint8Array {
  const factor = Math.max(1, Math.ceil(Math.sqrt((rows.length * columns * height * width * channels) / maxValues)));
  const h = Math.ceil(height / factor);
  const w = Math.ceil(width / factor);
  const sheet = {
    width: columns * (w + gap) - gap,
    height: rows.length * (h + gap) - gap,
    channels: channels + 1,
    depth: 8 as const,
  };
  const data = new Uint8Array(sheet.width * sheet.height * sheet.channels);
  for (const [r, { images }] of rows.entries()) {
    for (const [c, image] of images.entries()) {
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w; x++) {
          const at = ((r * (h + gap) + y) * sheet.width + c * (w + gap) + x) * sheet.channels;
          for (let k = 0; k < channels; k++) data[at + k] = averageBlock(image, { height, width }, factor, y, x, k);
          data[at + channels] = 255;
        }
      }
    }
  }
  return encode({ ...sheet, data });
}

function averageBlock(
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
