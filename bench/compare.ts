import { evaluateSync, tensor } from '@thetagrad/core';
import Benchmark from 'benchmark';
import type { Case } from './case.ts';
import { tf } from './peer.ts';

export interface Comparison {
  readonly name: string;
  readonly peer: string;
  readonly threads: number;
  readonly ours_ms: number;
  readonly peer_ms: number;
  /** Above 1 ours is faster. */
  readonly ratio: number;
}

const rounds = 5;
/** Seconds of measuring in each round, for each of the two. */
const roundSeconds = 0.3;
const largestDifference = 1e-3;

/**
 * Times a case and its peer in turns, so that a busy minute of the machine strikes both, and takes the medians of all
 * samples. (`benchmark` repeats calls until a sample is long enough for the clock.)
 * @throws {Error} if the two compute different things.
 */
export function compare(benchmark: Case, peer: string): Comparison {
  checkEqual(benchmark);
  const ours = (): void => evaluateSync(benchmark.ours());
  const theirs = (): void => {
    tf.tidy(() => {
      for (const result of benchmark.peer()) result.dataSync();
    });
  };
  const samples: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  for (let round = 0; round < rounds; round++) {
    samples.ours.push(...sample(benchmark.name, ours));
    samples.theirs.push(...sample(benchmark.name, theirs));
  }
  const [ours_ms, peer_ms] = [1000 * median(samples.ours), 1000 * median(samples.theirs)];
  return { name: benchmark.name, peer, threads: 1, ours_ms, peer_ms, ratio: peer_ms / ours_ms };
}

/** Seconds a call, several times. */
function sample(name: string, f: () => void): readonly number[] {
  const run = new Benchmark(name, f, { maxTime: roundSeconds, minSamples: 2 });
  run.run();
  if ((run as { error?: Error }).error) throw (run as { error?: Error }).error;
  return run.stats.sample as number[];
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

function checkEqual({ name, ours, peer, layout = [] }: Case): void {
  tf.tidy(() => {
    const theirs = peer();
    ours().forEach((expected, i) => {
      const raw = theirs[i]!;
      const plain = tensor(raw.dataSync() as Float32Array, { shape: raw.shape });
      const axes = layout[i];
      const difference = (axes ? plain.permute(axes) : plain).sub(expected).abs().max().itemSync();
      const scale = expected.abs().max().itemSync();
      if (!(difference <= largestDifference * scale)) {
        throw new Error(`${name}: result ${i} differs from the peer's by ${difference}, in numbers up to ${scale}`);
      }
    });
  });
}
