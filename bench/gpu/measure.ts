// Measures a case on a device. Runs in Node and in the page.
import { type Backend, setBackend, tensor } from '@thetagrad/core';
import { sampleCalls } from '../sampleCalls.ts';
import type { Case } from '../case.ts';
import { createOurContender, evaluateInputs } from '../ours.ts';
import { mapInputs, type Peer } from '../peers/peer.ts';
import { type Effort, timeInterleaved } from '../interleave.ts';
import type { Outcome } from './settings.ts';

/** Device to measure on. */
export interface Device {
  /** Backend that creates inputs, for peers to read. */
  readonly host: Backend;
  /** Backend of ours. */
  readonly backend: Backend;
  /** Waits for all submitted work. */
  readonly wait: () => Promise<void>;
  /** Runs before each contender in each round. */
  readonly pause: () => Promise<void>;
}

/** Collects messages about a case. */
export class Messages {
  readonly notes: string[] = [];
  readonly errors: string[] = [];
  readonly addNote = (message: string): void => void this.notes.push(message);
  readonly addError = ({ message }: Error): void => void this.errors.push(message);
}

/** Times ours and peers on a case. Never rejects: the outcome has the errors. */
export async function measure(
  { host, backend, wait, pause }: Device,
  benchmark: Case,
  openPeers: () => Promise<readonly Pick<Peer, 'name' | 'prepare'>[]>,
  effort: Effort,
  { notes, errors, addNote, addError }: Messages,
): Promise<Outcome> {
  try {
    const opened = await openPeers();
    if (opened.length === 0) return { timings: [], notes, errors };
    setBackend(host);
    const inputs = evaluateInputs(benchmark.inputs());
    // Copies, because the values of ours move to the device.
    const copies = mapInputs(inputs, (x) => tensor(x.dataSync(), { shape: x.shape, dtype: x.dtype }));
    setBackend(backend);
    const own = createOurContender(benchmark, copies, sampleCalls, wait);
    const hooks = { pause, onError: addError, onNote: addNote };
    const timings = await timeInterleaved(benchmark, own, inputs, opened, effort, hooks);
    return { timings: [...timings.values()], notes, errors };
  } catch (error) {
    return { timings: [], notes, errors: [...errors, `${benchmark.name}: ${(error as Error).message}`] };
  }
}
