// Runs the example that the command line names, on the fastest backend of the CPU.
import { setBackend } from '@thetagrad/core';
import { DataFileError } from '@thetagrad/data';
import { best } from '@thetagrad/wasm';
import { parseCommand, usage } from './command.ts';
import { examples } from './examples.ts';

process.exitCode = await run(process.argv.slice(2));

async function run(args: readonly string[]): Promise<number> {
  let command: ReturnType<typeof parseCommand>;
  try {
    command = parseCommand(args);
  } catch (error) {
    console.error(`error: ${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (!command) {
    console.log(usage);
    return 0;
  }
  const { backend, reason } = await best();
  setBackend(backend);
  console.log(reason);
  const start = performance.now();
  try {
    const { main } = await examples[command.name].load();
    await main(command.options);
  } catch (error) {
    // Other errors are defects, for which the stack is needed.
    if (!(error instanceof DataFileError) && (error as NodeJS.ErrnoException).syscall === undefined) throw error;
    console.error(`error: ${(error as Error).message}`);
    return 2;
  }
  console.log(`${((performance.now() - start) / 1000).toFixed(0)} s`);
  return 0;
}
