// The packages as users get them: packed as `npm run build` left them, installed with npm in an empty folder. Once for all
// files of tests.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { run } from './run.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder they are installed in. */
    readonly consumer: string;
    /** Their names. */
    readonly packages: readonly string[];
  }
}

export default function setup({ provide }: TestProject): () => void {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { packageManager: string };
  const pnpm = `npx --yes ${packageManager} --recursive`;
  const workspace = JSON.parse(run(`${pnpm} ls --depth -1 --json`, root)) as { name: string; private: boolean }[];
  const names = workspace.filter((project) => !project.private).map(({ name }) => name);

  const consumer = mkdtempSync(join(tmpdir(), 'consumer-'));
  const filters = names.map((name) => `--filter ${name}`).join(' ');
  const packed = run(`${pnpm} ${filters} pack --pack-destination "${consumer}" --json`, root);
  const manifest = {
    type: 'module',
    dependencies: Object.fromEntries(
      (JSON.parse(packed) as { name: string; filename: string }[]).map(({ name, filename }) => [
        name,
        `file:${basename(filename)}`,
      ]),
    ),
    // What the packages need of each other are the tarballs too, never something fetched.
    overrides: Object.fromEntries(names.map((name) => [name, `$${name}`])),
  };
  writeFileSync(join(consumer, 'package.json'), JSON.stringify(manifest));
  run('npm install --ignore-scripts --no-audit --no-fund --prefer-offline', consumer);
  provide('consumer', consumer);
  provide('packages', names);
  return () => rmSync(consumer, { recursive: true, force: true });
}
