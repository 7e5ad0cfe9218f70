// Times ours against other libraries: `npm run bench -- --help`.
import { describeProcessor, runCommand } from './cli.ts';
import { help, type Options, parseOptions } from './options.ts';
import { measurements, Session } from './session.ts';

process.exitCode = await runCommand(
  { name: 'bench', help, parse: parseOptions, names: () => measurements, run },
  process.argv.slice(2),
);

async function run(options: Options, selected: ReadonlySet<string>): Promise<boolean> {
  if (!options.json) {
    console.log(`Node ${process.version}, ${describeProcessor()}`);
    console.log(
      `ours: ${options.backend} backend; (10th–90th percentile); ratio: how many times faster than the peer\n`,
    );
  }
  const session = new Session(options);
  try {
    await (options.targets ? session.runTargets(selected) : session.runAll(selected));
  } finally {
    await session.close();
  }
  return session.failures === 0;
}
