import { configDefaults, defineConfig } from 'vitest/config';

const resultsFile = process.env['TEST_RESULTS'];

export default defineConfig({
  // Vite's own conditions for code that runs in Node, behind the one that leads to the packages' sources.
  ssr: { resolve: { conditions: ['@thetagrad/source', 'module', 'node', 'development|production'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/pack/**'],
    allowOnly: false,
    reporters: resultsFile === undefined ? ['default'] : ['default', ['json', { outputFile: resultsFile }]],
  },
});
