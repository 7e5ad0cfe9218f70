// Measures bundles and sources against the limits in budget.json.
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';

interface Budget {
  /** The maximum size of what an import brings into a bundle, minified and gzipped. */
  readonly bundles: readonly { readonly import: string; readonly bytes: number }[];
  /** The maximum lines of code, without comments and blank lines, of the sources in a folder; the linter limits each file. */
  readonly sources: readonly { readonly folder: string; readonly lines: number }[];
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

function lineCount(folder: string): number {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  const sources = names.filter((name) => name.endsWith('.ts'));
  const isCode = (line: string): boolean => !/^\s*(\/\/|\/?\*|$)/.test(line);
  return sources.reduce(
    (sum, name) =>
      sum +
      readFileSync(join(root, folder, name), 'utf8')
        .split('\n')
        .filter(isCode).length,
    0,
  );
}

const budget = JSON.parse(readFileSync(join(root, 'budget.json'), 'utf8')) as Budget;
const measured: Measurement[] = [];
for (const { import: statement, bytes } of budget.bundles) {
  measured.push({ name: statement, size: await bundleSize(statement), limit: bytes, unit: 'bytes' });
}
for (const { folder, lines } of budget.sources) {
  measured.push({ name: folder, size: lineCount(folder), limit: lines, unit: 'lines' });
}

const format = (value: number): string => value.toLocaleString('en').padStart(7);
for (const { name, size, limit, unit } of measured) {
  console.log(`${format(size)} of ${format(limit)} ${unit}  ${name}${size > limit ? '  OVER' : ''}`);
}
if (measured.some(({ size, limit }) => size > limit)) {
  console.error('Over budget: make it smaller, or raise the limit in budget.json and say why in the commit.');
  process.exitCode = 1;
}
