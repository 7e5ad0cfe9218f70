import fc from 'fast-check';
import jpeg from 'jpeg-js';
import { describe, expect, test } from 'vitest';
import { DataFileError } from '../src/formats/error.ts';
import { decodeImage } from '../src/formats/image.ts';
import { ascii, concatenate, truncations, bitFlips, writeConstantPng, writePng } from './files.ts';

/** Values of an image; the file must decode. */
function valuesOf(file: Uint8Array, name = 'image'): number[] {
  return [...decodeImage(file, name).data];
}

function base64(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

/** Decodes a damaged file, or returns 'refused' for a `DataFileError` that names it. Rethrows any other error. */
function decodeOrRefuse(file: Uint8Array): number[] | 'refused' {
  try {
    return valuesOf(file, 'f');
  } catch (error) {
    if (error instanceof DataFileError && error.message.startsWith('f: ')) return 'refused';
    throw error;
  }
}

describe('PGM', () => {
  test('binary of 8 bits round-trips; the header may have comments and any white space', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(255),
        (width, height, seed) => {
          const data = Uint8Array.from({ length: width * height }, (_, i) => i * 41 + seed);
          const file = concatenate(ascii(`P5 # made by hand\n#\n${width}\t${height}\r\n255\n`), data);
          expect(decodeImage(file)).toEqual({ data, channels: 1, height, width });
        },
      ),
    );
  });

  test('other maxvals are scaled to 255, 16 bits are big-endian', () => {
    expect(valuesOf(concatenate(ascii('P5 3 1 15 '), [0, 3, 15]))).toEqual([0, 51, 255]);
    expect(valuesOf(concatenate(ascii('P5 3 1 65535 '), [0, 0, 0x80, 0x80, 255, 255]))).toEqual([0, 128, 255]);
    expect(valuesOf(concatenate(ascii('P5 2 1 1000 '), [0x03, 0xe8, 0x01, 0xf4]))).toEqual([255, 128]);
  });

  test('plain text', () => {
    expect(decodeImage(ascii('P2\n# c\n3 2\n255\n0 1 2 # row\n\n253\n254 255\n'))).toEqual({
      data: Uint8Array.of(0, 1, 2, 253, 254, 255),
      channels: 1,
      height: 2,
      width: 3,
    });
    expect(valuesOf(ascii('P2 1 1 65535 65535'))).toEqual([255]);
  });

  test.each([
    ['a size of 0', ascii('P5 0 1 255 '), 'the width at byte 3 is not a number 1 …'],
    ['a negative size', ascii('P5 -1 1 255 '), 'the width at byte 3 is not a number'],
    ['a broken number', ascii('P5 1x 1 255 '), 'the width at byte 3 is not a number'],
    ['a missing separator', ascii('P51 1 255 '), 'the width at byte 2 is not a number'],
    ['a maxval above 65535', ascii('P5 1 1 65536 '), 'the maxval at byte 7 is not a number 1 … 65535'],
    ['an end in the header', ascii('P5 3 2'), 'truncated: it ends before the maxval'],
    [
      'missing values',
      concatenate(ascii('P5 2 2 255 '), [1, 2, 3]),
      'truncated: 2 × 2 needs 4 bytes after the header, got 3',
    ],
    ['a huge size', concatenate(ascii('P5 99999999 99999999 255 '), [1]), 'truncated: 99999999 × 99999999 needs'],
    [
      'bytes that follow',
      concatenate(ascii('P5 2 1 255 '), [1, 2, 3]),
      '1 bytes follow the 13 that its header announces',
    ],
    ['a value above maxval', concatenate(ascii('P5 1 1 7 '), [8]), 'value 8 is above the maxval 7'],
    ['missing text values', ascii('P2 2 1 255 1 '), 'truncated: it ends before the value'],
    ['a huge text size', ascii('P2 9999 9999 255 1'), 'cannot hold 9999 × 9999 values'],
    ['a text value above maxval', ascii('P2 1 1 7 8'), 'value 8 is above the maxval 7'],
    ['text that follows', ascii('P2 1 1 255 1 2'), 'bytes follow'],
  ])('refuses %s', (_, file, message) => {
    expect(() => decodeImage(file, 'x.pgm')).toThrow(message);
    expect(() => decodeImage(file, 'x.pgm')).toThrow(/^x\.pgm: /);
  });

  test('no truncation decodes; a bit flip in the header never gives other values silently', () => {
    const header = 'P5 7 5 255\n';
    const file = concatenate(
      ascii(header),
      Uint8Array.from({ length: 35 }, (_, i) => 200 - i),
    );
    fc.assert(
      fc.property(truncations(file), (truncated) => {
        expect(decodeOrRefuse(truncated)).toBe('refused');
      }),
    );
    fc.assert(
      fc.property(bitFlips(file, header.length), (damaged) => {
        const result = decodeOrRefuse(damaged);
        // Another maxval that is large enough, or another white space, is also valid.
        expect(result === 'refused' || result.length === 35).toBe(true);
      }),
    );
  });
});

