import type { FileHandle } from 'node:fs/promises';
import { argumentError, checkInteger, isPlainObject, type Json, resolveLimits } from '@thetagrad/core/backend';
import { openRegular, readPart, wrapFileErrors } from '../files.ts';
import { DataFileError } from '../formats/error.ts';
import { FileBudget } from '../formats/fileBudget.ts';
import { keyFor } from '../keys.ts';
import { defaultLimits, type Limits } from '../limits.ts';
import { checkPosition, type Position } from '../order.ts';
import { indexShard, type ShardEntry, type ShardIndex, type ShardPart } from './shardIndex.ts';

/** Options of `shards`. */
export interface ShardOptions {
  /** Draws a new random order for each epoch: of the shards, and of examples within a buffer. Default: false. */
  readonly shuffle?: boolean;
  /** Number of examples among which each is drawn. More mix better and read less in sequence. Default: 1000. */
  readonly buffer?: number;
  /** Seed of the order, any integer. Default: 0. */
  readonly seed?: number;
  /** Number of passes over the data in all, counted from epoch 0 whatever `start` is. Default: Infinity. */
  readonly epochs?: number;
  /** Position to start from: the `next` of the last example used. Default: the beginning. */
  readonly start?: Position | Json;
  /** Which of `ranks` readers this is. Each example of an epoch goes to one of them. Default: 0. */
  readonly rank?: number;
  /** Default: 1. */
  readonly ranks?: number;
  /** What a file of an example may cost at most (`fileBytes`), and how many entries a shard may have. */
  readonly limits?: Partial<Limits>;
}

const optionNames = ['shuffle', 'buffer', 'seed', 'epochs', 'start', 'rank', 'ranks'] as const;

/** An example of a shard, and its position in the stream. */
export interface ShardExample extends Position {
  /** Name of its files up to the first dot, with the folder. */
  readonly key: string;
  /** Contents by extension: `files.jpg`, `files['seg.png']`. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Position after this example. */
  readonly next: Position;
}

/** Where an example is, and its position in the stream: plain values, from which {@link readShardExample} reads it. */
export interface ShardPlace extends Position, ShardEntry {
  /** Path of its shard. */
  readonly path: string;
  /** Size of the shard when it was indexed. */
  readonly shardBytes: number;
  /** Position after this example. */
  readonly next: Position;
}

/** A stream of examples. Each `for await` over it begins at `start`. */
export interface Shards extends AsyncIterable<ShardExample, undefined> {
  /** What the shards hold; store it to open them again without reading their headers. */
  readonly index: readonly ShardIndex[];
  /** Number of examples of this rank in an epoch. */
  readonly stepsPerEpoch: number;
  /** The same examples by their places, not read: for the workers of `loader`, which read them there. */
  places(): IterableIterator<ShardPlace, undefined>;
  [Symbol.asyncIterator](): AsyncIterableIterator<ShardExample, undefined>;
}

/**
 * Examples of tar files in WebDataset's layout, which may be larger than memory: one example is in memory at a time, and
 * four bytes for each that an epoch has. The order is a pure function of the index, the options and the epoch, so that a
 * stream started at the `next` of an example gives exactly what would have followed it.
 *
 *     const stream = await shards(['train-000000.tar', 'train-000001.tar'], { shuffle: true, seed: 1, epochs: 3 });
 *     for await (const { key, files } of stream) decodeImage(files.jpg);
 *
 * @param sources Paths of shards, or what {@link indexShard} found in them.
 * @throws {DataFileError} if a shard is missing, damaged, exceeds a limit, or has changed since it was indexed, or all are empty.
 * @throws {TypeError | RangeError} if an option is unknown, of the wrong kind, or out of range.
 */
export async function shards(sources: readonly (string | ShardIndex)[], options: ShardOptions = {}): Promise<Shards> {
  const limits = resolveLimits('shards', options, defaultLimits, optionNames);
  const { shuffle = false, buffer = 1000, seed = 0, epochs = Infinity, rank = 0, ranks = 1 } = options;
  if (typeof shuffle !== 'boolean') throw argumentError('shards', 'shuffle', 'true or false', shuffle, false);
  checkInteger('shards', 'buffer', buffer, { min: 1 });
  checkInteger('shards', 'seed', seed);
  checkInteger('shards', 'ranks', ranks, { min: 1 });
  checkInteger('shards', 'rank', rank, { min: 0, max: ranks - 1 });
  if (epochs !== Infinity) checkInteger('shards', 'epochs', epochs, { min: 1 });
  if (!Array.isArray(sources) || !sources.every((source) => typeof source === 'string' || isIndex(source))) {
    throw argumentError('shards', 'sources', 'an array of paths, or of what indexShard returns', sources, false);
  }
  const index: ShardIndex[] = [];
  for (const source of sources) index.push(typeof source === 'string' ? await indexShard(source, { limits }) : source);
  const counts = index.map(({ examples }) => examples.length);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const stepsPerEpoch = Math.ceil((total - rank) / ranks);
  if (stepsPerEpoch <= 0) {
    throw new RangeError(
      `shards: ${total} examples in ${index.length} shards are too few for rank ${rank} of ${ranks}`,
    );
  }
  const start = checkPosition('shards', options.start ?? { epoch: 0, step: 0 }, stepsPerEpoch);
  const orderOf = (epoch: number): Int32Array =>
    shuffle ? drawOrder(counts, buffer, seed, epoch) : Int32Array.from({ length: total }, (_, i) => i);

  function* places(): Generator<ShardPlace, undefined> {
    for (let { epoch, step } = start; epoch < epochs; epoch++, step = 0) {
      const order = orderOf(epoch);
      for (; step < stepsPerEpoch; step++) {
        const [{ path, bytes }, entry] = findExample(index, order[step * ranks + rank]!);
        const next = step + 1 < stepsPerEpoch ? { epoch, step: step + 1 } : { epoch: epoch + 1, step: 0 };
        yield { ...entry, path, shardBytes: bytes, epoch, step, next };
      }
    }
    return undefined;
  }
  async function* generate(): AsyncGenerator<ShardExample, undefined> {
    const reader = new ShardReader(limits);
    try {
      for (const place of places()) {
        const { epoch, step, next } = place;
        yield { ...(await reader.read(place)), epoch, step, next };
      }
    } finally {
      await reader.close();
    }
    return undefined;
  }
  return { index, stepsPerEpoch, places, [Symbol.asyncIterator]: generate };
}

