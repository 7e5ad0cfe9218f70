import { mirroredFeatures } from '@thetagrad/a-softmax';
import { batches, type ImageDataset } from '@thetagrad/data';
import type { Module } from '@thetagrad/nn';
import { setImmediate } from 'node:timers/promises';
import { type PhaseProgress, silentPhase } from './progress.ts';
import { Interrupted } from './training.ts';

/** Features of the images of a data set. */
export interface Features {
  /** Values of shape (N, dimension), in the order of the data set. */
  readonly values: Float32Array;
  readonly dimension: number;
}

const batchSize = 50;

/** Number of batches that {@link extractFeatures} computes. */
export function countBatches({ size }: ImageDataset): number {
  return Math.ceil(size / batchSize);
}

/**
 * Computes the features of all images; with `mirror`, concatenated with those of their mirror images.
 * @throws {Interrupted} if the signal is aborted.
 */
export async function extractFeatures(
  model: Module,
  dataset: ImageDataset,
  mirror: boolean,
  signal: AbortSignal,
  phase: PhaseProgress = silentPhase,
): Promise<Features> {
  const parts: Float32Array[] = [];
  model.eval();
  for await (const { image } of batches(dataset, { batchSize, epochs: 1 })) {
    const features = mirror ? mirroredFeatures(model, image) : model.forward(image);
    parts.push((await features.data()) as Float32Array);
    phase.update(parts.length);
    // Yields to the event loop, which delivers signals.
    await setImmediate();
    if (signal.aborted) throw new Interrupted();
  }
  const values = new Float32Array(parts.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const part of parts) {
    values.set(part, offset);
    offset += part.length;
  }
  return { values, dimension: values.length / dataset.size };
}
