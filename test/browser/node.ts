// What tests in the browser compare with: computed in Node.
import { wasm } from '@thetagrad/wasm';
import type { TestProject } from 'vitest/node';
import { losses } from './training.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly isolated: boolean;
    /** Of the training, on one thread of Node. */
    readonly losses: readonly number[];
  }
}

export default async function setup({ provide }: TestProject): Promise<void> {
  provide('losses', await losses(await wasm({ threads: 1, deterministic: true })));
}
