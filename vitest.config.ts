import { configDefaults, defineConfig } from 'vitest/config';

const resultsFile = process.env['TEST_RESULTS'];
// Vite's own conditions for code that runs in Node, behind the one that leads to the packages' sources.
const ssr = { resolve: { conditions: ['@thetagrad/source', 'module', 'node', 'development|production'] } };

/** The same tests on each backend. */
const project = (backend: 'reference' | 'wasm', include: readonly string[]) => ({
  ssr,
  test: {
    name: backend,
    include: [...include],
    exclude: [...configDefaults.exclude, 'test/{browser,pack}/**'],
    setupFiles: ['test/backend.ts'],
    provide: { backend },
    // For tests that hang, not for slow machines.
    testTimeout: 30_000,
  },
});

export default defineConfig({
  test: {
    allowOnly: false,
    reporters: resultsFile === undefined ? ['default'] : ['default', ['json', { outputFile: resultsFile }]],
    projects: [
      project('reference', ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts']),
      project('wasm', ['packages/{core,gradcheck,nn,a-softmax}/test/**/*.test.ts', 'test/integration/**/*.test.ts']),
    ],
  },
});
