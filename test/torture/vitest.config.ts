// Heavy fuzzing, for `npm run torture`: files of tests that take their numbers of runs from test/support/torture.ts. The
// variable TORTURE is the factor by which these are multiplied.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['@thetagrad/source', 'module', 'node', 'development|production'] } },
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/torture/**/*.test.ts', 'packages/data/test/limits.test.ts'],
    setupFiles: ['test/backend.ts'],
    env: { TORTURE: process.env['TORTURE'] ?? '100' },
    provide: { backend: 'portable' },
    testTimeout: 0,
  },
});
