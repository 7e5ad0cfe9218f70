import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll } from 'vitest';
import { writeIdx } from '../../data/test/files.ts';

/** Creates a folder that is removed after the tests of the file. */
export function createTemporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'thetagrad-demo-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Writes a folder of small PGM images per class: a bright bar whose position shows the class, with a shift per image.
 */
export function writeImageFolder(
  folder: string,
  { classes, perClass }: { readonly classes: number; readonly perClass: number },
): void {
  const [width, height] = [12, 14];
  for (let c = 0; c < classes; c++) {
    mkdirSync(join(folder, `p${c}`), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const pixels = Buffer.alloc(width * height, 10 * i);
      pixels.fill(200, (c + 1) * width + (i % 4), (c + 3) * width);
      writeFileSync(
        join(folder, `p${c}`, `${i}.pgm`),
        Buffer.concat([Buffer.from(`P5 ${width} ${height} 255\n`), pixels]),
      );
    }
  }
}

/**
 * Writes the two files of an MNIST-like data set of 8 × 8 images: one pattern per digit, brighter from image to image.
 */
export function writeMnist(
  folder: string,
  prefix: 'train' | 't10k',
  labels: readonly number[],
  gzip = (bytes: Buffer): Buffer => gzipSync(bytes),
): void {
  mkdirSync(folder, { recursive: true });
  const extension = gzip(Buffer.of(0)).length > 1 ? '.gz' : '';
  const images = Buffer.concat(
    labels.map((label, i) =>
      Buffer.from(Array.from({ length: 64 }, (_, p) => ((p * (label + 2)) % 11) * 20 + (i % 50))),
    ),
  );
  const write = (name: string, shape: readonly number[], data: Buffer): void => {
    writeFileSync(join(folder, `${prefix}-${name}${extension}`), gzip(Buffer.from(writeIdx(shape, data))));
  };
  write('images-idx3-ubyte', [labels.length, 8, 8], images);
  write('labels-idx1-ubyte', [labels.length], Buffer.from(labels));
}
