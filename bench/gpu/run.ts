// Times the GPU backend against other libraries: `npm run bench:gpu -- --help`.
import { cpus, loadavg } from 'node:os';
import type { Case } from '../case.ts';
import { runCommand } from '../cli.ts';
import { timingHeading, timingObject, timingRow } from '../report.ts';
import type { Effort } from '../turns.ts';
import { openBenchPage } from './browser.ts';
import { casesOf } from './cases.ts';
import { help, type Options, parseOptions } from './options.ts';
import { openModes } from './plain.ts';
import { efforts, type Machine, type Outcome } from './settings.ts';

process.exitCode = await runCommand(
  { name: 'bench:gpu', help, parse: parseOptions, names: (options) => casesFor(options).map(({ name }) => name), run },
  process.argv.slice(2),
);

/** What can be measured with these options. */
function casesFor({ large, node }: Options): readonly Case[] {
  return casesOf(large).filter(({ gpu }) => !node || gpu !== undefined);
}

function run(options: Options, names: ReadonlySet<string>): Promise<boolean> {
  const chosen = casesFor(options).filter(({ name }) => names.has(name));
  return options.node ? inNode(options, chosen) : inPage(options, chosen);
}

/** Whether nothing failed. */
async function inPage(options: Options, chosen: readonly Case[]): Promise<boolean> {
  const page = await openBenchPage(options.flags);
  try {
    const machine = await page.start();
    if (!options.json) {
      describe(page.browser, [
        `adapter: ${adapterOf(machine)}`,
        ...(machine.isSoftware
          ? ['this adapter is SOFTWARE: what follows compares amounts of work, and says nothing of the speed of a GPU']
          : []),
        `ours: ${machine.backend}`,
        `an empty submission takes ${machine.emptySubmission.toPrecision(3)} ms until its end is known, which every time includes`,
      ]);
      console.log(timingHeading('mode'));
    }
    let good = true;
    const effort = effortOf(options);
    for (const { name } of chosen) {
      const outcome = await page.measure({ name, peer: options.peer, effort });
      good = print(outcome, 'webgpu', options.json) && good;
    }
    return good;
  } finally {
    await page.close();
  }
}

/** Whether nothing failed. */
async function inNode(options: Options, chosen: readonly Case[]): Promise<boolean> {
  const modes = await openModes((message) => console.error(message));
  if (!options.json) {
    describe(
      `Node ${process.version}`,
      modes.map(({ description }) => `ours: ${description}`),
    );
    console.log(timingHeading('mode'));
  }
  let good = true;
  const effort = effortOf(options);
  for (const benchmark of chosen) {
    for (const { mode, measure } of modes) good = print(await measure(benchmark, effort), mode, options.json) && good;
  }
  return good;
}

function effortOf({ quick, limit }: Options): Effort {
  return { ...efforts[quick ? 'quick' : 'usual'], most: limit, slowest: limit, compiles: true };
}

function describe(engine: string, lines: readonly string[]): void {
  const node = engine.startsWith('Node') ? '' : `, Node ${process.version}`;
  const processor = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`;
  const load = loadavg()[0]!.toFixed(2);
  console.log(`${engine}${node}, ${processor}, ${new Date().toISOString().slice(0, 10)}, load average ${load}`);
  for (const line of lines) console.log(line);
  console.log('(10th–90th percentile); ratio: how many times faster than the peer\n');
}

function adapterOf({ vendor, architecture, device, description, isFallback }: Machine): string {
  const known = Object.entries({ vendor, architecture, device, description }).filter(([, text]) => text !== '');
  const told = known.map(([name, text]) => `${name} ${text}`).join(', ') || 'the browser does not tell';
  return `${told}; ${isFallback ? 'a' : 'not a'} fallback`;
}

/** Whether nothing failed. */
function print({ timings, notes, errors }: Outcome, mode: string, json: boolean): boolean {
  for (const timing of timings) {
    console.log(json ? JSON.stringify(timingObject(timing, { mode })) : timingRow(timing, mode));
  }
  for (const note of notes) console.error(note);
  for (const error of errors) console.error(`error: ${error}`);
  return errors.length === 0;
}
