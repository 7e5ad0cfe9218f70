import { argumentError, resolveLimits } from '@thetagrad/core/backend';
import type { ImageDataset } from '../dataset.ts';
import { defaultLimits, type DecodeOptions } from '../limits.ts';
import { checkBytes, DataFileError } from './error.ts';
import { FileBudget } from './fileBudget.ts';
import { readImage } from './image.ts';
import { convertImage, LabeledImages } from './labeled.ts';

/** A file in an image folder. */
export interface FolderFile {
  /** Path of the form `class/file`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Options of `parseImageFolder` and `imageFolder`. */
export interface ImageFolderOptions extends DecodeOptions {
  /** Size to which every image is resized. Default: no resizing, all must have the same size. */
  readonly size?: readonly [height: number, width: number];
  /** Converts color images to one channel. Default: false, all must have the same number of channels. */
  readonly grayscale?: boolean;
}

/**
 * Reads a data set from PNG, JPEG and PGM files, one class for each folder, classes and files in natural order (`s2`
 * before `s10`). Decodes each file as it comes, so that an async generator need not hold all of them.
 *
 * @param options.name Name of the folder in error messages. Default: 'image folder'.
 * @throws {DataFileError} if a file is damaged, exceeds a limit, or differs in size or channels, or there is none.
 * @throws {TypeError | RangeError} if an option is unknown, or a limit is not a positive integer or Infinity.
 */
export async function parseImageFolder(
  files: Iterable<FolderFile> | AsyncIterable<FolderFile>,
  options: ImageFolderOptions = {},
): Promise<ImageDataset> {
  const limits = resolveLimits('parseImageFolder', options, defaultLimits, ['name', 'size', 'grayscale']);
  const { size, grayscale = false, name: folder = 'image folder' } = options;
  const budget = new FileBudget(folder, limits, 0);
  const images = new LabeledImages(budget, {
    size: 'pass size: [height, width] to resize all images',
    channels: 'pass grayscale: true to make all images gray',
  });
  for await (const { path, bytes } of files) {
    if (typeof path !== 'string')
      throw argumentError('parseImageFolder', 'the path of a file', 'a string', path, false);
    checkBytes('parseImageFolder', bytes);
    const [className, file, ...others] = path.split('/');
    if (!className || !file || others.length > 0) {
      throw new DataFileError(`${folder}/${path}`, "the path must have the form 'class/file'");
    }
    budget.check('entries', images.count + 1, `has ${images.count + 1} files or more`);
    const name = `${folder}/${path}`;
    const image = readImage(bytes, new FileBudget(name, limits, bytes.length));
    images.add({ name, className, image: convertImage(image, size, grayscale) });
  }
  if (images.count === 0) {
    throw new DataFileError(folder, 'no images: expected a folder for each class with PNG, JPEG or PGM files in it');
  }
  return images.toDataset();
}
