import { setExecute } from '../evaluate.ts';
import type { Backend } from '../schedule/backend.ts';
import { describeKernel, type KernelDescription } from './explain.ts';
import type { Plan } from '../schedule/kernel.ts';

/** A kernel, with the time that its runs took. */
export interface KernelProfile extends KernelDescription {
  readonly runs: number;
  /** All runs together. */
  readonly milliseconds: number;
}

export interface Profile {
  /** Equal kernels together, the slowest first. */
  readonly kernels: readonly KernelProfile[];
  /** In kernels. */
  readonly milliseconds: number;
  /** In plans, with everything around their kernels, and outside of them until the function was done. */
  readonly wallMilliseconds: number;
  /** A table: time, share, GFLOPS (two operations a multiply-add), GB/s, name. */
  toString(): string;
  /** A trace of every run, to be saved as a JSON file and opened in a Chromium browser's `chrome://tracing` or in Perfetto. */
  toTrace(): string;
}

interface Run {
  readonly backend: Backend;
  readonly plan: Plan;
  readonly start: number;
  readonly timings: Float64Array;
}

let isProfiling = false;

/**
 * The time of every kernel that runs while f does (which may be asynchronous). Each kernel is waited for, or runs by itself
 * on a device, so the sum is a little more than without profiling.
 * @throws {Error} inside another profile, or where the backend in use cannot time kernels.
 */
export async function profile(f: () => unknown): Promise<Profile> {
  if (isProfiling) throw new Error('profile: a profile is already being taken; wait for it');
  isProfiling = true;
  const runs: Run[] = [];
  const start = performance.now();
  setExecute((backend, plan, inputs, outputs) => {
    const run: Run = { backend, plan, start: performance.now(), timings: new Float64Array(plan.kernels.length) };
    backend.execute(plan, inputs, outputs, run.timings);
    runs.push(run);
  });
  try {
    await f();
    setExecute();
    const backends = [...new Set(runs.map(({ backend }) => backend))];
    await Promise.all(backends.map(async (backend) => backend.flushTimings?.()));
  } finally {
    setExecute();
    isProfiling = false;
  }
  return summary(runs, performance.now() - start, start);
}

function summary(runs: readonly Run[], wallMilliseconds: number, start: number): Profile {
  const byKey = new Map<string, { description: KernelDescription; runs: number; milliseconds: number }>();
  for (const { plan, timings } of runs) {
    plan.kernels.forEach((kernel, i) => {
      const description = describeKernel(kernel);
      const key = JSON.stringify(description);
      let known = byKey.get(key);
      if (!known) byKey.set(key, (known = { description, runs: 0, milliseconds: 0 }));
      known.runs++;
      known.milliseconds += timings[i]!;
    });
  }
  const kernels = [...byKey.values()]
    .map(({ description, ...times }): KernelProfile => ({ ...description, ...times }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
  const milliseconds = kernels.reduce((sum, kernel) => sum + kernel.milliseconds, 0);
  return {
    kernels,
    milliseconds,
    wallMilliseconds,
    toString: () => table(kernels, milliseconds, wallMilliseconds),
    toTrace: () => trace(runs, start),
  };
}

function table(kernels: readonly KernelProfile[], total: number, wall: number): string {
  const rows = kernels.map(({ name, shape, bytes, multiplyAdds, runs, milliseconds }) => {
    const rate = (amount: number): string =>
      milliseconds > 0 ? ((amount * runs) / milliseconds / 1e6).toFixed(1) : '';
    return [
      milliseconds.toFixed(3),
      `${((100 * milliseconds) / total || 0).toFixed(1)}%`,
      String(runs),
      multiplyAdds > 0 ? rate(2 * multiplyAdds) : '',
      rate(bytes),
      `${name} [${shape.join(', ')}]`,
    ];
  });
  const all = [['ms', 'share', 'runs', 'GFLOPS', 'GB/s', 'kernel'], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const lines = all.map((row) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padStart(widths[i]!))).join('  '),
  );
  return `${lines.join('\n')}\n${total.toFixed(3)} ms in kernels, ${wall.toFixed(3)} ms in all`;
}

/** In Chrome's trace event format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU. */
function trace(runs: readonly Run[], origin: number): string {
  const events = runs.flatMap(({ plan, start, timings }) => {
    let at = (start - origin) * 1000;
    return plan.kernels.map((kernel, i) => {
      const { name, ...args } = describeKernel(kernel);
      const event = { name, ph: 'X', pid: 1, tid: 1, ts: at, dur: timings[i]! * 1000, args };
      at += event.dur;
      return event;
    });
  });
  return JSON.stringify({ traceEvents: events, displayTimeUnit: 'ms' });
}
