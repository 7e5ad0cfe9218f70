// One case on a device. Runs in Node and in the page.
import { type Backend, setBackend, tensor } from '@thetagrad/core';
import { sampleCalls } from '../calls.ts';
import type { Case } from '../case.ts';
import { computed, ours } from '../ours.ts';
import { mapInputs, type Peer } from '../peers/peer.ts';
import { type Effort, timeInTurns } from '../turns.ts';
import type { Outcome } from './settings.ts';

export interface Device {
  /** Where inputs are made, for peers to read. */
  readonly host: Backend;
  /** What ours computes on. */
  readonly backend: Backend;
  /** Settles when the device has done what was submitted. */
  readonly finished: () => Promise<void>;
  /** Called before each turn. */
  readonly pause: () => Promise<void>;
}

/** What is told about the case that is being measured. */
export class Remarks {
  readonly notes: string[] = [];
  readonly errors: string[] = [];
  readonly note = (message: string): void => void this.notes.push(message);
  readonly failed = ({ message }: Error): void => void this.errors.push(message);
}

/** Times ours and peers, which are opened within, in turns. Never rejects: what went wrong is in the outcome. */
export async function measure(
  { host, backend, finished, pause }: Device,
  benchmark: Case,
  peers: () => Promise<readonly Pick<Peer, 'name' | 'prepare'>[]>,
  effort: Effort,
  { notes, errors, note, failed }: Remarks,
): Promise<Outcome> {
  try {
    const opened = await peers();
    if (opened.length === 0) return { timings: [], notes, errors };
    setBackend(host);
    const inputs = computed(benchmark.inputs());
    // Ours has tensors of its own, as its values move to the device.
    const copies = mapInputs(inputs, (x) => tensor(x.dataSync(), { shape: x.shape, dtype: x.dtype }));
    setBackend(backend);
    const own = ours(benchmark, copies, sampleCalls, finished);
    const timings = await timeInTurns(benchmark, own, inputs, opened, effort, { pause, failed, note });
    return { timings: [...timings.values()], notes, errors };
  } catch (error) {
    return { timings: [], notes, errors: [...errors, `${benchmark.name}: ${(error as Error).message}`] };
  }
}
