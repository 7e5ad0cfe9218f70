/** Loaders that read files by path or prepare data in worker threads, for Node. The main entry has everything else, for Node and browsers. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveLimits, unknownValue } from '@thetagrad/core/backend';
import { checkText } from './checks.ts';
import type { ImageDataset } from './dataset.ts';
import { listFolder, readBytes, wrapFileErrors } from './files.ts';
import { parseCifar } from './formats/cifar.ts';
import { DataFileError } from './formats/error.ts';
import { type FolderFile, type ImageFolderOptions, parseImageFolder } from './formats/folder.ts';
import { type IdxArray, parseIdx } from './formats/idx.ts';
import { compareNatural } from './formats/labeled.ts';
import { type NamedBytes, parseMnist } from './formats/mnist.ts';
import { type OmniglotOptions, parseOmniglot } from './formats/omniglot.ts';
import { defaultLimits, type DecodeOptions, type Limits } from './limits.ts';
import { type CsvOptions, parseCsv } from './table/csv.ts';
import type { Table } from './table/table.ts';
import { type BytePairOptions, parseBytePair } from './text/bytePair.ts';
import type { Tokenizer } from './text/tokenizer.ts';

export { indexShard, type ShardEntry, type ShardIndex, type ShardPart } from './shards/shardIndex.ts';
export {
  readShardExample,
  type ShardExample,
  type ShardOptions,
  type ShardPlace,
  type Shards,
  shards,
} from './shards/shards.ts';
export { type ShardInput, writeShards, type WriteShardsOptions } from './shards/writeShards.ts';
export { loader, type LoaderOptions } from './workers/loader.ts';

/** Options of `mnist`. */
export interface MnistOptions {
  /** Part to read. Default: 'train'. */
  readonly split?: 'train' | 'test';
  /** Names of the classes, required for more than ten. Default: the ten digits. */
  readonly classNames?: readonly string[];
  /** What each file may cost at most. Default: {@link defaultLimits}, also for those that are left out. */
  readonly limits?: Partial<Limits>;
}

// Only regular files are read: a pipe would wait for a writer, and a device may never end.

/**
 * Reads an IDX file, gzipped or not; see `parseIdx`.
 *
 * @throws {DataFileError} if the file is missing or damaged, exceeds a limit, or is not a regular file.
 * @throws {TypeError | RangeError} if an option is unknown, or a limit is not a positive integer or Infinity.
 */
export async function idx(path: string, options: Omit<DecodeOptions, 'name'> = {}): Promise<IdxArray> {
  const limits = resolveLimits('idx', options, defaultLimits);
  checkText('idx', path, 'path');
  return parseIdx(await readBytes(path, limits), { name: path, limits });
}

/**
 * Reads MNIST, or a data set in its format (Fashion-MNIST, KMNIST), from a folder with the usual file names:
 * `train-images-idx3-ubyte`, `t10k-labels-idx1-ubyte` and so on, also with `.idx3` for `-idx3`, with or without `.gz`.
 *
 * @throws {DataFileError} if files of this split are missing or damaged, exceed a limit, or are not regular files.
 * @throws {TypeError | RangeError} if an option or the split is unknown, or a limit is not a positive integer or Infinity.
 */
export async function mnist(folder: string, options: MnistOptions = {}): Promise<ImageDataset> {
  const limits = resolveLimits('mnist', options, defaultLimits, ['split', 'classNames']);
  checkText('mnist', folder, 'folder');
  const { split = 'train', classNames } = options;
  if (!Object.hasOwn(prefixes, split)) throw unknownValue('mnist', 'split', split, Object.keys(prefixes).join(', '));
  const names = await listFolder(folder, limits);
  const images = findMnistFile(names, split, 'images');
  const labels = findMnistFile(names, split, 'labels');
  if (images === undefined || labels === undefined) {
    const other = split === 'train' ? 'test' : 'train';
    const hasOther =
      findMnistFile(names, other, 'images') !== undefined && findMnistFile(names, other, 'labels') !== undefined;
    const prefix = prefixes[split];
    throw new DataFileError(
      folder,
      `no ${split} split: expected ${prefix}-images-idx3-ubyte and ${prefix}-labels-idx1-ubyte, with or without .gz` +
        (hasOther ? `; the folder has only the ${other} split, pass split: '${other}' to use it` : ''),
    );
  }
  const read = async (name: string): Promise<NamedBytes> => ({ name, bytes: await readBytes(name, limits) });
  const named = classNames === undefined ? {} : { classNames };
  return parseMnist(await read(join(folder, images)), await read(join(folder, labels)), { limits, ...named });
}

