import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setTimeout } from 'node:timers/promises';
import type { Case } from './case.ts';
import { computed, ours } from './ours.ts';
import type { Peer } from './peers/peer.ts';
import { sampleAsync } from './sampling.ts';
import { type Effort, timeInTurns, type Timing } from './turns.ts';

/** With the threads that each may use. */
export interface Comparison extends Timing {
  readonly threads: number;
  readonly peerThreads: number;
}

const most = 10;
export const efforts = { usual: { rounds: 7, turn: 0.25, most }, quick: { rounds: 1, turn: 0.05, most } } as const;

/** Threads of ours and of PyTorch spin for a while before they sleep: until then they would slow the next one down. */
const spinning = 50;

/** Times a case on the current backend and on its peers. */
export async function measure(
  benchmark: Case,
  peers: readonly Peer[],
  threads: number,
  effort: Effort,
  failed: (error: Error) => void,
): Promise<readonly Comparison[]> {
  const inputs = computed(benchmark.inputs());
  const own = ours(benchmark, inputs, sampleAsync);
  const timings = await timeInTurns(benchmark, own, inputs, peers, effort, { pause, failed });
  return [...timings].map(([peer, timing]) => ({ ...timing, threads, peerThreads: peer.threads }));
}

/** Collects garbage, so that none cleans up after another. */
export async function pause(): Promise<void> {
  collectGarbage();
  await setTimeout(spinning);
}

// A flag instead of a command-line option, so that the script runs under any loader.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
