// Times ours against other libraries: `npm run bench -- --help`.
import { describeBackend, useBackend } from './backends.ts';
import { describeProcessor, runCommand } from './cli.ts';
import { help, type Options, parseOptions } from './options.ts';
import { measurements, Session } from './session.ts';

/** What keeps the libraries of PyTorch from using AVX-512, in the environment of its process. */
const avx2 = {
  OPENBLAS_CORETYPE: 'Haswell',
  ATEN_CPU_CAPABILITY: 'avx2',
  ONEDNN_MAX_CPU_ISA: 'AVX2',
  DNNL_MAX_CPU_ISA: 'AVX2',
};

process.exitCode = await runCommand(
  { name: 'bench', help, parse: parseOptions, names: () => measurements, run },
  process.argv.slice(2),
);

async function run(options: Options, selected: ReadonlySet<string>): Promise<boolean> {
  if (options.avx2) Object.assign(process.env, avx2);
  const backend = await useBackend(options.backend, options.threads, options.wide);
  if (!options.json) {
    console.log(`Node ${process.version}, ${describeProcessor()}`);
    console.log(`ours: ${describeBackend(backend)}`);
    if (options.avx2) console.log('PyTorch: AVX2 at most');
    console.log('(10th–90th percentile); ratio: how many times faster than the peer\n');
  }
  const session = new Session(options);
  try {
    await (options.targets ? session.runTargets(selected) : session.runAll(selected));
  } finally {
    await session.close();
  }
  return session.failures === 0;
}
