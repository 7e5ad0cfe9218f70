import { setExecute } from '../evaluate.ts';
import { checkFunction } from '../ops/define.ts';
import type { Backend } from '../schedule/backend.ts';
import { describeKernel, type KernelDescription } from './explain.ts';
import { liveBytes } from '../schedule/memory.ts';
import type { Plan } from '../schedule/kernel.ts';

/** The runs of a kernel and their time. */
export interface KernelProfile extends KernelDescription {
  /** The number of runs. */
  readonly runs: number;
  /** The time of all runs. */
  readonly milliseconds: number;
}

/** The times of kernels. */
export interface Profile {
  /** The kernels, those of equal description merged, the slowest first. */
  readonly kernels: readonly KernelProfile[];
  /** The time in kernels. */
  readonly milliseconds: number;
  /** The elapsed time of the profiled function. */
  readonly wallMilliseconds: number;
  /** Formats a table of time, share, runs, GFLOPS (two operations for each multiply-add), GB/s and name. */
  toString(): string;
  /**
   * Formats a trace of all runs as JSON, for Perfetto or `chrome://tracing`: kernels, and as a counter the bytes of intermediates
   * that are alive after each.
   */
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
 * Measures the time of every kernel that runs during f, which may be asynchronous. Kernels are timed one by one, so that the
 * total may exceed the time without profiling.
 * @throws {Error} if another profile is running, or the backend cannot time kernels.
 */
export async function profile(f: () => unknown): Promise<Profile> {
  checkFunction('profile', f);
  if (isProfiling) throw new Error('profile: another profile is running; await it first');
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
  return summarize(runs, performance.now() - start, start);
}

function summarize(runs: readonly Run[], wallMilliseconds: number, start: number): Profile {
  const entries = new Map<string, { description: KernelDescription; runs: number; milliseconds: number }>();
  for (const { plan, timings } of runs) {
    plan.kernels.forEach((kernel, i) => {
      const description = describeKernel(kernel);
      const key = JSON.stringify(description);
      let entry = entries.get(key);
      if (!entry) entries.set(key, (entry = { description, runs: 0, milliseconds: 0 }));
      entry.runs++;
      entry.milliseconds += timings[i]!;
    });
  }
  const kernels = [...entries.values()]
    .map(({ description, ...times }): KernelProfile => ({ ...description, ...times }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
  const milliseconds = kernels.reduce((sum, kernel) => sum + kernel.milliseconds, 0);
  return {
    kernels,
    milliseconds,
    wallMilliseconds,
    toString: () => formatTable(kernels, milliseconds, wallMilliseconds),
    toTrace: () => formatTrace(runs, start),
  };
}

function formatTable(kernels: readonly KernelProfile[], total: number, wall: number): string {
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
  const widths = all[0]!.map((_, column) => all.reduce((most, row) => Math.max(most, row[column]!.length), 0));
  const lines = all.map((row) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padStart(widths[i]!))).join('  '),
  );
  return `${lines.join('\n')}\n${total.toFixed(3)} ms in kernels, ${wall.toFixed(3)} ms in all`;
}

/** Formats runs in Chrome's trace event format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU. */
function formatTrace(runs: readonly Run[], origin: number): string {
  const events = runs.flatMap(({ plan, start, timings }) => {
    let timestamp = (start - origin) * 1000;
    const live = liveBytes(plan.kernels);
    return plan.kernels.flatMap((kernel, i) => {
      const { name, ...args } = describeKernel(kernel);
      const event = { name, ph: 'X', pid: 1, tid: 1, ts: timestamp, dur: timings[i]! * 1000, args };
      timestamp += event.dur;
      return [event, { name: 'intermediates', ph: 'C', pid: 1, ts: timestamp, args: { bytes: live[i]! } }];
    });
  });
  return JSON.stringify({ traceEvents: events, displayTimeUnit: 'ms' });
}
