import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { argumentError, checkBoolean, checkInteger, checkOptions, show } from '@thetagrad/core/backend';
import { messageOf } from '../formats/error.ts';
import { type Reply, startWorker, type WorkerHandle } from './worker.ts';

/** Options of `loader`. */
export interface LoaderOptions {
  /** Number of items that are prepared by one call, which gets an array of them. Default: each item by itself. */
  readonly batchSize?: number;
  /** Drops the last array of items if it is not full. Default: false. */
  readonly dropLast?: boolean;
  /** Number of worker threads. Default: one less than there are cores, and at least 1. */
  readonly workers?: number;
  /** Number of results to prepare ahead. Default: twice the number of workers. */
  readonly prefetch?: number;
  /** Ends the workers and the stream, which throws its reason. */
  readonly signal?: AbortSignal;
}

const optionNames = ['batchSize', 'dropLast', 'workers', 'prefetch', 'signal'] as const;

/**
 * Prepares items in worker threads, ahead of the loop that uses them, and gives the results in the order of the items. Takes
 * no more items from the source than it prepares ahead.
 *
 *     const stream = await shards(paths, { shuffle: true, seed: 1 });
 *     const decoded = loader(stream.places(), new URL('./decode.js', import.meta.url), { batchSize: 32 });
 *     for await (const { image, label } of decoded) { … }
 *
 * A source that reads files itself advances only while the loop waits for something. Where a backend computes on this thread, let
 * the workers read: items then say what, such as the places of `shards`.
 *
 * Workers start with the first request, and have ended when the stream has: after the last item, after an error, and when the loop
 * is left. They keep the process alive only while a request waits.
 *
 * @param source Items, which are copied to the workers: plain values and typed arrays.
 * @param module Where the function is that prepares an item: the default export of a module, by its URL or path, such as
 *   `(items) => ({ image: new Float32Array(…) })`, which may be asynchronous. Results are plain values and typed arrays. The memory
 *   of arrays is moved, not copied, so the function must not use it again.
 * @returns A stream. A request throws the error of its item, with the number of the item and as `cause` a copy of what the
 *   function threw; the stream then ends.
 * @throws {TypeError | RangeError} if an argument or option is of the wrong kind, unknown, or out of range.
 */
export function loader<Result>(
  source: Iterable<unknown> | AsyncIterable<unknown>,
  module: URL | string,
  options: LoaderOptions = {},
): AsyncIterableIterator<Result, undefined> {
  checkOptions('loader', options, optionNames);
  const { batchSize, dropLast = false, workers = Math.max(1, availableParallelism() - 1), signal } = options;
  if (batchSize !== undefined) checkInteger('loader', 'batchSize', batchSize, { min: 1 });
  checkBoolean('loader', 'dropLast', dropLast);
  checkInteger('loader', 'workers', workers, { min: 1, max: 256 });
  const { prefetch = 2 * workers } = options;
  checkInteger('loader', 'prefetch', prefetch, { min: 1 });
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw argumentError('loader', 'signal', 'an AbortSignal', signal, false);
  }
  const isIterable =
    typeof source === 'object' && source !== null && (Symbol.asyncIterator in source || Symbol.iterator in source);
  if (!isIterable) throw argumentError('loader', 'source', 'an iterable of items', source, false);
  return new Loader<Result>(group(source, batchSize, dropLast), toUrl(module), { workers, prefetch, signal });
}

async function* group(
  source: Iterable<unknown> | AsyncIterable<unknown>,
  batchSize: number | undefined,
  dropLast: boolean,
): AsyncGenerator<unknown, void> {
  let items: unknown[] = [];
  for await (const item of source) {
    if (batchSize === undefined) yield item;
    else if (items.push(item) === batchSize) {
      yield items;
      items = [];
    }
  }
  if (items.length > 0 && !dropLast) yield items;
}

function toUrl(module: URL | string): string {
  if (module instanceof URL) return module.href;
  if (typeof module !== 'string') throw argumentError('loader', 'module', 'a URL or a path', module, false);
  return /^(?:file|data):/.test(module) ? module : pathToFileURL(module).href;
}

/** An item that has been taken from the source, until its result is requested; or an error in its place. */
interface Entry<Result> {
  readonly number: number;
  readonly name: string;
  readonly worker?: WorkerHandle;
  outcome?: { readonly value: Result } | { readonly error: unknown };
}

