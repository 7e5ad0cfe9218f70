import fc from 'fast-check';
import { expect, test } from 'vitest';
import { augment } from '../src/augment/augment.ts';
import { ImageDataset } from '../src/dataset.ts';
import { type ArrayBatch, type BatchOptions, Pipeline } from '../src/pipeline.ts';
import { datasets, createNumbered } from './arbitraries.ts';

function collect(dataset: ImageDataset, options: BatchOptions, count = Infinity): ArrayBatch[] {
  const batches: ArrayBatch[] = [];
  for (const batch of new Pipeline(dataset, options).run()) {
    if (batches.push(batch) >= count) break;
  }
  return batches;
}

const batchSize = fc.integer({ min: 1, max: 30 });
const strong = augment({ flip: 0.5, shift: 1, rotate: 20, scale: [0.9, 1.1] });

test('every epoch has each example once, in batches that are full except the last', () => {
  fc.assert(
    fc.property(datasets, batchSize, fc.boolean(), fc.nat(), (dataset, size, shuffle, seed) => {
      const batches = collect(dataset, { batchSize: size, shuffle, seed, epochs: 3 });
      expect(batches).toHaveLength(3 * Math.ceil(dataset.size / size));
      for (let epoch = 0; epoch < 3; epoch++) {
        const own = batches.filter((batch) => batch.epoch === epoch);
        expect(own.map((batch) => batch.step)).toEqual([...own.keys()]);
        expect(own.slice(0, -1).every((batch) => batch.label.length === size)).toBe(true);
        const indices = own.flatMap((batch) => [...batch.indices]);
        expect(shuffle ? indices.sort((a, b) => a - b) : indices).toEqual([...dataset.labels.keys()]);
      }
    }),
  );
});

test('dropLast drops the batch that is not full', () => {
  const batches = collect(createNumbered([7]), { batchSize: 3, dropLast: true, epochs: 2, shuffle: true });
  expect(batches.map((batch) => batch.label.length)).toEqual([3, 3, 3, 3]);
  expect(() => collect(createNumbered([7]), { batchSize: 8, dropLast: true })).toThrow(
    '7 examples are too few for one batch of 8',
  );
});

test('a shuffled order differs between epochs and seeds, and is the same for the same seed', () => {
  const orders = (seed: number): string[] =>
    collect(createNumbered([30]), { batchSize: 30, shuffle: true, seed, epochs: 2 }).map((batch) =>
      batch.indices.join(),
    );
  expect(new Set([...orders(1), ...orders(2)]).size).toBe(4);
  expect(orders(1)).toEqual(orders(1));
});

test('images are normalized as (x − 127.5) / 128, or as given for each channel', () => {
  const dataset = new ImageDataset({
    data: Uint8Array.of(0, 255, 100),
    labels: Int32Array.of(0),
    channels: 3,
    height: 1,
    width: 1,
  });
  expect([...collect(dataset, { batchSize: 1 }, 1)[0]!.image]).toEqual([-127.5 / 128, 127.5 / 128, -27.5 / 128]);
  const normalize = { mean: [0, 55, 100], std: 2 };
  expect([...collect(dataset, { batchSize: 1, normalize }, 1)[0]!.image]).toEqual([0, 100, 0]);
});

test('resuming gives what would have followed', () => {
  fc.assert(
    fc.property(datasets, batchSize, fc.nat(), fc.nat(12), fc.boolean(), (dataset, size, seed, used, dropLast) => {
      const options = { batchSize: dropLast ? 1 : size, shuffle: true, seed, dropLast, augment: strong };
      const all = collect(dataset, options, used + 5);
      const position: unknown = JSON.parse(JSON.stringify(all[used]!.next));
      expect(collect(dataset, { ...options, start: position as ArrayBatch['next'] }, 4)).toEqual(all.slice(used + 1));
    }),
  );
});

test('the position after the last batch gives an empty stream', () => {
  const options = { batchSize: 2, epochs: 2 };
  const last = collect(createNumbered([5]), options).at(-1)!;
  expect(last.next).toEqual({ epoch: 2, step: 0 });
  expect(collect(createNumbered([5]), { ...options, start: last.next })).toEqual([]);
});

test('an augmented image does not depend on batch size, order or earlier batches', () => {
  const dataset = createNumbered([12]).resize(6, 6);
  const augmentAll = (options: Partial<BatchOptions>): Map<number, string> => {
    const images = new Map<number, string>();
    for (const batch of collect(dataset, { batchSize: 4, seed: 3, epochs: 1, augment: strong, ...options })) {
      batch.indices.forEach((index, i) => images.set(index, batch.image.subarray(i * 36, (i + 1) * 36).join()));
    }
    return images;
  };
  const augmented = augmentAll({});
  expect(new Set(augmented.values()).size).toBe(12);
  expect(augmentAll({ batchSize: 5 })).toEqual(augmented);
  expect(augmentAll({ shuffle: true }).get(7)).toBe(augmented.get(7));
  expect(augmentAll({ start: { epoch: 0, step: 1 } }).get(7)).toBe(augmented.get(7));
  expect(augmentAll({ seed: 4 }).get(7)).not.toBe(augmented.get(7));
});

test.each<[Partial<BatchOptions>, string]>([
  [{ batchSize: 0 }, 'batches: batchSize must be an integer ≥ 1, got 0'],
  [{ batchSize: 2.5 }, 'got 2.5'],
  [{ epochs: 0 }, 'batches: epochs must be an integer ≥ 1, got 0'],
  [{ epochs: 1.5 }, 'got 1.5'],
  [{ epochs: Number.NaN }, 'got NaN'],
  [{ seed: 0.5 }, 'batches: seed must be an integer, got 0.5'],
  [{ prefetch: -1 }, 'batches: prefetch must be an integer ≥ 0, got -1'],
  [
    { start: { epoch: 0, step: 3 } },
    'start { epoch: 0, step: 3 } is not a position in this stream of 3 steps per epoch',
  ],
  [{ start: { epoch: -1, step: 0 } }, 'is not a position'],
  [{ start: null }, 'batches: start must be a position { epoch, step }, the `next` of an item, got null'],
  [{ start: [1, 2] }, 'the `next` of an item, got [1, 2]'],
  [{ start: { epoch: 1 } }, 'batches: start must be a position { epoch, step }'],
  [{ start: { epoch: '1', step: 0 } }, 'batches: start must be a position { epoch, step }'],
  [
    { normalize: { mean: [1, 2], std: 1 } },
    'normalize.mean must be one finite number, or one for each of 1 channels, got [1, 2]',
  ],
  [{ normalize: { mean: 0, std: Number.NaN } }, 'normalize.std must be one finite number'],
  [{ normalize: { mean: 0, std: 0 } }, 'normalize.std must not be 0'],
])('refuses %j', (options, message) => {
  expect(() => new Pipeline(createNumbered([5]), { batchSize: 2, ...options })).toThrow(message);
});
