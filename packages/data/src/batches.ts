import { evaluate, type Tensor, tensor } from '@thetagrad/core';
import { ImageDataset } from './dataset.ts';
import { type Field, type FieldBatch, FieldPipeline } from './fields.ts';
import type { Order, OrderOptions, Position } from './order.ts';
import { type ArrayBatch, type BatchOptions, Pipeline } from './pipeline.ts';
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
export interface Batches<Item = Batch> extends AsyncIterable<Item, undefined> {
  /** Number of batches in an epoch. */
  readonly stepsPerEpoch: number;
  [Symbol.asyncIterator](): AsyncIterableIterator<Item, undefined>;
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
export function batches(dataset: ImageDataset, options: BatchOptions): Batches;
/**
 * Batches of tensors and arrays of one length, the rows at the same indices in each. Positions are those of batches of
 * images, by the same options. Tensors that are not evaluated are, before the first batch.
 *
 *     for await (const { x, y } of batches({ x: table.tensor(), y: label }, { batchSize: 32, shuffle: true })) { … }
 *
 * @param fields By name, as they are in each batch. Names other than `indices`, `epoch`, `step` and `next`.
 * @throws {TypeError} if a field or option is of the wrong kind, or there is no field.
 * @throws {RangeError} if fields differ in length, an option is out of range, or `start` is not a position in this stream.
 */
export function batches<Name extends string>(
  fields: Readonly<Record<Name, Field>>,
  options: OrderOptions,
): Batches<FieldBatch<Name>>;
export function batches(
  data: ImageDataset | Readonly<Record<string, Field>>,
  options: BatchOptions,
): Batches<Batch | FieldBatch> {
  if (data instanceof ImageDataset) {
    const pipeline = new Pipeline(data, options);
    return toStream(pipeline, () => prefetch(generateImages(pipeline), options.prefetch));
  }
  const pipeline = new FieldPipeline(data, options);
  return toStream(pipeline, () => generateFields(pipeline, options.prefetch));
}

function toStream<Item>(
  { order }: { readonly order: Order },
  iterate: () => AsyncIterableIterator<Item, undefined>,
): Batches<Item> {
  return { stepsPerEpoch: order.stepsPerEpoch, [Symbol.asyncIterator]: iterate };
}

async function* generateFields<Name extends string>(
  pipeline: FieldPipeline<Name>,
  depth: number | undefined,
): AsyncGenerator<FieldBatch<Name>, undefined> {
  // Otherwise each batch would compute them anew.
  await evaluate(...pipeline.tensors);
  yield* prefetch(pipeline.run(), depth);
  return undefined;
}

function* generateImages(pipeline: Pipeline): Generator<Batch, void> {
  for (const batch of pipeline.run()) yield toTensors(batch, pipeline.dataset);
}

function toTensors(batch: ArrayBatch, { channels, height, width }: ImageDataset): Batch {
  const { label, indices, epoch, step, next } = batch;
  const image = tensor(batch.image, { shape: [indices.length, channels, height, width] });
  return { image, label: tensor(label), indices, epoch, step, next };
}
