// Times calls in Node.
import Benchmark from 'benchmark';
import type { Sampler } from './contender.ts';

/** Samples the seconds per call of `f`, repeating it until a sample is long enough for the clock. */
export function sampleSync(f: () => void, seconds: number): Promise<readonly number[]> {
  return run(new Benchmark(f, { maxTime: seconds, minSamples: 1 }));
}

/** As {@link sampleSync}, for asynchronous functions. */
export const sampleAsync: Sampler = (f, seconds) =>
  new Promise((resolve, reject) => {
    const fn = (deferred: { resolve(): void }): void => void f().then(() => deferred.resolve(), reject);
    run(new Benchmark({ fn, defer: true, maxTime: seconds, minSamples: 1 })).then(resolve, reject);
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
