import { describe, expect, test } from 'vitest';
import { evaluate, evaluateSync, getBackend, ones, profile, tensor, type Backend } from '../src/index.ts';
import { recorder, withBackend } from './backends.ts';

/** A backend whose kernels take 2 ms, 1 ms, 0.5 ms and so on. */
function clockwork(): Backend {
  const backend = recorder();
  return {
    ...backend,
    execute: (plan, inputs, outputs, timings) => {
      backend.execute(plan, inputs, outputs);
      plan.kernels.forEach((_, i) => timings && (timings[i] = 2 / 2 ** i));
    },
  };
}

const a = tensor(new Float32Array(250_000)).reshape([500, 500]);
const work = (): void => evaluateSync(a.matmul(a).add(1).exp(), a.sum(0), a.neg());

/** Profiles f on the backend of fixed times; f is synchronous, since the current backend is global. */
const measured = (f: () => void): ReturnType<typeof profile> => profile(() => withBackend(clockwork(), f));

describe('kernels', () => {
  test('of equal description are merged, and sorted from the slowest', async () => {
    const { kernels, milliseconds } = await measured(() => {
      work();
      work();
      evaluateSync(a.neg());
    });
    expect(kernels.map(({ name, shape, runs, milliseconds: own }) => [name, shape, runs, own])).toEqual([
      ['matmul → add → exp', [500, 500], 2, 4],
      ['neg', [500, 500], 3, 3],
      ['sum', [500], 2, 2],
    ]);
    expect(milliseconds).toBe(9);
  });

  test('have the descriptions that explain returns', async () => {
    const { kernels } = await measured(work);
    expect(kernels[0]).toMatchObject({ dtype: 'float32', multiplyAdds: 500 ** 3, bytes: 4 * (3 * 500 ** 2 + 1) });
  });

  test('are timed by the backend', async () => {
    const { kernels, milliseconds, wallMilliseconds } = await profile(work);
    expect(kernels.every(({ milliseconds: own }) => own >= 0)).toBe(true);
    expect(milliseconds).toBeCloseTo(
      kernels.reduce((sum, { milliseconds: own }) => sum + own, 0),
      9,
    );
    expect(milliseconds).toBeGreaterThan(0);
    expect(milliseconds).toBeLessThanOrEqual(wallMilliseconds);
  });

  test('may be timed after they have been submitted, by asynchronous backends', async () => {
    const backend = recorder();
    const submitted: Float64Array[] = [];
    const elsewhere: Backend = {
      ...backend,
      execute: (plan, inputs, outputs, timings) => {
        backend.execute(plan, inputs, outputs);
        if (timings) submitted.push(timings);
      },
      flushTimings: async () => {
        await Promise.resolve();
        submitted.forEach((timings, run) => timings.fill(run + 1));
      },
    };
    const { kernels } = await profile(() =>
      withBackend(elsewhere, () => {
        evaluateSync(a.neg());
        evaluateSync(a.neg());
      }),
    );
    expect(kernels).toMatchObject([{ name: 'neg', runs: 2, milliseconds: 3 }]);
    const failing: Backend = { ...elsewhere, flushTimings: () => Promise.reject(new Error('lost')) };
    await expect(profile(() => withBackend(failing, work))).rejects.toThrow('lost');
    expect((await profile(work)).kernels).toHaveLength(3);
  });

  test('of asynchronous functions', async () => {
    const { kernels } = await profile(async () => {
      await evaluate(ones([3]).add(1));
      await Promise.resolve();
      await evaluate(ones([3]).add(1));
    });
    expect(kernels.map(({ name, runs }) => [name, runs])).toEqual([['add', 2]]);
  });
});

test('a table with shares and rates', async () => {
  const table = String(await measured(work));
  expect(table.split('\n').slice(0, -1)).toEqual([
    '   ms  share  runs  GFLOPS  GB/s  kernel',
    '2.000  57.1%     1   125.0   1.5  matmul → add → exp [500, 500]',
    '1.000  28.6%     1           1.0  sum [500]',
    '0.500  14.3%     1           4.0  neg [500, 500]',
  ]);
  expect(table).toMatch(/\n3\.500 ms in kernels, \d+\.\d{3} ms in all$/);
});

