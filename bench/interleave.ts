// Times contenders in interleaved rounds, after checking that they compute the same. Runs in Node and in pages.
import type { Tensor } from '@thetagrad/core';
import type { Case, Inputs } from './case.ts';
import type { Contender, Values } from './contender.ts';
import type { Peer } from './peers/peer.ts';
import { type Summary, summarize } from './statistics.ts';

/** Times of one case for ours and one peer, in milliseconds per call. */
export interface Timing {
  readonly name: string;
  readonly peer: string;
  readonly ours: Summary;
  readonly theirs: Summary;
  /** Median time of the peer over that of ours: above 1 ours is faster. */
  readonly ratio: number;
  /** Ratio of the minimum times. */
  readonly bestRatio: number;
  /** Ratios of the medians of each round, which show the noise of the machine. */
  readonly roundRatios: Summary;
}

/** Time to spend on a case. */
export interface Effort {
  /** Number of rounds. */
  readonly rounds: number;
  /** Minimum seconds of a contender in a round. */
  readonly roundSeconds: number;
  /** Seconds of all rounds after which a contender drops out. */
  readonly maxSeconds: number;
  /** Whether the first call compiles, and its time is not representative. Default: false. */
  readonly compiles?: boolean;
  /** Seconds per call above which a peer is left out. Default: Infinity. */
  readonly maxCallSeconds?: number;
}

/** Callbacks of {@link timeInterleaved}. */
export interface Hooks {
  /** Runs before each contender in each round, to finish the work of the one before. */
  readonly pause: () => Promise<void>;
  /** Receives the error of a peer that fails or computes something else; the others continue. */
  readonly onError: (error: Error) => void;
  /** Receives what is left out on purpose, and why. */
  readonly onNote?: (message: string) => void;
}

/** Seconds per call above which warming up is pointless. */
const maxWarmUpCall = 0.5;
/** Maximum difference of results, relative to their maximum magnitude. */
const tolerance = 1e-3;

/** Samples of a contender. */
interface Series {
  readonly contender: Contender;
  /** Milliseconds per call, for each round. */
  readonly rounds: number[][];
  /** Seconds of the last warm-up call, then of all rounds. */
  spent: number;
}

/** Times ours and peers on a case, in interleaved rounds, so that load on the machine affects all. */
export async function timeInterleaved<P extends Pick<Peer, 'name' | 'prepare'>>(
  benchmark: Case,
  contender: Contender,
  inputs: Inputs<Tensor>,
  peers: readonly P[],
  effort: Effort,
  hooks: Hooks,
): Promise<ReadonlyMap<P, Timing>> {
  const own = createSeries(contender);
  const others = new Map<P, Series>();
  try {
    const expected = await collectResults(benchmark, own);
    await warmUp(own, effort);
    for (const peer of peers) {
      const other = await enter(benchmark, peer, inputs, { own, expected, effort, hooks });
      if (other) others.set(peer, other);
    }
    await runRounds(own, [...others.values()], effort, hooks);
    return new Map([...others].map(([peer, other]) => [peer, compare(benchmark.name, peer.name, own, other)]));
  } finally {
    for (const { contender } of [own, ...others.values()]) await contender.close();
  }
}

function createSeries(contender: Contender): Series {
  return { contender, rounds: [], spent: 0 };
}

interface Entry {
  readonly own: Series;
  readonly expected: readonly Values[];
  readonly effort: Effort;
  readonly hooks: Hooks;
}

/** Prepares a peer, checks its results and warms it up. Returns `undefined` if it fails or is too slow. */
async function enter(
  benchmark: Case,
  peer: Pick<Peer, 'name' | 'prepare'>,
  inputs: Inputs<Tensor>,
  { own, expected, effort, hooks: { onError, onNote } }: Entry,
): Promise<Series | undefined> {
  let other: Series | undefined;
  try {
    other = createSeries(await peer.prepare(benchmark, inputs));
    checkEqual(await collectResults(benchmark, other), expected);
    await warmUp(other, effort);
    if (other.spent <= (effort.maxCallSeconds ?? Infinity)) return other;
    const [theirs, ours] = [other.spent.toPrecision(2), own.spent.toPrecision(2)];
    onNote?.(`${benchmark.name}, ${peer.name}: left out, as a call takes ${theirs} s (ours ${ours} s)`);
  } catch (error) {
    onError(new Error(`${benchmark.name}, ${peer.name}: ${(error as Error).message}`, { cause: error }));
  }
  // Closing may fail for the same reason.
  await other?.contender.close().catch(onError);
  return undefined;
}

/** Collects the results of the first call, and of the second if that computes something else. */
async function collectResults({ stateful }: Case, series: Series): Promise<readonly Values[]> {
  const results: Values[] = [];
  for (let call = 0; call < (stateful ? 2 : 1); call++) {
    const startTime = performance.now();
    results.push(...(await series.contender.results()));
    series.spent = (performance.now() - startTime) / 1000;
  }
  return results;
}

async function warmUp(series: Series, { roundSeconds, compiles = false }: Effort): Promise<void> {
  if (!compiles && series.spent >= maxWarmUpCall) return;
  series.spent = Math.min(...(await series.contender.sample(roundSeconds / 2)));
}

async function runRounds(
  own: Series,
  others: readonly Series[],
  { rounds, roundSeconds, maxSeconds }: Effort,
  { pause }: Hooks,
): Promise<void> {
  const all = [own, ...others];
  for (const series of all) series.spent = 0;
  for (let round = 0; round < rounds; round++) {
    const active = all.filter(({ spent }) => spent < maxSeconds);
    // A ratio needs both ours and a peer.
    if (active[0] !== own || active.length === 1) return;
    for (const series of active) {
      await pause();
      await sampleRound(series, roundSeconds);
    }
  }
}

async function sampleRound(series: Series, seconds: number): Promise<void> {
  const startTime = performance.now();
  series.rounds.push((await series.contender.sample(seconds)).map((sample) => 1000 * sample));
  series.spent += (performance.now() - startTime) / 1000;
}

function compare(name: string, peer: string, own: Series, other: Series): Timing {
  // Only the rounds of both.
  const count = other.rounds.length;
  const [ours, theirs] = [summarize(own.rounds.slice(0, count).flat()), summarize(other.rounds.flat())];
  const ratios = other.rounds.map((samples, round) => summarize(samples).median / summarize(own.rounds[round]!).median);
  return {
    name,
    peer,
    ours,
    theirs,
    ratio: theirs.median / ours.median,
    bestRatio: theirs.min / ours.min,
    roundRatios: summarize(ratios),
  };
}

/** @throws {Error} if a result differs in shape or value. */
function checkEqual(results: readonly Values[], expected: readonly Values[]): void {
  if (results.length !== expected.length) {
    throw new Error(`the peer has ${results.length} results, ours ${expected.length}`);
  }
  results.forEach(({ shape, values }, i) => {
    const own = expected[i]!;
    // Peers differ in the shape of a scalar.
    if (values.length !== own.values.length || (values.length > 1 && shape.join() !== own.shape.join())) {
      throw new Error(`result ${i} is [${shape.join(', ')}], ours [${own.shape.join(', ')}]`);
    }
    let [difference, scale] = [0, 0];
    for (let j = 0; j < values.length; j++) {
      // Math.max propagates NaN.
      difference = Math.max(difference, Math.abs(values[j]! - own.values[j]!));
      scale = Math.max(scale, Math.abs(own.values[j]!));
    }
    if (!(difference <= tolerance * scale)) {
      throw new Error(`result ${i} differs from ours by ${difference}, in numbers up to ${scale}`);
    }
  });
}
