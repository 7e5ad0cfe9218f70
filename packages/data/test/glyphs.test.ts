import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type GlyphOptions, glyphs } from '../src/glyphs.ts';
import type { ImageDataset } from '../src/dataset.ts';

function imageOf(dataset: ImageDataset, c: number, i: number): Uint8Array {
  return dataset.example(c * (dataset.size / dataset.classes) + i).image;
}

test('images are ordered by class, `perClass` of each', () => {
  const dataset = glyphs({ classes: 5, perClass: 3, size: 20 });
  expect([dataset.size, dataset.channels, dataset.height, dataset.width]).toEqual([15, 1, 20, 20]);
  expect([...dataset.labels]).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
  expect(dataset.classNames).toEqual(['glyph 0', 'glyph 1', 'glyph 2', 'glyph 3', 'glyph 4']);
});

test('class c and drawing i do not depend on how many there are', () => {
  const count = fc.integer({ min: 1, max: 8 });
  fc.assert(
    fc.property(
      fc.maxSafeInteger(),
      count,
      count,
      count,
      count,
      (seed, classes, perClass, moreClasses, morePerClass) => {
        const few = glyphs({ classes, perClass, size: 12, seed });
        const many = glyphs({ classes: classes + moreClasses, perClass: perClass + morePerClass, size: 12, seed });
        for (let c = 0; c < classes; c++) {
          for (let i = 0; i < perClass; i++) expect(imageOf(few, c, i)).toEqual(imageOf(many, c, i));
        }
      },
    ),
    { numRuns: 20 },
  );
});

test('the pixels are the same on every platform', () => {
  const { data } = glyphs({ classes: 20, perClass: 5 });
  let hash = 0x811c9dc5; // FNV-1a
  for (const value of data) hash = Math.imul(hash ^ value, 0x01000193);
  expect((hash >>> 0).toString(16)).toMatchInlineSnapshot(`"bf342285"`);
});

test('different seeds give different alphabets and drawings', () => {
  const [a, b] = [0, 1].map((seed) => glyphs({ classes: 4, perClass: 2, seed }));
  for (let i = 0; i < 8; i++) expect(a!.example(i).image).not.toEqual(b!.example(i).image);
});

test('without jitter and noise every drawing of a class is the same, and pixels are clean', () => {
  const dataset = glyphs({ classes: 6, perClass: 3, jitter: 0, noise: 0 });
  for (let c = 0; c < 6; c++) {
    expect(imageOf(dataset, c, 1)).toEqual(imageOf(dataset, c, 0));
    expect(Math.max(...imageOf(dataset, c, 0))).toBe(255);
    expect(imageOf(dataset, c, 0).filter((value) => value === 0).length).toBeGreaterThan(28 * 14);
  }
});

test('every drawing has ink, most of it inside, at any size', () => {
  for (const size of [16, 28, 64]) {
    const dataset = glyphs({ classes: 60, perClass: 4, size, noise: 0 });
    for (let i = 0; i < dataset.size; i++) {
      const { image } = dataset.example(i);
      const coverage = image.reduce((a, b) => a + b, 0) / (255 * size * size);
      expect(coverage).toBeGreaterThan(0.02);
      expect(coverage).toBeLessThan(0.5);
      const border = image.filter(
        (_, p) => p < size || p >= size * (size - 1) || p % size === 0 || p % size === size - 1,
      );
      expect(border.filter((value) => value > 0).length).toBeLessThan(size);
    }
  }
});

test('drawings of a class are more similar than those of different classes, but pixels alone do not classify all', () => {
  const [classes, perClass] = [40, 6];
  const dataset = glyphs({ classes, perClass });
  const vectors = Array.from({ length: dataset.size }, (_, i) => {
    const { image } = dataset.example(i);
    const mean = image.reduce((a, b) => a + b, 0) / image.length;
    const centered = Float64Array.from(image, (value) => value - mean);
    const norm = Math.hypot(...centered);
    return centered.map((value) => value / norm);
  });
  let [within, between, correct] = [0, 0, 0];
  vectors.forEach((a, i) => {
    let [nearest, best] = [-1, -Infinity];
    vectors.forEach((b, j) => {
      if (i === j) return;
      const similarity = a.reduce((sum, value, k) => sum + value * b[k]!, 0);
      if (dataset.labels[i] === dataset.labels[j]) within += similarity / (dataset.size * (perClass - 1));
      else between += similarity / (dataset.size * (dataset.size - perClass));
      if (similarity > best) [nearest, best] = [j, similarity];
    });
    if (dataset.labels[nearest] === dataset.labels[i]) correct += 1 / dataset.size;
  });
  expect(within).toBeGreaterThan(between + 0.1);
  expect(correct).toBeGreaterThan(10 / classes);
  expect(correct).toBeLessThan(0.9);
});

test.each<[Partial<GlyphOptions>, string]>([
  [{ classes: 0 }, 'glyphs: classes must be an integer ≥ 1, got 0'],
  [{ perClass: 1.5 }, 'perClass must be an integer ≥ 1, got 1.5'],
  [{ size: -3 }, 'size must be an integer ≥ 1, got -3'],
  [{ jitter: -1 }, 'jitter must be a finite number ≥ 0, got -1'],
  [{ noise: Number.NaN }, 'noise must be a finite number ≥ 0, got NaN'],
  [{ seed: 0.1 }, 'glyphs: seed must be an integer, got 0.1'],
])('refuses %j', (options, message) => {
  expect(() => glyphs({ classes: 2, perClass: 2, ...options })).toThrow(message);
});