test('a trace in the format of Chromium browsers', async () => {
  const { traceEvents: all, displayTimeUnit } = JSON.parse(
    (
      await measured(() => {
        work();
        work();
      })
    ).toTrace(),
  ) as { traceEvents: Record<string, unknown>[]; displayTimeUnit: string };
  expect(displayTimeUnit).toBe('ms');
  const traceEvents = all.filter(({ ph }) => ph === 'X');
  expect(traceEvents.map(({ name, ph, pid, tid, dur }) => [name, ph, pid, tid, dur])).toEqual(
    [0, 1].flatMap(() => [
      ['matmul → add → exp', 'X', 1, 1, 2000],
      ['sum', 'X', 1, 1, 1000],
      ['neg', 'X', 1, 1, 500],
    ]),
  );
  expect(traceEvents[0]!['args']).toEqual({
    shape: [500, 500],
    dtype: 'float32',
    multiplyAdds: 500 ** 3,
    bytes: 4 * (3 * 500 ** 2 + 1),
  });
  const starts = traceEvents.map(({ ts }) => ts as number);
  expect(starts[0]).toBeGreaterThanOrEqual(0);
  expect(starts[1]! - starts[0]!).toBeCloseTo(2000, 6);
  expect(starts[2]! - starts[1]!).toBeCloseTo(1000, 6);
  expect(starts[3]).toBeGreaterThan(starts[0]!);
});

test('a trace counts the bytes that are alive after each kernel', async () => {
  const x = tensor(new Float32Array(100)).reshape([10, 10]);
  // The first two products are read by the last, the sum of which is a result.
  const profiled = await measured(() => evaluateSync(x.matmul(x).matmul(x.matmul(x).matmul(x)).sum()));
  const { traceEvents } = JSON.parse(profiled.toTrace()) as { traceEvents: Record<string, unknown>[] };
  const counts = traceEvents.filter(({ ph }) => ph === 'C');
  expect(counts.map(({ name, args }) => [name, args])).toEqual(
    [400, 800, 800, 400, 0].map((bytes) => ['intermediates', { bytes }]),
  );
  const kernels = traceEvents.filter(({ ph }) => ph === 'X');
  counts.forEach(({ ts }, i) => {
    expect(ts).toBeCloseTo((kernels[i]!['ts'] as number) + (kernels[i]!['dur'] as number), 6);
  });
});

test('a function without kernels has an empty profile', async () => {
  const nothing = await profile(() => {});
  expect(nothing.kernels).toEqual([]);
  expect(String(nothing)).toMatch(/^ms {2}share {2}runs {2}GFLOPS {2}GB\/s {2}kernel\n0\.000 ms in kernels, /);
  expect(JSON.parse(nothing.toTrace())).toEqual({ traceEvents: [], displayTimeUnit: 'ms' });
  const backend = getBackend();
  const free = await profile(() =>
    withBackend({ ...recorder(), execute: (plan, inputs, outputs) => backend.execute(plan, inputs, outputs) }, work),
  );
  expect(String(free)).toContain('0.000   0.0%     1                matmul → add → exp [500, 500]');
});

describe('profiles do not nest', () => {
  test('a nested profile is an error, which ends both', async () => {
    const message = 'profile: another profile is running; await it first';
    await expect(profile(() => profile(work))).rejects.toThrow(message);
    const first = profile(() => Promise.resolve());
    await expect(profile(work)).rejects.toThrow(message);
    await first;
    expect((await profile(work)).kernels).toHaveLength(3);
  });

  test('an error in the function is rethrown and ends the recording', async () => {
    await expect(
      profile(() => {
        throw new Error('mine');
      }),
    ).rejects.toThrow('mine');
    await expect(profile(() => Promise.reject(new Error('later')))).rejects.toThrow('later');
    expect((await profile(() => {})).kernels).toEqual([]);
  });
});
