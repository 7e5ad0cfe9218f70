import { compile, evaluate, Tensor, tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { augment } from '../src/augment/augment.ts';
import type { Pixels } from '../src/augment/augmentation.ts';
import { type Batch, batches } from '../src/batches.ts';
import { type Field, type FieldBatch, tokenWindows } from '../src/index.ts';
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

/** Batches with their tensors read. */
async function read(fields: Readonly<Record<string, Field>>, options: BatchOptions): Promise<object[]> {
  const items: object[] = [];
  for await (const batch of batches(fields, options)) {
    const values = Object.entries(batch as FieldBatch).map(([name, value]) => [
      name,
      value instanceof Tensor ? value.toArraySync() : value,
    ]);
    items.push(Object.fromEntries(values) as object);
  }
  return items;
}

test('fields are batched at the positions and indices of images, and resume', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        size: fc.integer({ min: 1, max: 12 }),
        batchSize: fc.integer({ min: 1, max: 12 }),
        shuffle: fc.boolean(),
        seed: fc.nat(),
        used: fc.nat(5),
      }),
      async ({ size, batchSize, shuffle, seed, used }) => {
        const options = { batchSize: Math.min(batchSize, size), shuffle, seed, dropLast: true, epochs: 2 };
        const x = tensor(
          Float32Array.from({ length: 2 * size }, (_, i) => i),
          { shape: [size, 2] },
        );
        const fields = {
          x,
          y: Int32Array.from({ length: size }, (_, i) => 7 - i),
          text: tokenWindows(new Int32Array(size + 2), 3),
        };
        const items = await read(fields, options);
        const ofImages = await collect(createNumbered([size]), options);
        expect(items).toEqual(
          ofImages.map(({ image: _image, label: _label, ...position }) => ({
            ...position,
            x: [...position.indices].map((i) => [2 * i, 2 * i + 1]),
            y: [...position.indices].map((i) => 7 - i),
            text: [...position.indices].map(() => [0, 0, 0]),
          })),
        );
        const at = used % items.length;
        const start = ofImages[at]!.next;
        expect(await read(fields, { ...options, start })).toEqual(items.slice(at + 1));
      },
    ),
    { numRuns: 15 },
  );
});

test('a field that is computed is computed once, and batches are arguments of compiled steps', async () => {
  const x = tensor([1, 2, 3, 4]).mul(2);
  const sum = compile((batch: { x: Tensor }) => batch.x.sum());
  const sums: number[] = [];
  for await (const batch of batches({ x }, { batchSize: 2, epochs: 1 })) {
    expect(x.buffer).toBeDefined();
    sums.push(await (await sum({ x: batch.x })).item());
  }
  expect(sums).toEqual([6, 14]);
});

test('windows of tokens are the slices at each stride', async () => {
  const tokens = Int32Array.from({ length: 10 }, (_, i) => i * i);
  for (const [size, stride, count] of [
    [3, 1, 8],
    [3, 4, 2],
    [10, 2, 1],
    [1, 9, 2],
  ] as const) {
    const windows = tokenWindows(tokens, size, { stride });
    expect(windows.length).toBe(count);
    const all = windows.take(Int32Array.from({ length: count }, (_, i) => i));
    await evaluate(all);
    expect(all.dtype).toBe('int32');
    expect(all.toArraySync()).toEqual(
      Array.from({ length: count }, (_, i) => Array.from(tokens.slice(i * stride, i * stride + size))),
    );
  }
});

const unsafe = <T>(value: unknown): T => value as T;
const one = { batchSize: 1 };
test.each<[() => unknown, RegExp]>([
  [
    () => batches(unsafe<Record<string, Field>>([1]), one),
    /^TypeError: batches: data must be an ImageDataset, or an object of tensors and arrays, got/,
  ],
  [() => batches({}, one), /^TypeError: batches: the object has no fields$/],
  [() => batches({ next: tensor([1]) }, one), /^TypeError: batches: a field cannot have the name 'next'/],
  [
    () => batches({ x: unsafe<Field>('text') }, one),
    /^TypeError: batches: field 'x' must be a tensor, a Float32Array, .* got 'text'$/,
  ],
  [
    () => batches({ x: tensor(1) }, one),
    /^RangeError: batches: field 'x' is a scalar; its first axis counts the examples$/,
  ],
  [() => batches({ x: tensor([1, 2]), y: tensor([1]) }, one), /^RangeError: batches: fields must .* 'x' has 2, 'y' 1$/],
  [
    () => batches({ x: tensor([[]]).reshape([0, 3]) }, one),
    /^RangeError: batches: 0 examples are too few for one batch of 1$/,
  ],
  [
    () => batches({ x: tensor([1]) }, unsafe({ batchSize: 1, augment: augment({}) })),
    /^TypeError: batches: unknown option 'augment'/,
  ],
  [
    () => batches({ x: tensor([1]) }, unsafe({ batchSize: 1, shuffle: 1 })),
    /^TypeError: batches: shuffle must be true or false, got 1$/,
  ],
  [() => tokenWindows(unsafe([1]), 1), /^TypeError: tokenWindows: tokens must be an Int32Array, got \[1\]$/],
  [() => tokenWindows(Int32Array.of(1), 0), /^RangeError: tokenWindows: size must be an integer ≥ 1, got 0$/],
  [() => tokenWindows(Int32Array.of(1), 1, { stride: 0 }), /^RangeError: tokenWindows: stride must be/],
  [() => tokenWindows(Int32Array.of(1), 2), /^RangeError: tokenWindows: 1 tokens are too few for a window of 2$/],
])('refuses %s', (call, message) => {
  let error: unknown;
  try {
    call();
  } catch (thrown) {
    error = thrown;
  }
  expect(String(error)).toMatch(message);
});

test('rows that take gives must be those it was asked for', async () => {
  const stream = batches({ x: { length: 4, take: () => tensor([1, 2, 3]) } }, { batchSize: 2 });
  await expect(stream[Symbol.asyncIterator]().next()).rejects.toThrow(
    "batches: take of field 'x' must give a tensor of 2 rows, got [3]",
  );
});
