import fc from 'fast-check';
import { expect, test } from 'vitest';
import { augment } from '../src/augment.ts';
import { ImageDataset } from '../src/dataset.ts';
import { type ArrayBatch, type BatchOptions, Pipeline } from '../src/pipeline.ts';
import { datasets, numbered } from './arbitraries.ts';

function take(dataset: ImageDataset, options: BatchOptions, count = Infinity): ArrayBatch[] {
  const batches: ArrayBatch[] = [];
  for (const batch of new Pipeline(dataset, options).run()) {
    if (batches.push(batch) >= count) break;
  }
  return batches;
}

const batchSize = fc.integer({ min: 1, max: 30 });
const strong = augment({ flip: 0.5, shift: 1, rotate: 20, scale: [0.9, 1.1] });

test('every epoch has each example once, in batches that are full but for the last', () => {
  fc.assert(
    fc.property(datasets, batchSize, fc.boolean(), fc.nat(), (dataset, size, shuffle, seed) => {
      const batches = take(dataset, { batchSize: size, shuffle, seed, epochs: 3 });
      expect(batches).toHaveLength(3 * Math.ceil(dataset.size / size));
      for (let epoch = 0; epoch < 3; epoch++) {
        const mine = batches.filter((batch) => batch.epoch === epoch);
        expect(mine.map((batch) => batch.step)).toEqual([...mine.keys()]);
        expect(mine.slice(0, -1).every((batch) => batch.label.length === size)).toBe(true);
        const indices = mine.flatMap((batch) => [...batch.indices]);
        expect(shuffle ? indices.sort((a, b) => a - b) : indices).toEqual([...dataset.labels.keys()]);
      }
    }),
  );
});

test('dropLast leaves out the batch that is not full', () => {
  const batches = take(numbered([7]), { batchSize: 3, dropLast: true, epochs: 2, shuffle: true });
  expect(batches.map((batch) => batch.label.length)).toEqual([3, 3, 3, 3]);
  expect(() => take(numbered([7]), { batchSize: 8, dropLast: true })).toThrow('7 images fill no batch of 8');
});

test('a shuffled order differs between epochs and seeds, and is the same for the same seed', () => {
  const orders = (seed: number): string[] =>
    take(numbered([30]), { batchSize: 30, shuffle: true, seed, epochs: 2 }).map((batch) => batch.indices.join());
  expect(new Set([...orders(1), ...orders(2)]).size).toBe(4);
  expect(orders(1)).toEqual(orders(1));
});

test('images are normalised as (x − 127.5) / 128, or as asked for each channel', () => {
  const dataset = new ImageDataset({
    data: Uint8Array.of(0, 255, 100),
    labels: Int32Array.of(0),
    channels: 3,
    height: 1,
    width: 1,
  });
  expect([...take(dataset, { batchSize: 1 }, 1)[0]!.image]).toEqual([-127.5 / 128, 127.5 / 128, -27.5 / 128]);
  const normalize = { mean: [0, 55, 100], std: 2 };
  expect([...take(dataset, { batchSize: 1, normalize }, 1)[0]!.image]).toEqual([0, 100, 0]);
});

test('resuming equals going on', () => {
  fc.assert(
    fc.property(datasets, batchSize, fc.nat(), fc.nat(12), fc.boolean(), (dataset, size, seed, used, dropLast) => {
      const options = { batchSize: dropLast ? 1 : size, shuffle: true, seed, dropLast, augment: strong };
      const all = take(dataset, options, used + 5);
      const position: unknown = JSON.parse(JSON.stringify(all[used]!.next));
      expect(take(dataset, { ...options, start: position as ArrayBatch['next'] }, 4)).toEqual(all.slice(used + 1));
    }),
  );
});

test('the position after the last batch of all gives nothing more', () => {
  const options = { batchSize: 2, epochs: 2 };
  const last = take(numbered([5]), options).at(-1)!;
  expect(last.next).toEqual({ epoch: 2, step: 0 });
  expect(take(numbered([5]), { ...options, start: last.next })).toEqual([]);
});

test('what an image looks like does not depend on batch size, order, or which batches came before', () => {
  const dataset = numbered([12]).resize(6, 6);
  const look = (options: Partial<BatchOptions>): Map<number, string> => {
    const looks = new Map<number, string>();
    for (const batch of take(dataset, { batchSize: 4, seed: 3, epochs: 1, augment: strong, ...options })) {
      batch.indices.forEach((index, i) => looks.set(index, batch.image.subarray(i * 36, (i + 1) * 36).join()));
    }
    return looks;
  };
  const looks = look({});
  expect(new Set(looks.values()).size).toBe(12);
  expect(look({ batchSize: 5 })).toEqual(looks);
  expect(look({ shuffle: true }).get(7)).toBe(looks.get(7));
  expect(look({ start: { epoch: 0, step: 1 } }).get(7)).toBe(looks.get(7));
  expect(look({ seed: 4 }).get(7)).not.toBe(looks.get(7));
});

test.each<[Partial<BatchOptions>, string]>([
  [{ batchSize: 0 }, 'batchSize must be a positive integer, got 0'],
  [{ batchSize: 2.5 }, 'got 2.5'],
  [{ epochs: 0 }, 'epochs must be a positive integer or Infinity, got 0'],
  [{ epochs: 1.5 }, 'got 1.5'],
  [{ epochs: Number.NaN }, 'got NaN'],
  [{ seed: 0.5 }, 'batches: seed must be an integer, got 0.5'],
  [{ prefetch: -1 }, 'batches: prefetch must be an integer of 0 or more, got -1'],
  [{ start: { epoch: 0, step: 3 } }, 'start { epoch: 0, step: 3 } is not a place in this stream of 3 steps an epoch'],
  [{ start: { epoch: -1, step: 0 } }, 'is not a place'],
  [{ normalize: { mean: [1, 2], std: 1 } }, 'normalize.mean needs one number, or 1 for the channels, got 1,2'],
  [{ normalize: { mean: 0, std: Number.NaN } }, 'normalize.std needs'],
  [{ normalize: { mean: 0, std: 0 } }, 'a standard deviation of 0'],
])('refuses %j', (options, message) => {
  expect(() => new Pipeline(numbered([5]), { batchSize: 2, ...options })).toThrow(message);
});
