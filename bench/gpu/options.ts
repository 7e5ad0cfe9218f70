import { parseArgs } from 'node:util';
import { commonHelp, commonOptions } from '../cli.ts';

export interface Options {
  readonly filter: string;
  readonly peer: string;
  readonly limit: number;
  readonly flags: readonly string[];
  readonly large: boolean;
  readonly node: boolean;
  readonly quick: boolean;
  readonly json: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

export const help = `Usage: npm run bench:gpu -- [options]

Times the GPU backend and other libraries on WebGPU in one page of headless Chromium, in interleaved rounds, and prints
medians (with the 10th and 90th percentile) and ratios: the peer's time over ours, so that above 1 ours is faster.

Options:
  --filter NAME   only cases with NAME in their name
  --peer NAME     only peers with NAME in their name
  --large         also cases that take minutes on a GPU in software
  --limit N       at most N seconds for each contender of a case; leaves out peers that need more for one call
                  (default: 5)
  --node          in Node instead: each available mode, against plain kernels of gpu.js in the same mode
  --flag FLAG     flag for Chromium, such as --enable-features=Vulkan; may be repeated
${commonHelp}`;

/** @throws {Error} with a message of one line. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...commonOptions,
      limit: { type: 'string', default: '5' },
      flag: { type: 'string', multiple: true, default: [] },
      large: { type: 'boolean', default: false },
      node: { type: 'boolean', default: false },
    },
  });
  const { flag: flags, ...others } = values;
  const limit = Number(values.limit);
  if (!(Number.isFinite(limit) && limit > 0)) {
    throw new Error(`--limit must be a number of seconds above 0, got '${values.limit}'`);
  }
  return { ...others, limit, flags };
}
