import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataFileError } from '../src/formats/error.ts';
import { parseImageFolder } from '../src/formats/folder.ts';
import { parseCifar } from '../src/formats/cifar.ts';
import { cifar10, cifar100, idx, imageFolder, mnist, omniglot } from '../src/node.ts';
import { ascii, concatenate, writeConstantPng, writeIdx, writePng } from './files.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thetagrad-data-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function writeFiles(files: Record<string, Uint8Array>): Promise<void> {
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
}

/** Writes a gray PGM image of one value. */
function writeConstantPgm(width: number, height: number, value: number): Uint8Array {
  return concatenate(ascii(`P5 ${width} ${height} 255\n`), new Uint8Array(width * height).fill(value));
}

describe('cifar', () => {
  const image = (value: number): Uint8Array => Uint8Array.from({ length: 3072 }, (_, i) => (i * 7 + value) % 256);
  const record = (labels: readonly number[], value: number): Uint8Array => concatenate(labels, image(value));

  test('reads both splits of CIFAR-10', async () => {
    const batches = [1, 2, 3, 4, 5].map((number) => [`data_batch_${number}.bin`, record([number], number)] as const);
    await writeFiles({
      ...Object.fromEntries(batches),
      'test_batch.bin': concatenate(record([9], 20), record([0], 30)),
    });
    const train = await cifar10(folder);
    expect([...train.labels]).toEqual([1, 2, 3, 4, 5]);
    expect(train.example(2)).toEqual({ image: image(3), label: 3, className: 'cat' });
    const test = await cifar10(folder, { split: 'test' });
    expect([test.size, test.channels, test.height, test.width, test.example(0).className]).toEqual([
      2,
      3,
      32,
      32,
      'truck',
    ]);
    await expect(cifar10(folder, { split: 'all' as never })).rejects.toThrow('cifar10: unknown split');
    await rm(join(folder, 'data_batch_3.bin'));
    await expect(cifar10(folder)).rejects.toThrow('data_batch_3.bin');
  });

  test('reads fine and coarse labels of CIFAR-100', async () => {
    await writeFiles({
      'train.bin': record([1, 2], 5),
      'fine_label_names.txt': ascii('apple\naquarium_fish\nbaby\n'),
      'coarse_label_names.txt': ascii('aquatic_mammals\nfish\n'),
    });
    expect((await cifar100(folder)).example(0)).toEqual({ image: image(5), label: 2, className: 'baby' });
    expect((await cifar100(folder, { labels: 'coarse' })).example(0).className).toBe('fish');
    expect(parseCifar([{ name: 'a', bytes: record([1, 99], 0) }], { format: 'cifar100' }).classes).toBe(100);
  });

  test.for<[string, () => unknown, string]>([
    ['no list', () => parseCifar(image(0) as never), 'parseCifar: files must be an array of { name, bytes }'],
    [
      'a name',
      () => parseCifar([{ name: 'a', bytes: record([1], 0) }], { classNames: 'ab' as never }),
      "parseCifar: classNames must be an array of strings, got 'ab'",
    ],
    ['no file', () => parseCifar([]), 'parseCifar: files must have at least one file'],
    ['an empty file', () => parseCifar([{ name: 'a.bin', bytes: new Uint8Array() }]), 'a.bin: has 0 bytes'],
    [
      'a truncated file',
      () => parseCifar([{ name: 'a.bin', bytes: record([1], 0).slice(1) }]),
      'a.bin: has 3072 bytes, expected a multiple of 3073',
    ],
    [
      'a label',
      () => parseCifar([{ name: 'a.bin', bytes: record([10], 0) }]),
      'a.bin: label 10 of image 0 has no name',
    ],
    [
      'coarse labels of CIFAR-10',
      () => parseCifar([{ name: 'a', bytes: image(0) }], { labels: 'coarse' }),
      'CIFAR-10 has no coarse labels',
    ],
    [
      'a format',
      () => parseCifar([{ name: 'a', bytes: image(0) }], { format: 'x' as never }),
      'parseCifar: unknown format',
    ],
    [
      'a limit',
      () => parseCifar([{ name: 'a', bytes: record([1], 0) }], { limits: { datasetBytes: 3000 } }),
      'above the limit of 3000',
    ],
  ])('refuses %s', ([, call, message]) => {
    expect(call).toThrow(message);
  });
});