interface Request<Result> {
  readonly resolve: (result: IteratorResult<Result, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

interface Settings {
  readonly workers: number;
  readonly prefetch: number;
  readonly signal: AbortSignal | undefined;
}

class Loader<Result> implements AsyncIterableIterator<Result, undefined> {
  readonly #source: AsyncGenerator<unknown, void>;
  readonly #module: string;
  readonly #settings: Settings;
  readonly #workers: WorkerHandle[] = [];
  /** In the order of the items. */
  readonly #entries: Entry<Result>[] = [];
  readonly #requests: Request<Result>[] = [];
  #taken = 0;
  #isReading = false;
  /** Nothing more is taken from the source. */
  #isExhausted = false;
  #closing: Promise<void> | undefined;

  constructor(source: AsyncGenerator<unknown, void>, module: string, settings: Settings) {
    this.#source = source;
    this.#module = module;
    this.#settings = settings;
  }

  next(): Promise<IteratorResult<Result, undefined>> {
    return new Promise((resolve, reject) => {
      this.#requests.push({ resolve, reject });
      this.#start();
      this.#advance();
    });
  }

  async return(): Promise<IteratorResult<Result, undefined>> {
    this.#isExhausted = true;
    this.#entries.length = 0;
    await this.#close();
    await this.#source.return();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #start(): void {
    const { workers, signal } = this.#settings;
    if (this.#closing !== undefined || this.#workers.length > 0) return;
    if (signal?.aborted === true) return this.#abort();
    signal?.addEventListener('abort', this.#abort);
    for (let i = 0; i < workers; i++) {
      const worker: WorkerHandle = startWorker(this.#module, {
        onReply: (reply) => this.#receive(reply),
        onLost: (reason) => this.#lose(worker, reason),
      });
      this.#workers.push(worker);
    }
  }

  /** Answers requests in order as far as there are results, and takes further items. */
  #advance(): void {
    for (;;) {
      const [request] = this.#requests;
      const [entry] = this.#entries;
      if (request === undefined || (entry === undefined ? !this.#isExhausted : entry.outcome === undefined)) break;
      this.#requests.shift();
      this.#entries.shift();
      this.#answer(request, entry?.outcome);
    }
    void this.#read();
    for (const worker of this.#workers) worker.setWaited(this.#requests.length > 0);
  }

  #answer({ resolve, reject }: Request<Result>, outcome: Entry<Result>['outcome']): void {
    if (outcome === undefined) void this.#close().then(() => resolve({ done: true, value: undefined }));
    else if ('value' in outcome) resolve({ done: false, value: outcome.value });
    else {
      this.#isExhausted = true;
      this.#entries.length = 0;
      const rejectWith = (): void => reject(outcome.error);
      void this.#close().then(rejectWith);
    }
  }

  /** Takes items from the source, one at a time, until enough are prepared. */
  async #read(): Promise<void> {
    if (this.#isReading || this.#isExhausted) return;
    this.#isReading = true;
    while (!this.#isExhausted && this.#entries.length < this.#settings.prefetch) {
      try {
        const result = await this.#source.next();
        if (this.#isExhausted) break;
        if (result.done === true) this.#isExhausted = true;
        else this.#submit(result.value);
      } catch (error) {
        this.#stop({ error });
      }
    }
    this.#isReading = false;
    if (this.#isExhausted) this.#advance();
  }

  /** Sends an item to the worker that has the fewest. */
  #submit(item: unknown): void {
    const load = (worker: WorkerHandle): number =>
      this.#entries.filter((entry) => entry.worker === worker && entry.outcome === undefined).length;
    const worker = this.#workers.reduce((best, other) => (load(other) < load(best) ? other : best));
    const number = this.#taken++;
    const entry: Entry<Result> = { number, name: `item ${number}, ${show(item)}`, worker };
    this.#entries.push(entry);
    try {
      worker.send(number, item);
    } catch (cause) {
      const message = `loader: cannot copy ${entry.name} to a worker: ${messageOf(cause)}`;
      entry.outcome = { error: new TypeError(message, { cause }) };
    }
  }

  #receive(reply: Reply): void {
    const entry = this.#entries.find(({ number }) => number === reply.number);
    if (entry === undefined) return;
    if ('value' in reply) entry.outcome = { value: reply.value as Result };
    else {
      const { error: cause, isOfModule } = reply;
      const what = isOfModule ? `cannot load ${this.#module}` : entry.name;
      entry.outcome = { error: new Error(`loader: ${what}: ${messageOf(cause)}`, { cause }) };
    }
    this.#advance();
  }

  /** Fails the items of a worker that has ended by itself. */
  #lose(worker: WorkerHandle, reason: string): void {
    const lost = this.#entries.filter((entry) => entry.worker === worker && entry.outcome === undefined);
    const [first] = lost;
    const at = first === undefined ? '' : ` at ${first.name}`;
    const outcome = { error: new Error(`loader: a worker has ended${at}: ${reason}`) };
    for (const entry of lost) entry.outcome = outcome;
    if (first === undefined) this.#stop(outcome);
    this.#isExhausted = true;
    this.#advance();
  }

  readonly #abort = (): void => {
    this.#entries.length = 0;
    this.#stop({ error: this.#settings.signal?.reason });
    void this.#close();
    this.#advance();
  };

  /** Ends the stream with an error after the items that were taken. */
  #stop(outcome: { readonly error: unknown }): void {
    this.#isExhausted = true;
    this.#entries.push({ number: this.#taken++, name: 'an error', outcome });
  }

  /** Ends the workers, and the source if it has not ended. */
  #close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#settings.signal?.removeEventListener('abort', this.#abort);
    // Not waited for: a source that waits for something ends afterward.
    this.#source.return().catch(() => undefined);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
