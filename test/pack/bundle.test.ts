// Bundlers drop modules that a package declares to be free of side effects. Tensors must keep their methods.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build as esbuild } from 'esbuild';
import { build as vite } from 'vite';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { run } from './run.ts';

const consumer = inject('consumer');
const entry = join(consumer, 'methods.js');
// Where no package can be imported: a bundle has to bring everything.
const empty = mkdtempSync(join(tmpdir(), 'bundles-'));

beforeAll(() => {
  writeFileSync(
    entry,
    `import { tensor } from '@thetagrad/core';
     const x = tensor([[1, 2], [3, 4]]);
     console.log(JSON.stringify({
       values: [x.sin().sub(Math.sin(1)).slice([0, 0]).itemSync(), x.sum().itemSync(), x.matmul(x).toArraySync()],
       members: Object.getOwnPropertyNames(Object.getPrototypeOf(x)).sort(),
     }));`,
  );
});

afterAll(() => rmSync(empty, { recursive: true }));

const bundlers = {
  esbuild: (outfile: string) =>
    esbuild({ entryPoints: [entry], outfile, bundle: true, minify: true, format: 'esm', platform: 'neutral' }),
  vite: (outfile: string) =>
    vite({
      root: consumer,
      configFile: false,
      logLevel: 'silent',
      build: {
        lib: { entry, formats: ['es'], fileName: () => basename(outfile) },
        outDir: empty,
        emptyOutDir: false,
        minify: true,
      },
    }),
};

test.for(['esbuild', 'vite'] as const)('tensors keep their methods in a bundle of %s', async (name) => {
  const bundle = join(empty, `${name}.mjs`);
  await bundlers[name](bundle);
  const { values, members } = JSON.parse(run(`node "${bundle}"`, empty)) as { values: unknown; members: unknown };
  expect(values).toEqual([
    expect.closeTo(0, 6),
    10,
    [
      [7, 10],
      [15, 22],
    ],
  ]);
  expect({ values, members }).toEqual(JSON.parse(run(`node "${entry}"`, consumer)));
});
