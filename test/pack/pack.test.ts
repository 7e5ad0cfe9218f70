import { execSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { init, parse } from 'es-module-lexer';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, describe, expect, test } from 'vitest';

// The packages as users get them: packed as `npm run build` left them, installed with npm in an empty folder.

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>;
}

/** Runs a command and returns what it wrote to standard output; throws with all it wrote if it fails. */
function run(command: string, cwd: string): string {
  try {
    return execSync(command, { cwd, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} failed\n${stdout}${stderr}`, { cause: error });
  }
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

const filesOf = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));

const root = fileURLToPath(new URL('../../', import.meta.url));
const { packageManager } = readJson(join(root, 'package.json')) as { packageManager: string };
const pnpm = `npx --yes ${packageManager} --recursive`;

const workspace = JSON.parse(run(`${pnpm} ls --depth -1 --json`, root)) as { name: string; private: boolean }[];
const names = workspace.filter((project) => !project.private).map(({ name }) => name);

const consumer = mkdtempSync(join(tmpdir(), 'consumer-'));
afterAll(() => rmSync(consumer, { recursive: true, force: true }));
const write = (name: string, content: unknown): void =>
  writeFileSync(join(consumer, name), typeof content === 'string' ? content : JSON.stringify(content));

const filters = names.map((name) => `--filter ${name}`).join(' ');
const packed = run(`${pnpm} ${filters} pack --pack-destination "${consumer}" --json`, root);
write('package.json', {
  type: 'module',
  dependencies: Object.fromEntries(
    (JSON.parse(packed) as { name: string; filename: string }[]).map(({ name, filename }) => [
      name,
      `file:${basename(filename)}`,
    ]),
  ),
  // What the packages need of each other are the tarballs too, never something fetched.
  overrides: Object.fromEntries(names.map((name) => [name, `$${name}`])),
});
run('npm install --ignore-scripts --no-audit --no-fund --prefer-offline', consumer);
await init();

describe.for(names)('%s', (name) => {
  const installed = join(consumer, 'node_modules', name);
  const manifest = readJson(join(installed, 'package.json')) as Manifest;
  const files = filesOf(installed);
  const entries = Object.keys(manifest.exports).map((path) => name + path.slice(1));
  const built = files.filter((file) => /^dist\/.*\.(?:js|d\.ts)$/.test(file));

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
