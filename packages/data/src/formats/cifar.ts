import { argumentError, resolveLimits, unknownValue } from '@thetagrad/core/backend';
import { checkTexts } from '../checks.ts';
import { ImageDataset } from '../dataset.ts';
import { defaultLimits, type Limits } from '../limits.ts';
import { checkBytes, DataFileError } from './error.ts';
import { FileBudget } from './fileBudget.ts';
import type { NamedBytes } from './mnist.ts';

/** Options of `parseCifar`. */
export interface ParseCifarOptions {
  /** Labels before each image: one in CIFAR-10, a coarse and a fine one in CIFAR-100. Default: 'cifar10'. */
  readonly format?: 'cifar10' | 'cifar100';
  /** Which label of CIFAR-100 is the class, of 100 or of 20. Default: 'fine'. */
  readonly labels?: 'fine' | 'coarse';
  /** Names of the classes. Default: those of CIFAR-10, for CIFAR-100 '0', '1', … */
  readonly classNames?: readonly string[];
  /** What each file may cost at most. Default: {@link defaultLimits}, also for those that are left out. */
  readonly limits?: Partial<Limits>;
}

const side = 32;
const imageBytes = 3 * side * side;

const classNames10 = 'airplane automobile bird cat deer dog frog horse ship truck'.split(' ');

/**
 * Reads CIFAR-10 or CIFAR-100 in their binary versions: for each image one or two bytes of labels, then the red, green
 * and blue plane of 32 × 32 bytes (Krizhevsky 2009).
 *
 * @param files One or more files, whose images follow each other.
 * @throws {DataFileError} if a file is empty, truncated or exceeds a limit, or a label has no name.
 * @throws {TypeError | RangeError} if there is no file, an option is unknown, or a limit is not a positive integer or Infinity.
 */
export function parseCifar(files: readonly NamedBytes[], options: ParseCifarOptions = {}): ImageDataset {
  const limits = resolveLimits('parseCifar', options, defaultLimits, ['format', 'labels', 'classNames']);
  const { format = 'cifar10', labels = 'fine' } = options;
  const [labelBytes, classes] = labelsOf(format, labels);
  const { classNames = format === 'cifar10' ? classNames10 : Array.from({ length: classes }, (_, i) => String(i)) } =
    options;
  checkTexts('parseCifar', classNames, 'classNames');
  if (!Array.isArray(files)) throw argumentError('parseCifar', 'files', 'an array of { name, bytes }', files, false);
  if (files.length === 0) throw new RangeError('parseCifar: files must have at least one file');
  const recordBytes = labelBytes + imageBytes;
  let count = 0;
  for (const { name, bytes } of files) {
    checkBytes('parseCifar', bytes);
    const budget = new FileBudget(name, limits, bytes.length);
    if (bytes.length === 0 || bytes.length % recordBytes !== 0) {
      throw new DataFileError(
        name,
        `has ${bytes.length} bytes, expected a multiple of ${recordBytes}, the bytes of an image of ${format}`,
      );
    }
    count += bytes.length / recordBytes;
    budget.check('datasetBytes', count * imageBytes, `brings the images to ${count * imageBytes} bytes`);
  }
  const data = new Uint8Array(count * imageBytes);
  const label = new Int32Array(count);
  let at = 0;
  for (const { name, bytes } of files) {
    for (let record = 0; record < bytes.length; record += recordBytes) {
      const value = bytes[record + (labels === 'fine' ? labelBytes - 1 : 0)]!;
      if (value >= classNames.length) {
        const problem = `label ${value} of image ${record / recordBytes} has no name; there are ${classNames.length} classNames`;
        throw new DataFileError(name, problem);
      }
      label[at] = value;
      data.set(bytes.subarray(record + labelBytes, record + recordBytes), at++ * imageBytes);
    }
  }
  return new ImageDataset({ data, labels: label, channels: 3, height: side, width: side, classNames });
}

/** Bytes of labels before an image, and the number of classes. */
function labelsOf(format: string, labels: string): readonly [bytes: number, classes: number] {
  if (labels !== 'fine' && labels !== 'coarse') throw unknownValue('parseCifar', 'labels', labels, 'fine, coarse');
  if (format === 'cifar10' && labels === 'fine') return [1, 10];
  if (format === 'cifar100') return [2, labels === 'fine' ? 100 : 20];
  if (format === 'cifar10')
    throw new RangeError("parseCifar: CIFAR-10 has no coarse labels; leave labels out, or pass format: 'cifar100'");
  throw unknownValue('parseCifar', 'format', format, 'cifar10, cifar100');
}
