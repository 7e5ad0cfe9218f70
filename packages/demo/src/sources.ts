import { augment, glyphs, type AugmentOptions, type ImageDataset } from '@thetagrad/data';
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
 * @throws {UsageError} if it names none.
 */
export async function openSource(text: string, seed: number): Promise<Source> {
  const colon = text.indexOf(':');
  const [kind, path] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  if (kind === 'glyphs' && colon < 0) {
    const all = glyphs({ classes: 150, perClass: 20, seed });
    return source('glyphs', all.splitByClass({ seen: 100, seed }), writing);
  }
  if (path === '' || !['mnist', 'omniglot', 'folder'].includes(kind)) {
    throw new UsageError(`--data '${text}' is none of glyphs, mnist:DIR, omniglot:ZIP and folder:DIR`);
  }
  await access(path).catch(() => {
    throw new UsageError(`--data: there is no '${path}'`);
  });
  if (kind === 'mnist') return source('MNIST', (await readMnist(path)).splitByClass({ seen: 6, seed }), writing);
  if (kind === 'omniglot') {
    const all = await omniglot(path, { size: 28 });
    return source('Omniglot', all.splitByGroup({ seen: 0.6, seed }), writing);
  }
  const faces = (await imageFolder(path, { size: [56, 48], grayscale: true })).splitByClass({ seen: 0.75, seed });
  return source(`images in ${path}`, faces, { flip: 0.5, shift: 3, rotate: 8, scale: [0.9, 1.1], fill: 'edge' }, true);
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

function source(
  name: string,
  { seen, unseen }: { readonly seen: ImageDataset; readonly unseen: ImageDataset },
  variation: AugmentOptions,
  mirror = false,
): Source {
  return { name, seen, unseen: atMost(verifiedPerClass, unseen), variation, mirror };
}

/** The first images of each class. */
export function atMost(count: number, dataset: ImageDataset): ImageDataset {
  const taken = new Int32Array(dataset.classes);
  const indices = [...dataset.labels.keys()].filter((i) => taken[dataset.labels[i]!]!++ < count);
  return dataset.subset(indices);
}

export { augment };