describe('PNG', () => {
  test('gray of 1, 2, 4, 8 and 16 bits', () => {
    const image = (depth: number, rows: number[][]): Uint8Array => writePng({ width: 3, height: 2, depth, rows });
    expect(valuesOf(image(1, [[0b10100000], [0b01000000]]))).toEqual([255, 0, 255, 0, 255, 0]);
    expect(valuesOf(image(2, [[0b00011000], [0b11000000]]))).toEqual([0, 85, 170, 255, 0, 0]);
    expect(
      valuesOf(
        image(4, [
          [0x0f, 0x80],
          [0x12, 0x30],
        ]),
      ),
    ).toEqual([0, 255, 136, 17, 34, 51]);
    expect(
      valuesOf(
        image(8, [
          [1, 2, 3],
          [4, 5, 6],
        ]),
      ),
    ).toEqual([1, 2, 3, 4, 5, 6]);
    expect(
      valuesOf(
        image(16, [
          [0, 0, 255, 255, 128, 128],
          [1, 0, 2, 0, 3, 0],
        ]),
      ),
    ).toEqual([0, 255, 128, 1, 2, 3]);
  });

  test('one bit per pixel, more than one byte per row', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 4 }), fc.nat(), (width, height, seed) => {
        const bit = (y: number, x: number): number => (((seed + 1) * (x + 7) * (y + 3)) % 11) & 1;
        const rows = Array.from({ length: height }, (_, y) =>
          Array.from({ length: Math.ceil(width / 8) }, (_, byte) =>
            Array.from({ length: 8 }, (_, b) => (byte * 8 + b < width ? bit(y, byte * 8 + b) << (7 - b) : 0)).reduce(
              (a, b) => a | b,
            ),
          ),
        );
        const expected = Array.from({ length: width * height }, (_, i) => 255 * bit(Math.floor(i / width), i % width));
        expect(valuesOf(writePng({ width, height, depth: 1, rows }))).toEqual(expected);
      }),
    );
  });

  test('color, by channel', () => {
    expect(decodeImage(writePng({ width: 2, height: 1, type: 2, rows: [[1, 2, 3, 4, 5, 6]] }))).toEqual({
      data: Uint8Array.of(1, 4, 2, 5, 3, 6),
      channels: 3,
      height: 1,
      width: 2,
    });
  });

  test('a palette, with and without transparency', () => {
    const parts = {
      width: 3,
      height: 1,
      depth: 2,
      type: 3,
      palette: [10, 20, 30, 40, 50, 60, 70, 80, 90],
      rows: [[0b00011000]],
    };
    expect(valuesOf(writePng(parts))).toEqual([10, 40, 70, 20, 50, 80, 30, 60, 90]);
    expect(valuesOf(writePng({ ...parts, transparency: [255, 0] }))).toEqual([10, 255, 70, 20, 255, 80, 30, 255, 90]);
  });

  test('transparent pixels are composed over white', () => {
    expect(valuesOf(writePng({ width: 3, height: 1, type: 4, rows: [[0, 0, 0, 255, 100, 51]] }))).toEqual([
      255, 0, 224,
    ]);
    expect(valuesOf(writePng({ width: 1, height: 1, type: 6, rows: [[10, 20, 30, 0]] }))).toEqual([255, 255, 255]);
    expect(valuesOf(writePng({ width: 2, height: 1, transparency: [0, 7], rows: [[7, 8]] }))).toEqual([255, 8]);
  });

  const rows = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const file = writePng({ width: 3, height: 2, rows });
  test.each([
    ['a truncated file', file.slice(0, 50), 'cannot decode this PNG image, the file is damaged'],
    ['a truncated header', file.slice(0, 20), 'truncated: 20 bytes hold no PNG header'],
    ['a wrong checksum', file.with(45, file[45]! ^ 1), 'cannot decode this PNG image'],
    ['a size of 0', writePng({ width: 0, height: 2, rows }), 'unsupported PNG: 0 × 2 pixels'],
    [
      'a huge size',
      writePng({ width: 2 ** 31, height: 2 ** 20, rows }),
      'unsupported PNG: 2147483648 × 1048576 pixels',
    ],
    ['too few rows', writePng({ width: 3, height: 9, rows }), 'cannot decode this PNG image'],
    ['a depth of 3', writePng({ width: 3, height: 2, depth: 3, rows }), 'invalid bit depth: 3'],
    ['an unknown color type', writePng({ width: 3, height: 2, type: 5, rows }), 'Unknown color type: 5'],
    [
      'interlacing of single bits',
      writePng({ width: 3, height: 2, depth: 1, interlace: 1, rows }),
      'interlaced with 1 bits per sample',
    ],
    [
      'a color outside the palette',
      writePng({ width: 3, height: 2, type: 3, palette: [1, 2, 3], rows }),
      'color 1 is not in the palette',
    ],
  ])('refuses %s', (_, damaged, message) => {
    expect(() => decodeImage(damaged, 'x.png')).toThrow(message);
    expect(() => decodeImage(damaged, 'x.png')).toThrow(/^x\.png: /);
  });

  test('no truncation and no bit flip decodes', () => {
    const larger = writePng({
      width: 9,
      height: 9,
      rows: Array.from({ length: 9 }, (_, y) => Array.from({ length: 9 }, (_, x) => x * y)),
    });
    fc.assert(
      fc.property(fc.oneof(truncations(larger), bitFlips(larger)), (damaged) => {
        expect(decodeOrRefuse(damaged)).toBe('refused');
      }),
    );
  });
});

