// What strangers' files cost: files made to cost much, the limits that stop them, and damage of any kind.
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import jpeg from 'jpeg-js';
import { describe, expect, test } from 'vitest';
import {
  DataFileError,
  decodeImage,
  defaultLimits,
  type Limits,
  parseIdx,
  parseImageFolder,
  parseMnist,
  parseOmniglot,
} from '../src/index.ts';
import { resizePlanes } from '../src/resample.ts';
import { idx, imageFolder, mnist, omniglot } from '../src/node.ts';
import { ascii, concatenate, writeChunk, writeConstantPng, writeIdx, writePng } from './files.ts';
import {
  compressedChunk,
  deflatedEntry,
  deflateZeros,
  frame,
  gzipBomb,
  idxHeader,
  jpegBomb,
  mutations,
  pngBomb,
  repairPng,
  segment,
  writeZip,
  type ZipEntry,
} from './hostile.ts';
import { fuzz } from '../../../test/support/torture.ts';

const [mebibyte, gibibyte] = [2 ** 20, 2 ** 30];
const name = 'f';

/** Decoders by format. */
const decoders = {
  idx: (bytes: Uint8Array, limits?: Partial<Limits>) => parseIdx(bytes, { name, ...(limits && { limits }) }),
  image: (bytes: Uint8Array, limits?: Partial<Limits>) => decodeImage(bytes, { name, ...(limits && { limits }) }),
  zip: (bytes: Uint8Array, limits?: Partial<Limits>) => parseOmniglot(bytes, { name, ...(limits && { limits }) }),
  folder: (bytes: Uint8Array, limits?: Partial<Limits>) =>
    parseImageFolder(
      [0, 1, 2].map((i) => ({ path: `a/${i}`, bytes })),
      { name, size: [4, 4], ...(limits && { limits }) },
    ),
} as const;

/** Entries of a zip file, each of which holds the file. */
function entries(count: number, file: Uint8Array, change: Partial<ZipEntry> = {}): ZipEntry[] {
  const entry = deflatedEntry('', file);
  return Array.from({ length: count }, (_, i) => ({ ...entry, name: `A/character01/1_${i}.png`, ...change }));
}

/** A JPEG file in which a Huffman table of more values than its segment has leads a decoder to a large frame. */
function hiddenFrame(): Uint8Array {
  const lengths = Array.from({ length: 16 }, (_, i) => (i === 7 ? 255 : 0));
  const filler = new Uint8Array(250);
  const hidden = [...filler, ...frame(0xc2, 65_535, 65_535, 3), ...filler];
  return jpegBomb({ width: 9, height: 9, segments: [segment(0xc4, [1, ...lengths, 0]), segment(0xdb, hidden)] });
}

/**
 * Runs a function, and returns what it threw, or its result. The peak of the process' memory must grow by less than 64
 * MiB meanwhile, most of which is the engine's own heap.
 */
async function measure(run: () => unknown): Promise<unknown> {
  const before = process.resourceUsage().maxRSS;
  let result: unknown;
  try {
    result = await run();
  } catch (error) {
    result = error;
  }
  expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(64);
  return result;
}

