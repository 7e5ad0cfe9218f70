import type { ImageDataset } from '../dataset.ts';
import { DataFileError } from './error.ts';
import { decodeImage } from './image.ts';
import { collect, type LabelledImage, prepared } from './labelled.ts';

/** A file of an image folder. */
export interface FolderFile {
  /** `class/file`, with one slash. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** How images of a folder are converted. */
export interface ImageFolderOptions {
  /** Resize every image to [height, width]; without it, all must have one size. */
  readonly size?: readonly [height: number, width: number];
  /** Make colour images grey; without it, all must have the same number of channels. */
  readonly grayscale?: boolean;
  /** What to call the folder in errors. */
  readonly name?: string;
}

/**
 * Makes a data set of PNG, JPEG and PGM files, one class for each folder, classes and files in natural order (`s2` before
 * `s10`). Files are decoded one by one as they come, so an async generator need not hold them all.
 *
 * @throws DataFileError naming the file that is damaged or differs in size or channels, or the folder without images
 */
export async function parseImageFolder(
  files: Iterable<FolderFile> | AsyncIterable<FolderFile>,
  options: ImageFolderOptions = {},
): Promise<ImageDataset> {
  const { size, grayscale = false, name: folder = 'image folder' } = options;
  const images: LabelledImage[] = [];
  for await (const { path, bytes } of files) {
    const [className, file, ...rest] = path.split('/');
    if (!className || !file || rest.length > 0) {
      throw new DataFileError(`${folder}/${path}`, "the path must have the form 'class/file'");
    }
    const name = `${folder}/${path}`;
    images.push({ name, className, image: prepared(decodeImage(bytes, name), size, grayscale) });
  }
  if (images.length === 0) {
    throw new DataFileError(folder, 'no images: expected a folder for each class with PNG, JPEG or PGM files in it');
  }
  return collect(images, {
    size: 'pass size: [height, width] to resize all images',
    channels: 'pass grayscale: true to make all images grey',
  });
}
