import { configDefaults, defineConfig } from 'vitest/config';
import type { GpuMode } from '@thetagrad/gpu';
import { hasHeadlessGl, webGpuDriver } from './test/gpu/driver.ts';

const resultsFile = process.env['TEST_RESULTS'];
// Vite's own conditions for code that runs in Node, behind the one that leads to the packages' sources.
const ssr = { resolve: { conditions: ['@thetagrad/source', 'module', 'node', 'development|production'] } };
// Where there is a driver webgpu must work: tests of it fail then, with the reason, rather than being left out.
const driver = webGpuDriver();
const gpuModes: readonly GpuMode[] = [
  'cpu',
  'webasm',
  ...(driver ? (['webgpu'] as const) : []),
  ...(hasHeadlessGl() ? (['headlessgl'] as const) : []),
];

interface ProjectOptions {
  readonly backend?: 'portable' | 'wasm';
  readonly isolate?: boolean;
  readonly exclude?: readonly string[];
}

/** Tests of what a process has once: its memory, its flags, its working folder, its signals, the GPU device of gpu.js. */
const ownProcess = [
  'packages/demo/test/{job,main,resume,training}.test.ts',
  'packages/wasm/test/{best,collection,memory*,pacer,threadsNode,wide}.test.ts',
  'packages/gpu/test/**/*.test.ts',
  'test/{files,gpu,numerics,torture}/**/*.test.ts',
];

/** Tests that compute with plain numbers, or open the backends that they test: in the project `portable` alone. */
const anyBackend = [
  'packages/core/test/{lowering,order,stream}.test.ts',
  'packages/gradcheck/test/ridders.test.ts',
  'packages/nn/test/{operations,schedules}.test.ts',
  'packages/a-softmax/test/{accuracy,compactness,geometry,identification,pairs,roc,verify}.test.ts',
];

/** A project that tests on a backend. Its files share processes and modules, unless it isolates them. */
const project = (
  name: string,
  include: readonly string[],
  { backend = 'portable', isolate = false, exclude = ownProcess }: ProjectOptions = {},
) => ({
  ssr,
  test: {
    name,
    isolate,
    include: [...include],
    exclude: [...configDefaults.exclude, 'test/{browser,pack,wide}/**', ...exclude],
    setupFiles: ['test/backend.ts'],
    env: { ...driver?.env },
    provide: { backend, gpuModes },
    // For tests that hang, not for slow machines.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});

export default defineConfig({
  test: {
    allowOnly: false,
    // As many as there are cores. By default one fewer, which leaves one of two cores idle.
    maxWorkers: '100%',
    reporters: resultsFile === undefined ? ['default'] : ['default', ['json', { outputFile: resultsFile }]],
    projects: [
      project('portable', ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts']),
      project('wasm', ['packages/{core,gradcheck,nn,a-softmax}/test/**/*.test.ts', 'test/integration/**/*.test.ts'], {
        backend: 'wasm',
        exclude: [...ownProcess, ...anyBackend],
      }),
      project('isolated', ownProcess, { isolate: true, exclude: [] }),
    ],
  },
});
