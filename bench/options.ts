import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type BackendName, backendNames } from './backends.ts';
import { commonOptions } from './cli.ts';

export interface Options {
  readonly filter: string;
  readonly peer: string;
  readonly threads: number;
  readonly backend: BackendName;
  readonly targets: boolean;
  readonly quick: boolean;
  readonly json: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

export const help = `Usage: npm run bench -- [options]

Times computations of ours and of other libraries in turns, and prints medians (with the 10th and 90th percentile) and
ratios: the peer's time over ours, so that above 1 ours is faster.

Options:
  --filter NAME   only those with NAME in their name
  --peer NAME     only peers with NAME in theirs
  --threads N     ours and the peers that can may use N threads (default: the machine's cores)
  --backend NAME  what ours runs on: ${backendNames.join(' or ')} (default: ${backendNames[0]})
  --targets       what the engine is meant to reach, and whether it does; brings its own number of threads
  --quick         one short turn each: to see that all agree, not how fast they are
  --json          an object a line instead of a table
  --list          only the names
  --help          this text
`;

/** @throws {Error} with one line that says what is wrong. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...commonOptions,
      threads: { type: 'string', default: String(availableParallelism()) },
      backend: { type: 'string', default: backendNames[0] },
      targets: { type: 'boolean', default: false },
    },
  });
  const threads = Number(values.threads);
  if (!(Number.isSafeInteger(threads) && threads >= 1)) {
    throw new Error(`--threads must be an integer of at least 1, got '${values.threads}'`);
  }
  const backend = backendNames.find((name) => name === values.backend);
  if (!backend) throw new Error(`--backend must be ${backendNames.join(' or ')}, got '${values.backend}'`);
  return { ...values, threads, backend };
}
