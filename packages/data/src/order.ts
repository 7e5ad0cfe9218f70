import { argumentError, checkBoolean, checkInteger, isPlainObject, type Json } from '@thetagrad/core/backend';
import { keyFor } from './keys.ts';

/** Position in the stream of batches, a plain value that can be stored as JSON. */
export interface Position {
  /** Number of complete passes over the data before it. */
  readonly epoch: number;
  /** Number of batches of this epoch before it. */
  readonly step: number;
}

/** Which examples are in which batch. */
export interface OrderOptions {
  /** Number of examples in a batch. */
  readonly batchSize: number;
  /** Draws a new random order of the examples for each epoch. Default: false, the order of the data. */
  readonly shuffle?: boolean;
  /** Seed of all that is random, any integer. Default: 0. */
  readonly seed?: number;
  /** Number of passes over the data in all, counted from epoch 0 whatever `start` is. Default: Infinity. */
  readonly epochs?: number;
  /** Drops the last batch of an epoch if it is not full. Default: false. */
  readonly dropLast?: boolean;
  /**
   * Position to start from: the `next` of the last batch used, to resume after it, also as nn's `loadCheckpoint` returns
   * it. Default: the beginning.
   */
  readonly start?: Position | Json;
  /** Number of batches to prepare ahead while the consumer waits for other work. Default: 1. */
  readonly prefetch?: number;
}

export const orderOptionNames = ['batchSize', 'shuffle', 'seed', 'epochs', 'dropLast', 'start', 'prefetch'] as const;

/** The order of examples in a stream of batches: a pure function of their number, the options and the position. */
export class Order {
  readonly stepsPerEpoch: number;
  readonly seed: number;
  readonly #size: number;
  readonly #options: OrderOptions;
  readonly #start: Position;
  #drawn: { readonly epoch: number; readonly indices: Int32Array } | undefined;

  /**
   * @throws {TypeError} if an option is of the wrong kind.
   * @throws {RangeError} if an option is out of range or `start` is not a position in this stream.
   */
  constructor(size: number, options: OrderOptions) {
    const { batchSize, shuffle = false, seed = 0, epochs = Infinity, dropLast = false, prefetch = 1 } = options;
    const { start = { epoch: 0, step: 0 } } = options;
    checkInteger('batches', 'batchSize', batchSize, { min: 1 });
    checkBoolean('batches', 'shuffle', shuffle);
    checkBoolean('batches', 'dropLast', dropLast);
    if (epochs !== Infinity) checkInteger('batches', 'epochs', epochs, { min: 1 });
    checkInteger('batches', 'seed', seed);
    checkInteger('batches', 'prefetch', prefetch, { min: 0 });
    this.stepsPerEpoch = dropLast ? Math.floor(size / batchSize) : Math.ceil(size / batchSize);
    if (this.stepsPerEpoch === 0) {
      const reason = size > 0 ? ', and dropLast drops it' : '';
      throw new RangeError(`batches: ${size} examples are too few for one batch of ${batchSize}${reason}`);
    }
    this.seed = seed;
    this.#size = size;
    this.#options = options;
    this.#start = checkPosition('batches', start, this.stepsPerEpoch);
  }

  /** Generates the positions from the start. */
  *positions(): Generator<Position, void> {
    const { epochs = Infinity } = this.#options;
    for (let position = this.#start; position.epoch < epochs; position = this.nextOf(position)) yield position;
  }

  /** The position after one. */
  nextOf({ epoch, step }: Position): Position {
    return step + 1 < this.stepsPerEpoch ? { epoch, step: step + 1 } : { epoch: epoch + 1, step: 0 };
  }

  /** Indices of the examples of the batch at a position. */
  indicesAt({ epoch, step }: Position): Int32Array {
    const { batchSize } = this.#options;
    return this.#orderOf(epoch).slice(step * batchSize, (step + 1) * batchSize);
  }

  #orderOf(epoch: number): Int32Array {
    if (this.#drawn?.epoch !== epoch) {
      const { shuffle = false } = this.#options;
      const indices = shuffle
        ? keyFor('batches', this.seed, 'order').foldIn(epoch).stream().permutation(this.#size)
        : Int32Array.from({ length: this.#size }, (_, i) => i);
      this.#drawn = { epoch, indices };
    }
    return this.#drawn.indices;
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
