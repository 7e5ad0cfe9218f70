import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loader, type LoaderOptions } from '../src/node.ts';

/** A module whose default export is a function, as source text. */
const moduleOf = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
const double = moduleOf('export default (n) => ({ values: Float32Array.of(2 * n) })');
const wait = 'const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));';

function* count(log: number[] = [], length = 6): Generator<number, void> {
  try {
    for (let i = 0; i < length; i++) {
      log.push(i);
      yield i;
    }
  } finally {
    log.push(-1);
  }
}

function* failingSource(): Generator<number, void> {
  yield* [];
  throw new Error('no file');
}

async function collect<Result>(stream: AsyncIterable<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for await (const result of stream) results.push(result);
  return results;
}

const started: Worker[] = [];
const addWorker = (worker: Worker): void => void started.push(worker);
beforeAll(() => void process.on('worker', addWorker));
afterAll(() => void process.off('worker', addWorker));
const countRunning = (): number => started.filter(({ threadId }) => threadId >= 0).length;

test('gives results in the order of the items, whichever is ready first, in any number of workers', async () => {
  const slow = moduleOf(`${wait} export default async (n) => { await wait(n % 2 ? 0 : 15); return n; }`);
  for (const options of [{ workers: 1 }, { workers: 2, prefetch: 1 }, { workers: 3, prefetch: 4 }]) {
    expect(await collect(loader<number>(count(), slow, options))).toEqual([0, 1, 2, 3, 4, 5]);
  }
});

test('moves arrays, of items and of arrays of items', async () => {
  const results = await collect(loader<{ values: Float32Array }>(count([], 3), new URL(double), { workers: 1 }));
  expect(results.map(({ values }) => [...values])).toEqual([[0], [2], [4]]);
  const ask = `
    let last;
    export default (items) => {
      const detached = last?.buffer.byteLength === 0;
      const shared = new SharedArrayBuffer(4);
      last = Uint8Array.from(items);
      return [{ last, again: last.subarray(1), part: new Uint8Array(9).subarray(2, 3), shared: new Uint8Array(shared) }, detached];
    }`;
  const moved = await collect(
    loader<[{ last: Uint8Array; again: Uint8Array }, boolean]>(count([], 5), moduleOf(ask), {
      workers: 1,
      batchSize: 2,
    }),
  );
  expect(moved.map(([{ last, again }, detached]) => [[...last], [...again], detached])).toEqual([
    [[0, 1], [1], false],
    [[2, 3], [3], true],
    [[4], [], true],
  ]);
  const dropped = loader(count([], 5), moduleOf('export default (items) => items'), {
    workers: 1,
    batchSize: 2,
    dropLast: true,
  });
  expect(await collect(dropped)).toEqual([
    [0, 1],
    [2, 3],
  ]);
});

test('takes nothing before the first request, and then as many items as it prepares ahead', async () => {
  const log: number[] = [];
  const stream = loader(count(log, 100), double, { workers: 1, prefetch: 3 });
  await sleep(5);
  expect(log).toEqual([]);
  await stream.next();
  await sleep(20);
  expect(log).toEqual([0, 1, 2, 3]);
  await stream.next();
  await sleep(5);
  expect(log).toEqual([0, 1, 2, 3, 4]);
  await stream.return!();
  expect(log.at(-1)).toBe(-1);
});

test('an error comes in the place of its item and names it; then the stream and its workers have ended', async () => {
  const failing = moduleOf(
    `export default ({ key }) => { if (key === 'c') throw new RangeError('no image'); return key; }`,
  );
  const items = ['a', 'b', 'c', 'd'].map((key) => ({ key }));
  const stream = loader<string>(items, failing, { workers: 2 });
  expect([await stream.next(), await stream.next()].map(({ value }) => value)).toEqual(['a', 'b']);
  await expect(stream.next()).rejects.toMatchObject({
    message: "loader: item 2, { key: 'c' }: no image",
    cause: new RangeError('no image'),
  });
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  expect(countRunning()).toBe(0);
});

