// gpu.js' own matrix product, the kernel of its documentation, compiled to WebAssembly: SIMD, and threads if there are
// several. (Its other backends need a GPU, or are slower.)
import type * as Gpu from 'gpu.js';
import { type Contender, sampleAsync, type Values } from '../contender.ts';
import { load, mapInputs, type PeerLibrary } from './peer.ts';

// As text, because gpu.js translates source code, which a loader of TypeScript may have changed.
const matmul = `function (a, b) {
  let sum = 0;
  for (let i = 0; i < this.constants.k; i++) sum += a[this.thread.y][i] * b[i][this.thread.x];
  return sum;
}`;

export const gpuJs: PeerLibrary = {
  name: 'gpu.js webasm',
  canRun: ({ gpu }) => gpu !== undefined,
  async open(threads) {
    const { GPU, Input } = (await load('gpu.js', import('gpu.js'))).default;
    return {
      name: 'gpu.js webasm',
      threads,
      async prepare({ gpu }, inputs): Promise<Contender> {
        const { sizes, run } = gpu!;
        const [m, k, n] = sizes;
        const device = new GPU({ mode: 'webasm' });
        const settings = {
          output: [n, m],
          constants: { k },
          ...(threads > 1 && { asyncMode: true, poolSize: threads }),
        };
        const kernel = device.createKernel(matmul as never, settings);
        const own = mapInputs(inputs, (x): Gpu.Input => {
          const [rows, columns] = x.shape as [number, number];
          return new Input(x.dataSync() as unknown as number[], [columns, rows]);
        });
        const call = async (): Promise<unknown> => run(kernel, own);
        return {
          async results() {
            const rows = (await call()) as Float32Array[];
            return [{ shape: [m, n], values: rows.flatMap((row) => [...row]) } satisfies Values];
          },
          sample: (seconds) => sampleAsync(call, seconds),
          close: () => device.destroy(),
        };
      },
      async close() {},
    };
  },
};
