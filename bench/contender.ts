import Benchmark from 'benchmark';

/** A result in plain numbers, in rows. */
export interface Values {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** Who takes part in the measurement of a case, ready to compute it. */
export interface Contender {
  /** Computes once, and reads what was computed. */
  results(): Promise<readonly Values[]>;
  /** Seconds a call, several times, measured for about as many seconds as are given. */
  sample(seconds: number): Promise<readonly number[]>;
  /** Frees what it holds. */
  close(): Promise<void>;
}

/** Seconds a call of `f`, which is repeated until a sample is long enough for the clock. */
export function sampleSync(f: () => void, seconds: number): Promise<readonly number[]> {
  return run(new Benchmark(f, { maxTime: seconds, minSamples: 1 }));
}

/** As {@link sampleSync}, of a promise. */
export function sampleAsync(f: () => Promise<unknown>, seconds: number): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    const timed = (deferred: { resolve(): void }): void => void f().then(() => deferred.resolve(), reject);
    run(new Benchmark({ fn: timed, defer: true, maxTime: seconds, minSamples: 1 })).then(resolve, reject);
  });
}

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
