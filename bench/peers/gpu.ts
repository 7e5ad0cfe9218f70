// Matrix product from the documentation of gpu.js, compiled to WebAssembly with SIMD, and threads if there are several.
// `npm run bench:gpu -- --node` runs its other modes, and more kernels.
import type * as Gpu from 'gpu.js';
import type { Contender } from '../contender.ts';
import { sampleAsync } from '../sampling.ts';
import { load, mapInputs, type PeerLibrary } from './peer.ts';

export const gpuJs: PeerLibrary = {
  name: 'gpu.js webasm',
  canRun: ({ gpu, product }) => gpu !== undefined && product !== undefined,
  async open(threads) {
    const { GPU, Input } = (await load('gpu.js', import('gpu.js'))).default;
    return {
      name: 'gpu.js webasm',
      threads,
      async prepare({ gpu }, inputs): Promise<Contender> {
        const { source, output, constants, arguments: names } = gpu!;
        const device = new GPU({ mode: 'webasm' });
        const settings = {
          output: [...output],
          constants: { ...constants },
          ...(threads > 1 && { asyncMode: true, poolSize: threads }),
        };
        const kernel = device.createKernel(source as never, settings);
        const own = mapInputs(inputs, (x): Gpu.Input => {
          const [rows, columns] = x.shape as [number, number];
          return new Input(x.dataSync() as unknown as number[], [columns, rows]);
        });
        const call = async (): Promise<unknown> => kernel(...names.map((name) => own[name]!));
        return {
          async results() {
            const rows = (await call()) as Float32Array[];
            return [{ shape: output.toReversed(), values: rows.flatMap((row) => [...row]) }];
          },
          sample: (seconds) => sampleAsync(call, seconds),
          close: () => device.destroy(),
        };
      },
      async close() {},
    };
  },
};
