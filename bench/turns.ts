// The method of all measurements of time: contenders compute the same, and take turns. Runs in Node and in pages.
import type { Tensor } from '@thetagrad/core';
import type { Case, Inputs } from './case.ts';
import type { Contender, Values } from './contender.ts';
import type { Peer } from './peers/peer.ts';
import { type Spread, spread } from './statistics.ts';

/** One case, ours and one peer. Times are in milliseconds a call. */
export interface Timing {
  readonly name: string;
  readonly peer: string;
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
  /** Once its turns have taken so many seconds, a contender takes no more. */
  readonly most: number;
  /** Whether the first call compiles, so that it says nothing of how long the others are. */
  readonly compiles?: boolean;
  /** A peer whose calls take more seconds is left out; none, unless given. */
  readonly slowest?: number;
}

/** What surrounds the measurement. */
export interface Surroundings {
  /** Called before each turn, so that none cleans up after another. */
  readonly pause: () => Promise<void>;
  /** Is told of a peer that computes something else, or not at all; the others go on. */
  readonly failed: (error: Error) => void;
  /** Is told of what is left out on purpose, and why. */
  readonly note?: (message: string) => void;
}

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

/** Times a case: ours, and peers, in turns, so that a busy minute of the machine strikes all. */
export async function timeInTurns<Rival extends Pick<Peer, 'name' | 'prepare'>>(
  benchmark: Case,
  contender: Contender,
  inputs: Inputs<Tensor>,
  peers: readonly Rival[],
  effort: Effort,
  { pause, failed, note }: Surroundings,
): Promise<ReadonlyMap<Rival, Timing>> {
  const { rounds, turn, most, compiles = false, slowest = Infinity } = effort;
  const own = begin(contender);
  const others = new Map<Rival, Turns>();
  const leave = async (peer: Rival): Promise<void> => {
    const other = others.get(peer);
    others.delete(peer);
    // What failed may fail again.
    await other?.contender.close().catch(failed);
  };
  try {
    const expected = await twoResults(benchmark, own);
    const warmUp = async (turns: Turns): Promise<void> => {
      if (compiles || turns.spent < long) turns.spent = Math.min(...(await turns.contender.sample(turn / 2)));
    };
    await warmUp(own);
    for (const peer of peers) {
      try {
        const other = begin(await peer.prepare(benchmark, inputs));
        others.set(peer, other);
        checkEqual(await twoResults(benchmark, other), expected);
        await warmUp(other);
        if (other.spent <= slowest) continue;
        const [theirs, mine] = [other.spent.toPrecision(2), own.spent.toPrecision(2)];
        note?.(`${benchmark.name}, ${peer.name}: left out, as a call takes ${theirs} s (ours ${mine} s)`);
      } catch (error) {
        failed(new Error(`${benchmark.name}, ${peer.name}: ${(error as Error).message}`, { cause: error }));
      }
      await leave(peer);
    }
    const all = [own, ...others.values()];
    for (const turns of all) turns.spent = 0;
    for (let round = 0; round < rounds; round++) {
      const willing = all.filter(({ spent }) => spent < most);
      // A ratio takes both.
      if (willing[0] !== own || willing.length === 1) break;
      for (const turns of willing) {
        await pause();
        await take(turns, turn);
      }
    }
    return new Map([...others].map(([peer, other]) => [peer, compare(benchmark.name, peer.name, own, other)]));
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
  const began = performance.now();
  turns.rounds.push((await turns.contender.sample(seconds)).map((sample) => 1000 * sample));
  turns.spent += (performance.now() - began) / 1000;
}

function compare(name: string, peer: string, own: Turns, other: Turns): Timing {
  // The rounds in which both took part.
  const count = other.rounds.length;
  const [ours, theirs] = [spread(own.rounds.slice(0, count).flat()), spread(other.rounds.flat())];
  const ratios = other.rounds.map((samples, round) => spread(samples).median / spread(own.rounds[round]!).median);
  return {
    name,
    peer,
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
