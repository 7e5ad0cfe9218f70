import { type Tensor, tensor } from '@thetagrad/core';
import type { ImageDataset } from './dataset.ts';
import { type ArrayBatch, type BatchOptions, Pipeline, type Position } from './pipeline.ts';
import { prefetch } from './prefetch.ts';

/** A batch of images as tensors, and its position in the stream. */
export interface Batch extends Position {
  /** Normalized images, float32 of shape [B, C, H, W]. */
  readonly image: Tensor;
  /** Class labels, int32 of shape [B]. */
  readonly label: Tensor;
  /** Index of each image in the data set. */
  readonly indices: Int32Array;
  /** Position after this batch: store it in a checkpoint and pass it as `start` to resume. */
  readonly next: Position;
}

/** A stream of batches. Each `for await` over it begins at `start`. */
export interface Batches extends AsyncIterable<Batch, undefined> {
  /** Number of batches in an epoch. */
  readonly stepsPerEpoch: number;
  [Symbol.asyncIterator](): AsyncIterableIterator<Batch, undefined>;
}

/**
 * Batches of a data set as tensors: shuffled, augmented, normalized. The batch at a position is a pure function of the
 * data set, the options and the position, on every platform, so that a stream started at the `next` of a batch gives
 * exactly what would have followed that batch.
 *
 *     for await (const { image, label } of batches(dataset, { batchSize: 64, shuffle: true, epochs: 3 })) { … }
 *
 * Prepares the next batch while the loop body waits for work outside this thread, such as a GPU or workers. A backend
 * that computes on this thread leaves no such wait, and preparing a batch then adds to the time of a step.
 *
 * @throws {TypeError} if an option is of the wrong kind.
 * @throws {RangeError} if an option is out of range or `start` is not a position in this stream.
 */
export function batches(dataset: ImageDataset, options: BatchOptions): Batches {
  const pipeline = new Pipeline(dataset, options);
  return {
    stepsPerEpoch: pipeline.stepsPerEpoch,
    [Symbol.asyncIterator]: () => prefetch(generateBatches(pipeline), options.prefetch),
  };
}

function* generateBatches(pipeline: Pipeline): Generator<Batch, void> {
  for (const batch of pipeline.run()) yield toTensors(batch, pipeline.dataset);
}

function toTensors(batch: ArrayBatch, { channels, height, width }: ImageDataset): Batch {
  const { label, indices, epoch, step, next } = batch;
  const image = tensor(batch.image, { shape: [indices.length, channels, height, width] });
  return { image, label: tensor(label), indices, epoch, step, next };
}
