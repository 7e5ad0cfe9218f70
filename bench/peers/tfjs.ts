// TensorFlow.js with its WebAssembly backend, which has one thread in Node, or its plain JavaScript backend.
import { createRequire } from 'node:module';
import { sampleSync } from '../sampling.ts';
import { load, type PeerLibrary } from './peer.ts';
import { createTfjsContender } from './tfjsContender.ts';

function createLibrary(backend: 'wasm' | 'cpu'): PeerLibrary {
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
      // The entry for Node lacks the gradients; this CommonJS module registers them.
      createRequire(import.meta.url)('@tensorflow/tfjs-core/dist/register_all_gradients.js');
      // Disables checks of every result for NaN.
      tf.enableProdMode();
      return {
        name: `${name} ${tf.version_core}`,
        threads: 1,
        prepare: (benchmark, inputs) => createTfjsContender(tf, backend, benchmark, inputs, sampleSync),
        async close() {},
      };
    },
  };
}

export const tfjsWasm: PeerLibrary = createLibrary('wasm');
export const tfjsCpu: PeerLibrary = createLibrary('cpu');
