import { mirroredFeatures } from '@thetagrad/a-softmax';
import { batches, type ImageDataset } from '@thetagrad/data';
import type { Module } from '@thetagrad/nn';
import { setImmediate } from 'node:timers/promises';
import { Interrupted } from './training.ts';

export interface Features {
  /** (N, dimension) in row-major order, in the order of the data set. */
  readonly values: Float32Array;
  readonly dimension: number;
}

const batchSize = 50;

/**
 * The features of all images; with `mirror`, joined with those of their mirror images.
 * @throws {Interrupted} when the signal is aborted.
 */
export async function extractFeatures(
  model: Module,
  dataset: ImageDataset,
  mirror: boolean,
  signal: AbortSignal,
): Promise<Features> {
  const parts: Float32Array[] = [];
  model.eval();
  for await (const { image } of batches(dataset, { batchSize, epochs: 1 })) {
    const features = mirror ? mirroredFeatures(model, image) : model.forward(image);
    parts.push((await features.data()) as Float32Array);
    // Signals are served between batches.
    await setImmediate();
    if (signal.aborted) throw new Interrupted();
  }
  const values = new Float32Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return { values, dimension: values.length / dataset.size };
}
