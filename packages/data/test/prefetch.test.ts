import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { prefetch } from '../src/prefetch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Counts up to `length`; logs each number it produces, and `close`. */
function* count(log: string[], length = 10, failAt = -1): Generator<number, void> {
  try {
    for (let i = 0; i < length; i++) {
      log.push(`make ${i}`);
      if (i === failAt) throw new Error(`no ${i}`);
      yield i;
    }
  } finally {
    log.push('close');
  }
}

test('gives all items in order, at any depth', async () => {
  vi.useRealTimers();
  for (const depth of [0, 1, 3]) {
    const items: number[] = [];
    for await (const item of prefetch(count([], 5), depth)) {
      items.push(item);
      if (item % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(items).toEqual([0, 1, 2, 3, 4]);
  }
});

test('prepares nothing before the first request, and the next item in a macrotask after it', async () => {
  const log: string[] = [];
  const stream = prefetch(count(log));
  await vi.runAllTimersAsync();
  expect(log).toEqual([]);
  expect(await stream.next()).toEqual({ done: false, value: 0 });
  expect(log).toEqual(['make 0']); // Microtasks do not start it.
  await vi.runAllTimersAsync();
  expect(log).toEqual(['make 0', 'make 1']); // It stops at the depth.
  expect(await stream.next()).toEqual({ done: false, value: 1 });
  expect(log).toEqual(['make 0', 'make 1']);
});

test('without a turn of the event loop, each request makes its item', async () => {
  const log: string[] = [];
  const stream = prefetch(count(log));
  expect([await stream.next(), await stream.next(), await stream.next()].map(({ value }) => value)).toEqual([0, 1, 2]);
  expect(log).toEqual(['make 0', 'make 1', 'make 2']);
});

test('concurrent requests resolve in order', async () => {
  const stream = prefetch(count([]), 2);
  const results = await Promise.all([stream.next(), stream.next(), stream.next()]);
  expect(results.map(({ value }) => value)).toEqual([0, 1, 2]);
});

test('depth 0 prepares nothing ahead', async () => {
  const log: string[] = [];
  const stream = prefetch(count(log), 0);
  await stream.next();
  expect(vi.getTimerCount()).toBe(0);
  expect(log).toEqual(['make 0']);
});

test('an error while preparing is thrown by the request for that item, and ends the stream', async () => {
  for (const depth of [0, 1, 4]) {
    const stream = prefetch(count([], 10, 2), depth);
    expect((await stream.next()).value).toBe(0);
    await vi.runAllTimersAsync();
    expect((await stream.next()).value).toBe(1);
    await vi.runAllTimersAsync();
    await expect(stream.next()).rejects.toThrow('no 2');
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(vi.getTimerCount()).toBe(0);
  }
});

test('leaving the loop closes the source and cancels pending work', async () => {
  const log: string[] = [];
  for await (const item of prefetch(count(log), 3)) {
    await vi.advanceTimersToNextTimerAsync();
    if (item === 1) break;
  }
  expect(log.at(-1)).toBe('close');
  expect(vi.getTimerCount()).toBe(0);
  const made = log.length;
  await vi.runAllTimersAsync();
  expect(log).toHaveLength(made);
});

test('after the end or return, it stays done', async () => {
  const stream = prefetch(count([], 1));
  expect((await stream.next()).value).toBe(0);
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  expect(await stream.return!()).toEqual({ done: true, value: undefined });
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  const unused = prefetch(count([]));
  await unused.return!();
  expect((await unused.next()).done).toBe(true);
});

test('refuses a depth that is not an integer ≥ 0', () => {
  for (const depth of [-1, 0.5, Number.NaN])
    expect(() => prefetch(count([]), depth)).toThrow('prefetch: depth must be an integer ≥ 0');
});