describe('mnist', () => {
  const images = writeIdx(
    [3, 2, 2],
    Uint8Array.from({ length: 12 }, (_, i) => i),
  );
  const labels = writeIdx([3], Uint8Array.of(4, 2, 9));

  test('finds the usual names, with - or ., gzipped or not', async () => {
    await writeFiles({
      'train-images-idx3-ubyte': images,
      'train-labels.idx1-ubyte': labels,
      't10k-images.idx3-ubyte.gz': gzipSync(images.with(16, 77)),
      't10k-labels-idx1-ubyte.gz': gzipSync(labels),
    });
    expect((await mnist(folder)).data[0]).toBe(0);
    expect((await mnist(folder, { split: 'test' })).data[0]).toBe(77);
    expect([...(await mnist(folder)).labels]).toEqual([4, 2, 9]);
    expect((await idx(join(folder, 't10k-labels-idx1-ubyte.gz'))).shape).toEqual([3]);
  });

  test('says what is missing, and that the other split is present', async () => {
    await writeFiles({
      't10k-images-idx3-ubyte': images,
      't10k-labels-idx1-ubyte': labels,
      'train-labels-idx1-ubyte': labels,
    });
    await expect(mnist(folder)).rejects.toThrow(
      "no train split: expected train-images-idx3-ubyte and train-labels-idx1-ubyte, with or without .gz; the folder has only the test split, pass split: 'test'",
    );
    await expect(mnist(join(folder, 'nowhere'))).rejects.toThrow('nowhere: no such folder');
    await expect(mnist(undefined as never)).rejects.toThrow('mnist: folder must be a string, got undefined');
    await expect(mnist(join(folder, 't10k-images-idx3-ubyte'))).rejects.toThrow('ubyte: not a folder');
    await expect(idx(join(folder, 'x'))).rejects.toThrow(DataFileError);
    await expect(idx(folder)).rejects.toThrow('not a file');
  });

  test('an empty folder has neither', async () => {
    await expect(mnist(folder, { split: 'test' })).rejects.toThrow(/no test split: .* without \.gz$/);
    await expect(mnist(folder, { split: 'tset' as 'test' })).rejects.toThrow(
      "unknown split 'tset'; expected train, test",
    );
  });

  test('a damaged file is named', async () => {
    await writeFiles({ 'train-images-idx3-ubyte': images.slice(1), 'train-labels-idx1-ubyte': labels });
    await expect(mnist(folder)).rejects.toThrow(`${join(folder, 'train-images-idx3-ubyte')}: not an IDX file`);
  });
});

describe('omniglot', () => {
  test('reads a zip file by path', async () => {
    await writeFiles({ 'o.zip': zipSync({ 'a/Latin/character01/1_1.png': writeConstantPng(4, 4, 255) }) });
    const dataset = await omniglot(join(folder, 'o.zip'), { size: 2 });
    expect(dataset.classNames).toEqual(['Latin/character01']);
    expect([...dataset.data]).toEqual([0, 0, 0, 0]);
    await writeFiles({ 'bad.zip': ascii('PK and nothing else that a zip has') });
    await expect(omniglot(join(folder, 'bad.zip'))).rejects.toThrow(`${join(folder, 'bad.zip')}: truncated`);
    await expect(omniglot(join(folder, 'none.zip'))).rejects.toThrow('none.zip: no such file');
  });
});

describe('imageFolder', () => {
  test('a class for each folder, classes and files in natural order, other files ignored', async () => {
    await writeFiles({
      README: ascii('about'),
      '.hidden/1.pgm': ascii('junk'),
      's10/1.pgm': writeConstantPgm(3, 2, 10),
      's2/10.pgm': writeConstantPgm(3, 2, 3),
      's2/9.png': writeConstantPng(3, 2, 2),
      's2/Thumbs.db': ascii('junk'),
      's2/._9.png': ascii('junk'),
    });
    const dataset = await imageFolder(folder);
    expect(dataset.classNames).toEqual(['s2', 's10']);
    expect([...dataset.labels]).toEqual([0, 0, 1]);
    expect([0, 1, 2].map((i) => dataset.example(i).image[0])).toEqual([2, 3, 10]);
    expect([dataset.channels, dataset.height, dataset.width]).toEqual([1, 2, 3]);
  });

  test('size and grayscale unify mixed images', async () => {
    const color = writePng({ width: 1, height: 1, type: 2, rows: [[255, 0, 0]] });
    await writeFiles({ 'a/1.pgm': writeConstantPgm(3, 2, 50), 'b/1.png': color });
    await expect(imageFolder(folder)).rejects.toThrow(
      `${folder}/b/1.png: is 1 × 1 pixels (width × height), but ${folder}/a/1.pgm is 3 × 2; pass size: [height, width]`,
    );
    await expect(imageFolder(folder, { size: [2, 2] })).rejects.toThrow(
      `b/1.png: has 3 channel(s), but ${folder}/a/1.pgm has 1; pass grayscale: true`,
    );
    const dataset = await imageFolder(folder, { size: [2, 2], grayscale: true });
    expect([...dataset.data]).toEqual([50, 50, 50, 50, 76, 76, 76, 76]);
  });

  test('says which folder is empty and which file is damaged', async () => {
    await expect(imageFolder(folder)).rejects.toThrow(`${folder}: no images: expected a folder for each class`);
    await writeFiles({ 'a/1.pgm': writeConstantPgm(2, 2, 0).slice(0, -1) });
    await expect(imageFolder(folder)).rejects.toThrow(`${folder}/a/1.pgm: truncated`);
    await writeFiles({ 'a/1.pgm': writeConstantPgm(2, 2, 0), 'b/notes.txt': ascii('') });
    await expect(imageFolder(folder)).rejects.toThrow(`${join(folder, 'b')}: no PNG, JPEG or PGM files`);
    await expect(imageFolder(join(folder, 'c'))).rejects.toThrow('no such folder');
  });

  test('accepts files from other sources, with paths of the form class/file', async () => {
    const dataset = await parseImageFolder([
      { path: 'b/1', bytes: writeConstantPgm(1, 1, 9) },
      { path: 'a/1', bytes: writeConstantPgm(1, 1, 8) },
    ]);
    expect([dataset.classNames, [...dataset.data]]).toEqual([
      ['a', 'b'],
      [8, 9],
    ]);
    for (const path of ['1.pgm', 'x/a/1.pgm', '/1.pgm', 'a/']) {
      await expect(parseImageFolder([{ path, bytes: writeConstantPgm(1, 1, 0) }])).rejects.toThrow(
        "must have the form 'class/file'",
      );
    }
  });
});

