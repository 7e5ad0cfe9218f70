import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { documents, readBlocks, typescriptBlocks } from './blocks.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
// Below the root, so that imports of the packages resolve; ignored by git. One folder for each run, as runs may overlap.
const folder = `node_modules/.cache/docs-${process.pid}`;

interface Example {
  /** The 1-based line of the document on which it starts. */
  readonly line: number;
  /** Its file in `folder`, with the line numbers of the document. */
  readonly file: string;
  readonly text: string;
  readonly run: boolean;
}

const fileName = (document: string): string => document.replaceAll(/[\\/]/g, '+');

const examples = new Map<string, Example[]>();
for (const document of documents(root)) {
  const found = readBlocks(root, document).map(({ line, code, run }) => ({
    line,
    file: `${fileName(document)}+${line}.mts`,
    text: `${'\n'.repeat(line - 1)}${code}\n`,
    run,
  }));
  if (found.length > 0) examples.set(document, found);
}
const all = [...examples.values()].flat();

mkdirSync(join(root, folder), { recursive: true });
afterAll(() => rmSync(join(root, folder), { recursive: true, force: true }));
for (const { file, text } of all) writeFileSync(join(root, folder, file), text);

/** Runs Node in the root. Resolves to its output, which is not empty, if it fails, otherwise to an empty string. */
function runNode(args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error === null) return resolve('');
      // Replaces the paths of example files by those of the documents.
      let output = `${stdout}${stderr}`.replaceAll(/(?:file:)?[^\s('"]*node_modules\/\.cache\/docs-\d+\//g, '');
      for (const [document, found] of examples) {
        // tsx reports .mts files as .ts.
        const names = found.flatMap(({ file }) => [file, file.replace(/mts$/, 'ts')]);
        for (const name of [...names, `${fileName(document)}.mjs`]) output = output.replaceAll(name, document);
      }
      if (error.killed === true) output += 'stopped after a minute';
      // Node's exit code for a top-level `await` that never settles; it prints nothing.
      if (error.code === 13) output += 'a top-level await of an example never settles';
      resolve(output || error.message);
    });
  });
}

describe('examples in the documents', { timeout: 90_000 }, () => {
  test(`all ${all.length} type-check`, async () => {
    const config = {
      extends: relative(folder, 'tsconfig.base.json'),
      compilerOptions: { noEmit: true, types: ['node'], noUnusedLocals: false, noUnusedParameters: false },
      files: all.map(({ file }) => file),
    };
    writeFileSync(join(root, folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = ['node_modules/typescript/bin/tsc', '-p', folder, '--pretty', 'false'];
    expect(all.length === 0 ? '' : await runNode(tsc)).toBe('');
  });

  // One process for each document runs its examples, each as a module.
  test.for([...examples].filter(([, found]) => found.some(({ run }) => run)))('%s runs', async ([document, found]) => {
    const main: string[] = [];
    for (const { line, file, run } of found) {
      // Imports on the line of the example, so that this frame of a stack trace has its line number.
      if (run) main[line - 1] = `await import('./${file}').catch((e) => { process.exitCode = 1; console.error(e); });`;
    }
    const path = join(folder, `${fileName(document)}.mjs`);
    writeFileSync(join(root, path), main.join('\n'));
    expect(await runNode(['--import', 'tsx', '--conditions=@thetagrad/source', path])).toBe('');
  });
});

describe('typescriptBlocks', () => {
  test('finds TypeScript blocks and the lines they start on', () => {
    const markdown = [
      '# Title',
      '```ts',
      'a;',
      '',
      'b;',
      '```',
      '```sh',
      'ls',
      '```',
      '````typescript no-run',
      '```',
      '````',
    ];
    expect(typescriptBlocks(markdown.join('\n'))).toEqual([
      { line: 3, code: 'a;\n\nb;', run: true },
      { line: 11, code: '```', run: false },
    ]);
  });

  test('rejects a fence that is not closed', () => {
    expect(() => typescriptBlocks('text\n```ts\na;\n')).toThrow('line 2: this code fence is not closed');
  });
});
