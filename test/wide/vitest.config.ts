// Kernels for engines that pair vectors, on an engine that does: `npm run test:wide`. Node 24 and later have the flag.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const resultsFile = process.env['TEST_RESULTS'];

export default defineConfig({
  root: fileURLToPath(new URL('../../', import.meta.url)),
  ssr: { resolve: { conditions: ['@thetagrad/source', 'module', 'node', 'development|production'] } },
  test: {
    allowOnly: false,
    reporters: resultsFile === undefined ? ['default'] : ['default', ['json', { outputFile: resultsFile }]],
    include: ['test/wide/*.test.ts', 'test/conformance/*.test.ts', 'packages/wasm/test/sameBits.test.ts'],
    setupFiles: ['test/backend.ts'],
    // Files share processes and modules, one process for each core.
    isolate: false,
    maxWorkers: '100%',
    execArgv: ['--experimental-wasm-revectorize'],
    provide: { backend: 'wasm', gpuModes: [] },
    testTimeout: 30_000,
  },
});
