// js-pytorch on its `cpu` device: plain JavaScript over nested arrays, one thread.
import type { Contender, Values } from '../contender.ts';
import { sampleSync } from '../sampling.ts';
import { load, mapInputs, type PeerLibrary } from './peer.ts';

export const jsPytorch: PeerLibrary = {
  name: 'js-pytorch',
  canRun: (benchmark) => benchmark.jsPytorch !== undefined,
  async open() {
    const { torch } = await load('js-pytorch', import('js-pytorch'));
    return {
      name: 'js-pytorch',
      threads: 1,
      async prepare(benchmark, inputs): Promise<Contender> {
        const run = benchmark.jsPytorch!(
          mapInputs(inputs, (input) => torch.tensor(input.toArraySync() as number[])),
          torch,
        );
        return {
          async results() {
            return run().map(({ shape, data }): Values => ({ shape, values: data.flat(Infinity) as number[] }));
          },
          sample: (seconds) => sampleSync(() => void run(), seconds),
          async close() {},
        };
      },
      async close() {},
    };
  },
};
