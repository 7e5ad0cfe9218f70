// Measures the time from the start of a process to its first result, and the size of the packages.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NotInstalled } from '../peers/peer.ts';
import { python, requireTorch } from '../peers/torch.ts';
import { type Summary, summarize } from '../statistics.ts';

interface Program {
  readonly name: string;
  readonly packages: readonly string[];
  /** ES module that multiplies two matrices of 64×64 and reads the result. */
  readonly module: string;
}

const ours: Record<string, Program> = {
  wasm: {
    name: 'ours',
    packages: ['@thetagrad/core', '@thetagrad/wasm'],
    module: `import { random, setBackend } from '@thetagrad/core';
      import { wasm } from '@thetagrad/wasm';
      setBackend(await wasm());
      const a = random.normal(random.key(1), [64, 64]);
      await a.matmul(a).data();
      process.exit();`,
  },
  portable: {
    name: 'ours',
    packages: ['@thetagrad/core'],
    module: `import { random } from '@thetagrad/core';
      const a = random.normal(random.key(1), [64, 64]);
      await a.matmul(a).data();`,
  },
};

const peers: readonly Program[] = [
  {
    name: 'TensorFlow.js wasm',
    packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm'],
    module: `import * as tf from '@tensorflow/tfjs-core';
      import '@tensorflow/tfjs-backend-wasm';
      await tf.setBackend('wasm');
      const a = tf.randomNormal([64, 64]);
      await tf.matMul(a, a).data();`,
  },
  {
    name: 'jax-js wasm',
    packages: ['@jax-js/jax'],
    module: `import { init, numpy, random } from '@jax-js/jax';
      await init('wasm');
      const a = random.normal(random.key(1), [64, 64]);
      await numpy.matmul(a.ref, a).data();`,
  },
  {
    name: 'gpu.js webasm',
    packages: ['gpu.js'],
    module: `import { GPU, input } from 'gpu.js';
      const kernel = new GPU({ mode: 'webasm' }).createKernel('function (a, b) { let sum = 0; ' +
        'for (let i = 0; i < 64; i++) sum += a[this.thread.y][i] * b[i][this.thread.x]; return sum; }', { output: [64, 64] });
      const a = input(Float32Array.from({ length: 4096 }, (_, i) => i % 7), [64, 64]);
      kernel(a, a);`,
  },
  {
    name: 'js-pytorch',
    packages: ['js-pytorch'],
    module: `import { torch } from 'js-pytorch';
      const a = torch.randn([64, 64]);
      torch.matmul(a, a);`,
  },
];

const torch = 'import torch; a = torch.randn(64, 64); (a @ a).numpy()';
const repetitions = 7;

const root = fileURLToPath(new URL('..', import.meta.url));
const mebibyte = 2 ** 20;

export interface StartUp {
  readonly name: string;
  /** Milliseconds to the first result. */
  readonly time: Summary;
  /** Installed size of the packages and their dependencies, in MiB. */
  readonly size: number;
}

/**
 * Measures ours, then the peers that are installed.
 *
 * @param onMissing Called for each peer that is not installed.
 * @throws {Error} if ours is not built.
 */
export async function measureStartUps(
  backend: string,
  onMissing: (error: NotInstalled) => void,
): Promise<readonly StartUp[]> {
  const own = ours[backend]!;
  const unbuilt = own.packages.find((name) => !existsSync(join(findPackage(name)!, 'dist/index.js')));
  if (unbuilt) throw new Error(`start-up needs the published form of ${unbuilt}: run npm run build`);
  const entries: { name: string; run: () => Promise<unknown>; size: number; times: number[] }[] = [];
  for (const { name, packages, module } of [own, ...peers]) {
    if (packages.some((each) => findPackage(each) === undefined)) {
      onMissing(new NotInstalled(name, 'npx pnpm@10.34.9 install (without --no-optional)'));
      continue;
    }
    const run = (): Promise<unknown> =>
      promisify(execFile)(process.execPath, ['--input-type=module', '--eval', module], { cwd: root });
    entries.push({ name, run, size: measureInstalled(packages), times: [] });
  }
  try {
    requireTorch();
    const run = (): Promise<unknown> => promisify(execFile)(python, ['-c', torch]);
    entries.push({ name: 'PyTorch', run, size: measureDebian(/^(python3-torch|libtorch\d.*)$/), times: [] });
  } catch (error) {
    if (!(error instanceof NotInstalled)) throw error;
    onMissing(error);
  }
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const { run, times } of entries) {
      const startTime = performance.now();
      await run();
      times.push(performance.now() - startTime);
    }
  }
  return entries.map(({ name, size, times }) => ({ name, size, time: summarize(times) }));
}

/** Size in MiB of packages and their dependencies, resolved from a folder. */
function measureInstalled(names: readonly string[], from: string = root): number {
  const folders = new Set<string>();
  const visit = (name: string, from: string): void => {
    const folder = findPackage(name, from);
    if (folder === undefined || folders.has(folder)) return;
    folders.add(folder);
    for (const dependency of Object.keys(readManifest(folder).dependencies ?? {})) visit(dependency, folder);
  };
  for (const name of names) visit(name, from);
  return [...folders].reduce((sum, folder) => sum + measurePackage(folder), 0) / mebibyte;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
}

const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** Size in bytes of a package from the registry, or of the published files of one of ours. */
function measurePackage(folder: string): number {
  if (folder.includes('node_modules')) return measureFolder(folder);
  const published = (readManifest(folder).files ?? []).filter((pattern) => !pattern.startsWith('!'));
  return ['package.json', ...published].reduce((sum, name) => sum + measureFolder(join(folder, name)), 0);
}

function measureFolder(path: string): number {
  const found = statSync(path);
  if (!found.isDirectory()) return path.endsWith('.tsbuildinfo') ? 0 : found.size;
  return readdirSync(path)
    .filter((name) => name !== 'node_modules')
    .reduce((sum, name) => sum + measureFolder(join(path, name)), 0);
}

/** Folder of a package, resolved from a folder, or `undefined` if it is not installed. */
function findPackage(name: string, from: string = root): string | undefined {
  const paths = createRequire(join(from, 'package.json')).resolve.paths(name) ?? [];
  const found = paths.map((path) => join(path, name)).find((path) => existsSync(join(path, 'package.json')));
  return found && dirname(realpathSync(join(found, 'package.json')));
}

/** Size in MiB of the Debian packages with matching names, without dependencies, or NaN if there are none. */
function measureDebian(names: RegExp): number {
  try {
    const list = execFileSync('dpkg-query', ['-W', '-f', '${Package} ${Installed-Size}\n'], { encoding: 'utf8' });
    const sizes = list.split('\n').map((line) => line.split(' ') as [string, string]);
    return (
      sizes.reduce((sum, [name, kibibytes]) => (names.test(name) ? sum + Number(kibibytes) : sum), 0) / 1024 || NaN
    );
  } catch {
    return NaN;
  }
}