test.each<[string, Iterable<unknown>, string, RegExp]>([
  [
    'of a module that is missing',
    [1],
    '/no/such.js',
    /^Error: loader: cannot load file:\/\/\/no\/such.js: Cannot find module/,
  ],
  [
    'of a module without a function',
    [1],
    moduleOf('export default 3'),
    /cannot load data:.*: its default export is not a function$/,
  ],
  [
    'of an item that cannot be copied',
    [() => 1],
    double,
    /^TypeError: loader: cannot copy item 0, .* to a worker: .* could not be cloned/,
  ],
  [
    'of a result that cannot be copied',
    [1],
    moduleOf('export default () => () => 1'),
    /^Error: loader: item 0, 1: .* could not be cloned/,
  ],
  [
    'that cannot be copied',
    [1],
    moduleOf('export default () => { throw Object.assign(new Error("odd"), { f: () => 1 }); }'),
    /^Error: loader: item 0, 1: odd$/,
  ],
  [
    'of a worker that ends',
    [1, 2],
    moduleOf('export default () => process.exit(3)'),
    /^Error: loader: a worker has ended at item 0, 1: exit code 3$/,
  ],
  [
    'that is not caught',
    [1],
    moduleOf('export default () => new Promise(() => { setTimeout(() => { throw new Error("late"); }); })'),
    /at item 0, 1: late$/,
  ],
  ['of the source', failingSource(), double, /^Error: no file$/],
])('reports the error %s', async (_name, source, module, message) => {
  const stream = loader(source, module, { workers: 1 });
  const error = await stream.next().catch((thrown: unknown) => thrown);
  expect(String(error)).toMatch(message);
  expect((await stream.next()).done).toBe(true);
  expect(countRunning()).toBe(0);
});

test('leaving the loop ends the source and the workers', async () => {
  const log: number[] = [];
  for await (const result of loader(count(log, 100), double, { workers: 2 })) {
    expect(result).toEqual({ values: Float32Array.of(0) });
    expect(countRunning()).toBe(2);
    break;
  }
  expect(log.at(-1)).toBe(-1);
  expect(countRunning()).toBe(0);
});

test('a signal ends a request that waits, or the next one, with its reason', async () => {
  const forever = moduleOf('export default () => new Promise((resolve) => setTimeout(resolve, 1e6))');
  for (const when of ['before', 'while it waits', 'between'] as const) {
    const controller = new AbortController();
    const abort = (): void => controller.abort(new Error(`stop ${when}`));
    if (when === 'before') abort();
    const stream = loader(count(), when === 'between' ? double : forever, { workers: 2, signal: controller.signal });
    if (when === 'between') {
      await stream.next();
      abort();
    }
    const request = stream.next();
    if (when === 'while it waits') setTimeout(abort, 10);
    await expect(request).rejects.toThrow(`stop ${when}`);
    expect((await stream.next()).done).toBe(true);
    expect(countRunning()).toBe(0);
  }
});

test('a process waits for the end of workers where a loop is left, and not for a stream without a request', () => {
  const script = `
    import { loader } from ${JSON.stringify(new URL('../src/node.ts', import.meta.url).href)};
    async function* count() {
      for (let i = 3; ; i++) yield new Promise((resolve) => setImmediate(resolve, i));
    }
    for await (const { values } of loader(count(), ${JSON.stringify(double)}, { workers: 1, prefetch: 1 })) {
      console.log(values[0]);
      break;
    }
    const stream = loader([1, 2, 3], ${JSON.stringify(double)}, { workers: 1 });
    console.log((await stream.next()).value.values[0]);`;
  const args = ['--conditions=@thetagrad/source', '--import', 'tsx', '--input-type=module', '--eval', script];
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  expect(execFileSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: 20_000 })).toBe('6\n2\n');
});

test.each<[unknown, unknown, unknown, RegExp]>([
  [3, double, {}, /^TypeError: loader: source must be an iterable of items, got 3$/],
  [[], 3, {}, /^TypeError: loader: module must be a URL or a path, got 3$/],
  [[], double, { workers: 0 }, /^RangeError: loader: workers must be an integer from 1 to 256, got 0$/],
  [[], double, { prefetch: 0 }, /^RangeError: loader: prefetch must be an integer ≥ 1, got 0$/],
  [[], double, { batchSize: 0.5 }, /^RangeError: loader: batchSize must be an integer ≥ 1, got 0.5$/],
  [[], double, { dropLast: 1 }, /^TypeError: loader: dropLast must be true or false, got 1$/],
  [[], double, { signal: {} }, /^TypeError: loader: signal must be an AbortSignal, got {}$/],
  [[], double, { threads: 1 }, /^TypeError: loader: unknown option 'threads'/],
])('refuses %s, %s, %j', (source, module, options, message) => {
  let error: unknown;
  try {
    loader(source as [], module as string, options as LoaderOptions);
  } catch (thrown) {
    error = thrown;
  }
  expect(String(error)).toMatch(message);
});
