// TensorFlow.js: WebAssembly, which has one thread in Node, or its backend in plain JavaScript where that is wanted.
import { createRequire } from 'node:module';
import { tensor, type Tensor } from '@thetagrad/core';
import type * as TensorFlow from '@tensorflow/tfjs-core';
import { type Contender, sampleSync, type Values } from '../contender.ts';
import { load, mapInputs, type PeerLibrary } from './peer.ts';

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
        async prepare({ tfjs, tfjsLayout = [] }, inputs): Promise<Contender> {
          if (!(await tf.setBackend(backend))) throw new Error(`${name} does not start`);
          const own = mapInputs(inputs, (input) => peerOf(tf, input));
          const run = tfjs!(own, tf);
          const call = (): void => {
            tf.tidy(() => {
              run();
            });
          };
          return {
            async results() {
              await tf.setBackend(backend);
              const read: Values[] = [];
              tf.tidy(() => {
                run().forEach((result, i) => read.push(plain(result, tfjsLayout[i])));
              });
              return read;
            },
            async sample(seconds) {
              await tf.setBackend(backend);
              return sampleSync(call, seconds);
            },
            async close() {
              tf.disposeVariables();
              tf.dispose(own);
            },
          };
        },
        async close() {},
      };
    },
  };
}

function peerOf(tf: typeof TensorFlow, x: Tensor): TensorFlow.Tensor {
  return tf.tensor(x.dataSync() as Float32Array, [...x.shape], x.dtype === 'int32' ? 'int32' : 'float32');
}

function plain(result: TensorFlow.Tensor, axes: readonly number[] | undefined): Values {
  const plain = tensor(result.dataSync() as Float32Array, { shape: result.shape });
  const x = axes ? plain.permute(axes) : plain;
  return { shape: x.shape, values: x.dataSync() };
}

export const tfjsWasm: PeerLibrary = library('wasm');
export const tfjsCpu: PeerLibrary = library('cpu');
