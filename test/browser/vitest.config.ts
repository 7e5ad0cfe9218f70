// The tests that run in a browser: `npm run test:browser`. A project is a page that computes on one backend.
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { configDefaults, defineConfig, type TestProjectConfiguration } from 'vitest/config';
import type { GpuMode } from '@thetagrad/gpu';
import { launchOptions } from './chromium.ts';

interface Page {
  readonly name: string;
  /** What tests compute on that choose no backend themselves. */
  readonly backend: 'reference' | 'wasm';
  /** The modes that tests of the GPU backend run in. */
  readonly gpuModes?: readonly GpuMode[];
  /** Served with the headers that give it shared memory, and with it threads. */
  readonly isolated: boolean;
  readonly include: readonly string[];
}

const everyPage = ['test/browser/*.test.ts'];
/** What may depend on the engine; kernels are left to the conformance suite. */
const platform = '{assembler,assembler-instructions,backend,backend-options,best,buffer,heap,threads}';

const pages: readonly Page[] = [
  {
    name: 'wasm',
    backend: 'wasm',
    isolated: true,
    include: [...everyPage, 'test/conformance/*.test.ts', `packages/wasm/test/${platform}.test.ts`],
  },
  { name: 'wasm without headers', backend: 'wasm', isolated: false, include: everyPage },
  {
    name: 'webgpu',
    backend: 'reference',
    gpuModes: ['webgpu'],
    isolated: true,
    include: ['packages/gpu/test/*.test.ts', 'test/gpu/*.test.ts'],
  },
  {
    name: 'webgl2',
    backend: 'reference',
    gpuModes: ['webgl2'],
    isolated: true,
    include: ['packages/gpu/test/*.test.ts', 'test/gpu/*.test.ts'],
  },
];

const exclude = [
  ...configDefaults.exclude,
  // Replaces a module that the page has loaded already.
  'test/conformance/plans.test.ts',
];

const root = fileURLToPath(new URL('../../', import.meta.url));
const conditions = ['@thetagrad/source', 'module', 'development|production'];
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
const launch = launchOptions();
const resultsFile = process.env['TEST_RESULTS'];

const project = ({ name, backend, gpuModes = [], isolated, include }: Page): TestProjectConfiguration => ({
  root,
  resolve: { conditions: [...conditions, 'browser'] },
  server: { headers: isolated ? headers : {} },
  // Found at once rather than in the middle of a run, which would load the page anew.
  optimizeDeps: { include: ['fast-check', '@thetagrad/gpu > gpu.js'] },
  test: {
    name,
    include: [...include],
    exclude,
    setupFiles: ['test/backend.ts'],
    provide: { backend, gpuModes, isolated },
    testTimeout: 30_000,
    // One page for all files, which load the sources once; but files of a device each have their own, as one loses it.
    isolate: gpuModes.length > 0,
    // As threads of several would compete.
    fileParallelism: false,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: launch }),
      instances: [{ browser: 'chromium' }],
    },
  },
});

export default defineConfig({
  root,
  // What the global set-up, which runs in Node, is loaded by.
  environments: { __vitest__: { resolve: { conditions: [...conditions, 'node'] } } },
  test: {
    allowOnly: false,
    reporters: resultsFile === undefined ? ['default'] : ['default', ['json', { outputFile: resultsFile }]],
    globalSetup: ['test/browser/node.ts'],
    projects: pages.map(project),
  },
});