describe('a file that costs far more than its size is refused before', () => {
  test.each<[string, keyof typeof decoders, () => Uint8Array, string]>([
    [
      'gzip of 5 GiB, which its header hides',
      'idx',
      () => gzipBomb(5 * gibibyte, idxHeader(1)),
      'too long: it expands',
    ],
    ['gzip of 5 GiB', 'idx', () => gzipBomb(mebibyte, idxHeader(5, gibibyte)), 'limits.expandedBytes'],
    ['gzip of 1 GiB', 'idx', () => gzipBomb(mebibyte, idxHeader(1000, mebibyte)), 'limits.expansion'],
    ['gzip without a header', 'idx', () => gzipBomb(gibibyte), 'not an IDX file'],
    [
      'PNG with 1 GiB of pixel data',
      'image',
      () => pngBomb({ width: 1, height: 1, zeros: gibibyte }),
      'to more than the 2',
    ],
    [
      'PNG of 8192² pixels of 8 bytes',
      'image',
      () => pngBomb({ width: 8192, height: 8192, depth: 16, type: 6 }),
      '.expansion',
    ],
    [
      'PNG of 25 megapixels without data',
      'image',
      () => pngBomb({ width: 5000, height: 5000, zeros: 1 }),
      'cannot hold',
    ],
    ['PNG of one column', 'folder', () => pngBomb({ width: 1, height: 2 ** 24 }), 'limits.side'],
    ['JPEG of 20,000 scans', 'image', () => jpegBomb({ width: 40, height: 40, scans: 20_000 }), 'limits.scans'],
    [
      'JPEG of 32 scans of 16 megapixels',
      'image',
      () => jpegBomb({ width: 4e3, height: 4e3, scans: 32, refine: true }),
      'limits.expansion',
    ],
    [
      'JPEG of 33 refining scans',
      'image',
      () => jpegBomb({ width: 9, height: 9, scans: 33, refine: true }),
      'limits.scans',
    ],
    [
      'JPEG that announces 100 megapixels',
      'image',
      () => jpegBomb({ width: 1e4, height: 1e4, bytes: 9 }),
      'limits.pixels',
    ],
    [
      'JPEG that announces 12 megapixels',
      'image',
      () => jpegBomb({ width: 3e3, height: 4e3, bytes: 9 }),
      '9 bytes cannot hold',
    ],
    ['JPEG of 64 megapixels', 'image', () => jpegBomb({ width: 8000, height: 8000 }), 'limits.expansion'],
    ['JPEG of 255 components', 'image', () => jpegBomb({ width: 99, height: 99, components: 255 }), '255 components'],
    ['JPEG with a frame in a table', 'image', hiddenFrame, 'cannot decode this JPEG image'],
    ['JPEG of wide sampling', 'image', () => jpegBomb({ width: 9, height: 9, sampling: 0xff }), 'sampling factor'],
    [
      'zip of a terabyte',
      'zip',
      () => writeZip(entries(250, ascii('x'), { size: 2 ** 32 - 2 })),
      'limits.expandedBytes',
    ],
    [
      'zip of 2 GiB',
      'zip',
      () => writeZip(entries(1, ascii('x'), { content: deflateZeros(2 * gibibyte), size: 2 * gibibyte })),
      'limits.expandedBytes',
    ],
    [
      'zip of more than announced',
      'zip',
      () => writeZip(entries(1, ascii('x'), { content: deflateZeros(gibibyte), size: 99 })),
      'to more than the 99',
    ],
    [
      'zip of one file 300 times',
      'zip',
      () =>
        writeZip(
          entries(300, ascii('x')).map((entry, i) => ({
            ...entry,
            name: 'A/character01/1_1.png',
            ...(i > 0 && { sharedWith: 0 }),
          })),
        ),
      'two entries',
    ],
    [
      'zip of entries in each other',
      'zip',
      () => writeZip(entries(300, ascii('x'), { overlap: 50 })),
      'zip entries overlap',
    ],
    [
      'zip of large PNG files',
      'zip',
      () => writeZip(entries(60, pngBomb({ width: 1, height: 1, zeros: 100 * mebibyte }))),
      'to more than the 2',
    ],
    [
      'zip of PNG files of many pixels',
      'zip',
      () => writeZip(entries(60, pngBomb({ width: 2000, height: 2000, depth: 1 }))),
      'limits.expansion',
    ],
  ])('%s', async (_, format, make, message) => {
    const file = make();
    const error = await measure(() => decoders[format](file));
    expect(error).toBeInstanceOf(DataFileError);
    expect((error as DataFileError).message).toMatch(/^f[:/]/);
    expect((error as DataFileError).message).toContain(message);
  });

  test.each(['iCCP', 'zTXt', 'iTXt'] as const)('the data of a PNG chunk %s are not expanded', async (type) => {
    const file = pngBomb({ width: 2, height: 1, chunks: [compressedChunk(type, 2 * gibibyte)] });
    expect(await measure(() => decodeImage(file))).toMatchObject({ data: Uint8Array.of(0, 0) });
  });

  test('a PNG file of 100,000 chunks takes time in proportion', async () => {
    const chunk = writeChunk('IDAT', []);
    const file = pngBomb({ width: 2, height: 1, chunks: Array.from({ length: 100_000 }, () => chunk) });
    expect(await measure(() => decodeImage(file))).toMatchObject({ data: Uint8Array.of(0, 0) });
  });
});