describe('JPEG', () => {
  const ramp = [0, 28, 57, 85, 113, 142, 170, 198, 227, 255];
  const gray = base64(
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/' +
      'wAALCAAGAAoBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAABwn/xAAeEAABAQkAAAAAAAAAAAAAAAAAAQIEBQk1RXOCsv/aAAgBAQAAPwAxl+23UsvC6Y6Y' +
      'WOUP/9k=',
  );
  const grayProgressive = base64(
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/' +
      'wgALCAAGAAoBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAABgj/2gAIAQEAAAABMWX/AP/EABcQAAMBAAAAAAAAAAAAAAAAAAADBzP/2gAIAQEAAQUCn4rP' +
      '/8QAFxABAAMAAAAAAAAAAAAAAAAAAAIDcf/aAAgBAQAGPwKtHH//xAAXEAEAAwAAAAAAAAAAAAAAAAAAobHB/9oACAEBAAE/Ic0PT//aAAgBAQAAABB/' +
      '/8QAFhABAQEAAAAAAAAAAAAAAAAAAFHw/9oACAEBAAE/EAzYf//Z',
  );

  test('gray, baseline and progressive, gives one channel', () => {
    for (const file of [gray, grayProgressive]) {
      const { data, ...shape } = decodeImage(file);
      expect(shape).toEqual({ channels: 1, height: 6, width: 10 });
      data.forEach((value, i) => expect(Math.abs(value - ramp[i % 10]!)).toBeLessThanOrEqual(3));
    }
  });

  const color = Uint8Array.from(
    jpeg.encode(
      { width: 16, height: 8, data: Uint8Array.from({ length: 512 }, (_, i) => [200, 100, 20, 255][i % 4]!) },
      95,
    ).data,
  );

  test('color gives three channels', () => {
    const { data, ...shape } = decodeImage(color);
    expect(shape).toEqual({ channels: 3, height: 8, width: 16 });
    data.forEach((value, i) => expect(Math.abs(value - [200, 100, 20][Math.floor(i / 128)]!)).toBeLessThanOrEqual(3));
  });

  const frame = gray.findIndex((byte, i) => byte === 0xff && gray[i + 1] === 0xc0);
  test.each([
    ['a missing end', gray.slice(0, -2), 'truncated: the end-of-image marker is missing'],
    [
      'an end before any scan',
      concatenate([0xff, 0xd8, 0xff, 0xfe, 0, 2]),
      'truncated: the end-of-image marker is missing',
    ],
    ['lossless compression', gray.with(frame + 1, 0xc3), 'unsupported JPEG: frame type 0xc3'],
    ['no frame', gray.with(frame + 1, 0xfe), 'no frame header before the first scan'],
    ['a segment of a wrong length', gray.with(5, 15), 'byte 19 should start a JPEG segment'],
    ['a height of 0', gray.with(frame + 6, 0), 'damaged'],
    ['a huge size', gray.with(frame + 5, 255).with(frame + 7, 255), 'cannot decode this JPEG image'],
  ])('refuses %s', (_, damaged, message) => {
    expect(() => decodeImage(damaged, 'x.jpg')).toThrow(message);
    expect(() => decodeImage(damaged, 'x.jpg')).toThrow(/^x\.jpg: /);
  });

  test('no truncation decodes; no bit flip hangs or throws anything but a DataFileError', () => {
    for (const file of [gray, grayProgressive, color]) {
      fc.assert(
        fc.property(truncations(file), (truncated) => {
          expect(decodeOrRefuse(truncated)).toBe('refused');
        }),
      );
      fc.assert(
        fc.property(bitFlips(file), (damaged) => void decodeOrRefuse(damaged)),
        { numRuns: 200 },
      );
    }
  });
});

test('refuses other formats, with their first bytes', () => {
  expect(() => decodeImage(new Uint8Array(0), 'x')).toThrow('x: the file is empty');
  expect(() => decodeImage(ascii('GIF89a'), 'x')).toThrow(
    'x: not a PNG, JPEG or PGM (P5, P2) image: it starts with the bytes 47 49 46 38',
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      expect(decodeOrRefuse(bytes)).toBe('refused');
    }),
  );
  expect(valuesOf(writeConstantPng(2, 1, 9))).toEqual([9, 9]);
});
