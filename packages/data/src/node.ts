/** Loaders that read files by path, for Node. The main entry has everything else, for Node and browsers. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageDataset } from './dataset.ts';
import { DataFileError, messageOf } from './formats/error.ts';
import { type FolderFile, type ImageFolderOptions, parseImageFolder } from './formats/folder.ts';
import { type IdxArray, parseIdx } from './formats/idx.ts';
import { compareNatural } from './formats/labeled.ts';
import { type NamedBytes, parseMnist } from './formats/mnist.ts';
import { type OmniglotOptions, parseOmniglot } from './formats/omniglot.ts';

/** Options of `mnist`. */
export interface MnistOptions {
  /** Part to read. Default: 'train'. */
  readonly split?: 'train' | 'test';
  /** Names of the classes, required for more than ten. Default: the ten digits. */
  readonly classNames?: readonly string[];
}

/**
 * Reads an IDX file, gzipped or not; see `parseIdx`.
 *
 * @throws {DataFileError} if the file is missing or damaged.
 */
export async function idx(path: string): Promise<IdxArray> {
  return parseIdx(await readBytes(path), path);
}

/**
 * Reads MNIST, or a data set in its format (Fashion-MNIST, KMNIST), from a folder with the usual file names:
 * `train-images-idx3-ubyte`, `t10k-labels-idx1-ubyte` and so on, also with `.idx3` for `-idx3`, with or without `.gz`.
 *
 * @throws {DataFileError} if files of this split are missing or damaged.
 */
export async function mnist(folder: string, options: MnistOptions = {}): Promise<ImageDataset> {
  const { split = 'train', classNames } = options;
  const names = await listFolder(folder);
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
  return parseMnist(await readNamed(folder, images), await readNamed(folder, labels), classNames);
}

/**
 * Reads one of Omniglot's zip files; see `parseOmniglot`.
 *
 * @throws {DataFileError} if the file is missing or damaged, or has no drawings.
 */
export async function omniglot(path: string, options: Omit<OmniglotOptions, 'name'> = {}): Promise<ImageDataset> {
  return parseOmniglot(await readBytes(path), { ...options, name: path });
}

/**
 * Reads a folder that has a folder of PNG, JPEG or PGM files for each class, such as ORL or LFW; see
 * `parseImageFolder`. Ignores hidden files and those of other formats.
 *
 * @throws {DataFileError} if there are no images, or a class has none, or a file is damaged.
 */
export async function imageFolder(
  folder: string,
  options: Omit<ImageFolderOptions, 'name'> = {},
): Promise<ImageDataset> {
  return parseImageFolder(readClassFolders(folder), { ...options, name: folder });
}

async function* readClassFolders(folder: string): AsyncGenerator<FolderFile, void> {
  for (const className of (await listFolder(folder)).sort(compareNatural)) {
    const classFolder = join(folder, className);
    if (className.startsWith('.')) continue;
    if (!(await wrapFileErrors(classFolder, 'folder', () => stat(classFolder))).isDirectory()) continue;
    const files = (await listFolder(classFolder)).filter((file) => /^[^.].*\.(?:png|jpe?g|pgm)$/i.test(file));
    if (files.length === 0) throw new DataFileError(classFolder, 'no PNG, JPEG or PGM files in this class folder');
    for (const file of files.sort(compareNatural)) {
      yield { path: `${className}/${file}`, bytes: await readBytes(join(classFolder, file)) };
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

async function readNamed(folder: string, file: string): Promise<NamedBytes> {
  const name = join(folder, file);
  return { name, bytes: await readBytes(name) };
}

async function listFolder(folder: string): Promise<string[]> {
  return wrapFileErrors(folder, 'folder', () => readdir(folder));
}

async function readBytes(path: string): Promise<Uint8Array> {
  return wrapFileErrors(path, 'file', () => readFile(path));
}

/** Runs an operation on a file or folder and turns its errors into `DataFileError`s. */
async function wrapFileErrors<T>(path: string, kind: 'file' | 'folder', action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const code = (cause as { code?: unknown }).code;
    const problem =
      code === 'ENOENT'
        ? `no such ${kind}`
        : code === 'ENOTDIR' || code === 'EISDIR'
          ? `not a ${kind}`
          : `cannot read this ${kind}: ${messageOf(cause)}`;
    throw new DataFileError(path, problem, { cause });
  }
}
