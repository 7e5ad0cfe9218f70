// Times ours against other libraries: `npm run bench -- --help`.
import { cpus, loadavg } from 'node:os';
import { help, type Options, parseOptions } from './options.ts';
import { measurements, Session } from './session.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    console.error(`error: ${(error as Error).message}; see npm run bench -- --help`);
    return 2;
  }
  if (options.help) {
    console.log(help);
    return 0;
  }
  const chosen = new Set(measurements.filter((name) => name.includes(options.filter)));
  if (chosen.size === 0) {
    console.error(`error: no benchmark has '${options.filter}' in its name; --list shows them all`);
    return 2;
  }
  if (options.list) {
    for (const name of chosen) console.log(name);
    return 0;
  }
  if (!options.json) {
    const load = loadavg()[0]!.toFixed(2);
    console.log(
      `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, load average ${load}`,
    );
    console.log(
      `ours: ${options.backend} backend; (10th–90th percentile); ratio: how many times faster than the peer\n`,
    );
  }
  const session = new Session(options);
  try {
    await (options.targets ? session.targets(chosen) : session.everything(chosen));
  } finally {
    await session.close();
  }
  return session.failures > 0 ? 1 : 0;
}
