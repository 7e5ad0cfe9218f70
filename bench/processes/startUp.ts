// How long it takes from the start of a process to the first result, and how much disk space the packages take.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NotInstalled } from '../peers/peer.ts';
import { python, requireTorch } from '../peers/torch.ts';
import { type Spread, spread } from '../statistics.ts';

interface Program {
  readonly name: string;
  readonly packages: readonly string[];
  /** An ES module that multiplies two matrices of 64×64 and reads the result. */
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
  reference: {
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
      const a = input(Float32Array.from({ length: 4096 }, Math.random), [64, 64]);
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
  /** Milliseconds. */
  readonly time: Spread;
  /** MiB of the packages and what they depend on, as installed. */
  readonly size: number;
}

/**
 * Ours first, then the peers that are installed; `missing` is told of the others.
 * @throws {Error} if ours is not built.
 */
export async function startUps(backend: string, missing: (error: NotInstalled) => void): Promise<readonly StartUp[]> {
  const own = ours[backend]!;
  const unbuilt = own.packages.find((name) => !existsSync(join(folderOf(name)!, 'dist/index.js')));
  if (unbuilt)
    throw new Error(`${unbuilt} is not built, and start-up is measured on what users install: npm run build`);
  const entries: { name: string; run: () => Promise<unknown>; size: number; times: number[] }[] = [];
  for (const { name, packages, module } of [own, ...peers]) {
    if (packages.some((each) => folderOf(each) === undefined)) {
      missing(new NotInstalled(name, 'npx pnpm@10 install (without --no-optional)'));
      continue;
    }
    const run = (): Promise<unknown> =>
      promisify(execFile)(process.execPath, ['--input-type=module', '--eval', module], { cwd: root });
    entries.push({ name, run, size: installedSize(packages), times: [] });
  }
  try {
    requireTorch();
    const run = (): Promise<unknown> => promisify(execFile)(python, ['-c', torch]);
    entries.push({ name: 'PyTorch', run, size: debianSize(/^(python3-torch|libtorch\d.*)$/), times: [] });
  } catch (error) {
    if (!(error instanceof NotInstalled)) throw error;
    missing(error);
  }
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const { run, times } of entries) {
      const began = performance.now();
      await run();
      times.push(performance.now() - began);
    }
  }
  return entries.map(({ name, size, times }) => ({ name, size, time: spread(times) }));
}

/** Of packages that are found from a folder, with all that they depend on, in MiB. */
function installedSize(names: readonly string[], from: string = root): number {
  const folders = new Set<string>();
  const visit = (name: string, from: string): void => {
    const folder = folderOf(name, from);
    if (folder === undefined || folders.has(folder)) return;
    folders.add(folder);
    for (const dependency of Object.keys(manifestOf(folder).dependencies ?? {})) visit(dependency, folder);
  };
  for (const name of names) visit(name, from);
  return [...folders].reduce((sum, folder) => sum + packedSize(folder), 0) / mebibyte;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** Bytes: of everything in a package from the registry, of what would be published of ours. */
function packedSize(folder: string): number {
  if (folder.includes('node_modules')) return folderSize(folder);
  const published = (manifestOf(folder).files ?? []).filter((pattern) => !pattern.startsWith('!'));
  return ['package.json', ...published].reduce((sum, name) => sum + folderSize(join(folder, name)), 0);
}

function folderSize(path: string): number {
  const found = statSync(path);
  if (!found.isDirectory()) return path.endsWith('.tsbuildinfo') ? 0 : found.size;
  return readdirSync(path)
    .filter((name) => name !== 'node_modules')
    .reduce((sum, name) => sum + folderSize(join(path, name)), 0);
}

/** Where a package is, seen from a folder; `undefined` if it is not installed. */
function folderOf(name: string, from: string = root): string | undefined {
  const paths = createRequire(join(from, 'package.json')).resolve.paths(name) ?? [];
  const found = paths.map((path) => join(path, name)).find((path) => existsSync(join(path, 'package.json')));
  return found && dirname(realpathSync(join(found, 'package.json')));
}

/** Of the Debian packages with such names, without what they depend on, in MiB; NaN if there are none. */
function debianSize(names: RegExp): number {
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
