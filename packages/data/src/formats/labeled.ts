import { ImageDataset } from '../dataset.ts';
import { convertToLuma, type Image, resizePlanes } from '../resample.ts';
import { DataFileError } from './error.ts';

/** An image, the name of its file, and its class and group. */
export interface LabeledImage {
  readonly name: string;
  readonly className: string;
  readonly group?: string;
  readonly image: Image;
}

/** Compares names in natural order: `s2` before `s10`. */
export const compareNatural: (a: string, b: string) => number = new Intl.Collator('en', { numeric: true }).compare;

/** Converts an image to one channel if `grayscale` is set, and resizes it to [height, width] if a size is given. */
export function convertImage(image: Image, size?: readonly [number, number], grayscale = false): Image {
  const { height, width } = image;
  const isConverted = grayscale && image.channels === 3;
  const channels = isConverted ? 1 : image.channels;
  const data = isConverted ? convertToLuma(image.data, height * width) : image.data;
  if (size === undefined) return { data, channels, height, width };
  return { data: resizePlanes(data, [height, width], size), channels, height: size[0], width: size[1] };
}

/**
 * Collates images to a data set whose classes are in natural order.
 *
 * @param fixes Advice for errors about the size and the number of channels.
 * @throws {DataFileError} if the size or number of channels of an image differs from the first.
 */
export function collateImages(
  images: readonly LabeledImage[],
  fixes: { readonly size: string; readonly channels: string },
): ImageDataset {
  const sorted = images.toSorted((a, b) => compareNatural(a.className, b.className) || compareNatural(a.name, b.name));
  const first = sorted[0]!;
  const { channels, height, width } = first.image;
  const area = channels * height * width;
  const data = new Uint8Array(sorted.length * area);
  const labels = new Int32Array(sorted.length);
  const classNames: string[] = [];
  const classGroups: string[] = [];
  sorted.forEach(({ name, className, group, image }, i) => {
    if (image.height !== height || image.width !== width) {
      throw new DataFileError(
        name,
        `is ${image.width} × ${image.height} pixels (width × height), but ${first.name} is ${width} × ${height}; ${fixes.size}`,
      );
    }
    if (image.channels !== channels) {
      const problem = `has ${image.channels} channel(s), but ${first.name} has ${channels}; ${fixes.channels}`;
      throw new DataFileError(name, problem);
    }
    if (classNames.at(-1) !== className) {
      classNames.push(className);
      if (group !== undefined) classGroups.push(group);
    }
    labels[i] = classNames.length - 1;
    data.set(image.data, i * area);
  });
  const groups = classGroups.length > 0 ? { classGroups } : {};
  return new ImageDataset({ data, labels, channels, height, width, classNames, ...groups });
}
