import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { augment } from '../src/augment/augment.ts';
import type { Pixels } from '../src/augment/augmentation.ts';
import { type Batch, batches } from '../src/batches.ts';
import type { ImageDataset } from '../src/dataset.ts';
import { type BatchOptions, Pipeline } from '../src/pipeline.ts';
import { datasets, createNumbered } from './arbitraries.ts';

async function collect(dataset: ImageDataset, options: BatchOptions, count = Infinity): Promise<Batch[]> {
  const collected: Batch[] = [];
  for await (const batch of batches(dataset, options)) {
    if (collected.push(batch) >= count) break;
  }
  return collected;
}

function contentsOf({ image, label, ...position }: Batch): object {
  return { image: image.dataSync(), label: label.dataSync(), ...position };
}

test('tensors hold the images and labels, in their shapes', async () => {
  await fc.assert(
    fc.asyncProperty(datasets, fc.integer({ min: 1, max: 10 }), fc.nat(), async (dataset, batchSize, seed) => {
      const options = { batchSize, seed, shuffle: true, epochs: 1 };
      const expected = [...new Pipeline(dataset, options).run()];
      const taken = await collect(dataset, options);
      expect(batches(dataset, options).stepsPerEpoch).toBe(taken.length);
      taken.forEach((batch, i) => {
        const { indices } = batch;
        expect(batch.image.dtype).toBe('float32');
        expect(batch.label.dtype).toBe('int32');
        expect(batch.image.shape).toEqual([indices.length, dataset.channels, dataset.height, dataset.width]);
        expect(batch.label.shape).toEqual([indices.length]);
        expect(contentsOf(batch)).toEqual(expected[i]);
        expect([...batch.label.dataSync()]).toEqual([...indices].map((index) => dataset.labels[index]));
      });
    }),
    { numRuns: 30 },
  );
});

test('each loop starts anew, and a stream resumes from a stored position', async () => {
  const change = augment({ flip: 0.5, shift: 1 });
  const options = { batchSize: 3, shuffle: true, seed: 5, augment: change, epochs: 3 };
  const stream = batches(createNumbered([4, 4]), options);
  const all: Batch[] = [];
  for await (const batch of stream) all.push(batch);
  const again: Batch[] = [];
  for await (const batch of stream) again.push(batch);
  expect(all).toHaveLength(9);
  expect(again.map(contentsOf)).toEqual(all.map(contentsOf));
  const start = JSON.parse(JSON.stringify(all[3]!.next)) as Batch['next'];
  expect((await collect(createNumbered([4, 4]), { ...options, start })).map(contentsOf)).toEqual(
    all.slice(4).map(contentsOf),
  );
});

test('the next batch is prepared while the loop waits, and its error is thrown by the next request', async () => {
  vi.useFakeTimers();
  let images = 0;
  const change = (source: Pixels, target: Float32Array): void => {
    if (++images > 4) throw new Error('broken augmentation');
    target.set(source);
  };
  const stream = batches(createNumbered([8]), { batchSize: 2, augment: change })[Symbol.asyncIterator]();
  await stream.next();
  expect(images).toBe(2);
  await vi.runAllTimersAsync();
  expect(images).toBe(4);
  await stream.next();
  await vi.runAllTimersAsync();
  await expect(stream.next()).rejects.toThrow('broken augmentation');
  expect((await stream.next()).done).toBe(true);
  vi.useRealTimers();
});

test('options are checked at the call', () => {
  expect(() => batches(createNumbered([2]), { batchSize: 0 })).toThrow(
    'batches: batchSize must be an integer ≥ 1, got 0',
  );
  expect(() => batches(createNumbered([2]), { batchSize: 1, prefetch: 1.5 })).toThrow(
    'batches: prefetch must be an integer ≥ 0, got 1.5',
  );
});
