import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setTimeout } from 'node:timers/promises';
import type { Case } from './case.ts';
import type { Contender, Values } from './contender.ts';
import { computed, ours } from './ours.ts';
import type { Peer } from './peers/peer.ts';
import { type Spread, spread } from './statistics.ts';

/** One case, ours and one peer. Times are in milliseconds a call. */
export interface Comparison {
  readonly name: string;
  readonly peer: string;
  /** Ours may use. */
  readonly threads: number;
  readonly peerThreads: number;
  readonly ours: Spread;
  readonly theirs: Spread;
  /** The peer's over ours, of medians: above 1 ours is faster. */
  readonly ratio: number;
  /** The ratio of the fastest samples. */
  readonly bestRatio: number;
  /** The ratio of medians round by round: how much it depends on the minute. */
  readonly roundRatios: Spread;
}

export interface Effort {
  /** How often all take their turn. */
  readonly rounds: number;
  /** How long a turn is, in seconds, if a call is shorter. */
  readonly turn: number;
}

export const efforts = { usual: { rounds: 7, turn: 0.25 }, quick: { rounds: 1, turn: 0.05 } } as const;

/** Once its turns have taken so many seconds, a contender takes no more. */
const most = 10;
/** Threads of ours and of PyTorch spin for a while before they sleep: until then they would slow the next one down. */
const pause = 50;
/** Warming up is pointless for calls of so many seconds. */
const long = 0.5;
const largestDifference = 1e-3;

interface Turns {
  readonly contender: Contender;
  /** The samples of each round. */
  readonly rounds: number[][];
  /** Seconds: of the last call to warm up, then of all turns together. */
  spent: number;
}

/**
 * Times a case on the current backend and on its peers in turns, so that a busy minute of the machine strikes all.
 * @param failed is told of a peer that computes something else, or not at all; the others go on.
 */
export async function measure(
  benchmark: Case,
  peers: readonly Peer[],
  threads: number,
  { rounds, turn }: Effort,
  failed: (error: Error) => void,
): Promise<readonly Comparison[]> {
  const inputs = computed(benchmark.inputs());
  const own = begin(ours(benchmark, inputs));
  const expected = await twoResults(benchmark, own);
  const others = new Map<Peer, Turns>();
  try {
    for (const peer of peers) {
      try {
        const other = begin(await peer.prepare(benchmark, inputs));
        others.set(peer, other);
        checkEqual(await twoResults(benchmark, other), expected);
      } catch (error) {
        failed(new Error(`${benchmark.name}, ${peer.name}: ${(error as Error).message}`, { cause: error }));
        const other = others.get(peer);
        others.delete(peer);
        // What failed may fail again.
        await other?.contender.close().catch(failed);
      }
    }
    const all = [own, ...others.values()];
    for (const { contender, spent } of all) if (spent < long) await contender.sample(turn / 2);
    for (const turns of all) turns.spent = 0;
    for (let round = 0; round < rounds; round++) {
      const willing = all.filter(({ spent }) => spent < most);
      // A ratio takes both.
      if (willing[0] !== own || willing.length === 1) break;
      for (const turns of willing) await take(turns, turn);
    }
    return [...others].map(([peer, other]) => compare(benchmark.name, threads, peer, own, other));
  } finally {
    for (const { contender } of [own, ...others.values()]) await contender.close();
  }
}

function begin(contender: Contender): Turns {
  return { contender, rounds: [], spent: 0 };
}

/** The results of the first call, and of the second if that computes something else. */
async function twoResults({ stateful }: Case, turns: Turns): Promise<readonly Values[]> {
  const results: Values[] = [];
  for (let call = 0; call < (stateful ? 2 : 1); call++) {
    const began = performance.now();
    results.push(...(await turns.contender.results()));
    turns.spent = (performance.now() - began) / 1000;
  }
  return results;
}

async function take(turns: Turns, seconds: number): Promise<void> {
  collectGarbage();
  await setTimeout(pause);
  const began = performance.now();
  turns.rounds.push((await turns.contender.sample(seconds)).map((sample) => 1000 * sample));
  turns.spent += (performance.now() - began) / 1000;
}

function compare(name: string, threads: number, peer: Peer, own: Turns, other: Turns): Comparison {
  // The rounds in which both took part.
  const count = other.rounds.length;
  const [ours, theirs] = [spread(own.rounds.slice(0, count).flat()), spread(other.rounds.flat())];
  const ratios = other.rounds.map((samples, round) => spread(samples).median / spread(own.rounds[round]!).median);
  return {
    name,
    peer: peer.name,
    threads,
    peerThreads: peer.threads,
    ours,
    theirs,
    ratio: theirs.median / ours.median,
    bestRatio: theirs.best / ours.best,
    roundRatios: spread(ratios),
  };
}

function checkEqual(results: readonly Values[], expected: readonly Values[]): void {
  if (results.length !== expected.length) {
    throw new Error(`the peer has ${results.length} results, ours ${expected.length}`);
  }
  results.forEach(({ shape, values }, i) => {
    const right = expected[i]!;
    // Peers differ in the shape of a scalar.
    if (values.length !== right.values.length || (values.length > 1 && shape.join() !== right.shape.join())) {
      throw new Error(`result ${i} is [${shape.join(', ')}], ours [${right.shape.join(', ')}]`);
    }
    let [difference, scale] = [0, 0];
    for (let j = 0; j < values.length; j++) {
      // Math.max keeps NaN.
      difference = Math.max(difference, Math.abs(values[j]! - right.values[j]!));
      scale = Math.max(scale, Math.abs(right.values[j]!));
    }
    if (!(difference <= largestDifference * scale)) {
      throw new Error(`result ${i} differs from ours by ${difference}, in numbers up to ${scale}`);
    }
  });
}

// A flag instead of a command-line option, so that the script runs under any loader.
setFlagsFromString('--expose-gc');
/** So that none cleans up after another. */
const collectGarbage = runInNewContext('gc') as () => void;
