import fc from 'fast-check';
import { deflateSync } from 'node:zlib';
import { decode as decodeOther } from 'fast-png';
import jpeg from 'jpeg-js';
import { describe, expect, test } from 'vitest';
import { DataFileError } from '../src/formats/error.ts';
import { decodeImage } from '../src/formats/image.ts';
import { parseOmniglot } from '../src/formats/omniglot.ts';
import { ascii, bitFlips, concatenate, truncations, writeChunk, writeConstantPng, writePng } from './files.ts';
import { frame as frameHeader, segment, writeZip } from './hostile.ts';

/** Values of an image; the file must decode. */
function valuesOf(file: Uint8Array, name = 'image'): number[] {
  return [...decodeImage(file, { name }).data];
}

function base64(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

function* range(start: number, end: number, step: number): Generator<number, void> {
  for (let i = start; i < end; i += step) yield i;
}

/** Number of pixels of each row of the passes of Adam7. */
function adam7Rows(width: number, height: number): number[] {
  const passes = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const;
  return passes.flatMap(([x0, y0, dx, dy]) => {
    const columns = [...range(x0, width, dx)].length;
    return columns === 0 ? [] : [...range(y0, height, dy)].map(() => columns);
  });
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
    ['missing millions', concatenate(ascii('P5 8000 8000 255 '), [1]), 'truncated: 8000 × 8000 needs 64000000 bytes'],
    [
      'bytes that follow',
      concatenate(ascii('P5 2 1 255 '), [1, 2, 3]),
      '1 bytes follow the 13 that its header announces',
    ],
    ['a value above maxval', concatenate(ascii('P5 1 1 7 '), [8]), 'value 8 is above the maxval 7'],
    ['missing text values', ascii('P2 2 1 255 1 '), 'truncated: it ends before the value'],
    ['missing millions of text values', ascii('P2 8000 8000 255 1'), 'cannot hold 8000 × 8000 values'],
    ['a text value above maxval', ascii('P2 1 1 7 8'), 'value 8 is above the maxval 7'],
    ['text that follows', ascii('P2 1 1 255 1 2'), 'bytes follow'],
  ])('refuses %s', (_, file, message) => {
    expect(() => decodeImage(file, { name: 'x.pgm' })).toThrow(message);
    expect(() => decodeImage(file, { name: 'x.pgm' })).toThrow(/^x\.pgm: /);
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

  test('all formats, filters and interlacings agree with another decoder', () => {
    const formats = fc.constantFrom<[type: number, depth: number]>(
      ...[1, 2, 4, 8, 16].map((depth): [number, number] => [0, depth]),
      ...[2, 4, 6].flatMap((type) => [8, 16].map((depth): [number, number] => [type, depth])),
    );
    const sizes = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(
        formats,
        sizes,
        sizes,
        fc.boolean(),
        fc.infiniteStream(fc.nat(255)),
        (format, width, height, interlaced, bytes) => {
          const [type, depth] = format;
          fc.pre(!interlaced || depth >= 8); // The other decoder cannot.
          const samples = [1, 0, 3, 0, 2, 0, 4][type]!;
          const passes = interlaced ? adam7Rows(width, height) : Array.from({ length: height }, () => width);
          const rows = passes.map((columns) => [...bytes.take(Math.ceil((columns * samples * depth) / 8))]);
          const filters = rows.map((_, i) => i % 5);
          const png = writePng({ width, height, type, depth, interlace: interlaced ? 1 : 0, filters, rows });
          const { data, channels } = decodeImage(png);
          const expected = decodeOther(png);
          const value = (y: number, x: number, c: number): number => {
            if (depth >= 8) return expected.data[(y * width + x) * samples + c]! / (2 ** depth - 1);
            const byte = expected.data[y * Math.ceil((width * depth) / 8) + ((x * depth) >> 3)]!;
            return ((byte >> (8 - depth - ((x * depth) & 7))) & (2 ** depth - 1)) / (2 ** depth - 1);
          };
          for (let i = 0; i < data.length; i++) {
            const [c, y, x] = [Math.floor(i / (width * height)), Math.floor(i / width) % height, i % width];
            const alpha = type >= 4 ? value(y, x, channels) : 1;
            expect(Math.abs(data[i]! - 255 * (alpha * value(y, x, c) + 1 - alpha))).toBeLessThanOrEqual(0.5 + 1e-9);
          }
        },
      ),
    );
  });

  test('interlacing of fewer than 8 bits gives the same image', () => {
    const bits = Array.from({ length: 64 }, (_, i) => ((i * i + (i >> 3)) % 3) & 1);
    const pack = (pixels: readonly number[]): number[] =>
      Array.from({ length: Math.ceil(pixels.length / 8) }, (_, b) =>
        pixels.slice(8 * b, 8 * b + 8).reduce((byte, bit, i) => byte | (bit << (7 - i)), 0),
      );
    const plain = Array.from({ length: 8 }, (_, y) => pack(bits.slice(8 * y, 8 * y + 8)));
    const passes = [
      [0, 0, 8, 8],
      [0, 4, 8, 8],
      [4, 0, 8, 4],
      [0, 2, 4, 4],
      [2, 0, 4, 2],
      [0, 1, 2, 2],
      [1, 0, 2, 1],
    ] as const; // first row, first column, step of rows, step of columns
    const interlaced = passes.flatMap(([y0, x0, dy, dx]) =>
      [...range(y0, 8, dy)].map((y) => pack([...range(x0, 8, dx)].map((x) => bits[8 * y + x]!))),
    );
    const image = { width: 8, height: 8, depth: 1 };
    expect(valuesOf(writePng({ ...image, interlace: 1, rows: interlaced }))).toEqual(
      valuesOf(writePng({ ...image, rows: plain })),
    );
  });

  test('color with a suggested palette ignores it', () => {
    expect(valuesOf(writePng({ width: 1, height: 1, type: 2, palette: [9, 9, 9], rows: [[1, 2, 3]] }))).toEqual([
      1, 2, 3,
    ]);
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
    ['a truncated file', file.slice(0, 50), 'truncated: the end of the PNG image is missing'],
    ['a truncated header', file.slice(0, 20), 'truncated: the end of the PNG image is missing'],
    ['a wrong checksum', file.with(45, file[45]! ^ 1), 'damaged: the checksum of the chunk at byte 33 does not match'],
    ['a size of 0', writePng({ width: 0, height: 2, rows }), 'damaged: has 0 × 2 pixels'],
    [
      'a huge size',
      writePng({ width: 2 ** 31, height: 2 ** 20, rows }),
      'has 2147483648 × 1048576 pixels (width × height), above the limit of 67108864',
    ],
    ['too few rows', writePng({ width: 3, height: 9, rows }), 'it expands to 8 bytes, not the 36 that it announces'],
    ['too many rows', writePng({ width: 3, height: 1, rows }), 'it expands to more than the 4 bytes that it announces'],
    [
      'stored pixel data that are too long',
      concatenate(
        file.subarray(0, 33),
        writeChunk('IDAT', deflateSync(new Uint8Array(8 + 5), { level: 0 })),
        writeChunk('IEND', []),
      ),
      'it expands to more than the 8 bytes that it announces',
    ],
    [
      'an unknown critical chunk',
      concatenate(file.subarray(0, 33), writeChunk('ABCD', []), file.subarray(33)),
      "unsupported PNG: unknown critical chunk 'ABCD'",
    ],
    [
      'an unknown filter',
      writePng({ width: 7, height: 1, filters: [5], rows: [[1, 2, 3, 4, 5, 6, 7]] }),
      'unknown filter 5',
    ],
    ['an unknown interlacing', writePng({ width: 3, height: 2, interlace: 2, rows }), 'filtering 0, interlacing 2'],
    ['no palette', writePng({ width: 3, height: 2, type: 3, rows }), 'damaged: no palette'],
    [
      'a palette of 257 colors',
      writePng({ width: 3, height: 2, type: 3, palette: Array.from({ length: 771 }, () => 0), rows }),
      'damaged: a palette of 771 bytes',
    ],
    [
      'transparency of colors that there are not',
      writePng({ width: 3, height: 2, type: 3, palette: [1, 2, 3], transparency: [1, 2], rows }),
      'damaged: transparency of 2 bytes for a palette of 1 colors',
    ],
    ['a second header', concatenate(file.subarray(0, 33), file.subarray(8)), 'damaged: it has two headers'],
    ['no header', concatenate(file.subarray(0, 8), file.subarray(33)), 'damaged: it does not start with a header'],
    ['no pixel data', concatenate(file.subarray(0, 33), writeChunk('IEND', [])), 'damaged: it has no pixel data'],
    [
      'pixel data in another format',
      concatenate(file.subarray(0, 33), writeChunk('IDAT', [1, 2, 3]), writeChunk('IEND', [])),
      'not in the format of zlib',
    ],
    [
      'a depth of 3',
      writePng({ width: 3, height: 2, depth: 3, rows }),
      'unsupported PNG: color type 0, 3 bits per sample',
    ],
    [
      'an unknown color type',
      writePng({ width: 3, height: 2, type: 5, rows }),
      'unsupported PNG: color type 5, 8 bits per sample',
    ],
    [
      'a color outside the palette',
      writePng({ width: 3, height: 2, type: 3, palette: [1, 2, 3], rows }),
      'color 1 is not in the palette',
    ],
  ])('refuses %s', (_, damaged, message) => {
    expect(() => decodeImage(damaged, { name: 'x.png' })).toThrow(message);
    expect(() => decodeImage(damaged, { name: 'x.png' })).toThrow(/^x\.png: /);
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

  test('three components are luma and chroma or red, green and blue', () => {
    const luma = [121, 71, 185]; // Of [200, 100, 20] by the formula of JFIF.
    const at = (marker: number): number => color.findIndex((byte, i) => byte === 0xff && color[i + 1] === marker);
    const [header, lettered] = [color.subarray(2, at(0xdb)), color.slice()];
    [...ascii('RGB')].forEach((id, i) => {
      lettered[at(0xc0) + 10 + 3 * i] = id;
      lettered[at(0xda) + 5 + 2 * i] = id;
    });
    const adobe = (transform: number): number[] => segment(0xee, [...ascii('Adobe'), 0, 100, 0, 0, 0, 0, transform]);
    const cases: readonly [file: Uint8Array, segments: Uint8Array | number[], values: number[]][] = [
      [color, [], [200, 100, 20]],
      [color, adobe(0), luma],
      [color, adobe(1), [200, 100, 20]],
      [color, [...header, ...adobe(0)], [200, 100, 20]],
      [lettered, [], luma],
      [lettered, header, [200, 100, 20]],
      [lettered, adobe(1), [200, 100, 20]],
    ];
    for (const [file, segments, values] of cases) {
      const { data } = decodeImage(concatenate(file.subarray(0, 2), segments, file.subarray(at(0xdb))));
      data.forEach((value, i) => expect(Math.abs(value - values[Math.floor(i / 128)]!)).toBeLessThanOrEqual(3));
    }
  });

  const progressiveScan = grayProgressive.findIndex((byte, i) => byte === 0xff && grayProgressive[i + 1] === 0xda);
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
    [
      'two frames',
      concatenate(gray.subarray(0, frame), frameHeader(0xc0, 10, 6, 1), gray.subarray(frame)),
      'two frame headers',
    ],
    ['two components', concatenate(gray.subarray(0, frame), frameHeader(0xc0, 10, 6, 2)), '2 components of 8 bits'],
    ['samples of 12 bits', gray.with(frame + 4, 12), '1 components of 12 bits'],
    ['a frame of a wrong length', gray.with(frame + 9, 3), 'a frame header of a wrong length'],
    ['a sampling factor of 5', gray.with(frame + 11, 0x51), 'a sampling factor is not 1 … 4'],
    [
      'a scan of coefficients that there are not',
      grayProgressive.with(progressiveScan + 8, 64),
      'coefficients 0 to 64',
    ],
    ['a scan of an unknown component', gray.with(frame + 10, 9), 'a scan lists components'],
    ['a height of 0', gray.with(frame + 6, 0), 'damaged'],
    ['a huge size', gray.with(frame + 5, 255).with(frame + 7, 255), 'has 65290 × 65286 pixels'],
  ])('refuses %s', (_, damaged, message) => {
    expect(() => decodeImage(damaged, { name: 'x.jpg' })).toThrow(message);
    expect(() => decodeImage(damaged, { name: 'x.jpg' })).toThrow(/^x\.jpg: /);
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

test('errors shorten long names', () => {
  const name = `start${'x'.repeat(80_000)}end.png`;
  const pattern = /^startx{95}…x{93}end\.png: .{5,100}$/;
  for (const file of [new Uint8Array(0), writeConstantPng(2, 1, 9).with(20, 1)]) {
    const decode = (): unknown => decodeImage(file, { name });
    expect(decode).toThrow(expect.objectContaining({ message: expect.stringMatching(pattern) as string, file: name }));
  }
  const long = { name: `A/c/${'x'.repeat(60_000)}.png`, content: ascii('x') };
  expect(() => parseOmniglot(writeZip([long, { ...long }]), { name: 'z.zip' })).toThrow(
    /^z\.zip: damaged: it has two entries 'A\/c\/x{96}…x{96}\.png'$/,
  );
});

test('refuses other formats, with their first bytes', () => {
  expect(() => decodeImage(new Uint8Array(0), { name: 'x' })).toThrow('x: the file is empty');
  expect(() => decodeImage(ascii('GIF89a'), { name: 'x' })).toThrow(
    'x: not a PNG, JPEG or PGM (P5, P2) image: it starts with the bytes 47 49 46 38',
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      expect(decodeOrRefuse(bytes)).toBe('refused');
    }),
  );
  expect(valuesOf(writeConstantPng(2, 1, 9))).toEqual([9, 9]);
});
