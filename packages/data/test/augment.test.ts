import { compile, random, tensor } from '@thetagrad/core';
import { crossEntropy } from '@thetagrad/nn';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  adjustContrast,
  adjustHue,
  adjustSaturation,
  adjustSharpness,
  autocontrast,
  equalize,
  posterize,
  solarize,
} from '../src/augment/adjust.ts';
import { exp, log } from '../src/expLog.ts';
import {
  type Augmentation,
  augment,
  type AugmentOptions,
  colorJitter,
  compose,
  cutMix,
  cutout,
  elasticTransform,
  mixUp,
  type MixOptions,
  randAugment,
  randomCrop,
  randomErasing,
  randomHorizontalFlip,
  randomResizedCrop,
  randomVerticalFlip,
} from '../src/index.ts';
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

/** An image whose values may have been changed by an augmentation. */
type ImageOf<Data> = Omit<Image, 'data'> & { readonly data: Data };

function apply(change: Augmentation, { data, ...shape }: ImageOf<Uint8Array | Float32Array>, seed = 0): number[] {
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

const all = colorJitter({ brightness: 0.8, contrast: 0.8, saturation: 0.8, hue: 0.5 });
const erasing = randomErasing({ p: 1, scale: [0.1, 0.6], value: 'random' });

/** Each augmentation at a strength, and at strength 0. */
const augmentations: readonly (readonly [name: string, strong: Augmentation, none: Augmentation])[] = [
  ['compose', compose(all, erasing, randomCrop({ padding: 1 })), compose()],
  ['compose of one', compose(all), compose(compose(), compose())],
  ['randomHorizontalFlip', randomHorizontalFlip(), randomHorizontalFlip({ p: 0 })],
  ['randomVerticalFlip', randomVerticalFlip(), randomVerticalFlip({ p: 0 })],
  ['randomCrop', randomCrop({ padding: 2, fill: 99 }), randomCrop({ padding: 0 })],
  ['randomCrop edge', randomCrop({ padding: 9, fill: 'edge' }), randomCrop({ padding: 0, fill: 'edge' })],
  ['randomResizedCrop', randomResizedCrop(), randomResizedCrop({ ratio: [1e-6, 1e-6] })],
  ['randomErasing', erasing, randomErasing({ p: 0 })],
  ['cutout', cutout({ size: 3, value: 9 }), cutout({ size: 0 })],
  ['colorJitter', all, colorJitter({ brightness: 0, contrast: [1, 1], hue: 0 })],
  ['elasticTransform', elasticTransform({ alpha: 9, sigma: 1.5 }), elasticTransform({ alpha: 0, sigma: 2 })],
  ['randAugment', randAugment({ numOps: 3, magnitude: 30 }), randAugment({ numOps: 0 })],
];

describe.each(augmentations)('%s', (_name, strong, none) => {
  test('at strength 0 is the identity; keeps 0 … 255, its source, and depends on image and stream alone', () => {
    fc.assert(
      fc.property(images, fc.nat(), (image, seed) => {
        expect(apply(none, image, seed)).toEqual([...image.data]);
        const copy = image.data.slice();
        const result = apply(strong, image, seed);
        expect(image.data).toEqual(copy);
        expect(Math.min(...result)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...result)).toBeLessThanOrEqual(255);
        apply(strong, { data: new Uint8Array(3).fill(200), channels: 3, height: 1, width: 1 }, seed + 1);
        expect(apply(strong, { ...image, data: Float32Array.from(image.data) }, seed)).toEqual(result);
      }),
      { numRuns: 40 },
    );
  });
});

test('compose applies one after another, with one stream', () => {
  const plus =
    (n: number): Augmentation =>
    (source, target) =>
      source.forEach((value, i) => (target[i] = value + n));
  const half: Augmentation = (source, target) => source.forEach((value, i) => (target[i] = value / 2));
  expect(apply(compose(plus(1), half, plus(3)), square([[0, 4]]))).toEqual([3.5, 5.5]);
  const draw: Augmentation = (source, target, _shape, stream) => target.set(source.map(() => stream.integer(200)));
  const drawn = random.key(5).stream();
  expect(apply(compose(draw, draw, draw), square([[0]]), 5)).toEqual(
    [200, 200, 200].map((n) => drawn.integer(n)).slice(2),
  );
});

