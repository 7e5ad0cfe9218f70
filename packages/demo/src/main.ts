import { DataFileError } from '@thetagrad/data';
import { runJob } from './job.ts';
import { parseOptions, UsageError } from './options.ts';
import { Diverged, Interrupted } from './training.ts';

/** Exit code after Ctrl-C, by convention. */
const interruptedCode = 130;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // The first signal stops after the current step; the second stops at once, by default.
    process.once(signal, () => controller.abort());
  }
  try {
    const options = parseOptions(args);
    if (options) await runJob(options, controller.signal);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) {
      console.log('interrupted; run the same command with --resume to continue');
      return interruptedCode;
    }
    const isUsage = error instanceof UsageError || error instanceof DataFileError;
    if (!isUsage && !(error instanceof Diverged)) throw error;
    console.error(`error: ${error.message}`);
    return isUsage ? 2 : 1;
  }
}
