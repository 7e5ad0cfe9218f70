// How calls are timed in Node.
import Benchmark from 'benchmark';
import type { Sampler } from './contender.ts';

/** Seconds a call of `f`, which is repeated until a sample is long enough for the clock. */
export function sampleSync(f: () => void, seconds: number): Promise<readonly number[]> {
  return run(new Benchmark(f, { maxTime: seconds, minSamples: 1 }));
}

/** As {@link sampleSync}, of a promise. */
export const sampleAsync: Sampler = (f, seconds) =>
  new Promise((resolve, reject) => {
    const timed = (deferred: { resolve(): void }): void => void f().then(() => deferred.resolve(), reject);
    run(new Benchmark({ fn: timed, defer: true, maxTime: seconds, minSamples: 1 })).then(resolve, reject);
  });

function run(benchmark: Benchmark): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    benchmark.on('complete', () => {
      const { error } = benchmark as { error?: Error };
      if (error) reject(error);
      else resolve(benchmark.stats.sample as number[]);
    });
    benchmark.run();
  });
}