const numbers = square(Array.from({ length: 6 }, (_, y) => Array.from({ length: 5 }, (_, x) => 1 + y * 5 + x)));
const results = (change: Augmentation, count: number): number[][] =>
  Array.from({ length: count }, (_, seed) => apply(change, numbers, seed));

test('flips mirror one axis', () => {
  const small = square([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(apply(randomHorizontalFlip({ p: 1 }), small)).toEqual([3, 2, 1, 6, 5, 4]);
  expect(apply(randomVerticalFlip({ p: 1 }), small)).toEqual([4, 5, 6, 1, 2, 3]);
});

test('randomCrop shifts by every offset up to the padding', () => {
  const shifts = new Set<string>();
  for (const result of results(randomCrop({ padding: 1, fill: 0 }), 100)) {
    const offsets = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dy, dx] as const));
    const found = offsets.filter(([dy, dx]) =>
      result.every((value, i) => {
        const [y, x] = [Math.floor(i / 5) + dy, (i % 5) + dx];
        return value === (y >= 0 && y < 6 && x >= 0 && x < 5 ? numbers.data[y * 5 + x] : 0);
      }),
    );
    expect(found).toHaveLength(1);
    shifts.add(found.join());
  }
  expect(shifts.size).toBe(9);
});

test('randomErasing erases one rectangle, of an area and shape within the limits', () => {
  const sizes = new Set<string>();
  for (const result of results(randomErasing({ p: 1, scale: [0.2, 0.5], ratio: [0.5, 2] }), 200)) {
    const erased = [...result.keys()].filter((i) => result[i] === 0);
    result.forEach((value, i) => expect(value === 0 || value === numbers.data[i]).toBe(true));
    const [rows, columns] = [new Set(erased.map((i) => Math.floor(i / 5))), new Set(erased.map((i) => i % 5))];
    expect(erased).toHaveLength(rows.size * columns.size);
    // Sides are rounded.
    expect((rows.size + 0.5) * (columns.size + 0.5)).toBeGreaterThanOrEqual(0.2 * 30);
    expect((rows.size - 0.5) * (columns.size - 0.5)).toBeLessThanOrEqual(0.5 * 30);
    expect((rows.size + 0.5) / (columns.size - 0.5)).toBeGreaterThanOrEqual(0.5);
    expect((rows.size - 0.5) / (columns.size + 0.5)).toBeLessThanOrEqual(2);
    sizes.add(`${rows.size} ${columns.size}`);
  }
  expect(sizes.size).toBeGreaterThan(4);
  const erasedShare = results(randomErasing({ p: 0.25 }), 400).filter((result) => result.includes(0)).length / 400;
  expect(Math.abs(erasedShare - 0.25)).toBeLessThan(0.09);
});

test('cutout erases a square about a pixel, cut at the border', () => {
  const areas = results(cutout({ size: 3, value: 0 }), 200).map(
    (result) => result.filter((value) => value === 0).length,
  );
  // Centers inside, at an edge, and in a corner.
  expect([...new Set(areas)].toSorted((a, b) => a - b)).toEqual([4, 6, 9]);
  expect(results(cutout({ size: 1 }), 9).map((result) => result.filter((value) => value === 127.5).length)).toEqual(
    Array.from({ length: 9 }, () => 1),
  );
});

test('randomResizedCrop enlarges a box; of a ramp it is a ramp between pixels of the image', () => {
  const ramp = square(Array.from({ length: 8 }, () => Array.from({ length: 8 }, (_, x) => 10 * x)));
  for (let seed = 0; seed < 30; seed++) {
    const row = apply(randomResizedCrop({ scale: [0.25, 0.25], ratio: [1, 1] }), ramp, seed).slice(0, 8);
    const [left] = row as [number];
    expect(left % 10).toBe(0);
    // 4 pixels to 8: positions −1/4, 1/4, 3/4, … of the box, repeated at its ends.
    expect(row.map((value) => value - left)).toEqual([0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30]);
  }
});

