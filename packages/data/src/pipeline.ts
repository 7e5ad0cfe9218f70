import { checkInteger } from '@thetagrad/core/backend';
import type { Augmentation } from './augment.ts';
import type { ImageDataset } from './dataset.ts';
import { checkDepth } from './prefetch.ts';
import { keyFor } from './keys.ts';

/** A place in the stream of batches; a plain value that can be stored as JSON. */
export interface Position {
  /** Full passes over the data before it. */
  readonly epoch: number;
  /** Batches of this epoch before it. */
  readonly step: number;
}

/** (value − mean) / std, with one number for all channels or one for each. */
export interface Normalization {
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
}

/** What `batches` does with a data set. */
export interface BatchOptions {
  /** Images in a batch. */
  readonly batchSize: number;
  /** Visit the images in a new random order every epoch. Default false: in the order of the data set. */
  readonly shuffle?: boolean;
  /** Seed of the order and of the augmentation, any safe integer. Default 0. */
  readonly seed?: number;
  /** Passes over the data in all, counted from epoch 0 whatever `start` is. Default Infinity. */
  readonly epochs?: number;
  /** Leave out the last batch of an epoch when it is not full. Default false. */
  readonly dropLast?: boolean;
  /** Changes each image at random; see `augment`. */
  readonly augment?: Augmentation;
  /** Default: SphereFace's (x − 127.5) / 128, which brings values 0 … 255 into about [−1, 1]. */
  readonly normalize?: Normalization;
  /** Where to start: the `next` of the last batch that was used, to go on exactly there. Default: the beginning. */
  readonly start?: Position;
  /** How many batches to prepare ahead while the consumer waits for something; 0 for none. Default 1. */
  readonly prefetch?: number;
}

/** One batch as plain arrays: images (B, C, H, W) and labels (B). */
export interface ArrayBatch extends Position {
  readonly image: Float32Array;
  readonly label: Int32Array;
  readonly indices: Int32Array;
  readonly next: Position;
}

/** The arithmetic of batches, without tensors: which images come when, and what they look like. */
export class Pipeline {
  readonly dataset: ImageDataset;
  readonly stepsPerEpoch: number;
  private readonly options: BatchOptions;
  private readonly mean: Float64Array;
  private readonly std: Float64Array;
  private order: { readonly epoch: number; readonly indices: Int32Array } | undefined;

  constructor(dataset: ImageDataset, options: BatchOptions) {
    const { batchSize, seed = 0, epochs = Infinity, dropLast = false, normalize } = options;
    const { start = { epoch: 0, step: 0 } } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new RangeError(`batches: batchSize must be a positive integer, got ${batchSize}`);
    }
    if (!(epochs === Infinity || Number.isInteger(epochs)) || epochs < 1) {
      throw new RangeError(`batches: epochs must be a positive integer or Infinity, got ${epochs}`);
    }
    checkInteger('batches', 'seed', seed);
    checkDepth('batches: prefetch', options.prefetch ?? 1);
    this.dataset = dataset;
    this.options = options;
    this.stepsPerEpoch = dropLast ? Math.floor(dataset.size / batchSize) : Math.ceil(dataset.size / batchSize);
    if (this.stepsPerEpoch === 0) {
      throw new RangeError(
        `batches: ${dataset.size} images fill no batch of ${batchSize}, and dropLast drops the rest`,
      );
    }
    const { epoch, step } = start;
    if (!Number.isInteger(epoch) || epoch < 0 || !Number.isInteger(step) || step < 0 || step >= this.stepsPerEpoch) {
      throw new RangeError(
        `batches: start { epoch: ${epoch}, step: ${step} } is not a place in this stream of ${this.stepsPerEpoch} steps ` +
          'an epoch; take it from a stream over the same data set with the same batchSize and dropLast',
      );
    }
    this.mean = perChannel('mean', normalize?.mean ?? 127.5, dataset.channels);
    this.std = perChannel('std', normalize?.std ?? 128, dataset.channels);
    if (this.std.includes(0)) throw new RangeError('batches: a standard deviation of 0 cannot be divided by');
  }

  /** All batches from the start on. */
  *run(): Generator<ArrayBatch, void> {
    const { start = { epoch: 0, step: 0 }, epochs = Infinity } = this.options;
    for (let position: Position = start; position.epoch < epochs;) {
      const batch = this.prepare(position);
      position = batch.next;
      yield batch;
    }
  }

  /** The batch at a position; a pure function of data set, options and position. */
  prepare({ epoch, step }: Position): ArrayBatch {
    const { dataset, options } = this;
    const { batchSize, seed = 0, augment } = options;
    const { channels, height, width } = dataset;
    const area = height * width;
    const indices = this.orderOf(epoch).slice(step * batchSize, (step + 1) * batchSize);
    const key = keyFor('batches', seed, 'augmentation').foldIn(epoch);
    const image = new Float32Array(indices.length * channels * area);
    const label = new Int32Array(indices.length);
    indices.forEach((index, i) => {
      const example = dataset.example(index);
      const target = image.subarray(i * channels * area, (i + 1) * channels * area);
      label[i] = example.label;
      if (augment === undefined) target.set(example.image);
      else augment(example.image, target, dataset, key.foldIn(index).stream());
      for (let channel = 0; channel < channels; channel++) {
        const mean = this.mean[channel]!;
        const std = this.std[channel]!;
        for (let j = channel * area; j < (channel + 1) * area; j++) target[j] = (target[j]! - mean) / std;
      }
    });
    const next = step + 1 < this.stepsPerEpoch ? { epoch, step: step + 1 } : { epoch: epoch + 1, step: 0 };
    return { image, label, indices, epoch, step, next };
  }

  private orderOf(epoch: number): Int32Array {
    if (this.order?.epoch !== epoch) {
      const { shuffle = false, seed = 0 } = this.options;
      const { size } = this.dataset;
      const indices = shuffle
        ? keyFor('batches', seed, 'order').foldIn(epoch).stream().permutation(size)
        : Int32Array.from({ length: size }, (_, i) => i);
      this.order = { epoch, indices };
    }
    return this.order.indices;
  }
}

function perChannel(name: string, value: number | readonly number[], channels: number): Float64Array {
  const values = typeof value === 'number' ? Array.from({ length: channels }, () => value) : value;
  if (values.length !== channels || !values.every(Number.isFinite)) {
    throw new RangeError(
      `batches: normalize.${name} needs one number, or ${channels} for the channels, got ${String(value)}`,
    );
  }
  return Float64Array.from(values);
}
