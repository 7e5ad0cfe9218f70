import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type BackendName, backendNames } from './backends.ts';
import { commonHelp, commonOptions, parseCount } from './cli.ts';

export interface Options {
  readonly filter: string;
  readonly peer: string;
  readonly threads: number;
  readonly backend: BackendName;
  readonly wide: boolean;
  readonly avx2: boolean;
  readonly targets: boolean;
  readonly quick: boolean;
  readonly json: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

export const help = `Usage: npm run bench -- [options]

Times ours and other libraries in interleaved rounds, and prints medians (with the 10th and 90th percentile) and ratios:
the peer's time over ours, so that above 1 ours is faster.

Options:
  --filter NAME   only measurements with NAME in their name
  --peer NAME     only peers with NAME in their name
  --threads N     number of threads of ours and of peers that support it (default: all cores)
  --backend NAME  backend of ours: ${backendNames.join(' or ')} (default: ${backendNames[0]})
  --wide          ours with 256-bit vectors, in Node 24 and later; without it, ours does without them
  --avx2          PyTorch with AVX2 at most, as on machines without AVX-512
  --targets       performance targets, with their own numbers of threads, and whether ours reaches them
${commonHelp}`;

/** @throws {Error} with a message of one line. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...commonOptions,
      threads: { type: 'string', default: String(availableParallelism()) },
      backend: { type: 'string', default: backendNames[0] },
      wide: { type: 'boolean', default: false },
      avx2: { type: 'boolean', default: false },
      targets: { type: 'boolean', default: false },
    },
  });
  const threads = parseCount('--threads', values.threads);
  const backend = backendNames.find((name) => name === values.backend);
  if (!backend) throw new Error(`--backend must be ${backendNames.join(' or ')}, got '${values.backend}'`);
  return { ...values, threads, backend };
}
