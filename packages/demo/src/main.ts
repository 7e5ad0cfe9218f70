import { escapeControls } from '@thetagrad/core/backend';
import { DataFileError } from '@thetagrad/data';
import { FileWriteError } from '@thetagrad/nn/node';
import { runJob } from './job.ts';
import { parseOptions, UsageError } from './options.ts';
import { Diverged, Interrupted } from './training.ts';

/** Exit code after Ctrl-C, by convention. */
const interruptedCode = 130;

// A full disk or closed pipe must not end the training: its output is lost, its files are not.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
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
    if (error instanceof UsageError || error instanceof DataFileError) return fail(error.message, 2);
    if (error instanceof Diverged || error instanceof FileWriteError || isSystemError(error))
      return fail(error.message, 1);
    // A defect of the program, for which the stack is needed.
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    console.error(stack.split('\n').map(escapeControls).join('\n'));
    return 1;
  }
}

/** Prints an error in one line, in which names of files do not reach the terminal raw, and returns the exit code. */
function fail(message: string, code: number): number {
  console.error(`error: ${escapeControls(message)}`);
  return code;
}

/** Whether a call of the system failed, as on a disk that is full or cannot be read. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
