import type { ImageDataset } from '../dataset.ts';
import { DataFileError } from './error.ts';
import { decodeImage } from './image.ts';
import { collateImages, convertImage, type LabeledImage } from './labeled.ts';

/** A file in an image folder. */
export interface FolderFile {
  /** Path of the form `class/file`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Options of `parseImageFolder` and `imageFolder`. */
export interface ImageFolderOptions {
  /** Size to which every image is resized. Default: no resizing, all must have the same size. */
  readonly size?: readonly [height: number, width: number];
  /** Converts color images to one channel. Default: false, all must have the same number of channels. */
  readonly grayscale?: boolean;
  /** Name of the folder in error messages. */
  readonly name?: string;
}

/**
 * Reads a data set from PNG, JPEG and PGM files, one class for each folder, classes and files in natural order (`s2`
 * before `s10`). Decodes each file as it comes, so that an async generator need not hold all of them.
 *
 * @throws {DataFileError} if a file is damaged or differs in size or channels, or there is none.
 */
export async function parseImageFolder(
  files: Iterable<FolderFile> | AsyncIterable<FolderFile>,
  options: ImageFolderOptions = {},
): Promise<ImageDataset> {
  const { size, grayscale = false, name: folder = 'image folder' } = options;
  const images: LabeledImage[] = [];
  for await (const { path, bytes } of files) {
    const [className, file, ...others] = path.split('/');
    if (!className || !file || others.length > 0) {
      throw new DataFileError(`${folder}/${path}`, "the path must have the form 'class/file'");
    }
    const name = `${folder}/${path}`;
    images.push({ name, className, image: convertImage(decodeImage(bytes, name), size, grayscale) });
  }
  if (images.length === 0) {
    throw new DataFileError(folder, 'no images: expected a folder for each class with PNG, JPEG or PGM files in it');
  }
  return collateImages(images, {
    size: 'pass size: [height, width] to resize all images',
    channels: 'pass grayscale: true to make all images gray',
  });
}
