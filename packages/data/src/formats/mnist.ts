import { resolveLimits } from '@thetagrad/core/backend';
import { checkTexts } from '../checks.ts';
import { ImageDataset } from '../dataset.ts';
import { defaultLimits, type Limits } from '../limits.ts';
import { checkBytes, DataFileError } from './error.ts';
import { FileBudget } from './fileBudget.ts';
import { readIdx } from './idx.ts';

/** One of the two files of a data set in MNIST's format. */
export interface NamedBytes {
  /** Name of the file in error messages. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Options of `parseMnist`. */
export interface ParseMnistOptions {
  /** Names of the classes, required for more than ten. Default: the ten digits. */
  readonly classNames?: readonly string[];
  /** What each file may cost at most. Default: {@link defaultLimits}, also for those that are left out. */
  readonly limits?: Partial<Limits>;
}

/** Class names of MNIST. */
const digits: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/**
 * Reads a data set from two IDX files, gzipped or not: images of shape [N, H, W] and labels of shape [N], both bytes.
 *
 * @throws {DataFileError} if a file is damaged, exceeds a limit, or has another rank or type, their counts differ, or a
 *   label has no name.
 * @throws {TypeError | RangeError} if an option is unknown, or a limit is not a positive integer or Infinity.
 */
export async function parseMnist(
  images: NamedBytes,
  labels: NamedBytes,
  options: ParseMnistOptions = {},
): Promise<ImageDataset> {
  const limits = resolveLimits('parseMnist', options, defaultLimits, ['classNames']);
  for (const file of [images, labels]) checkBytes('parseMnist', file?.bytes);
  const { classNames = digits } = options;
  checkTexts('parseMnist', classNames, 'classNames');
  const read = ({ name, bytes }: NamedBytes) => readIdx(bytes, new FileBudget(name, limits, bytes.length));
  const pictures = await read(images);
  const classes = await read(labels);
  const [count, height, width] = pictures.shape;
  if (pictures.shape.length !== 3 || !(pictures.data instanceof Uint8Array) || pictures.data.length === 0) {
    throw new DataFileError(images.name, `holds ${describeArray(pictures)}, expected images: bytes of shape [N, H, W]`);
  }
  if (classes.shape.length !== 1 || !(classes.data instanceof Uint8Array)) {
    throw new DataFileError(labels.name, `holds ${describeArray(classes)}, expected labels: bytes of shape [N]`);
  }
  if (classes.shape[0] !== count) {
    throw new DataFileError(labels.name, `holds ${classes.shape[0]} labels, but ${images.name} holds ${count} images`);
  }
  const unnamed = classes.data.findIndex((label) => label >= classNames.length);
  if (unnamed >= 0) {
    const problem = `label ${classes.data[unnamed]} of image ${unnamed} has no name; there are ${classNames.length} classNames`;
    throw new DataFileError(labels.name, problem);
  }
  return new ImageDataset({
    data: pictures.data,
    labels: Int32Array.from(classes.data),
    channels: 1,
    height: height!,
    width: width!,
    classNames,
  });
}

function describeArray({ shape, data }: { readonly shape: readonly number[]; readonly data: object }): string {
  return `a ${data.constructor.name} of shape [${shape.join(', ')}]`;
}