describe('strange files', () => {
  const file = (): string => join(folder, 'a', 'x.png');

  test.skipIf(process.platform === 'win32')('pipes, sockets and devices are refused, also by links', async () => {
    await mkdir(join(folder, 'a'));
    const kinds: [string, () => unknown][] = [
      ['a pipe', () => execFileSync('mkfifo', [file()])],
      ['a socket', () => once(server.listen(file()), 'listening')],
      ['a device', () => symlink('/dev/zero', file())],
      ['a terminal', () => symlink('/dev/tty', file())],
      ['a link to a pipe', async () => (execFileSync('mkfifo', [join(folder, 'pipe')]), symlink('../pipe', file()))],
    ];
    const server = createServer();
    for (const [, create] of kinds) {
      await create();
      for (const read of [() => idx(file()), () => omniglot(file()), () => imageFolder(folder)]) {
        await expect(read()).rejects.toThrow(`${file()}: not a regular file: pipes, sockets and devices`);
        await expect(read()).rejects.toBeInstanceOf(DataFileError);
      }
      await rm(file());
    }
    server.close();
  });

  test('limits hold for files by their size, and for folders by their entries', async () => {
    await writeFiles({
      'a/x.png': writeConstantPng(1, 1, 0),
      'a/y.png': writeConstantPng(1, 1, 0),
      'b/x.png': ascii(''),
    });
    await truncate(join(folder, 'b', 'x.png'), 2 ** 40); // Takes no space: the file has a hole.
    const message =
      'has 1099511627776 bytes, above the limit of 2147483648; if you trust the file, raise limits.fileBytes';
    const hole = join(folder, 'b', 'x.png');
    for (const read of [() => idx(hole), () => omniglot(hole), () => imageFolder(folder)]) {
      await expect(read()).rejects.toThrow(`${hole}: ${message}`);
    }
    await expect(imageFolder(folder, { limits: { entries: 1 } })).rejects.toThrow(
      `${folder}: has 2 entries or more, above the limit of 1`,
    );
    await expect(imageFolder(folder, { limits: { entries: 2 } })).rejects.toThrow('b/x.png: has 1099511627776 bytes');
  });

  // A file of /proc announces no bytes, and has some.
  test.runIf(existsSync('/proc/version'))('a file that grows while it is read is an error', async () => {
    await expect(idx('/proc/version')).rejects.toThrow('/proc/version: has grown beyond 0 bytes while it was read');
  });
});

// Real files, if they are next to the repository; nothing depends on them.
const shared = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));
describe.runIf(existsSync(shared))('real data', () => {
  test('the MNIST test set', async () => {
    const dataset = await mnist(join(shared, 'mnist'), { split: 'test' });
    expect([dataset.size, dataset.height, dataset.width]).toEqual([10_000, 28, 28]);
    expect([...dataset.classCounts]).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect([...dataset.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
    await expect(mnist(join(shared, 'mnist'))).rejects.toThrow("pass split: 'test'");
  });

  test('Omniglot', async () => {
    const dataset = await omniglot(join(shared, 'omniglot/images_background_small1.zip'), { size: 28 });
    expect([dataset.size, dataset.classes, dataset.height]).toEqual([2720, 136, 28]);
    expect(dataset.groups).toEqual(['Balinese', 'Early_Aramaic', 'Greek', 'Korean', 'Latin']);
    expect(dataset.classCounts.every((count) => count === 20)).toBe(true);
    const mean = dataset.data.reduce((a, b) => a + b, 0) / dataset.data.length;
    expect(mean).toBeGreaterThan(5); // Ink is bright and rare.
    expect(mean).toBeLessThan(40);
  });

  test('the ORL faces', async () => {
    const dataset = await imageFolder(join(shared, 'orl'));
    expect([dataset.size, dataset.classes, dataset.channels, dataset.height, dataset.width]).toEqual([
      400, 40, 1, 112, 92,
    ]);
    expect(dataset.classNames.slice(0, 3)).toEqual(['s1', 's2', 's3']);
    expect(dataset.classCounts.every((count) => count === 10)).toBe(true);
  });
});
