// The main job over several seeds, as one Markdown table of means and standard deviations: docs/results.md is made of
// these. `npm run bench:open-set -- --seeds 0,1,2 [options of the main job]`
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the main job writes to results.json, as far as the table needs it. */
interface Results {
  readonly methods: readonly {
    readonly name: string;
    readonly accuracy: number;
    readonly eer: number;
    readonly tarAtFar: Readonly<Record<string, number>>;
    readonly rank1: number;
    readonly angularFisherScore: number;
    readonly largestIntraClassAngle: number;
    readonly smallestInterClassAngle: number;
  }[];
}

type Method = Results['methods'][number];

const degrees = (radians: number): number => (radians * 180) / Math.PI;

const columns: readonly (readonly [heading: string, of: (method: Method) => number, digits: number])[] = [
  ['accuracy %', ({ accuracy }) => 100 * accuracy, 1],
  ['EER %', ({ eer }) => 100 * eer, 1],
  ['TAR % at 1% FAR', ({ tarAtFar }) => 100 * tarAtFar['0.01']!, 1],
  ['rank-1 %', ({ rank1 }) => 100 * rank1, 1],
  ['Fisher score', ({ angularFisherScore }) => angularFisherScore, 3],
  ['largest intra-class °', ({ largestIntraClassAngle }) => degrees(largestIntraClassAngle), 0],
  ['smallest inter-class °', ({ smallestInterClassAngle }) => degrees(smallestInterClassAngle), 0],
];

const args = process.argv.slice(2);
const at = args.indexOf('--seeds');
const seeds = at < 0 ? ['0', '1', '2'] : args.splice(at, 2)[1]!.split(',');

const runs: Results[] = [];
for (const seed of seeds) runs.push(await run(seed, args));
console.log(markdown(runs));

async function run(seed: string, options: readonly string[]): Promise<Results> {
  const out = await mkdtemp(join(tmpdir(), 'open-set-'));
  try {
    const main = fileURLToPath(new URL('../packages/demo/src/main.ts', import.meta.url));
    const job = spawn(process.execPath, [...process.execArgv, main, ...options, '--seed', seed, '--out', out], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const code = await new Promise((resolve) => job.once('close', resolve));
    if (code !== 0) throw new Error(`the main job ended with exit code ${String(code)}`);
    return JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as Results;
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

function markdown(all: readonly Results[]): string {
  const lines = all[0]!.methods.map(({ name }, row) => {
    const cells = columns.map(([, of, digits]) => {
      const values = all.map(({ methods }) => of(methods[row]!));
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      return `${mean.toFixed(digits)} ± ${Math.sqrt(squares / Math.max(1, values.length - 1)).toFixed(digits)}`;
    });
    return `| ${[name, ...cells].join(' | ')} |`;
  });
  const headings = ['', ...columns.map(([heading]) => heading)];
  return [`| ${headings.join(' | ')} |`, `| --- |${' ---: |'.repeat(columns.length)}`, ...lines].join('\n');
}
