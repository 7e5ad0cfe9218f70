import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { init, parse } from 'es-module-lexer';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { describe, expect, inject, test } from 'vitest';
import { run } from './run.ts';

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>;
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

const filesOf = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));

const root = fileURLToPath(new URL('../../', import.meta.url));
const [consumer, names] = [inject('consumer'), inject('packages')];
const write = (name: string, content: unknown): void =>
  writeFileSync(join(consumer, name), typeof content === 'string' ? content : JSON.stringify(content));
await init();

test.for(['es2023', 'esnext'])('a tensor can be declared with `using` under the library of %s', (lib) => {
  const lines = [
    "import { tensor } from '@thetagrad/core';",
    '{',
    'using x = tensor([1]);',
    'console.log(x.size);',
    '}',
  ];
  write('using.ts', lines.join('\n'));
  const options = `--ignoreConfig --module nodenext --target es2022 --lib ${lib},dom --strict --types "" --outDir .`;
  expect(run(`node "${join(root, 'node_modules/typescript/bin/tsc')}" ${options} using.ts`, consumer)).toBe('');
  expect(run('node using.js', consumer).trim()).toBe('1');
});

describe.for(names)('%s', (name) => {
  const installed = join(consumer, 'node_modules', name);
  const manifest = readJson(join(installed, 'package.json')) as Manifest;
  const files = filesOf(installed);
  const entries = Object.keys(manifest.exports).map((path) => name + path.slice(1));
  const built = files.filter((file) => /^dist\/(?!bundle\/).*\.(?:js|d\.ts)$/.test(file));

  test('imports in JavaScript', () => {
    write('import.js', entries.map((entry) => `console.log(Object.keys(await import('${entry}')).length);`).join('\n'));
    const exported = run('node import.js', consumer).trim().split('\n').map(Number);
    expect(exported).toHaveLength(entries.length);
    expect(Math.min(...exported)).toBeGreaterThan(0);
  });

  test.for([
    { module: 'nodenext', moduleResolution: 'nodenext' },
    { module: 'esnext', moduleResolution: 'bundler' },
  ])('type-checks with moduleResolution $moduleResolution', (resolution) => {
    const lines = entries.flatMap((entry, index) => [
      `import * as entry${index} from '${entry}';`,
      `export const names${index}: readonly string[] = Object.keys(entry${index});`,
    ]);
    write('import.ts', lines.join('\n'));
    write('tsconfig.json', {
      compilerOptions: { ...resolution, target: 'es2023', strict: true, noEmit: true },
      files: ['import.ts'],
    });
    expect(run(`node "${join(root, 'node_modules/typescript/bin/tsc')}" -p .`, consumer)).toBe('');
  });

  test('passes publint', async () => {
    const { messages, pkg } = await publint({ pkgDir: installed, pack: false, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  test('has a manifest with no trace of the workspace', () => {
    const { exports, dependencies = {}, peerDependencies = {} } = manifest;
    expect(JSON.stringify(exports)).not.toMatch(/@thetagrad\/source|\/src\//);
    expect(JSON.stringify({ dependencies, peerDependencies })).not.toMatch(/workspace:|catalog:|file:|link:/);
  });

  test('ships a licence, a README and its sources', () => {
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'src/index.ts']));
    expect(files.filter((file) => file.endsWith('.tsbuildinfo'))).toEqual([]);
  });

  test('ships nothing left over from an earlier build', () => {
    const source = (file: string): string => file.replace(/^dist\//, 'src/').replace(/(?:\.d\.ts|\.js)$/, '.ts');
    expect(built.filter((file) => !existsSync(join(installed, source(file))))).toEqual([]);
  });

  test('depends on what it imports and on nothing else', () => {
    const imported = built.flatMap((file) => {
      const [imports] = parse(readFileSync(join(installed, file), 'utf8'), file);
      return imports.map((found) => ('specifier' in found ? found.specifier : undefined));
    });
    const packages = imported
      .filter((specifier) => typeof specifier === 'string')
      .filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier))
      .map((specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));
    // Optional peers are imported where they are, by a name that bundlers do not see.
    const { dependencies, peerDependencies, peerDependenciesMeta = {} } = manifest;
    const declared = Object.keys({ ...dependencies, ...peerDependencies }).filter(
      (dependency) => peerDependenciesMeta[dependency]?.optional !== true,
    );
    expect([...new Set(packages)].toSorted()).toEqual(declared.toSorted());
  });
});
