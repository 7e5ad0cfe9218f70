import { ImageDataset } from '../dataset.ts';
import { convertToLuma, type Image, resizePlanes } from '../resample.ts';
import { DataFileError, shorten } from './error.ts';
import type { FileBudget } from './fileBudget.ts';

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

/** Images of one size and number of channels, for a data set. */
export class LabeledImages {
  readonly #images: LabeledImage[] = [];
  readonly #budget: FileBudget;
  readonly #fixes: { readonly size: string; readonly channels: string };
  #bytes = 0;

  /**
   * @param budget Of the archive or folder.
   * @param fixes Advice for errors about the size and the number of channels.
   */
  constructor(budget: FileBudget, fixes: { readonly size: string; readonly channels: string }) {
    this.#budget = budget;
    this.#fixes = fixes;
  }

  get count(): number {
    return this.#images.length;
  }

  /** @throws {DataFileError} if size or number of channels differ from the first image's, or there is too much data. */
  add(labeled: LabeledImage): void {
    const { name, image } = labeled;
    const first = this.#images[0] ?? labeled;
    const { channels, height, width } = first.image;
    if (image.height !== height || image.width !== width) {
      throw new DataFileError(
        name,
        `is ${image.width} × ${image.height} pixels (width × height), but ${shorten(first.name)} is ${width} × ${height}; ${this.#fixes.size}`,
      );
    }
    if (image.channels !== channels) {
      const problem = `has ${image.channels} channel(s), but ${shorten(first.name)} has ${channels}; ${this.#fixes.channels}`;
      throw new DataFileError(name, problem);
    }
    this.#bytes += image.data.length;
    const description = `has images of ${this.#bytes} bytes up to ${shorten(name)}`;
    this.#budget.check('datasetBytes', this.#bytes, description);
    this.#images.push(labeled);
  }

  /** Collates the images, of which there must be one, to a data set whose classes are in natural order. */
  toDataset(): ImageDataset {
    const sorted = this.#images.sort(
      (a, b) => compareNatural(a.className, b.className) || compareNatural(a.name, b.name),
    );
    const { channels, height, width } = sorted[0]!.image;
    const area = channels * height * width;
    const data = new Uint8Array(sorted.length * area);
    const labels = new Int32Array(sorted.length);
    const classNames: string[] = [];
    const classGroups: string[] = [];
    sorted.forEach(({ className, group, image }, i) => {
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
}
