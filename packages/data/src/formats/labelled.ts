import { ImageDataset } from '../dataset.ts';
import { type Image, lumaPlanes, resizePlanes } from '../resample.ts';
import { DataFileError } from './error.ts';

/** An image, where it comes from, and the class and group that it belongs to. */
export interface LabelledImage {
  readonly name: string;
  readonly className: string;
  readonly group?: string;
  readonly image: Image;
}

/** Compares names as people do: `s2` before `s10`. */
export const naturalOrder: (a: string, b: string) => number = new Intl.Collator('en', { numeric: true }).compare;

/** An image resized to [height, width], if that is given, and made grey, if that is wanted. */
export function prepared(image: Image, size?: readonly [number, number], grayscale = false): Image {
  const { height, width } = image;
  const grey = grayscale && image.channels === 3;
  const channels = grey ? 1 : image.channels;
  const data = grey ? lumaPlanes(image.data, height * width) : image.data;
  if (size === undefined) return { data, channels, height, width };
  return { data: resizePlanes(data, [height, width], size), channels, height: size[0], width: size[1] };
}

/**
 * Joins images into a data set whose classes are in natural order.
 *
 * @throws DataFileError if one has another size or number of channels than the first
 */
export function collect(
  images: readonly LabelledImage[],
  fixes: { readonly size: string; readonly channels: string },
): ImageDataset {
  const sorted = images.toSorted((a, b) => naturalOrder(a.className, b.className) || naturalOrder(a.name, b.name));
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
