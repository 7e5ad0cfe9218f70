import { resolveLimits } from '@thetagrad/core/backend';
import type { ImageDataset } from '../dataset.ts';
import { defaultLimits, type DecodeOptions } from '../limits.ts';
import { checkBytes, DataFileError } from './error.ts';
import { FileBudget } from './fileBudget.ts';
import { convertImage, LabeledImages } from './labeled.ts';
import { decodePng } from './png.ts';
import { readZipDirectory, readZipEntry } from './zip.ts';

/** Options of `parseOmniglot` and `omniglot`. */
export interface OmniglotOptions extends DecodeOptions {
  /** Height and width to which the 105 × 105 drawings are resized; 28 is usual. Default: no resizing. */
  readonly size?: number;
}

const drawingPath = /(?:^|\/)([^/]+)\/(character\d+)\/\d+_\d+\.png$/;

/**
 * Reads one of Omniglot's zip files (`images_background.zip`, `images_evaluation.zip`, the small variants; Lake,
 * Salakhutdinov, Tenenbaum, "Human-level concept learning through probabilistic program induction", 2015): drawings
 * `…/Alphabet/characterNN/NNNN_NN.png`. A class is a character, named `Alphabet/characterNN`; its group is the
 * alphabet. Inverts the drawings, black on white in the files, to bright on black.
 *
 * @throws {DataFileError} if it is not a zip file, is damaged, exceeds a limit, or has no such drawings.
 * @throws {TypeError | RangeError} if an option is unknown, or a limit is not a positive integer or Infinity.
 */
export function parseOmniglot(bytes: Uint8Array, options: OmniglotOptions = {}): ImageDataset {
  const limits = resolveLimits('parseOmniglot', options, defaultLimits, ['name', 'size']);
  checkBytes('parseOmniglot', bytes);
  const { size, name = 'Omniglot zip' } = options;
  const budget = new FileBudget(name, limits, bytes.length);
  const images = new LabeledImages(budget, {
    size: 'all drawings must have one size',
    channels: 'all drawings must be gray',
  });
  for (const entry of readZipDirectory(bytes, budget, isPicture)) {
    const file = `${name}/${entry.path}`;
    const [, group, character] = drawingPath.exec(entry.path) ?? [];
    if (group === undefined) {
      throw new DataFileError(file, 'not an Omniglot drawing: expected a path …/Alphabet/characterNN/NNNN_NN.png');
    }
    const { data, ...shape } = decodePng(readZipEntry(entry, file), budget.entry(file, entry.size));
    const ink = { ...shape, data: data.map((value) => 255 - value) };
    const image = convertImage(ink, size === undefined ? undefined : [size, size], true);
    images.add({ name: file, className: `${group}/${character}`, group, image });
  }
  if (images.count === 0) {
    throw new DataFileError(name, 'no Omniglot drawings (…/Alphabet/characterNN/NNNN_NN.png) in this zip file');
  }
  return images.toDataset();
}

/** Whether a path is that of a PNG file, and not of the resource fork that macOS adds to archives. */
function isPicture(path: string): boolean {
  return path.endsWith('.png') && !path.startsWith('__MACOSX/');
}
