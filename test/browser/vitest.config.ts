// The tests that run in a browser: `npm run test:browser`. Each project is a page with one backend.
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { configDefaults, defineConfig, type TestProjectConfiguration } from 'vitest/config';
import type { GpuMode } from '@thetagrad/gpu';
import { hasAvx2 } from '../wide/avx2.ts';
import { launchOptions } from './chromium.ts';

interface Page {
  readonly name: string;
  /** The backend of tests that do not set one. */
  readonly backend: 'portable' | 'wasm';
  /** The modes that tests of the GPU backend run in. */
  readonly gpuModes?: readonly GpuMode[];
  /** Whether the page is cross-origin isolated, which shared memory and threads need. */
  readonly isolated: boolean;
  /** Whether the engine pairs vectors into wider ones. Default: false. */
  readonly wide?: boolean;
  readonly include: readonly string[];
}

const everyPage = ['test/browser/*.test.ts'];
/** Tests that depend on the JavaScript engine; the conformance suite covers kernels. */
const platform = '{assembler,assemblerInstructions,backend,backendOptions,best,buffer,heap,threads}';

const pages: readonly Page[] = [
  {
    name: 'wasm',
    backend: 'wasm',
    isolated: true,
    wide: true,
    include: [...everyPage, 'test/conformance/*.test.ts', `packages/wasm/test/${platform}.test.ts`],
  },
  { name: 'wasm without headers', backend: 'wasm', isolated: false, include: everyPage },
  {
    name: 'webgpu',
    backend: 'portable',
    gpuModes: ['webgpu'],
    isolated: true,
    // Workgroups are tested in Node, on the same driver.
    include: ['packages/gpu/test/!(sharing).test.ts', 'test/gpu/*.test.ts'],
  },
  {
    name: 'webgl2',
    backend: 'portable',
    gpuModes: ['webgl2'],
    isolated: true,
    include: ['packages/gpu/test/*.test.ts', 'test/gpu/*.test.ts'],
  },
];

const exclude = [
  ...configDefaults.exclude,
  // Mocks a module that the page has already loaded.
  'test/conformance/plans.test.ts',
  // Collects garbage, which pages cannot.
  'packages/gpu/test/memoryNode.test.ts',
];

const root = fileURLToPath(new URL('../../', import.meta.url));
const conditions = ['@thetagrad/source', 'module', 'development|production'];
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
const resultsFile = process.env['TEST_RESULTS'];

const project = ({
  name,
  backend,
  gpuModes = [],
  isolated,
  wide = false,
  include,
}: Page): TestProjectConfiguration => ({
  root,
  resolve: { conditions: [...conditions, 'browser'] },
  server: { headers: isolated ? headers : {} },
  // Dependencies that Vite would otherwise discover during a run, which reloads the page.
  optimizeDeps: { include: ['fast-check', '@thetagrad/gpu > gpu.js'] },
  test: {
    name,
    include: [...include],
    exclude,
    setupFiles: ['test/backend.ts'],
    provide: { backend, gpuModes, isolated, wide: wide && hasAvx2() },
    testTimeout: 30_000,
    // One page for all files, so that the sources load once; one for each file with a GPU, as a test loses the device.
    isolate: gpuModes.length > 0,
    // Threads of parallel files would compete.
    fileParallelism: false,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: launchOptions({ wide }) }),
      instances: [{ browser: 'chromium' }],
    },
  },
});

export default defineConfig({
  root,
  // The environment of the global setup, which runs in Node.
  environments: { __vitest__: { resolve: { conditions: [...conditions, 'node'] } } },
  test: {
    allowOnly: false,
    reporters: resultsFile === undefined ? ['default'] : ['default', ['json', { outputFile: resultsFile }]],
    globalSetup: ['test/browser/node.ts'],
    projects: pages.map(project),
  },
});