/**
 * Reads the example at a place of `shards`, such as in a worker of `loader`.
 *
 * @param options.limits What a file of it may cost at most (`fileBytes`). Default: {@link defaultLimits}.
 * @throws {DataFileError} if the shard is missing or has changed since it was indexed, or a file exceeds a limit.
 * @throws {TypeError | RangeError} if the place is not one, or an option is wrong.
 */
export async function readShardExample(
  place: ShardPlace,
  options: { readonly limits?: Partial<Limits> } = {},
): Promise<Pick<ShardExample, 'key' | 'files'>> {
  const limits = resolveLimits('readShardExample', options, defaultLimits);
  if (!isPlainObject(place) || typeof place.path !== 'string' || !Array.isArray(place.parts)) {
    throw argumentError('readShardExample', 'place', 'a place of shards, as places() gives it', place, false);
  }
  const reader = new ShardReader(limits);
  try {
    return await reader.read(place);
  } finally {
    await reader.close();
  }
}

function isIndex(value: unknown): value is ShardIndex {
  return isPlainObject(value) && typeof value['path'] === 'string' && Array.isArray(value['examples']);
}

/**
 * Numbers of all examples in a random order: of the shards, and within them by a buffer, from which one is drawn at random
 * whenever the next comes in.
 */
function drawOrder(counts: readonly number[], buffer: number, seed: number, epoch: number): Int32Array {
  const stream = keyFor('shards', seed, 'order').foldIn(epoch).stream();
  const firsts: number[] = [];
  let total = 0;
  for (const count of counts) {
    firsts.push(total);
    total += count;
  }
  const order = new Int32Array(total);
  const waiting: number[] = [];
  let at = 0;
  const draw = (replacement?: number): void => {
    const chosen = Math.floor(stream.uniform() * waiting.length);
    order[at++] = waiting[chosen]!;
    const next = replacement ?? waiting.pop()!;
    if (chosen < waiting.length) waiting[chosen] = next;
  };
  for (const shard of stream.permutation(counts.length)) {
    for (let i = 0; i < counts[shard]!; i++) {
      if (waiting.length < buffer) waiting.push(firsts[shard]! + i);
      else draw(firsts[shard]! + i);
    }
  }
  while (waiting.length > 0) draw();
  return order;
}

/** Parts of a shard that are read at once. */
interface JoinedParts {
  readonly parts: ShardPart[];
  readonly offset: number;
  end: number;
}

/** The most bytes between two parts that are read at once: the end of a block, and a header with a long name. */
const maxGap = 8192;

/** Joins parts that are near to each other, which takes fewer turns of the event loop than to read them one by one. */
function joinParts(parts: readonly ShardPart[]): JoinedParts[] {
  const joined: JoinedParts[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    const end = part.offset + part.bytes;
    if (last !== undefined && part.offset >= last.end && part.offset - last.end <= maxGap) {
      last.parts.push(part);
      last.end = end;
    } else joined.push({ parts: [part], offset: part.offset, end });
  }
  return joined;
}

/** Open shards at a time: with a buffer, examples of several take turns. */
const maxOpen = 16;

function findExample(index: readonly ShardIndex[], number: number): readonly [ShardIndex, ShardEntry] {
  let rest = number;
  for (const shard of index) {
    const entry = shard.examples[rest];
    if (entry) return [shard, entry];
    rest -= shard.examples.length;
  }
  throw new RangeError(`shards: no example ${number}`);
}

/** Reads examples, and keeps shards open between them. */
class ShardReader {
  readonly #limits: Limits;
  /** By path, in order of their last use. */
  readonly #open = new Map<string, FileHandle>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  async read({ path, shardBytes, key, parts }: ShardPlace): Promise<Pick<ShardExample, 'key' | 'files'>> {
    return wrapFileErrors(path, 'file', async () => {
      const file = await this.#openShard(path, shardBytes);
      const files: Record<string, Uint8Array> = Object.create(null) as Record<string, Uint8Array>;
      for (const { extension, bytes } of parts) new FileBudget(`${path}: ${key}.${extension}`, this.#limits, bytes);
      for (const { parts: joined, offset, end } of joinParts(parts)) {
        const read = await readPart(file, path, offset, end - offset);
        for (const part of joined) {
          files[part.extension] = read.slice(part.offset - offset, part.offset - offset + part.bytes);
        }
      }
      return { key, files };
    });
  }

  async close(): Promise<void> {
    const files = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(files.map((file) => file.close()));
  }

  async #openShard(path: string, shardBytes: number): Promise<FileHandle> {
    const known = this.#open.get(path);
    if (known) {
      this.#open.delete(path);
      this.#open.set(path, known);
      return known;
    }
    for (const [oldest, file] of this.#open) {
      if (this.#open.size < maxOpen) break;
      this.#open.delete(oldest);
      await file.close();
    }
    const { file, bytes } = await openRegular(path);
    this.#open.set(path, file);
    if (bytes === shardBytes) return file;
    throw new DataFileError(path, `has ${bytes} bytes, but had ${shardBytes} when it was indexed; index it again`);
  }
}
