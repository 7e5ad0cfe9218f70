import { type Tensor, tensor } from '@thetagrad/core';
import type { ImageDataset } from './dataset.ts';
import { type ArrayBatch, type BatchOptions, Pipeline, type Position } from './pipeline.ts';
import { prefetch } from './prefetch.ts';

/** A batch of images as tensors, and where in the stream it stands. */
export interface Batch extends Position {
  /** float32 of shape [B, C, H, W], normalised. */
  readonly image: Tensor;
  /** int32 of shape [B]. */
  readonly label: Tensor;
  /** The place of each image in the data set. */
  readonly indices: Int32Array;
  /** Where the stream goes on after this batch: store it in a checkpoint and pass it as `start`. */
  readonly next: Position;
}

/** A stream of batches. Each `for await` over it starts at `start` again. */
export interface Batches extends AsyncIterable<Batch, undefined> {
  /** Batches in one epoch. */
  readonly stepsPerEpoch: number;
  [Symbol.asyncIterator](): AsyncIterableIterator<Batch, undefined>;
}

/**
 * Batches of a data set: shuffled, augmented, normalised, as tensors. The batch at a position is a pure function of the
 * data set, the options and the position, on every platform; so a stream started at the `next` of some batch gives
 * exactly what would have followed it.
 *
 *     for await (const { image, label } of batches(dataset, { batchSize: 64, shuffle: true, epochs: 3 })) { … }
 *
 * The next batch is prepared while the loop body waits for something that runs outside this thread, such as a GPU or
 * workers. On a backend that computes on this thread there is no such wait, and preparing takes its own time.
 *
 * @throws RangeError if an option is out of range or `start` is not a place in this stream
 */
export function batches(dataset: ImageDataset, options: BatchOptions): Batches {
  const pipeline = new Pipeline(dataset, options);
  return {
    stepsPerEpoch: pipeline.stepsPerEpoch,
    [Symbol.asyncIterator]: () => prefetch(tensors(pipeline), options.prefetch),
  };
}

function* tensors(pipeline: Pipeline): Generator<Batch, void> {
  for (const batch of pipeline.run()) yield toTensors(batch, pipeline.dataset);
}

function toTensors(batch: ArrayBatch, { channels, height, width }: ImageDataset): Batch {
  const { label, indices, epoch, step, next } = batch;
  const image = tensor(batch.image, { shape: [indices.length, channels, height, width] });
  return { image, label: tensor(label), indices, epoch, step, next };
}
