import { tensor, type Tensor } from '@thetagrad/core';
import { glyphs, type ExampleSplit, type ImageDataset } from '@thetagrad/data';
import { mnist } from '@thetagrad/data/node';
import { readdir } from 'node:fs/promises';

/**
 * Reads MNIST for training and testing; if the folder has its test files only, a fifth of these is for testing. Without a folder,
 * draws ten synthetic characters instead, of the same size.
 */
export async function loadDigits(folder: string | undefined): Promise<ExampleSplit> {
  if (folder === undefined) return glyphs({ classes: 10, perClass: 150 }).splitExamples(0.8);
  const test = await mnist(folder, { split: 'test' });
  const hasTraining = (await readdir(folder)).some((name) => name.startsWith('train-images'));
  return hasTraining ? { train: await mnist(folder), test } : test.splitExamples(0.8);
}

/** All images of a data set, [N, C, H, W] of −1 … 1, and their labels, [N]. */
export function toTensors({ data, labels, size, channels, height, width }: ImageDataset): [x: Tensor, y: Tensor] {
  const values = Float32Array.from(data, (value) => (value - 127.5) / 127.5);
  return [tensor(values, { shape: [size, channels, height, width] }), tensor(labels)];
}
