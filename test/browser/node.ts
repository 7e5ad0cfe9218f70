// Computes in Node the values that tests in the browser compare with.
import { wasm } from '@thetagrad/wasm';
import type { TestProject } from 'vitest/node';
import { trainingLosses } from './training.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly isolated: boolean;
    /** The losses of the training in Node with one thread. */
    readonly losses: readonly number[];
  }
}

export default async function setup({ provide }: TestProject): Promise<void> {
  provide('losses', await trainingLosses(await wasm({ threads: 1, deterministic: true })));
}
