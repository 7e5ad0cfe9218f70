import { checkOptions, show } from '@thetagrad/core/backend';
import type { Augmentation } from './augment/augmentation.ts';
import type { ImageDataset } from './dataset.ts';
import { keyFor } from './keys.ts';
import { Order, orderOptionNames, type OrderOptions, type Position } from './order.ts';

/** Maps a value to (value − mean) / std, with one number for all channels or one for each. */
export interface Normalization {
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
}

/** Options of `batches` of images. */
export interface BatchOptions extends OrderOptions {
  /** Changes each image at random; see `augment`. Default: no change. */
  readonly augment?: Augmentation;
  /** Default: SphereFace's (x − 127.5) / 128, which maps values 0 … 255 to about [−1, 1]. */
  readonly normalize?: Normalization;
}

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
  readonly order: Order;
  readonly #augment: Augmentation | undefined;
  readonly #mean: Float64Array;
  readonly #std: Float64Array;

  /**
   * @throws {TypeError} if an option is of the wrong kind.
   * @throws {RangeError} if an option is out of range or `start` is not a position in this stream.
   */
  constructor(dataset: ImageDataset, options: BatchOptions) {
    checkOptions('batches', options, [...orderOptionNames, 'augment', 'normalize']);
    const { normalize } = options;
    this.dataset = dataset;
    this.order = new Order(dataset.size, options);
    this.#augment = options.augment;
    if (normalize !== undefined) checkOptions('batches: normalize', normalize, ['mean', 'std']);
    this.#mean = expandPerChannel('mean', normalize?.mean ?? 127.5, dataset.channels);
    this.#std = expandPerChannel('std', normalize?.std ?? 128, dataset.channels);
    if (this.#std.includes(0)) throw new RangeError('batches: normalize.std must not be 0');
  }

  /** Generates all batches from the start position. */
  *run(): Generator<ArrayBatch, void> {
    for (const position of this.order.positions()) yield this.prepare(position);
  }

  /** Batch at a position, a pure function of data set, options and position. */
  prepare(position: Position): ArrayBatch {
    const { dataset, order } = this;
    const { channels, height, width } = dataset;
    const area = height * width;
    const indices = order.indicesAt(position);
    const key = keyFor('batches', order.seed, 'augmentation').foldIn(position.epoch);
    const image = new Float32Array(indices.length * channels * area);
    const label = new Int32Array(indices.length);
    indices.forEach((index, i) => {
      const example = dataset.example(index);
      const target = image.subarray(i * channels * area, (i + 1) * channels * area);
      label[i] = example.label;
      if (this.#augment === undefined) target.set(example.image);
      else this.#augment(example.image, target, dataset, key.foldIn(index).stream());
      for (let channel = 0; channel < channels; channel++) {
        const mean = this.#mean[channel]!;
        const std = this.#std[channel]!;
        for (let j = channel * area; j < (channel + 1) * area; j++) target[j] = (target[j]! - mean) / std;
      }
    });
    return { image, label, indices, ...position, next: order.nextOf(position) };
  }
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
