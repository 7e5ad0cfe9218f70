// Times the GPU backend against other libraries: `npm run bench:gpu -- --help`.
import type { Case } from '../case.ts';
import { describeProcessor, runCommand } from '../cli.ts';
import { formatTiming, formatTimingHeading, toTimingObject } from '../report.ts';
import type { Effort } from '../interleave.ts';
import { openBenchPage } from './browser.ts';
import { selectCases } from './cases.ts';
import { help, type Options, parseOptions } from './options.ts';
import { openModes } from './modes.ts';
import { efforts, type Machine, type Outcome } from './settings.ts';

process.exitCode = await runCommand(
  { name: 'bench:gpu', help, parse: parseOptions, names: (options) => casesFor(options).map(({ name }) => name), run },
  process.argv.slice(2),
);

/** Cases that the options allow. */
function casesFor({ large, node }: Options): readonly Case[] {
  return selectCases(large).filter(({ gpu }) => !node || gpu !== undefined);
}

function run(options: Options, names: ReadonlySet<string>): Promise<boolean> {
  const selected = casesFor(options).filter(({ name }) => names.has(name));
  return options.node ? runInNode(options, selected) : runInPage(options, selected);
}

/** Resolves to whether all cases succeeded. */
async function runInPage(options: Options, selected: readonly Case[]): Promise<boolean> {
  const page = await openBenchPage(options.flags);
  try {
    const machine = await page.start();
    if (!options.json) {
      printHeader(page.browser, [
        `adapter: ${describeAdapter(machine)}`,
        ...(machine.isSoftware
          ? ['this adapter computes in SOFTWARE: times compare amounts of work, not the speed of a GPU']
          : []),
        `ours: ${machine.backend}`,
        `an empty submission takes ${machine.emptySubmission.toPrecision(3)} ms, which every time includes`,
      ]);
      console.log(formatTimingHeading('mode'));
    }
    let succeeded = true;
    const effort = toEffort(options);
    for (const { name } of selected) {
      const outcome = await page.measure({ name, peer: options.peer, effort });
      succeeded = print(outcome, 'webgpu', options.json) && succeeded;
    }
    return succeeded;
  } finally {
    await page.close();
  }
}

/** Resolves to whether all cases succeeded. */
async function runInNode(options: Options, selected: readonly Case[]): Promise<boolean> {
  const modes = await openModes((message) => console.error(message));
  if (!options.json) {
    printHeader(
      `Node ${process.version}`,
      modes.map(({ description }) => `ours: ${description}`),
    );
    console.log(formatTimingHeading('mode'));
  }
  let succeeded = true;
  const effort = toEffort(options);
  for (const benchmark of selected) {
    for (const { mode, measure } of modes)
      succeeded = print(await measure(benchmark, effort), mode, options.json) && succeeded;
  }
  return succeeded;
}

function toEffort({ quick, limit }: Options): Effort {
  return { ...efforts[quick ? 'quick' : 'usual'], maxSeconds: limit, maxCallSeconds: limit, compiles: true };
}

function printHeader(engine: string, lines: readonly string[]): void {
  const node = engine.startsWith('Node') ? '' : `, Node ${process.version}`;
  console.log(`${engine}${node}, ${new Date().toISOString().slice(0, 10)}, ${describeProcessor()}`);
  for (const line of lines) console.log(line);
  console.log('(10th–90th percentile); ratio: how many times faster than the peer\n');
}

function describeAdapter({ vendor, architecture, device, description, isFallback }: Machine): string {
  const known = Object.entries({ vendor, architecture, device, description }).filter(([, value]) => value !== '');
  const text = known.map(([name, value]) => `${name} ${value}`).join(', ') || 'unknown to the browser';
  return `${text}; ${isFallback ? 'a' : 'not a'} fallback`;
}

/** Prints an outcome. Returns whether it has no errors. */
function print({ timings, notes, errors }: Outcome, mode: string, json: boolean): boolean {
  for (const timing of timings) {
    console.log(json ? JSON.stringify(toTimingObject(timing, { mode })) : formatTiming(timing, mode));
  }
  for (const note of notes) console.error(note);
  for (const error of errors) console.error(`error: ${error}`);
  return errors.length === 0;
}
