// Computes in Node what tests in the browser compare with or look at.
import { wasm } from '@thetagrad/wasm';
import type { TestProject } from 'vitest/node';
import { renderReport } from '../../packages/demo/src/report/report.ts';
import { makeReport } from '../../packages/demo/test/reportData.ts';
import { trainingLosses } from './training.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly isolated: boolean;
    /** Whether the engine pairs vectors. */
    readonly wide: boolean;
    /** The losses of the training in Node with one thread. */
    readonly losses: readonly number[];
    /** A page of the demo's report, URI-encoded: the pages of the tests contain it in a script, which it would close. */
    readonly report: string;
  }
}

export default async function setup({ provide }: TestProject): Promise<void> {
  provide('losses', await trainingLosses(await wasm({ threads: 1, deterministic: true })));
  provide('report', encodeURIComponent(renderReport(makeReport())));
}
