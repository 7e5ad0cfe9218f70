// Compares the peak memory of a training step of ours and of PyTorch, in fresh processes.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BackendName } from '../backends.ts';
import { drawSphereFace20Batch, sphereFace20Step } from '../cases/training.ts';
import { evaluateInputs } from '../ours.ts';
import { TorchWorker } from '../peers/torch.ts';

export const sphereFace20Memory: string = 'resident memory of the SphereFace-20 training step';

/** Number of steps: the first allocates, the second reuses. */
export const stepCount = 3;

export interface MemoryComparison {
  readonly name: string;
  readonly peer: string;
  readonly threads: number;
  /** Peak memory in MiB. */
  readonly ours: number;
  readonly theirs: number;
  readonly ratio: number;
}

/** @throws {NotInstalled} if PyTorch is not installed. */
export async function compareMemory(backend: BackendName, threads: number): Promise<MemoryComparison> {
  const worker = await TorchWorker.start(threads);
  try {
    await worker.prepare(sphereFace20Step, evaluateInputs(drawSphereFace20Batch()));
    for (let step = 0; step < stepCount; step++) await worker.results();
    const theirs = await worker.ask<number>({ do: 'peak' });
    const ours = await measureOurPeak(backend, threads);
    const peer = `PyTorch ${worker.version}`;
    return { name: sphereFace20Memory, peer, threads, ours, theirs, ratio: theirs / ours };
  } finally {
    await worker.close();
  }
}

async function measureOurPeak(backend: BackendName, threads: number): Promise<number> {
  const script = fileURLToPath(new URL('ourStep.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...process.execArgv,
    script,
    backend,
    String(threads),
  ]);
  return Number(stdout);
}
