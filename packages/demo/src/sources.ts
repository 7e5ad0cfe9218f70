import { glyphs, type AugmentOptions, type ClassSplit, type ImageDataset } from '@thetagrad/data';
import { imageFolder, mnist, omniglot } from '@thetagrad/data/node';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from './options.ts';

/** Images of classes to train on, and of others to verify on. */
export interface Source {
  readonly name: string;
  readonly seen: ImageDataset;
  readonly unseen: ImageDataset;
  /** How training images are varied. */
  readonly variation: AugmentOptions;
  /** Whether a mirror image shows the same thing: faces, not letters. */
  readonly mirror: boolean;
}

/** Images of one class that are verified: all pairs are compared, so that more would only take time. */
const verifiedPerClass = 50;

const writing: AugmentOptions = { shift: 2, rotate: 10, scale: [0.9, 1.1] };

/**
 * The data that `--data` names.
 * @throws {UsageError} if it names none, or they are too few to train and to verify.
 * @throws {DataFileError} if files are missing or damaged.
 */
export async function openSource(text: string, seed: number): Promise<Source> {
  const colon = text.indexOf(':');
  const [kind, path] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  if (kind === 'glyphs' && colon < 0) {
    const all = glyphs({ classes: 250, perClass: 20, seed });
    return source('glyphs', all.splitByClass({ seen: 200, seed }), writing);
  }
  if (path === '' || !['mnist', 'omniglot', 'folder'].includes(kind)) {
    throw new UsageError(`--data '${text}' is none of glyphs, mnist:DIR, omniglot:ZIP and folder:DIR`);
  }
  await access(path).catch(() => {
    throw new UsageError(`--data: there is no '${path}'`);
  });
  if (kind === 'mnist') return source('MNIST', divide(await readMnist(path), 0.6, seed), writing);
  if (kind === 'omniglot') {
    const all = await omniglot(path, { size: 28 });
    if (all.groups.length < 2) {
      throw new UsageError(`--data: ${path} has one alphabet; it takes one to train on and another to verify`);
    }
    return source('Omniglot', all.splitByGroup({ seen: 0.6, seed }), writing);
  }
  const faces = divide(await imageFolder(path, { size: [56, 48], grayscale: true }), 0.75, seed);
  return source(`images in ${path}`, faces, { flip: 0.5, shift: 3, rotate: 8, scale: [0.9, 1.1], fill: 'edge' }, true);
}

/** Makes part of the classes the seen ones, and leaves two at least on either side. */
function divide(dataset: ImageDataset, share: number, seed: number): ClassSplit {
  const present = [...dataset.classNames.keys()].filter((c) => dataset.labels.includes(c));
  if (present.length < 4) {
    throw new UsageError(
      `--data: too few classes, ${present.length}; it takes at least 2 to train on and 2 others to verify`,
    );
  }
  const seen = Math.min(Math.round(share * present.length), present.length - 2);
  return dataset.selectClasses(present).splitByClass({ seen, seed });
}

/** The training set, or where there is none the test set. */
async function readMnist(folder: string): Promise<ImageDataset> {
  const names = ['train-images-idx3-ubyte', 'train-images.idx3-ubyte'].flatMap((name) => [name, `${name}.gz`]);
  const present = await Promise.all(names.map((name) => exists(join(folder, name))));
  return mnist(folder, { split: present.includes(true) ? 'train' : 'test' });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function source(name: string, split: ClassSplit, variation: AugmentOptions, mirror = false): Source {
  const { seen } = split;
  const unseen = atMost(verifiedPerClass, split.unseen);
  requirePairs(unseen);
  return { name, seen, unseen, variation, mirror };
}

/** Verification compares pairs of images in ten folds, each with a pair of one class and a pair of two at least. */
function requirePairs({ size, classCounts }: ImageDataset): void {
  const sameClass = classCounts.reduce((total, count) => total + (count * (count - 1)) / 2, 0);
  const pairs = Math.min(sameClass, (size * (size - 1)) / 2 - sameClass);
  if (pairs < 10) {
    throw new UsageError(
      `--data: too few images, ${size} to verify; it takes at least 10 pairs of one class and 10 of two classes`,
    );
  }
}

/** The first images of each class. */
export function atMost(count: number, dataset: ImageDataset): ImageDataset {
  const taken = new Int32Array(dataset.classes);
  const indices = [...dataset.labels.keys()].filter((i) => taken[dataset.labels[i]!]!++ < count);
  return dataset.subset(indices);
}
