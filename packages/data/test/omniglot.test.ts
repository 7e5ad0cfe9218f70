import { zipSync } from 'fflate';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ImageDataset } from '../src/dataset.ts';
import { DataFileError } from '../src/formats/error.ts';
import { parseOmniglot } from '../src/formats/omniglot.ts';
import { ascii, truncations, bitFlips, writeConstantPng, writePng } from './files.ts';

/** Writes a white 1-bit drawing with one row of ink. */
function writeDrawing(row: number): Uint8Array {
  const rows = Array.from({ length: 8 }, (_, y) => [y === row ? 0 : 0xff]);
  return writePng({ width: 8, height: 8, depth: 1, rows });
}

const files = {
  'images_background/': new Uint8Array(0),
  'images_background/Greek/character10/0010_02.png': writeDrawing(5),
  'images_background/Greek/character10/0010_01.png': writeDrawing(4),
  'images_background/Greek/character02/0002_01.png': writeDrawing(3),
  'images_background/Braille/character01/0001_01.png': writeDrawing(0),
  '__MACOSX/images_background/Greek/._x.png': ascii('not a picture'),
};
const zip = zipSync(files);

test('classes are characters in order, groups are alphabets, ink is bright', () => {
  const dataset = parseOmniglot(zip);
  expect(dataset.classNames).toEqual(['Braille/character01', 'Greek/character02', 'Greek/character10']);
  expect(dataset.classGroups).toEqual(['Braille', 'Greek', 'Greek']);
  expect([...dataset.labels]).toEqual([0, 1, 2, 2]);
  expect([dataset.channels, dataset.height, dataset.width]).toEqual([1, 8, 8]);
  const inkRows = [0, 3, 4, 5];
  inkRows.forEach((row, i) => {
    expect([...dataset.example(i).image]).toEqual(Array.from({ length: 64 }, (_, p) => (p >> 3 === row ? 255 : 0)));
  });
});

test('size scales by area', () => {
  const dataset = parseOmniglot(zip, { size: 4 });
  expect([dataset.height, dataset.width]).toEqual([4, 4]);
  expect([...dataset.example(0).image].slice(0, 8)).toEqual([128, 128, 128, 128, 0, 0, 0, 0]);
});

test('stored and compressed entries read the same', () => {
  expect(parseOmniglot(zipSync(files, { level: 0 }))).toEqual(parseOmniglot(zip));
});

const entry = 'images_background/Greek/character10/0010_01.png';
test.each([
  ['another format', ascii('hello, this is not a zip file'), "z.zip: not a zip file: it does not start with 'PK'"],
  ['nothing', new Uint8Array(0), 'z.zip: not a zip file'],
  ['a truncated zip', zip.slice(0, -30), 'z.zip: truncated: the directory at the end of the zip file is missing'],
  ['other contents', zipSync({ 'readme.txt': ascii('hi') }), 'z.zip: no Omniglot drawings'],
  [
    'a picture whose name would color a terminal',
    zipSync({ 'a/\u001b[31m.png': writeDrawing(0) }),
    'z.zip/a/\\u001b[31m.png: not an Omniglot drawing',
  ],
  ['an unexpected picture', zipSync({ 'a/b.png': writeDrawing(0) }), 'z.zip/a/b.png: not an Omniglot drawing'],
  [
    'a damaged picture',
    zipSync({ ...files, [entry]: writeDrawing(4).slice(0, 40) }),
    `z.zip/${entry}: truncated: the end of the PNG image is missing`,
  ],
  ['mixed sizes', zipSync({ ...files, [entry]: writeConstantPng(9, 9, 0) }), `z.zip/${entry}: is 9 × 9 pixels`],
])('refuses %s', (_, bytes, message) => {
  expect(() => parseOmniglot(bytes, { name: 'z.zip' })).toThrow(message);
  expect(() => parseOmniglot(bytes, { name: 'z.zip' })).toThrow(DataFileError);
});

test('no truncation gives a data set', () => {
  fc.assert(
    fc.property(truncations(zip), (truncated) => {
      expect(() => parseOmniglot(truncated, { name: 'z' })).toThrow(/^z(\/.*)?: /);
    }),
  );
});

test('a bit flip is detected, or changes nothing', () => {
  const whole = parseOmniglot(zip);
  const parseOrRefuse = (bytes: Uint8Array): ImageDataset | 'refused' => {
    try {
      return parseOmniglot(bytes, { name: 'z' });
    } catch (error) {
      if (error instanceof DataFileError) return 'refused';
      throw error;
    }
  };
  fc.assert(
    fc.property(bitFlips(zip), (damaged) => {
      const result = parseOrRefuse(damaged);
      expect(result === 'refused' ? whole : result).toEqual(whole); // Bits of a date, for example, change nothing.
    }),
    { numRuns: 1000 },
  );
});
