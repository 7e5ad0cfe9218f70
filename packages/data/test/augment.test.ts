import { random } from '@thetagrad/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Augmentation, augment, type AugmentOptions } from '../src/augment.ts';
import type { Image } from '../src/resample.ts';

const images: fc.Arbitrary<Image> = fc
  .record({
    channels: fc.constantFrom(1, 3),
    height: fc.integer({ min: 1, max: 7 }),
    width: fc.integer({ min: 1, max: 7 }),
  })
  .chain((shape) => {
    const length = shape.channels * shape.height * shape.width;
    return fc.uint8Array({ minLength: length, maxLength: length }).map((data) => ({ ...shape, data }));
  });

function apply(change: Augmentation, { data, ...shape }: Image, seed = 0): number[] {
  const target = new Float32Array(data.length).fill(Number.NaN);
  change(data, target, shape, random.key(seed).stream());
  return [...target];
}

const square = (rows: number[][]): Image => ({
  data: Uint8Array.from(rows.flat()),
  channels: 1,
  height: rows.length,
  width: rows[0]!.length,
});

test('without changes it is the identity, exactly', () => {
  fc.assert(
    fc.property(images, fc.nat(), (image, seed) => {
      expect(apply(augment({}), image, seed)).toEqual([...image.data]);
      const zeros = augment({ flip: 0, shift: 0, rotate: 0, scale: [1, 1], fill: 'edge' });
      expect(apply(zeros, image, seed)).toEqual([...image.data]);
    }),
  );
});

test('a flip of probability 1 mirrors left and right, and twice is the identity', () => {
  const flip = augment({ flip: 1 });
  expect(
    apply(
      flip,
      square([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ),
  ).toEqual([3, 2, 1, 6, 5, 4]);
  fc.assert(
    fc.property(images, fc.nat(), (image, seed) => {
      const once = Uint8Array.from(apply(flip, image, seed));
      expect(apply(flip, { ...image, data: once }, seed)).toEqual([...image.data]);
    }),
  );
});

test('a flip of probability p has about that frequency', () => {
  const flip = augment({ flip: 0.3 });
  const pair = square([[0, 1]]);
  const flipped = Array.from({ length: 4000 }, (_, seed) => apply(flip, pair, seed)[0]!).reduce((a, b) => a + b);
  expect(Math.abs(flipped / 4000 - 0.3)).toBeLessThan(6 * Math.sqrt(0.21 / 4000));
});

test('scale 2 about the center samples between the pixels', () => {
  expect(apply(augment({ scale: [2, 2] }), square([[0, 100, 200]]))).toEqual([50, 100, 150]);
  // Halved: the outer pixels come from outside the image.
  expect(
    apply(
      augment({ scale: [0.5, 0.5], fill: 7 }),
      square([
        [0, 100, 200],
        [0, 100, 200],
        [0, 100, 200],
      ]),
    ),
  ).toEqual([7, 7, 7, 7, 100, 7, 7, 7, 7]);
});

test('shift moves by at most the limit and keeps the sum of a single pixel', () => {
  const spot = square(
    Array.from({ length: 9 }, (_, y) => Array.from({ length: 9 }, (_, x) => (x === 4 && y === 4 ? 200 : 0))),
  );
  const shifts = Array.from({ length: 60 }, (_, seed) => {
    const shifted = apply(augment({ shift: 2 }), spot, seed);
    const total = shifted.reduce((a, b) => a + b);
    expect(total).toBeCloseTo(200, 3);
    return shifted.reduce((a, value, i) => a + value * (i % 9), 0) / total - 4;
  });
  expect(Math.max(...shifts)).toBeLessThanOrEqual(2.0001);
  expect(Math.max(...shifts)).toBeGreaterThan(1);
  expect(Math.min(...shifts)).toBeGreaterThanOrEqual(-2.0001);
  expect(Math.min(...shifts)).toBeLessThan(-1);
});

test('rotate turns by at most the limit, in both directions', () => {
  const size = 21;
  const spot = square(
    Array.from({ length: size }, (_, y) => Array.from({ length: size }, (_, x) => (x === 18 && y === 10 ? 200 : 0))),
  );
  const angles = Array.from({ length: 60 }, (_, seed) => {
    const rotated = apply(augment({ rotate: 30 }), spot, seed);
    const total = rotated.reduce((a, b) => a + b);
    const x = rotated.reduce((a, value, i) => a + value * ((i % size) - 10), 0) / total;
    const y = rotated.reduce((a, value, i) => a + value * (Math.floor(i / size) - 10), 0) / total;
    expect(Math.hypot(x, y)).toBeCloseTo(8, 0);
    return (Math.atan2(y, x) * 180) / Math.PI;
  });
  expect(Math.max(...angles.map(Math.abs))).toBeLessThan(32);
  expect(Math.max(...angles)).toBeGreaterThan(15);
  expect(Math.min(...angles)).toBeLessThan(-15);
});

test('values stay within the range of the image and the fill; a repeated edge keeps a constant image constant', () => {
  const options = { flip: 0.5, shift: 3, rotate: 180, scale: [0.3, 3] } as const;
  fc.assert(
    fc.property(images, fc.nat(), fc.nat(255), (image, seed, value) => {
      const all = [...image.data, 128];
      for (const result of apply(augment({ ...options, fill: 128 }), image, seed)) {
        expect(result).toBeGreaterThanOrEqual(Math.min(...all) - 1e-3);
        expect(result).toBeLessThanOrEqual(Math.max(...all) + 1e-3);
      }
      const constant = { ...image, data: image.data.map(() => value) };
      for (const result of apply(augment({ ...options, fill: 'edge' }), constant, seed)) {
        expect(result).toBeCloseTo(value, 3);
      }
    }),
  );
});

test('setting one option leaves the draws of the others unchanged', () => {
  const pair = square([[0, 1]]);
  for (let seed = 0; seed < 20; seed++) {
    const alone = apply(augment({ flip: 0.5 }), pair, seed);
    const barelyRotated = apply(augment({ flip: 0.5, rotate: 1e-9, scale: [1, 1 + 1e-9], fill: 'edge' }), pair, seed);
    expect(barelyRotated.map(Math.round)).toEqual(alone);
  }
});

test.each<[AugmentOptions, string]>([
  [{ flip: 1.5 }, 'flip must be between 0 and 1, got 1.5'],
  [{ flip: Number.NaN }, 'flip must be between 0 and 1, got NaN'],
  [{ shift: -1 }, 'shift must be a finite number ≥ 0, got -1'],
  [{ rotate: 181 }, 'rotate must be an angle from 0 to 180 degrees, got 181'],
  [{ scale: [0, 1] }, 'scale must be [low, high] with 0 < low ≤ high, got [0, 1]'],
  [{ scale: [2, 1] }, 'got [2, 1]'],
  [{ fill: 300 }, "fill must be a value from 0 to 255 or 'edge', got 300"],
  [{ fill: 'mirror' as 'edge' }, "augment: unknown fill 'mirror'; expected 'edge' or a value from 0 to 255"],
])('refuses %j', (options, message) => {
  expect(() => augment(options)).toThrow(message);
});
