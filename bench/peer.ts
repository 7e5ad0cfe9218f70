// TensorFlow.js with its backend in plain JavaScript: like the reference backend it runs on one thread, without
// WebAssembly, GPU or native code.
import { createRequire } from 'node:module';
import type { Tensor } from '@thetagrad/core';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';

// The package's entry for Node leaves the gradients out; this module of it has them, in a syntax that needs `require`.
createRequire(import.meta.url)('@tensorflow/tfjs-core/dist/register_all_gradients.js');
// No checks of every result for NaN.
tf.enableProdMode();
await tf.setBackend('cpu');

export const peerName = `TensorFlow.js ${tf.version_core} cpu`;
/** A float32 tensor of ours as one of the peer's. */
export function peerOf<PeerTensor extends tf.Tensor>(x: Tensor): PeerTensor {
  return tf.tensor(x.dataSync() as Float32Array, [...x.shape]) as PeerTensor;
}

export { tf };
