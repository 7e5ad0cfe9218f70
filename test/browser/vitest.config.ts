// The tests that run in a browser: `npm run test:browser`. A project is a page that computes on one backend.
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { configDefaults, defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { launchOptions } from './chromium.ts';

interface Page {
  readonly name: string;
  readonly backend: 'wasm';
  /** Served with the headers that give it shared memory, and with it threads. */
  readonly isolated: boolean;
  readonly include: readonly string[];
}

const pages: readonly Page[] = [
  {
    name: 'wasm',
    backend: 'wasm',
    isolated: true,
    include: ['test/browser/*.test.ts', 'test/conformance/*.test.ts', 'packages/wasm/test/*.test.ts'],
  },
  { name: 'wasm without headers', backend: 'wasm', isolated: false, include: ['test/browser/*.test.ts'] },
];

/** What cannot run there. */
const exclude = [
  ...configDefaults.exclude,
  '**/*node.test.ts',
  'packages/wasm/test/browser-safety.test.ts', // reads sources
  'test/conformance/plans.test.ts', // replaces a module that has been loaded already
];

const root = fileURLToPath(new URL('../../', import.meta.url));
const conditions = ['@thetagrad/source', 'module', 'development|production'];
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
const launch = launchOptions();

const project = ({ name, backend, isolated, include }: Page): TestProjectConfiguration => ({
  root,
  resolve: { conditions: [...conditions, 'browser'] },
  server: { headers: isolated ? headers : {} },
  // Found at once rather than in the middle of a run, which would load the page anew.
  optimizeDeps: { include: ['fast-check'] },
  test: {
    name,
    include: [...include],
    exclude,
    setupFiles: ['test/backend.ts'],
    provide: { backend, isolated },
    testTimeout: 30_000,
    // One page for all files, which load the sources once; one file at a time, as threads of several would compete.
    isolate: false,
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
  // Of the global set-up, which runs in Node.
  environments: { __vitest__: { resolve: { conditions: [...conditions, 'node'] } } },
  test: { allowOnly: false, globalSetup: ['test/browser/node.ts'], projects: pages.map(project) },
});
