import { evaluate, random, tensor } from '@thetagrad/core';
import { glyphs, ImageDataset } from '@thetagrad/data';
import { expect, test } from 'vitest';
import { extractFeatures } from '../src/features.ts';
import { createNetwork } from '../src/networks.ts';
import { Interrupted } from '../src/training.ts';

const dataset = glyphs({ classes: 23, perClass: 10, size: 12 });
const { signal } = new AbortController();
const model = createNetwork('small', dataset, 5, random.key(1));

/** Feature of a single image, normalized as in training. */
async function computeFeature({ data, height, width }: ImageDataset, index: number): Promise<number[]> {
  const area = height * width;
  const pixels = Float32Array.from(data.subarray(index * area, (index + 1) * area), (value) => (value - 127.5) / 128);
  return Array.from(await model.forward(tensor(pixels, { shape: [1, 1, height, width] })).data());
}

function mirror({ data, labels, channels, height, width }: ImageDataset): ImageDataset {
  const reversed = data.map((_, i) => data[i - (i % width) + (width - 1 - (i % width))]!);
  return new ImageDataset({ data: reversed, labels, channels, height, width });
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 4));
}

test('features have the order of the data set, and each equals that of its image alone', async () => {
  const { values, dimension } = await extractFeatures(model, dataset, false, signal);
  expect(dimension).toBe(5);
  expect(values).toHaveLength(230 * 5);
  model.eval();
  for (const i of [0, 1, 49, 50, 51, 199, 200, 229]) {
    expectClose(values.subarray(5 * i, 5 * i + 5), await computeFeature(dataset, i));
  }
});

test('with mirror they are concatenated with those of the mirror images', async () => {
  const flipped = mirror(dataset);
  const { values, dimension } = await extractFeatures(model, dataset, true, signal);
  expect(dimension).toBe(10);
  model.eval();
  for (const i of [0, 100, 229]) {
    expectClose(values.subarray(10 * i, 10 * i + 10), [
      ...(await computeFeature(dataset, i)),
      ...(await computeFeature(flipped, i)),
    ]);
  }
});

test.each([false, true])(
  'the model computes them in evaluation mode and stays unchanged (mirror: %s)',
  async (mirror) => {
    const running = Object.entries(model.stateDict()).filter(([name]) => name.includes('running'));
    expect(running.length).toBeGreaterThan(0);
    const before = await Promise.all(running.map(([, value]) => value.data()));
    model.train();
    const fromTraining = await extractFeatures(model, dataset, mirror, signal);
    model.eval();
    const fromEvaluation = await extractFeatures(model, dataset, mirror, signal);
    expect(fromTraining).toEqual(fromEvaluation);
    await evaluate(model);
    const after = Object.entries(model.stateDict()).filter(([name]) => name.includes('running'));
    expect(await Promise.all(after.map(([, value]) => value.data()))).toEqual(before);
  },
);

test('a signal takes effect between batches', async () => {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  await expect(extractFeatures(model, dataset, false, controller.signal)).rejects.toBeInstanceOf(Interrupted);
});
