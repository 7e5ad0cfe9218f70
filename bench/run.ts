// Times ours against other libraries: `npm run bench -- --help`.
import { cpus, loadavg } from 'node:os';
import { runCommand } from './cli.ts';
import { help, type Options, parseOptions } from './options.ts';
import { measurements, Session } from './session.ts';

process.exitCode = await runCommand(
  { name: 'bench', help, parse: parseOptions, names: () => measurements, run },
  process.argv.slice(2),
);

async function run(options: Options, chosen: ReadonlySet<string>): Promise<boolean> {
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
  return session.failures === 0;
}