test('changes of colors have known values', () => {
  const image: ImageOf<Float32Array> = {
    data: Float32Array.of(200, 10, 50, 20, 100, 90),
    channels: 3,
    height: 1,
    width: 2,
  };
  const changed = (change: (target: Float32Array) => void): number[] => {
    const target = image.data.slice();
    change(target);
    return [...target];
  };
  const luma = [0.299 * 200 + 0.587 * 50 + 0.114 * 100, 0.299 * 10 + 0.587 * 20 + 0.114 * 90];
  const near = (values: number[]): unknown => values.map((value) => expect.closeTo(value, 3) as number);
  expect(changed((target) => adjustSaturation(target, image, 0))).toEqual(near([...luma, ...luma, ...luma]));
  const mean = (luma[0]! + luma[1]!) / 2;
  expect(changed((target) => adjustContrast(target, image, 0.5))).toEqual(
    near([...image.data].map((x) => (x + mean) / 2)),
  );
  // A third of the circle moves red to green, green to blue, blue to red.
  expect(changed((target) => adjustHue(target, image, 1 / 3))).toEqual(near([100, 90, 200, 10, 50, 20]));
  expect(changed((target) => adjustHue(target, image, -1 / 3))).toEqual(near([50, 20, 100, 90, 200, 10]));
  expect(changed((target) => posterize(target, 2))).toEqual([192, 0, 0, 0, 64, 64]);
  expect(changed((target) => solarize(target, 50))).toEqual([55, 10, 205, 20, 155, 165]);
  expect(changed((target) => autocontrast(target, image))).toEqual([255, 0, 255, 0, 255, 0]);
  const spot = Float32Array.of(0, 0, 0, 0, 130, 0, 0, 0, 0);
  adjustSharpness(spot, { channels: 1, height: 3, width: 3 }, 0);
  expect([...spot]).toEqual([0, 0, 0, 0, 50, 0, 0, 0, 0]);
});

test('hues turn back and around, and colors lie between the same maximum and minimum', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 3, maxLength: 3 }),
      fc.double({ min: -0.5, max: 0.5, noNaN: true }),
      (data, turn) => {
        const [shape, pixel] = [{ channels: 3, height: 1, width: 1 }, Float32Array.from(data)];
        adjustHue(pixel, shape, turn);
        expect(Math.max(...pixel)).toBeCloseTo(Math.max(...data), 3);
        expect(Math.min(...pixel)).toBeCloseTo(Math.min(...data), 3);
        adjustHue(pixel, shape, -turn);
        data.forEach((value, i) => expect(pixel[i]).toBeCloseTo(value, 2));
      },
    ),
  );
});

test("equalize is Pillow's", () => {
  const stream = random.key(1).stream();
  const data = Float32Array.from({ length: 2000 }, () => Math.floor(stream.uniform() ** 3 * 100));
  const histogram = Array.from({ length: 256 }, (_, level) => data.filter((value) => value === level).length);
  const nonzero = histogram.filter((count) => count > 0);
  const step = Math.floor((2000 - nonzero.at(-1)!) / 255);
  const table = histogram.map((_, level) => {
    const below = histogram.slice(0, level).reduce((a, b) => a + b, 0);
    return Math.min(255, Math.floor((Math.floor(step / 2) + below) / step));
  });
  const result = data.slice();
  equalize(result, { channels: 1, height: 40, width: 50 });
  expect(step).toBeGreaterThan(1);
  expect([...result]).toEqual([...data].map((value) => table[value]));
});

