import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataFileError, glyphs, type ImageDataset } from '@thetagrad/data';
import { describe, expect, test, vi } from 'vitest';
import { UsageError } from '../src/options.ts';
import { limitPerClass, openSource, type Source } from '../src/sources.ts';
import { createTemporaryFolder, writeImageFolder, writeMnist } from './helpers.ts';

vi.setConfig({ testTimeout: 60_000 });

const folder = createTemporaryFolder();
const real = new URL('../../../../shared/data/', import.meta.url).pathname;
const realMnist = join(real, 'mnist');
const realOmniglot = join(real, 'omniglot', 'images_background_small1.zip');
const realOrl = join(real, 'orl');

function makeImageFolder(name: string, classes: number, perClass: number): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeImageFolder(path, { classes, perClass });
  return path;
}

/** Checks that no class and no image is in both parts. */
function expectDisjoint({ seen, unseen }: Source): void {
  expect(seen.classNames.filter((name) => unseen.classNames.includes(name))).toEqual([]);
  const images = new Set(imagesOf(seen));
  expect(imagesOf(unseen).filter((image) => images.has(image))).toEqual([]);
}

function imagesOf(dataset: ImageDataset): string[] {
  return [...dataset.labels.keys()].map((i) => Buffer.from(dataset.example(i).image).toString('latin1'));
}

async function refuse(data: string, kind: typeof UsageError | typeof DataFileError): Promise<string> {
  const error: unknown = await openSource(data, 0).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(kind);
  const { message } = error as Error;
  expect(message).not.toContain('\n');
  return message;
}

describe('glyphs', () => {
  test('are split into seen and unseen classes by the seed', async () => {
    const [a, other] = await Promise.all([0, 1].map((seed) => openSource('glyphs', seed)));
    expect(a!.mirror).toBe(false);
    expect(a!.augmentation.flip).toBeUndefined();
    expectDisjoint(a!);
    for (const part of ['seen', 'unseen'] as const) {
      expect(other![part].classNames).not.toEqual(a![part].classNames);
      expect(imagesOf(other![part])).not.toEqual(imagesOf(a![part]));
    }
  });
});

describe('a folder', () => {
  test('is split three to one, and its images are treated as faces: gray, mirrored', async () => {
    const source = await openSource(`folder:${makeImageFolder('eight', 8, 6)}`, 0);
    expect(source.name).toBe(`images in ${join(folder, 'eight')}`);
    expect([source.seen.classes, source.unseen.classes]).toEqual([6, 2]);
    expect([source.seen.size, source.unseen.size]).toEqual([36, 12]);
    expect(source.mirror).toBe(true);
    expect(source.augmentation.flip).toBe(0.5);
    const { channels, height, width } = source.seen;
    expect([channels, height, width]).toEqual([1, 56, 48]);
    expectDisjoint(source);
  });

  test.each([
    [4, 2],
    [5, 3],
    [6, 4],
    [7, 5],
  ])('of %i classes keeps two unseen', async (classes, seen) => {
    const source = await openSource(`folder:${makeImageFolder(`of ${classes}`, classes, 5)}`, 1);
    expect([source.seen.classes, source.unseen.classes]).toEqual([seen, 2]);
  });

  test('may have a colon in its name', async () => {
    const source = await openSource(`folder:${makeImageFolder('a:b', 4, 5)}`, 0);
    expect(source.seen.classes).toBe(2);
  });

  test.each([1, 3])('of %i classes is refused', async (classes) => {
    expect(await refuse(`folder:${makeImageFolder(`only ${classes}`, classes, 5)}`, UsageError)).toBe(
      `--data: too few classes, ${classes}; training and verification need at least 2 each`,
    );
  });

  test('with too few pairs is refused', async () => {
    expect(await refuse(`folder:${makeImageFolder('sparse', 5, 2)}`, UsageError)).toBe(
      '--data: too few unseen images, 4; verification needs at least 10 pairs of the same class and 10 of different classes',
    );
  });

  test('without images, with an empty class, or with a damaged image is refused', async () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    expect(await refuse(`folder:${empty}`, DataFileError)).toContain(`${empty}: no images`);
    const gap = makeImageFolder('gap', 4, 5);
    mkdirSync(join(gap, 'p9'));
    expect(await refuse(`folder:${gap}`, DataFileError)).toContain('no PNG, JPEG or PGM files in this class folder');
    const damaged = makeImageFolder('damaged', 4, 5);
    writeFileSync(join(damaged, 'p2', '1.pgm'), 'P5 12 14 255\nshort');
    expect(await refuse(`folder:${damaged}`, DataFileError)).toContain('p2/1.pgm');
  });
});

