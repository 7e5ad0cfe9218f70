import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setTimeout } from 'node:timers/promises';
import type { Case } from './case.ts';
import { createOurContender, evaluateInputs } from './ours.ts';
import type { Peer } from './peers/peer.ts';
import { sampleAsync } from './sampling.ts';
import { type Effort, timeInterleaved, type Timing } from './interleave.ts';

/** Timing with the number of threads of ours and of the peer. */
export interface Comparison extends Timing {
  readonly threads: number;
  readonly peerThreads: number;
}

export const efforts = {
  usual: { rounds: 7, roundSeconds: 0.25, maxSeconds: 10 },
  quick: { rounds: 1, roundSeconds: 0.05, maxSeconds: 10 },
} as const;

/** Milliseconds until idle threads of ours and of PyTorch stop spinning, which would slow the next contender down. */
const spinTime = 50;

/** Times a case on the current backend and on peers. */
export async function measure(
  benchmark: Case,
  peers: readonly Peer[],
  threads: number,
  effort: Effort,
  onError: (error: Error) => void,
): Promise<readonly Comparison[]> {
  const inputs = evaluateInputs(benchmark.inputs());
  const own = createOurContender(benchmark, inputs, sampleAsync);
  const timings = await timeInterleaved(benchmark, own, inputs, peers, effort, { pause, onError });
  return [...timings].map(([peer, timing]) => ({ ...timing, threads, peerThreads: peer.threads }));
}

/** Collects garbage, so that no contender pays for that of another. */
export async function pause(): Promise<void> {
  collectGarbage();
  await setTimeout(spinTime);
}

// Sets the flag here rather than on the command line, so that the script runs under any loader.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