test('elasticTransform displaces by noise convolved with a Gaussian', () => {
  const [size, sigma, alpha] = [6, 1, 2] as const;
  const stream = random.key(3).stream();
  const kernel = (k: number): number => {
    const weight = (j: number): number => Math.exp((-j * j) / 2 / sigma ** 2);
    return Math.abs(k) > 4 ? 0 : weight(k) / [-4, -3, -2, -1, 0, 1, 2, 3, 4].reduce((sum, j) => sum + weight(j), 0);
  };
  const [dx, dy] = [0, 1].map(() => {
    const noise = Array.from({ length: size * size }, () => stream.uniform(-1, 1));
    return noise.map((_, i) =>
      noise.reduce(
        (sum, value, j) =>
          sum + value * kernel((i % size) - (j % size)) * kernel(Math.floor(i / size) - Math.floor(j / size)),
        0,
      ),
    );
  }) as [number[], number[]];
  // The image 10 x + 30 y, extended by its border, at the displaced pixel.
  const plane = square(Array.from({ length: size }, (_, y) => Array.from({ length: size }, (_, x) => 10 * x + 30 * y)));
  const clamp = (value: number): number => Math.min(size - 1, Math.max(0, value));
  const expected = dx.map(
    (d, i) => 10 * clamp((i % size) + alpha * d) + 30 * clamp(Math.floor(i / size) + alpha * dy[i]!),
  );
  apply(elasticTransform({ alpha, sigma, fill: 'edge' }), plane, 3).forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 3);
  });
});

test('randAugment draws each of its operations, and at strength 0 those with a strength do nothing', () => {
  const spots = square([
    [3, 200, 90, 17],
    [255, 61, 0, 120],
    [14, 33, 250, 77],
    [9, 190, 41, 5],
  ]);
  const outcomes = (magnitude: number): Set<string> =>
    new Set(Array.from({ length: 200 }, (_, seed) => apply(randAugment({ numOps: 1, magnitude }), spots, seed).join()));
  // Nothing changes by identity, saturation of one channel, autocontrast of all values, and equalize of few pixels.
  expect(outcomes(30).size).toBe(1 + 2 * 8 + 2);
  expect(outcomes(0)).toEqual(new Set([spots.data.join()]));
});

test('exp and log are those of Math, to 1e-14', () => {
  fc.assert(
    fc.property(fc.double({ min: -50, max: 50, noNaN: true }), (x) => {
      expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(1e-14);
      expect(Math.abs(log(Math.exp(x)) - x)).toBeLessThan(1e-14 * Math.max(1, Math.abs(x)));
    }),
  );
});

