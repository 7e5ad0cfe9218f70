// Measures bundles and sources against the limits in budget.json.
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';

interface Budget {
  /** The most bytes that what an import brings into a bundle may have, minified and gzipped. */
  readonly bundles: readonly { readonly import: string; readonly bytes: number }[];
  /** The most lines that the sources in a folder may have, each file and all together. */
  readonly lines: readonly {
    readonly folder: string;
    readonly file: number;
    readonly exceptions: Readonly<Record<string, number>>;
    readonly total: number;
  }[];
}

interface Measurement {
  readonly name: string;
  readonly size: number;
  readonly limit: number;
  readonly unit: 'bytes' | 'lines';
}

const root = fileURLToPath(new URL('../', import.meta.url));

/** Leaves out the other packages of this repository, whose size counts once; dependencies from npm count where they are used. */
const otherPackages: Plugin = {
  name: 'other-packages',
  setup: (build) =>
    build.onResolve({ filter: /^@thetagrad\// }, ({ path, importer }) =>
      importer === '<stdin>' ? undefined : { path, external: true },
    ),
};

async function bundleSize(statement: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: statement.replace('import', 'export'), resolveDir: root },
    plugins: [otherPackages],
    external: [...builtinModules, 'node:*'],
    platform: 'browser',
    format: 'esm',
    bundle: true,
    minify: true,
    write: false,
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
}

function lineCounts(folder: string): Map<string, number> {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  const sources = names.filter((name) => name.endsWith('.ts'));
  return new Map(
    sources.map((name) => [
      name.replaceAll('\\', '/'),
      readFileSync(join(root, folder, name), 'utf8').split('\n').length - 1,
    ]),
  );
}

const budget = JSON.parse(readFileSync(join(root, 'budget.json'), 'utf8')) as Budget;
const measured: Measurement[] = [];
for (const { import: statement, bytes } of budget.bundles) {
  measured.push({ name: statement, size: await bundleSize(statement), limit: bytes, unit: 'bytes' });
}
for (const { folder, file, exceptions, total } of budget.lines) {
  const counts = lineCounts(folder);
  measured.push({ name: folder, size: [...counts.values()].reduce((a, b) => a + b, 0), limit: total, unit: 'lines' });
  for (const [name, size] of counts) {
    const limit = exceptions[name] ?? file;
    if (size > limit) measured.push({ name: `${folder}/${name}`, size, limit, unit: 'lines' });
  }
}

const format = (value: number): string => value.toLocaleString('en').padStart(7);
for (const { name, size, limit, unit } of measured) {
  console.log(`${format(size)} of ${format(limit)} ${unit}  ${name}${size > limit ? '  OVER' : ''}`);
}
if (measured.some(({ size, limit }) => size > limit)) {
  console.error('Over budget: make it smaller, or raise the limit in budget.json and say why in the commit.');
  process.exitCode = 1;
}