test('resizing takes memory for two rows of the new width, not for all', async () => {
  const resized = await measure(() => resizePlanes(new Uint8Array(65_535).fill(7), [65_535, 1], [1, 1024]));
  expect(resized).toEqual(new Uint8Array(1024).fill(7));
});

describe('limits', () => {
  const png = writeConstantPng(5, 3, 7);
  const zip = writeZip(entries(3, png));
  const idxFile = writeIdx([40], new Uint8Array(40));
  const largeContent = concatenate(idxHeader(65, mebibyte), new Uint8Array(65 * mebibyte));
  const large = gzipSync(largeContent, { level: 1 });
  const largeRatio = Math.ceil(largeContent.length / large.length);
  test.each<[keyof Limits, keyof typeof decoders, Uint8Array, number, string]>([
    ['fileBytes', 'image', png, png.length, `has ${png.length} bytes`],
    ['fileBytes', 'idx', idxFile, 48, 'has 48 bytes'],
    ['fileBytes', 'zip', zip, zip.length, `has ${zip.length} bytes`],
    ['expandedBytes', 'image', png, 33, `expands from ${png.length} bytes to 33`],
    ['expandedBytes', 'idx', gzipSync(idxFile), 48, `bytes to 48`],
    ['expandedBytes', 'zip', zip, 3 * (png.length + 33), `bytes to ${3 * (png.length + 33)}`],
    ['expansion', 'idx', large, largeRatio, `${largeRatio - 1} times as many`],
    ['pixels', 'image', png, 15, 'has 5 × 3 pixels (width × height)'],
    ['pixels', 'image', ascii('P2 2 1 9 1 2'), 2, 'has 2 × 1 pixels (width × height)'],
    ['pixels', 'image', jpegBomb({ width: 9, height: 9 }), 81, 'has 9 × 9 pixels (width × height)'],
    ['side', 'image', png, 5, 'has 5 × 3 pixels (width × height)'],
    ['side', 'image', ascii('P5 2 1 99 12'), 2, 'has 2 × 1 pixels (width × height)'],
    ['scans', 'image', jpegBomb({ width: 9, height: 9, scans: 3, refine: true }), 3, 'has 3 scans'],
    ['entries', 'zip', zip, 3, 'has 3 entries'],
    ['entries', 'folder', png, 3, 'has 3 files or more'],
    ['datasetBytes', 'zip', zip, 45, 'has images of 45 bytes up to f/A/character01/1_2.png'],
    ['datasetBytes', 'folder', png, 48, 'has images of 48 bytes up to f/a/2'],
  ])('%s of %s', async (limit, format, file, needed, description) => {
    const decode = async (value: number): Promise<unknown> => decoders[format](file, { [limit]: value });
    await expect(decode(needed)).resolves.toBeDefined();
    const message = `${description}, above the limit of ${needed - 1}; if you trust the file, raise limits.${limit}`;
    await expect(decode(needed - 1)).rejects.toThrow(message);
    await expect(decode(needed - 1)).rejects.toBeInstanceOf(DataFileError);
  });

  test('have defaults, which Infinity and undefined replace or keep', () => {
    expect(decodeImage(png, { limits: defaultLimits }).data).toHaveLength(15);
    expect(decodeImage(png, { limits: { pixels: Infinity, side: undefined as never } }).data).toHaveLength(15);
  });

  const bytes = { name, bytes: png };
  test.each<[string, (options: never) => unknown]>([
    ['decodeImage', (options) => decodeImage(png, options)],
    ['parseIdx', (options) => parseIdx(png, options)],
    ['parseMnist', (options) => parseMnist(bytes, bytes, options)],
    ['parseOmniglot', (options) => parseOmniglot(zip, options)],
    ['parseImageFolder', (options) => parseImageFolder([], options)],
    ['idx', (options) => idx('', options)],
    ['mnist', (options) => mnist('', options)],
    ['omniglot', (options) => omniglot('', options)],
    ['imageFolder', (options) => imageFolder('', options)],
  ])('and options that are unknown or wrong are errors of %s', async (operation, call) => {
    const cases: [options: unknown, kind: typeof TypeError | typeof RangeError, message: string][] = [
      ['x.png', TypeError, 'options must be an object such as { '],
      [{ limit: {} }, TypeError, "unknown option 'limit'; did you mean limits?"],
      [{ limits: 5 }, TypeError, 'limits must be an object such as { '],
      [{ limits: { maxPixels: 5 } }, TypeError, "unknown limit 'maxPixels'; expected fileBytes, expandedBytes, "],
      [{ limits: { pixels: 0 } }, RangeError, 'limits.pixels must be a positive integer or Infinity, got 0'],
      [{ limits: { side: 1.5 } }, RangeError, 'limits.side must be a positive integer or Infinity, got 1.5'],
      [{ limits: { scans: NaN } }, RangeError, 'limits.scans must be a positive integer or Infinity, got NaN'],
      [{ limits: { entries: '5' } }, TypeError, "limits.entries must be a positive integer or Infinity, got '5'"],
    ];
    for (const [options, kind, message] of cases) {
      const result = Promise.resolve().then(() => call(options as never));
      await expect(result).rejects.toThrow(`${operation}: ${message}`);
      await expect(result).rejects.toBeInstanceOf(kind);
    }
  });
});

