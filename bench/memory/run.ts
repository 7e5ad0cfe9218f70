// `npm run bench:memory`: memory of a training loop and of other workloads, each in a separate process.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { workloads } from './workloads.ts';

const help = `Usage: npm run bench:memory -- [options]

Options:
  --workload NAME  one of training, ${Object.keys(workloads).join(', ')} (default: all)
  --mode MODE      on this mode of the GPU backend instead of wasm
  --help           print this text`;

const {
  workload,
  mode,
  help: wantsHelp,
} = parseArgs({
  options: { workload: { type: 'string' }, mode: { type: 'string' }, help: { type: 'boolean' } },
}).values;

const all = ['training', ...Object.keys(workloads)];
if (wantsHelp) console.log(help);
else if (workload !== undefined && !all.includes(workload)) {
  console.error(`error: unknown workload '${workload}'; expected ${all.join(', ')}`);
  process.exitCode = 2;
} else {
  for (const name of workload === undefined ? all : [workload]) {
    console.log(`\n${name}`);
    const isTraining = name === 'training';
    const script = fileURLToPath(new URL(isTraining ? 'training.ts' : 'workload.ts', import.meta.url));
    const args = isTraining ? [] : ['--workload', name];
    const flags = ['--expose-gc', '--conditions=@thetagrad/source', '--import', 'tsx'];
    const modeArgs = mode === undefined ? [] : ['--mode', mode];
    const { status } = spawnSync(process.execPath, [...flags, script, ...args, ...modeArgs], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}