/** Options of `cifar10`. */
export interface Cifar10Options {
  /** Part to read. Default: 'train'. */
  readonly split?: 'train' | 'test';
  /** What each file may cost at most. Default: {@link defaultLimits}, also for those that are left out. */
  readonly limits?: Partial<Limits>;
}

/** Options of `cifar100`. */
export interface Cifar100Options extends Cifar10Options {
  /** Which label is the class, of 100 or of 20. Default: 'fine'. */
  readonly labels?: 'fine' | 'coarse';
}

/**
 * Reads CIFAR-10 from the folder of its binary version, `cifar-10-batches-bin`: five batches to train and one to test.
 *
 * @throws {DataFileError} if a file is missing or damaged, exceeds a limit, or is not a regular file.
 * @throws {TypeError | RangeError} if an option or the split is unknown, or a limit is not a positive integer or Infinity.
 */
export async function cifar10(folder: string, options: Cifar10Options = {}): Promise<ImageDataset> {
  const limits = resolveLimits('cifar10', options, defaultLimits, ['split']);
  checkText('cifar10', folder, 'folder');
  const batches = { train: [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`), test: ['test_batch.bin'] };
  const files = await readSplit('cifar10', folder, options.split, batches, limits);
  return parseCifar(files, { limits });
}

/**
 * Reads CIFAR-100 from the folder of its binary version, `cifar-100-binary`, with the names of the classes.
 *
 * @throws {DataFileError} if a file is missing or damaged, exceeds a limit, or is not a regular file.
 * @throws {TypeError | RangeError} if an option, the split or the kind of labels is unknown, or a limit is not a positive integer or Infinity.
 */
export async function cifar100(folder: string, options: Cifar100Options = {}): Promise<ImageDataset> {
  const limits = resolveLimits('cifar100', options, defaultLimits, ['split', 'labels']);
  checkText('cifar100', folder, 'folder');
  const { labels = 'fine', split } = options;
  if (labels !== 'fine' && labels !== 'coarse') throw unknownValue('cifar100', 'labels', labels, 'fine, coarse');
  const files = await readSplit('cifar100', folder, split, { train: ['train.bin'], test: ['test.bin'] }, limits);
  const classNames = (await readText(join(folder, `${labels}_label_names.txt`), limits)).split(/\r?\n/).filter(Boolean);
  return parseCifar(files, { format: 'cifar100', labels, classNames, limits });
}

function readSplit(
  operation: string,
  folder: string,
  split: 'train' | 'test' = 'train',
  names: Readonly<Record<'train' | 'test', readonly string[]>>,
  limits: Limits,
): Promise<NamedBytes[]> {
  if (!Object.hasOwn(names, split)) throw unknownValue(operation, 'split', split, 'train, test');
  return Promise.all(
    names[split].map(async (name) => ({
      name: join(folder, name),
      bytes: await readBytes(join(folder, name), limits),
    })),
  );
}

/**
 * Reads one of Omniglot's zip files; see `parseOmniglot`.
 *
 * @throws {DataFileError} if the file is missing or damaged, exceeds a limit, is not a regular file, or has no drawings.
 * @throws {TypeError | RangeError} if an option is unknown, or a limit is not a positive integer or Infinity.
 */
export async function omniglot(path: string, options: Omit<OmniglotOptions, 'name'> = {}): Promise<ImageDataset> {
  const limits = resolveLimits('omniglot', options, defaultLimits, ['size']);
  checkText('omniglot', path, 'path');
  return parseOmniglot(await readBytes(path, limits), { ...options, name: path });
}

/**
 * Reads a folder that has a folder of PNG, JPEG or PGM files for each class, such as ORL or LFW; see
 * `parseImageFolder`. Ignores hidden files and those of other formats.
 *
 * @throws {DataFileError} if there are no images, or a class has none, or a file is damaged, exceeds a limit, or is not
 *   a regular file.
 * @throws {TypeError | RangeError} if an option is unknown, or a limit is not a positive integer or Infinity.
 */
export async function imageFolder(
  folder: string,
  options: Omit<ImageFolderOptions, 'name'> = {},
): Promise<ImageDataset> {
  const limits = resolveLimits('imageFolder', options, defaultLimits, ['size', 'grayscale']);
  checkText('imageFolder', folder, 'folder');
  return parseImageFolder(readClassFolders(folder, limits), { ...options, name: folder });
}

/**
 * Reads a CSV file; see `parseCsv`.
 *
 * @throws {DataFileError} if the file is missing or damaged, exceeds a limit, is not a regular file, or not UTF-8.
 * @throws {TypeError | RangeError} if an option is unknown or of the wrong kind.
 */
export async function csv(path: string, options: Omit<CsvOptions, 'name'> = {}): Promise<Table> {
  const limits = resolveLimits('csv', options, defaultLimits, ['header', 'delimiter', 'missing', 'types']);
  checkText('csv', path, 'path');
  return parseCsv(await readText(path, limits), { ...options, name: path });
}

/**
 * Reads `vocab.json` and `merges.txt` of GPT-2's byte-pair encoding from a folder; see `parseBytePair`.
 *
 * @throws {DataFileError} if a file is missing or damaged, exceeds a limit, is not a regular file, or not UTF-8.
 * @throws {TypeError | RangeError} if an option is unknown or wrong, or a special token is not in the vocabulary.
 */
export async function bytePair(folder: string, options: Omit<BytePairOptions, 'name'> = {}): Promise<Tokenizer> {
  const limits = resolveLimits('bytePair', options, defaultLimits, ['specialTokens']);
  checkText('bytePair', folder, 'folder');
  const [vocabulary, merges] = await Promise.all(
    ['vocab.json', 'merges.txt'].map((name) => readText(join(folder, name), limits)),
  );
  return parseBytePair(vocabulary!, merges!, { ...options, name: folder });
}

async function readText(path: string, limits: Limits): Promise<string> {
  const bytes = await readBytes(path, limits);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DataFileError(path, 'is not UTF-8 text', { cause });
  }
}

async function* readClassFolders(folder: string, limits: Limits): AsyncGenerator<FolderFile, void> {
  for (const className of (await listFolder(folder, limits)).sort(compareNatural)) {
    const classFolder = join(folder, className);
    if (className.startsWith('.')) continue;
    if (!(await wrapFileErrors(classFolder, 'folder', () => stat(classFolder))).isDirectory()) continue;
    const files = (await listFolder(classFolder, limits)).filter((file) => /^[^.].*\.(?:png|jpe?g|pgm)$/i.test(file));
    if (files.length === 0) throw new DataFileError(classFolder, 'no PNG, JPEG or PGM files in this class folder');
    for (const file of files.sort(compareNatural)) {
      yield { path: `${className}/${file}`, bytes: await readBytes(join(classFolder, file), limits) };
    }
  }
}

const prefixes = { train: 'train', test: 't10k' } as const;

function findMnistFile(
  names: readonly string[],
  split: 'train' | 'test',
  kind: 'images' | 'labels',
): string | undefined {
  const rank = kind === 'images' ? 3 : 1;
  const pattern = new RegExp(`^${prefixes[split]}-${kind}[-.]idx${rank}-ubyte(?:\\.gz)?$`);
  return names.filter((name) => pattern.test(name)).sort()[0];
}