describe('mnist', () => {
  const digits = Array.from({ length: 800 }, (_, i) => i % 10);

  test('is split into six seen digits and four unseen ones with at most 50 images each', async () => {
    const path = join(folder, 'mnist');
    writeMnist(path, 'train', digits);
    const source = await openSource(`mnist:${path}`, 0);
    expect([source.seen.classes, source.unseen.classes]).toEqual([6, 4]);
    expect(Array.from(source.seen.classCounts)).toEqual([80, 80, 80, 80, 80, 80]);
    expect(Array.from(source.unseen.classCounts)).toEqual([50, 50, 50, 50]);
    expect([...source.seen.classNames, ...source.unseen.classNames].sort()).toEqual('0 1 2 3 4 5 6 7 8 9'.split(' '));
    expect(source.mirror).toBe(false);
  });

  test('prefers the training set to the test set', async () => {
    const path = join(folder, 'splits');
    writeMnist(path, 't10k', digits.slice(0, 400), (bytes) => bytes);
    expect((await openSource(`mnist:${path}`, 0)).seen.size).toBe(240);
    writeMnist(path, 'train', digits, (bytes) => bytes);
    expect((await openSource(`mnist:${path}`, 0)).seen.size).toBe(480);
  });

  test('may lack some digits', async () => {
    const path = join(folder, 'five');
    writeMnist(
      path,
      'train',
      digits.map((digit) => 2 * (digit % 5)),
    );
    const source = await openSource(`mnist:${path}`, 0);
    expect([...source.seen.classNames, ...source.unseen.classNames].sort()).toEqual(['0', '2', '4', '6', '8']);
    const two = join(folder, 'two');
    writeMnist(
      two,
      'train',
      digits.map((digit) => digit % 2),
    );
    expect(await refuse(`mnist:${two}`, UsageError)).toContain('too few classes, 2;');
  });

  test('is refused if files are missing or damaged', async () => {
    const path = join(folder, 'no mnist');
    mkdirSync(path);
    expect(await refuse(`mnist:${path}`, DataFileError)).toContain(`${path}: no test split`);
    writeMnist(path, 'train', digits);
    writeFileSync(join(path, 'train-images-idx3-ubyte.gz'), 'damaged');
    expect(await refuse(`mnist:${path}`, DataFileError)).toContain('train-images-idx3-ubyte.gz: ');
  });
});

describe('refuses:', () => {
  test.each(['letters', 'glyphs:7', 'mnist', 'mnist:', 'folder:', 'omniglot', ':', '', 'MNIST:/tmp', '/tmp'])(
    "'%s'",
    async (data) => {
      expect(await refuse(data, UsageError)).toBe(
        `--data: unknown source '${data}'; expected glyphs, mnist:DIR, omniglot:ZIP or folder:DIR`,
      );
    },
  );

  test.each(['mnist', 'omniglot', 'folder'])('%s of a missing path', async (kind) => {
    const path = join(folder, 'nothing here');
    expect(await refuse(`${kind}:${path}`, UsageError)).toBe(`--data: no such file or folder '${path}'`);
  });

  test.each([
    ['mnist', 'file', 'not a folder'],
    ['folder', 'file', 'not a folder'],
    ['omniglot', '.', 'not a file'],
    ['omniglot', 'file', 'not a zip file'],
  ])('%s of another kind of file', async (kind, name, problem) => {
    writeFileSync(join(folder, 'file'), 'some text');
    expect(await refuse(`${kind}:${join(folder, name)}`, DataFileError)).toContain(problem);
  });
});

test('limitPerClass selects the first images of each class', () => {
  const dataset = glyphs({ classes: 3, perClass: 4, size: 8 });
  const few = limitPerClass(dataset, 2);
  expect(Array.from(few.classCounts)).toEqual([2, 2, 2]);
  expect(imagesOf(few)).toEqual([0, 1, 4, 5, 8, 9].map((i) => imagesOf(dataset)[i]));
  expect(imagesOf(limitPerClass(dataset, 9))).toEqual(imagesOf(dataset));
});

// With real data, if present.
describe('real data', () => {
  test.runIf(existsSync(realMnist))('the test set of MNIST', async () => {
    const source = await openSource(`mnist:${realMnist}`, 0);
    expect(source.unseen.size).toBe(200);
    expect(source.seen.size).toBeGreaterThan(5000);
    expectDisjoint(source);
  });

  test.runIf(existsSync(realOmniglot))('Omniglot, with other alphabets unseen', async () => {
    const { seen, unseen } = await openSource(`omniglot:${realOmniglot}`, 0);
    expect(seen.groups).toHaveLength(3);
    expect(unseen.groups).toHaveLength(2);
    expect(seen.groups.filter((group) => unseen.groups.includes(group))).toEqual([]);
    expect(seen.size + unseen.size).toBe(136 * 20);
  });

  test.runIf(existsSync(realOrl))('the faces of ORL, 30 people seen and 10 not', async () => {
    const source = await openSource(`folder:${realOrl}`, 0);
    expect([source.seen.classes, source.unseen.classes, source.seen.size, source.unseen.size]).toEqual([
      30, 10, 300, 100,
    ]);
    expect(source.mirror).toBe(true);
    expectDisjoint(source);
  });
});