/** Number of values that a decoder returned, and those that it announced; nothing if it refused the file. */
async function decodeOrRefuse(
  format: keyof typeof decoders,
  file: Uint8Array,
  limits: Partial<Limits>,
): Promise<{ length: number; announced: number; pixels: number }> {
  try {
    const result = await decoders[format](file, limits);
    const { length } = result.data;
    if ('shape' in result) return { length, announced: result.shape.reduce((a, b) => a * b, 1), pixels: 0 };
    const pixels = result.height * result.width;
    return { length, announced: ('size' in result ? result.size : 1) * result.channels * pixels, pixels };
  } catch (error) {
    if (!(error instanceof DataFileError) || !/^f[:/]/.test(error.message)) throw error;
    return { length: 0, announced: 0, pixels: 0 };
  }
}

describe('a mutated file gives an error or what it announces:', () => {
  const limits = { pixels: 10_000, expandedBytes: 100_000, datasetBytes: 50_000 };
  const gray = writePng({ width: 9, height: 5, rows: Array.from({ length: 5 }, (_, y) => [...ascii(`row no. ${y}`)]) });
  const palette = writePng({
    width: 5,
    height: 2,
    type: 3,
    depth: 4,
    palette: [1, 2, 3, 4, 5, 6],
    transparency: [9],
    rows: [
      [0, 1, 16],
      [1, 0, 0],
    ],
  });
  const interlaced = writePng({
    width: 2,
    height: 2,
    type: 6,
    interlace: 1,
    rows: [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ],
  });
  const color = new Uint8Array(
    jpeg.encode({ width: 16, height: 8, data: new Uint8Array(512).map((_, i) => i) }, 90).data,
  );
  const progressive = jpegBomb({ width: 20, height: 20, components: 3, scans: 4, refine: true });
  const idxFile = writeIdx(
    [3, 4],
    new Uint8Array(24).map((_, i) => i),
    0x0b,
  );
  const zip = writeZip(entries(2, gray));
  test.each<[string, keyof typeof decoders, fc.Arbitrary<Uint8Array>]>([
    ['IDX', 'idx', mutations(idxFile)],
    ['gzip', 'idx', mutations(gzipSync(idxFile))],
    ['PNG', 'image', mutations(gray, palette)],
    [
      'PNG with right checksums',
      'image',
      fc.oneof(mutations(gray, palette), mutations(palette, interlaced), mutations(interlaced)).map(repairPng),
    ],
    ['JPEG', 'image', fc.oneof(mutations(color, progressive), mutations(progressive, color))],
    [
      'PGM',
      'image',
      fc.oneof(
        mutations(concatenate(ascii('P5 4 2 255 '), ascii('12345678'))),
        mutations(ascii('P2 3 2 300 1 2 3 4 5 299')),
      ),
    ],
    ['zip', 'zip', mutations(zip)],
    ['folder', 'folder', fc.oneof(mutations(color), mutations(palette).map(repairPng))],
  ])('%s', async (_, format, files) => {
    await fc.assert(
      fc.asyncProperty(files, async (file) => {
        const { length, announced, pixels } = await decodeOrRefuse(format, file, limits);
        expect(length).toBe(announced);
        expect(length).toBeLessThanOrEqual(limits.expandedBytes);
        expect(pixels).toBeLessThanOrEqual(limits.pixels);
      }),
      fuzz(60),
    );
  });
});
