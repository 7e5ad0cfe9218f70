// Bundles the modules of each package for Node, which takes longer to find two hundred files than to compile them. Bundlers get
// the modules themselves, and leave out what is not used.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

interface Manifest {
  readonly exports?: Readonly<Record<string, { readonly default: string; readonly node?: string }>>;
}

const packages = fileURLToPath(new URL('../packages/', import.meta.url));
const folder = 'dist/bundle';

for (const name of readdirSync(packages)) {
  const { exports = {} } = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')) as Manifest;
  const entryPoints = Object.values(exports).flatMap(({ default: module, node }) => (node ? [module] : []));
  rmSync(join(packages, name, folder), { recursive: true, force: true });
  if (entryPoints.length === 0) continue;
  await build({
    absWorkingDir: join(packages, name),
    entryPoints,
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
  });
}
