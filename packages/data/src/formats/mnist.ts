import { ImageDataset } from '../dataset.ts';
import { DataFileError } from './error.ts';
import { parseIdx } from './idx.ts';

/** One of the two files of a data set in MNIST's format. */
export interface NamedBytes {
  /** Name of the file in error messages. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Class names of MNIST. */
const digits: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/**
 * Reads a data set from two IDX files, gzipped or not: images of shape [N, H, W] and labels of shape [N], both bytes.
 *
 * @param classNames Names of the classes. Default: the ten digits.
 * @throws {DataFileError} if a file is damaged or has another rank or type, their counts differ, or a label has no
 *   name.
 */
export async function parseMnist(
  images: NamedBytes,
  labels: NamedBytes,
  classNames: readonly string[] = digits,
): Promise<ImageDataset> {
  const pictures = await parseIdx(images.bytes, images.name);
  const classes = await parseIdx(labels.bytes, labels.name);
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
