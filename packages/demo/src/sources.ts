import { glyphs, type AugmentOptions, type ClassSplit, type ImageDataset } from '@thetagrad/data';
import { imageFolder, mnist, omniglot } from '@thetagrad/data/node';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from './options.ts';

/** Images of seen classes for training, and of unseen ones for verification. */
export interface Source {
  readonly name: string;
  readonly seen: ImageDataset;
  readonly unseen: ImageDataset;
  /** Augmentation of training images. */
  readonly augmentation: AugmentOptions;
  /** Whether a mirror image is of the same class, as for faces but not for letters. */
  readonly mirror: boolean;
}

/** Maximum number of images per unseen class, which limits the pairs that verification compares. */
const maxUnseenPerClass = 50;

/** Augmentation of handwriting. */
const handwriting: AugmentOptions = { shift: 2, rotate: 10, scale: [0.9, 1.1] };

/**
 * Opens the data that `--data` names.
 * @throws {UsageError} if the name is unknown, or there is too little data for training and verification.
 * @throws {DataFileError} if files are missing or damaged.
 */
export async function openSource(text: string, seed: number): Promise<Source> {
  const colon = text.indexOf(':');
  const [kind, path] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  if (kind === 'glyphs' && colon < 0) {
    const all = glyphs({ classes: 250, perClass: 20, seed });
    return createSource('glyphs', all.splitByClass({ seen: 200, seed }), handwriting);
  }
  if (path === '' || !['mnist', 'omniglot', 'folder'].includes(kind)) {
    throw new UsageError(`--data: unknown source '${text}'; expected glyphs, mnist:DIR, omniglot:ZIP or folder:DIR`);
  }
  await access(path).catch(() => {
    throw new UsageError(`--data: no such file or folder '${path}'`);
  });
  if (kind === 'mnist') return createSource('MNIST', splitClasses(await readMnist(path), 0.6, seed), handwriting);
  if (kind === 'omniglot') {
    const all = await omniglot(path, { size: 28 });
    if (all.groups.length < 2) {
      throw new UsageError(`--data: ${path} has one alphabet; training and verification need one each`);
    }
    return createSource('Omniglot', all.splitByGroup({ seen: 0.6, seed }), handwriting);
  }
  const faces = splitClasses(await imageFolder(path, { size: [56, 48], grayscale: true }), 0.75, seed);
  return createSource(
    `images in ${path}`,
    faces,
    { flip: 0.5, shift: 3, rotate: 8, scale: [0.9, 1.1], fill: 'edge' },
    true,
  );
}

/** Splits the classes into seen and unseen ones, at least two each. */
function splitClasses(dataset: ImageDataset, share: number, seed: number): ClassSplit {
  const present = [...dataset.classNames.keys()].filter((c) => dataset.labels.includes(c));
  if (present.length < 4) {
    throw new UsageError(`--data: too few classes, ${present.length}; training and verification need at least 2 each`);
  }
  const seen = Math.min(Math.round(share * present.length), present.length - 2);
  return dataset.selectClasses(present).splitByClass({ seen, seed });
}

/** Reads the training set, or the test set if there is none. */
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

function createSource(name: string, split: ClassSplit, augmentation: AugmentOptions, mirror = false): Source {
  const { seen } = split;
  const unseen = limitPerClass(split.unseen, maxUnseenPerClass);
  checkPairs(unseen);
  return { name, seen, unseen, augmentation, mirror };
}

/** Checks that each of the ten folds of verification gets a genuine pair and an impostor pair. */
function checkPairs({ size, classCounts }: ImageDataset): void {
  const genuine = classCounts.reduce((total, count) => total + (count * (count - 1)) / 2, 0);
  const pairs = Math.min(genuine, (size * (size - 1)) / 2 - genuine);
  if (pairs < 10) {
    throw new UsageError(
      `--data: too few unseen images, ${size}; verification needs at least 10 pairs of the same class and 10 of different classes`,
    );
  }
}

/** Selects the first `count` images of each class. */
export function limitPerClass(dataset: ImageDataset, count: number): ImageDataset {
  const selected = new Int32Array(dataset.classes);
  const indices = [...dataset.labels.keys()].filter((i) => selected[dataset.labels[i]!]!++ < count);
  return dataset.subset(indices);
}
