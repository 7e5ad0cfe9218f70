// Heavy fuzzing, for `npm run torture`: files of tests that take their numbers of runs from test/support/torture.ts. The
// variable TORTURE is the factor by which these are multiplied.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['@thetagrad/source', 'module', 'node', 'development|production'] } },
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: [
      'test/{torture,files}/**/*.test.ts',
      'packages/data/test/limits.test.ts',
      'packages/nn/test/safetensors.test.ts',
      'packages/gpu/test/transactions.test.ts',
      'packages/demo/test/{job,main}.test.ts',
    ],
    setupFiles: ['test/backend.ts'],
    env: { TORTURE: process.env['TORTURE'] ?? '20' },
    provide: { backend: 'portable', gpuModes: ['cpu', 'webasm'] },
    testTimeout: 0,
  },
});
