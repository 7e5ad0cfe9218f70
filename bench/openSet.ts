// Runs the demo over several seeds and prints its table as Markdown, with means and standard deviations, for
// docs/results.md: `npm run bench:open-set -- --seeds 0,1,2 [options of the demo]`.
import { setBackend } from '@thetagrad/core';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseBackend, measure } from '../packages/demo/src/job.ts';
import { parseOptions } from '../packages/demo/src/options.ts';
import { estimateWork, planJob } from '../packages/demo/src/plan.ts';
import { JobProgress } from '../packages/demo/src/progress.ts';
import { toDegrees } from '../packages/demo/src/report/format.ts';
import type { MethodResult } from '../packages/demo/src/report/contents.ts';

type Verification = MethodResult['verification'];

const columns: readonly (readonly [heading: string, value: (result: Verification) => number, digits: number])[] = [
  ['accuracy %', ({ accuracy }) => 100 * accuracy, 1],
  ['EER %', ({ eer }) => 100 * eer, 1],
  ['TAR % at 1% FAR', ({ tarAtFar }) => 100 * tarAtFar[0.01]!, 1],
  ['rank-1 %', ({ rank1 }) => 100 * rank1, 1],
  ['Fisher score', ({ angularFisherScore }) => angularFisherScore, 3],
  ['largest intra-class °', ({ largestIntraClassAngle }) => toDegrees(largestIntraClassAngle), 0],
  ['smallest inter-class °', ({ smallestInterClassAngle }) => toDegrees(smallestInterClassAngle), 0],
];

const args = process.argv.slice(2);
const index = args.indexOf('--seeds');
const seeds = index < 0 ? ['0', '1', '2'] : args.splice(index, 2)[1]!.split(',');

setBackend((await chooseBackend(parseOptions(args)!)).backend);
const options = parseOptions([...args, '--seed', seeds.join(',')])!;
const progress = new JobProgress({ ...estimateWork(options), pictureStep: 0, report: 0 });
const runs: MethodResult[][] = [];
for (const seed of seeds) runs.push(await run(seed));
progress.finish();
console.log(formatMarkdown(runs));

async function run(seed: string): Promise<MethodResult[]> {
  const out = await mkdtemp(join(tmpdir(), 'open-set-'));
  try {
    const plan = await planJob(parseOptions([...args, '--seed', seed, '--out', out])!);
    await mkdir(plan.checkpoints);
    return await measure(plan, new AbortController().signal, progress);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

function formatMarkdown(all: readonly (readonly MethodResult[])[]): string {
  const lines = all[0]!.map(({ name }, row) => {
    const cells = columns.map(([, value, digits]) => {
      const values = all.map((methods) => value(methods[row]!.verification));
      const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
      const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
      return `${mean.toFixed(digits)} ± ${Math.sqrt(squares / Math.max(1, values.length - 1)).toFixed(digits)}`;
    });
    // Results differ more between seeds (other classes and weights) than between losses: compare losses within a seed.
    const bySeed = all.map((methods) => (100 * methods[row]!.verification.eer).toFixed(1)).join(', ');
    return `| ${[name, ...cells, bySeed].join(' | ')} |`;
  });
  const headings = ['', ...columns.map(([heading]) => heading), 'EER % by seed'];
  return [`| ${headings.join(' | ')} |`, `| --- |${' ---: |'.repeat(columns.length + 1)}`, ...lines].join('\n');
}
