import { parseArgs } from 'node:util';
import { commonOptions } from '../cli.ts';

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

Times the GPU backend and other libraries on WebGPU in one page of headless Chromium, in turns, and prints medians (with the
10th and 90th percentile) and ratios: the peer's time over ours, so that above 1 ours is faster.

Options:
  --filter NAME   only those with NAME in their name
  --peer NAME     only peers with NAME in theirs
  --large         also what a GPU that is software would need minutes for
  --limit N       the turns of each in a row take N seconds at most; peers that need more for a call are left out of
                  the row (default: 5)
  --node          in Node instead: each mode that starts, against gpu.js used plainly in the same mode
  --flag FLAG     a flag for Chromium, such as --enable-features=Vulkan; may be repeated
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