describe('mixUp and cutMix', () => {
  const [batch, classes] = [5, 3] as const;
  const image = random.uniform(random.key(8), [batch, 2, 6, 7]);
  const label = tensor(Int32Array.of(0, 1, 2, 1, 0));
  const rows = (data: Float32Array, width: number): number[][] =>
    Array.from({ length: batch }, (_, i) => [...data.subarray(i * width, (i + 1) * width)]);
  const hot = [...label.dataSync()].map((c) => [0, 1, 2].map((i) => Number(i === c)));
  const numberRows = (values: readonly number[]): unknown => values.map((value) => expect.closeTo(value, 5) as number);

  test('mixUp gives λ x + (1 − λ) x′, and labels in the same shares', async () => {
    const images = rows((await image.data()) as Float32Array, 84);
    const shares = await Promise.all(
      Array.from({ length: 12 }, async (_, seed) => {
        const mixed = mixUp(random.key(seed), image, label, { classes, alpha: 0.4 });
        const [mixedImages, labels] = [
          rows((await mixed.image.data()) as Float32Array, 84),
          rows((await mixed.label.data()) as Float32Array, 3),
        ];
        const [forOrder] = random.key(seed).split();
        const others = await random.permutation(forOrder!, batch).data();
        // The share, from any image that was mixed with another one.
        const at = others.findIndex((other, i) => other !== i);
        const [x, y, z] = [images[at]![0]!, images[others[at]!]![0]!, mixedImages[at]![0]!];
        const share = (z - y) / (x - y);
        images.forEach((own, i) => {
          const other = images[others[i]!]!;
          expect(
            mixedImages[i]!.map((value, j) => value - (share * own[j]! + (1 - share) * other[j]!)).every(
              (d) => Math.abs(d) < 1e-3,
            ),
          ).toBe(true);
          hot[i]!.forEach((h, c) =>
            expect(labels[i]![c]).toBeCloseTo(share * h + (1 - share) * hot[others[i]!]![c]!, 2),
          );
          expect(labels[i]!.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
        });
        return share;
      }),
    );
    expect(new Set(shares.map((share) => share.toFixed(3))).size).toBe(12);
    expect(shares.every((share) => share > -1e-3 && share < 1 + 1e-3)).toBe(true);
  });

  test('cutMix replaces a rectangle, and labels have the shares of its area', async () => {
    const images = rows((await image.data()) as Float32Array, 84);
    const areas = new Set<number>();
    for (let seed = 0; seed < 12; seed++) {
      const mixed = cutMix(random.key(seed), image, label, { classes });
      const mixedImages = rows((await mixed.image.data()) as Float32Array, 84);
      const others = await random.permutation(random.key(seed).split(4)[0]!, batch).data();
      const at = others.findIndex((other, i) => other !== i);
      const replaced = mixedImages[at]!.flatMap((value, i) => (value === images[at]![i] ? [] : [i]));
      const pixels = replaced.filter((i) => i < 42);
      const [ys, xs] = [new Set(pixels.map((i) => Math.floor(i / 7))), new Set(pixels.map((i) => i % 7))];
      expect(pixels).toHaveLength(ys.size * xs.size);
      expect(replaced).toEqual([...pixels, ...pixels.map((i) => i + 42)]);
      images.forEach((own, i) => {
        expect(mixedImages[i]).toEqual(own.map((value, j) => (replaced.includes(j) ? images[others[i]!]![j]! : value)));
      });
      const share = 1 - pixels.length / 42;
      expect(rows((await mixed.label.data()) as Float32Array, 3)).toEqual(
        hot.map((h, i) => numberRows(h.map((value, c) => share * value + (1 - share) * hot[others[i]!]![c]!))),
      );
      areas.add(pixels.length);
    }
    expect(areas.size).toBeGreaterThan(4);
  });

  test('a label that is computed is checked at evaluation', async () => {
    for (const wrong of [-1, 3]) {
      const computed = label.add(tensor(Int32Array.of(0, 0, 0, 0, wrong)));
      await expect(mixUp(random.key(1), image, computed, { classes }).label.data()).rejects.toThrow(
        `mixUp: label ${wrong} at index 4 is out of range for 3 classes; use 0 to 2`,
      );
    }
  });

  test('they are for crossEntropy, one after another, and for compiled steps', async () => {
    const step = compile((key: random.Key) => {
      const cut = cutMix(key, image, label, { classes });
      const mixed = mixUp(key, cut.image, cut.label);
      return crossEntropy(
        mixed.image.sum([2, 3]).matmul(
          tensor([
            [1, 0, 2],
            [0, 1, 1],
          ]),
        ),
        mixed.label,
      );
    });
    for (const seed of [1, 2]) {
      const cut = cutMix(random.key(seed), image, label, { classes });
      const { image: x, label: y } = mixUp(random.key(seed), cut.image, cut.label);
      const loss = crossEntropy(
        x.sum([2, 3]).matmul(
          tensor([
            [1, 0, 2],
            [0, 1, 1],
          ]),
        ),
        y,
      );
      expect(await (await step(random.key(seed))).item()).toBe(await loss.item());
    }
  });
});

const key = random.key(0);
const images4 = tensor(new Float32Array(8), { shape: [2, 1, 2, 2] });
const labels2 = tensor(Int32Array.of(0, 1));
const mix = (options: MixOptions): unknown => mixUp(key, images4, labels2, options);
const unsafe = <T>(value: unknown): T => value as T;

test.each<[() => unknown, RegExp]>([
  [() => compose(unsafe(3)), /^TypeError: compose: argument 0 must be an augmentation, a function, got 3$/],
  [() => randomHorizontalFlip({ p: 2 }), /^RangeError: randomHorizontalFlip: p must be between 0 and 1, got 2$/],
  [() => randomVerticalFlip(unsafe({ q: 2 })), /^TypeError: randomVerticalFlip: unknown option 'q'/],
  [() => randomCrop({ padding: 1.5 }), /^RangeError: randomCrop: padding must be an integer ≥ 0, got 1.5$/],
  [() => randomCrop({ padding: 1, fill: unsafe('wrap') }), /^TypeError: randomCrop: unknown fill 'wrap'/],
  [
    () => randomResizedCrop({ scale: [0.5, 2] }),
    /^RangeError: randomResizedCrop: scale must be \[low, high\] with 0 < low ≤ high ≤ 1, got/,
  ],
  [
    () => randomResizedCrop({ ratio: unsafe(1) }),
    /^TypeError: randomResizedCrop: ratio must be \[low, high\] with 0 < low ≤ high, got 1$/,
  ],
  [() => randomErasing({ p: -1 }), /^RangeError: randomErasing: p must be/],
  [() => randomErasing({ scale: [0, 1] }), /^RangeError: randomErasing: scale must be/],
  [
    () => randomErasing({ value: unsafe('mean') }),
    /^TypeError: randomErasing: value must be a value from 0 to 255 or 'random', got 'mean'$/,
  ],
  [() => cutout({ size: -1 }), /^RangeError: cutout: size must be an integer ≥ 0/],
  [() => cutout({ size: 1, value: 256 }), /^RangeError: cutout: value must be a value from 0 to 255, got 256$/],
  [() => colorJitter({ brightness: -1 }), /^RangeError: colorJitter: brightness must be a finite number ≥ 0, or/],
  [() => colorJitter({ contrast: [2, 1] }), /^RangeError: colorJitter: contrast must be/],
  [() => colorJitter({ saturation: unsafe('much') }), /^TypeError: colorJitter: saturation must be/],
  [() => colorJitter({ hue: 0.6 }), /^RangeError: colorJitter: hue must be from 0 to 0.5, or/],
  [
    () => apply(all, { data: new Uint8Array(2), channels: 2, height: 1, width: 1 }),
    /^RangeError: colorJitter: expected images of 1 or 3 channels, got 2$/,
  ],
  [() => elasticTransform({ alpha: -1, sigma: 1 }), /^RangeError: elasticTransform: alpha must be/],
  [
    () => elasticTransform({ alpha: 1, sigma: 0 }),
    /^RangeError: elasticTransform: sigma must be a finite number > 0, got 0$/,
  ],
  [
    () => randAugment({ magnitude: 31 }),
    /^RangeError: randAugment: magnitude must be an integer from 0 to 30, got 31$/,
  ],
  [() => randAugment({ numOps: 1.5 }), /^RangeError: randAugment: numOps must be/],
  [() => mix({}), /^TypeError: mixUp: classes must be their number, where labels are class indices, got undefined$/],
  [() => mix({ classes: 1 }), /^RangeError: mixUp: label 1 at index 1 is out of range for 1 classes; use 0 to 0$/],
  [() => mix({ classes: 0 }), /^RangeError: mixUp: classes must be an integer ≥ 1/],
  [() => mix({ classes: 2, alpha: 0 }), /^RangeError: mixUp: alpha must be a finite number > 0/],
  [() => mix(unsafe({ beta: 1 })), /^TypeError: mixUp: unknown option 'beta'/],
  [() => mixUp(unsafe(1), images4, labels2, { classes: 2 }), /^TypeError: mixUp: expected a key/],
  [() => mixUp(key, labels2, labels2, { classes: 2 }), /^TypeError: mixUp: images must be floating point, got int32/],
  [
    () => mixUp(key, images4, tensor([1, 0])),
    /^RangeError: mixUp: expected images \[B, …\] and labels, .* got \[2, 1, 2, 2\] and float32 \[2\]$/,
  ],
  [() => mixUp(key, images4, tensor([[1], [1], [1]])), /^RangeError: mixUp: expected images/],
  [
    () =>
      mixUp(
        key,
        images4,
        tensor([
          [1, 0],
          [0, 1],
        ]),
        { classes: 3 },
      ),
    /^RangeError: mixUp: classes is 3, but labels have 2/,
  ],
  [
    () => mixUp(key, images4, tensor([[true], [true]])),
    /^TypeError: mixUp: labels must be int32 or floating point, got bool$/,
  ],
  [
    () => cutMix(key, images4.reshape([2, 4]), labels2, { classes: 2 }),
    /^RangeError: cutMix: expected images of shape \[B, C, H, W\], got \[2, 4\]$/,
  ],
])('refuses %s', (call, message) => {
  let error: unknown;
  try {
    call();
  } catch (thrown) {
    error = thrown;
  }
  expect(String(error)).toMatch(message);
});
