// TensorFlow.js: WebAssembly, which has one thread in Node, or its backend in plain JavaScript where that is wanted.
import { createRequire } from 'node:module';
import { sampleSync } from '../sampling.ts';
import { load, type PeerLibrary } from './peer.ts';
import { tfjsContender } from './tfjsContender.ts';

function library(backend: 'wasm' | 'cpu'): PeerLibrary {
  const name = `TensorFlow.js ${backend}`;
  return {
    name,
    canRun: ({ tfjs, tfjsBackend = 'wasm' }) => tfjs !== undefined && tfjsBackend === backend,
    async open() {
      const tf = await load(name, import('@tensorflow/tfjs-core'));
      await load(
        name,
        backend === 'wasm' ? import('@tensorflow/tfjs-backend-wasm') : import('@tensorflow/tfjs-backend-cpu'),
      );
      // The package's entry for Node leaves the gradients out; this module of it has them, in a syntax that needs `require`.
      createRequire(import.meta.url)('@tensorflow/tfjs-core/dist/register_all_gradients.js');
      // No checks of every result for NaN.
      tf.enableProdMode();
      return {
        name: `${name} ${tf.version_core}`,
        threads: 1,
        prepare: (benchmark, inputs) => tfjsContender(tf, backend, benchmark, inputs, sampleSync),
        async close() {},
      };
    },
  };
}

export const tfjsWasm: PeerLibrary = library('wasm');
export const tfjsCpu: PeerLibrary = library('cpu');
