import { mirroredFeatures } from '@thetagrad/a-softmax';
import { batches, type ImageDataset } from '@thetagrad/data';
import type { Module } from '@thetagrad/nn';

export interface Features {
  /** (N, dimension) in row-major order, in the order of the data set. */
  readonly values: Float32Array;
  readonly dimension: number;
}

const batchSize = 100;

/** The features of all images; with `mirror`, joined with those of their mirror images. */
export async function extractFeatures(model: Module, dataset: ImageDataset, mirror: boolean): Promise<Features> {
  const parts: Float32Array[] = [];
  model.eval();
  for await (const { image } of batches(dataset, { batchSize, epochs: 1 })) {
    const features = mirror ? mirroredFeatures(model, image) : model.forward(image);
    parts.push((await features.data()) as Float32Array);
  }
  const values = new Float32Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return { values, dimension: values.length / dataset.size };
}
