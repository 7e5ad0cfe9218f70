/** Loaders that read the file system of Node; everything else is in the main entry, which runs in browsers too. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageDataset } from './dataset.ts';
import { DataFileError } from './formats/error.ts';
import { type FolderFile, type ImageFolderOptions, parseImageFolder } from './formats/folder.ts';
import { type IdxArray, parseIdx } from './formats/idx.ts';
import { naturalOrder } from './formats/labelled.ts';
import { type NamedBytes, parseMnist } from './formats/mnist.ts';
import { type OmniglotOptions, parseOmniglot } from './formats/omniglot.ts';

/** Which part of an MNIST-like data set to read, and what its classes are called. */
export interface MnistOptions {
  /** Default 'train'. */
  readonly split?: 'train' | 'test';
  /** Default: the ten digits; needed for data sets of more classes. */
  readonly classNames?: readonly string[];
}

/** Reads an IDX file, gzipped or not; see `parseIdx`. */
export async function idx(path: string): Promise<IdxArray> {
  return parseIdx(await read(path), path);
}

/**
 * Reads MNIST, or a data set in its format (Fashion-MNIST, KMNIST), from a folder with the usual file names:
 * `train-images-idx3-ubyte`, `t10k-labels-idx1-ubyte` and so on, also with `.idx3` for `-idx3`, with or without `.gz`.
 *
 * @throws DataFileError if the files of this split are not there (it says when the other split is) or are damaged
 */
export async function mnist(folder: string, options: MnistOptions = {}): Promise<ImageDataset> {
  const { split = 'train', classNames } = options;
  const names = await list(folder);
  const images = findMnist(names, split, 'images');
  const labels = findMnist(names, split, 'labels');
  if (images === undefined || labels === undefined) {
    const other = split === 'train' ? 'test' : 'train';
    const hasOther = findMnist(names, other, 'images') !== undefined && findMnist(names, other, 'labels') !== undefined;
    const prefix = prefixes[split];
    throw new DataFileError(
      folder,
      `no ${split} split: expected ${prefix}-images-idx3-ubyte and ${prefix}-labels-idx1-ubyte, with or without .gz` +
        (hasOther ? `; the folder has only the ${other} split, pass split: '${other}' to use it` : ''),
    );
  }
  return parseMnist(await readNamed(folder, images), await readNamed(folder, labels), classNames);
}

/** Reads one of Omniglot's zip files; see `parseOmniglot`. */
export async function omniglot(path: string, options: Omit<OmniglotOptions, 'name'> = {}): Promise<ImageDataset> {
  return parseOmniglot(await read(path), { ...options, name: path });
}

/**
 * Reads a folder that has a folder of PNG, JPEG or PGM files for each class, such as ORL or LFW; see `parseImageFolder`.
 * Files of other kinds and hidden ones are passed over.
 *
 * @throws DataFileError if there are no images, or a class has none, or a file is damaged
 */
export async function imageFolder(
  folder: string,
  options: Omit<ImageFolderOptions, 'name'> = {},
): Promise<ImageDataset> {
  return parseImageFolder(folderFiles(folder), { ...options, name: folder });
}

async function* folderFiles(folder: string): AsyncGenerator<FolderFile, void> {
  for (const className of (await list(folder)).sort(naturalOrder)) {
    const classFolder = join(folder, className);
    if (className.startsWith('.')) continue;
    if (!(await access(classFolder, 'folder', () => stat(classFolder))).isDirectory()) continue;
    const files = (await list(classFolder)).filter((file) => /^[^.].*\.(?:png|jpe?g|pgm)$/i.test(file));
    if (files.length === 0) throw new DataFileError(classFolder, 'no PNG, JPEG or PGM files in this class folder');
    for (const file of files.sort(naturalOrder)) {
      yield { path: `${className}/${file}`, bytes: await read(join(classFolder, file)) };
    }
  }
}

const prefixes = { train: 'train', test: 't10k' } as const;

function findMnist(names: readonly string[], split: 'train' | 'test', kind: 'images' | 'labels'): string | undefined {
  const rank = kind === 'images' ? 3 : 1;
  const pattern = new RegExp(`^${prefixes[split]}-${kind}[-.]idx${rank}-ubyte(?:\\.gz)?$`);
  return names.filter((name) => pattern.test(name)).sort()[0];
}

async function readNamed(folder: string, file: string): Promise<NamedBytes> {
  const name = join(folder, file);
  return { name, bytes: await read(name) };
}

async function list(folder: string): Promise<string[]> {
  return access(folder, 'folder', () => readdir(folder));
}

async function read(path: string): Promise<Uint8Array> {
  return access(path, 'file', () => readFile(path));
}

async function access<T>(path: string, kind: 'file' | 'folder', action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const code = (cause as { code?: unknown }).code;
    const problem =
      code === 'ENOENT'
        ? `no such ${kind}`
        : code === 'ENOTDIR' || code === 'EISDIR'
          ? `not a ${kind}`
          : `cannot read this ${kind}: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new DataFileError(path, problem, { cause });
  }
}
