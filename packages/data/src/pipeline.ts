import { argumentError, checkInteger, checkOptions, isPlainObject, show, type Json } from '@thetagrad/core/backend';
import type { Augmentation } from './augment/augmentation.ts';
import type { ImageDataset } from './dataset.ts';
import { keyFor } from './keys.ts';

/** Position in the stream of batches, a plain value that can be stored as JSON. */
export interface Position {
  /** Number of complete passes over the data before it. */
  readonly epoch: number;
  /** Number of batches of this epoch before it. */
  readonly step: number;
}

/** Maps a value to (value − mean) / std, with one number for all channels or one for each. */
export interface Normalization {
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
}

/** Options of `batches`. */
export interface BatchOptions {
  /** Number of images in a batch. */
  readonly batchSize: number;
  /** Draws a new random order of the images for each epoch. Default: false, the order of the data set. */
  readonly shuffle?: boolean;
  /** Seed of the order and of the augmentation, any integer. Default: 0. */
  readonly seed?: number;
  /** Number of passes over the data in all, counted from epoch 0 whatever `start` is. Default: Infinity. */
  readonly epochs?: number;
  /** Drops the last batch of an epoch if it is not full. Default: false. */
  readonly dropLast?: boolean;
  /** Changes each image at random; see `augment`. Default: no change. */
  readonly augment?: Augmentation;
  /** Default: SphereFace's (x − 127.5) / 128, which maps values 0 … 255 to about [−1, 1]. */
  readonly normalize?: Normalization;
  /**
   * Position to start from: the `next` of the last batch used, to resume after it, also as nn's `loadCheckpoint` returns
   * it. Default: the beginning.
   */
  readonly start?: Position | Json;
  /** Number of batches to prepare ahead while the consumer waits for other work. Default: 1. */
  readonly prefetch?: number;
}

const optionNames = [
  'batchSize',
  'shuffle',
  'seed',
  'epochs',
  'dropLast',
  'augment',
  'normalize',
  'start',
  'prefetch',
] as const;

/** A batch as typed arrays: images of shape (B, C, H, W) and labels of shape (B). */
export interface ArrayBatch extends Position {
  readonly image: Float32Array;
  readonly label: Int32Array;
  readonly indices: Int32Array;
  readonly next: Position;
}

/** Selects, augments and normalizes the images of each batch, without tensors. */
export class Pipeline {
  readonly dataset: ImageDataset;
  readonly stepsPerEpoch: number;
  readonly #options: BatchOptions;
  readonly #start: Position;
  readonly #mean: Float64Array;
  readonly #std: Float64Array;
  #order: { readonly epoch: number; readonly indices: Int32Array } | undefined;

  /**
   * @throws {TypeError} if an option is of the wrong kind.
   * @throws {RangeError} if an option is out of range or `start` is not a position in this stream.
   */
  constructor(dataset: ImageDataset, options: BatchOptions) {
    checkOptions('batches', options, optionNames);
    const { batchSize, seed = 0, epochs = Infinity, dropLast = false, normalize } = options;
    const { start = { epoch: 0, step: 0 } } = options;
    checkInteger('batches', 'batchSize', batchSize, { min: 1 });
    if (epochs !== Infinity) checkInteger('batches', 'epochs', epochs, { min: 1 });
    checkInteger('batches', 'seed', seed);
    checkInteger('batches', 'prefetch', options.prefetch ?? 1, { min: 0 });
    this.dataset = dataset;
    this.#options = options;
    this.stepsPerEpoch = dropLast ? Math.floor(dataset.size / batchSize) : Math.ceil(dataset.size / batchSize);
    if (this.stepsPerEpoch === 0) {
      throw new RangeError(
        `batches: ${dataset.size} images are too few for one batch of ${batchSize}, and dropLast drops it`,
      );
    }
    this.#start = checkPosition('batches', start, this.stepsPerEpoch);
    if (normalize !== undefined) checkOptions('batches: normalize', normalize, ['mean', 'std']);
    this.#mean = expandPerChannel('mean', normalize?.mean ?? 127.5, dataset.channels);
    this.#std = expandPerChannel('std', normalize?.std ?? 128, dataset.channels);
    if (this.#std.includes(0)) throw new RangeError('batches: normalize.std must not be 0');
  }

  /** Generates all batches from the start position. */
  *run(): Generator<ArrayBatch, void> {
    const { epochs = Infinity } = this.#options;
    for (let position = this.#start; position.epoch < epochs;) {
      const batch = this.prepare(position);
      position = batch.next;
      yield batch;
    }
  }

  /** Batch at a position, a pure function of data set, options and position. */
  prepare({ epoch, step }: Position): ArrayBatch {
    const { dataset } = this;
    const { batchSize, seed = 0, augment } = this.#options;
    const { channels, height, width } = dataset;
    const area = height * width;
    const indices = this.#orderOf(epoch).slice(step * batchSize, (step + 1) * batchSize);
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
        const mean = this.#mean[channel]!;
        const std = this.#std[channel]!;
        for (let j = channel * area; j < (channel + 1) * area; j++) target[j] = (target[j]! - mean) / std;
      }
    });
    const next = step + 1 < this.stepsPerEpoch ? { epoch, step: step + 1 } : { epoch: epoch + 1, step: 0 };
    return { image, label, indices, epoch, step, next };
  }

  #orderOf(epoch: number): Int32Array {
    if (this.#order?.epoch !== epoch) {
      const { shuffle = false, seed = 0 } = this.#options;
      const { size } = this.dataset;
      const indices = shuffle
        ? keyFor('batches', seed, 'order').foldIn(epoch).stream().permutation(size)
        : Int32Array.from({ length: size }, (_, i) => i);
      this.#order = { epoch, indices };
    }
    return this.#order.indices;
  }
}

/** @throws {TypeError | RangeError} if `start` is not a position in a stream. */
export function checkPosition(operation: string, start: unknown, stepsPerEpoch: number): Position {
  if (!isPosition(start)) {
    throw argumentError(operation, 'start', 'a position { epoch, step }, the `next` of an item', start, false);
  }
  const { epoch, step } = start;
  if (!Number.isInteger(epoch) || epoch < 0 || !Number.isInteger(step) || step < 0 || step >= stepsPerEpoch) {
    throw new RangeError(
      `${operation}: start { epoch: ${epoch}, step: ${step} } is not a position in this stream of ${stepsPerEpoch} steps ` +
        'per epoch; take it from a stream over the same data with the same options',
    );
  }
  return { epoch, step };
}

function isPosition(value: unknown): value is Position {
  return isPlainObject(value) && typeof value['epoch'] === 'number' && typeof value['step'] === 'number';
}

function expandPerChannel(name: string, value: number | readonly number[], channels: number): Float64Array {
  const values = typeof value === 'number' ? Array.from({ length: channels }, () => value) : value;
  if (values.length !== channels || !values.every(Number.isFinite)) {
    throw new RangeError(
      `batches: normalize.${name} must be one finite number, or one for each of ${channels} channels, got ${show(value)}`,
    );
  }
  return Float64Array.from(values);
}
