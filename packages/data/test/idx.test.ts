import { gzipSync } from 'node:zlib';
import { sizeOf } from '@thetagrad/core/backend';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataFileError } from '../src/formats/error.ts';
import { parseIdx } from '../src/formats/idx.ts';
import { parseMnist } from '../src/formats/mnist.ts';
import { concatenate, truncations, bitFlips, writeIdx } from './files.ts';

const shapes = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 5 });

describe('parseIdx', () => {
  test('reads what was written, of any rank, gzipped or not', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(255), fc.boolean(), async (shape, seed, gzipped) => {
        const data = Uint8Array.from({ length: sizeOf(shape) }, (_, i) => i * 37 + seed);
        const file = writeIdx(shape, data);
        expect(await parseIdx(gzipped ? gzipSync(file) : file)).toEqual({ shape, data });
      }),
    );
  });

  test('reads every element type, big-endian', async () => {
    const cases = [
      [0x08, [200], Uint8Array.of(200)],
      [0x09, [200], Int8Array.of(-56)],
      [0x0b, [0xff, 0xfe], Int16Array.of(-2)],
      [0x0c, [0x80, 0, 0, 1], Int32Array.of(-(2 ** 31) + 1)],
      [0x0d, [0x3f, 0xc0, 0, 0], Float32Array.of(1.5)],
      [0x0e, [0xc0, 0x04, 0, 0, 0, 0, 0, 0], Float64Array.of(-2.5)],
    ] as const;
    for (const [type, bytes, data] of cases) {
      expect(await parseIdx(writeIdx([1], Uint8Array.from(bytes), type))).toEqual({ shape: [1], data });
    }
  });

  test('reads a view into a larger buffer', async () => {
    const file = writeIdx([2, 1], Uint8Array.of(7, 9), 0x08);
    const inside = concatenate([1, 2, 3], file, [4]).subarray(3, 3 + file.length);
    expect(await parseIdx(inside)).toEqual({ shape: [2, 1], data: Uint8Array.of(7, 9) });
  });

  const file = writeIdx([3, 2], Uint8Array.of(1, 2, 3, 4, 5, 6));
  test.each([
    ['nothing', new Uint8Array(0), 'file.idx: not an IDX file: 0 bytes hold no header'],
    ['a wrong magic number', file.with(0, 1), 'file.idx: not an IDX file: it starts with 0x01000802'],
    ['an unknown type', file.with(2, 0x0a), 'it starts with 0x00000a02'],
    ['a truncated header', file.slice(0, 9), 'truncated: 9 bytes, but a header of rank 2 has 12'],
    ['truncated data', file.slice(0, 17), 'truncated: 17 bytes, but the shape [3, 2] in its header needs 18'],
    ['extra data', concatenate(file, [0]), 'too long: 19 bytes, but the shape [3, 2] in its header needs 18'],
    ['a huge shape', file.with(4, 255), 'truncated: 18 bytes, but the shape [4278190083, 2]'],
    [
      'a truncated gzip file',
      Uint8Array.from(gzipSync(file)).slice(0, 20),
      'cannot decompress this gzip file, it is truncated or damaged',
    ],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(parseIdx(bytes, { name: 'file.idx' })).rejects.toThrow(message);
    await expect(parseIdx(bytes, { name: 'file.idx' })).rejects.toBeInstanceOf(DataFileError);
  });

  test('no truncation and no damaged gzip gives a result', async () => {
    const large = writeIdx(
      [5, 4, 3],
      Uint8Array.from({ length: 60 }, (_, i) => (i * i) % 251),
    );
    const gzipped = Uint8Array.from(gzipSync(large));
    await fc.assert(
      fc.asyncProperty(fc.oneof(truncations(large), truncations(gzipped)), async (truncated) => {
        await expect(parseIdx(truncated, { name: 'f' })).rejects.toThrow(/^f: /);
      }),
    );
    // A few bits of the first 15 bytes, the headers of gzip and of the block, have no effect (time, system, padding);
    // contents, checksum and length follow.
    const contents = await parseIdx(large);
    await fc.assert(
      fc.asyncProperty(bitFlips(gzipped), async (damaged) => {
        const result = await parseIdx(damaged, { name: 'f' }).catch((error: unknown) => error instanceof DataFileError);
        const mustFail = damaged.subarray(15).some((byte, i) => byte !== gzipped[15 + i]);
        expect(result).toEqual(mustFail || result === true ? true : contents);
      }),
    );
  });

  test('a bit flip in the header is detected', async () => {
    const large = writeIdx([5, 4, 3], new Uint8Array(60));
    await fc.assert(
      fc.asyncProperty(bitFlips(large, 16), async (damaged) => {
        fc.pre(damaged[2] !== 0x09); // Signed instead of unsigned bytes are also valid.
        await expect(parseIdx(damaged, { name: 'f' })).rejects.toThrow(DataFileError);
      }),
    );
  });
});

describe('parseMnist', () => {
  const images = {
    name: 'images',
    bytes: writeIdx(
      [2, 2, 3],
      Uint8Array.from({ length: 12 }, (_, i) => i),
    ),
  };
  const labels = { name: 'labels', bytes: writeIdx([2], Uint8Array.of(9, 0)) };

  test('combines images and labels', async () => {
    const dataset = await parseMnist(images, { ...labels, bytes: gzipSync(labels.bytes) });
    expect([dataset.size, dataset.channels, dataset.height, dataset.width, dataset.classes]).toEqual([2, 1, 2, 3, 10]);
    expect(dataset.example(0)).toEqual({ image: Uint8Array.of(0, 1, 2, 3, 4, 5), label: 9, className: '9' });
  });

  test('takes other class names', async () => {
    const names = Array.from({ length: 10 }, (_, i) => `garment ${i}`);
    expect((await parseMnist(images, labels, { classNames: names })).example(0).className).toBe('garment 9');
  });

  test.each([
    [
      'labels for images',
      labels,
      labels,
      'labels: holds a Uint8Array of shape [2], expected images: bytes of shape [N, H, W]',
    ],
    ['images for labels', images, images, 'images: holds a Uint8Array of shape [2, 2, 3], expected labels'],
    ['signed images', { name: 's', bytes: images.bytes.with(2, 0x09) }, labels, 's: holds a Int8Array of shape'],
    [
      'no images',
      { name: 'e', bytes: writeIdx([0, 2, 2], new Uint8Array(0)) },
      labels,
      'e: holds a Uint8Array of shape [0, 2, 2]',
    ],
    [
      'other counts',
      images,
      { name: 'l', bytes: writeIdx([1], Uint8Array.of(1)) },
      'l: holds 1 labels, but images holds 2 images',
    ],
    [
      'a label above 9',
      images,
      { name: 'l', bytes: writeIdx([2], Uint8Array.of(1, 10)) },
      'l: label 10 of image 1 has no name',
    ],
  ])('refuses %s', async (_, first, second, message) => {
    await expect(parseMnist(first, second)).rejects.toThrow(message);
  });
});
