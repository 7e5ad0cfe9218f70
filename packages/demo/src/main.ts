import { DataFileError } from '@thetagrad/data';
import { runJob } from './job.ts';
import { parseOptions, UsageError } from './options.ts';
import { Diverged, Interrupted } from './training.ts';

/** The exit code after Ctrl-C, by convention. */
const interrupted = 130;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // The first asks to stop after this step; the second stops at once, as it would without us.
    process.once(signal, () => controller.abort());
  }
  try {
    const options = parseOptions(args);
    if (options) await runJob(options, controller.signal);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) {
      console.log('interrupted; the same command with --resume goes on from here');
      return interrupted;
    }
    const usage = error instanceof UsageError || error instanceof DataFileError;
    if (!usage && !(error instanceof Diverged)) throw error;
    console.error(`error: ${error.message}`);
    return usage ? 2 : 1;
  }
}
