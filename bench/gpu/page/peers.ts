// Libraries on WebGPU. A call ends when the queue of the device of the library has finished all submitted work.
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { sampleCalls } from '../../sampleCalls.ts';
import { createJaxContender } from '../../peers/jaxContender.ts';
import { load, type PeerLibrary } from '../../peers/peer.ts';
import { createTfjsContender } from '../../peers/tfjsContender.ts';

export const tfjsWebGpu: PeerLibrary = {
  name: 'TensorFlow.js webgpu',
  canRun: ({ tfjs }) => tfjs !== undefined,
  async open() {
    const tf = await load('TensorFlow.js', import('@tensorflow/tfjs-core'));
    await load('TensorFlow.js webgpu', import('@tensorflow/tfjs-backend-webgpu'));
    await import('@tensorflow/tfjs-core/dist/register_all_gradients.js');
    tf.enableProdMode();
    const wait = async (): Promise<void> => {
      const backend = tf.backend() as WebGPUBackend;
      // Submits what the backend has collected.
      backend.ensureCommandEncoderReady();
      backend.endComputePassEncoder();
      backend.submitQueue();
      await backend.device.queue.onSubmittedWorkDone();
    };
    return {
      name: `TensorFlow.js webgpu ${tf.version_core}`,
      threads: 1,
      prepare: (benchmark, inputs) =>
        createTfjsContender(tf, 'webgpu', benchmark, inputs, (call, seconds) =>
          sampleCalls(() => {
            call();
            return wait();
          }, seconds),
        ),
      async close() {},
    };
  },
};

export const jaxWebGpu: PeerLibrary = {
  name: 'jax-js webgpu',
  canRun: ({ jax }) => jax !== undefined,
  async open() {
    const jax = await load('jax-js', import('@jax-js/jax'));
    const devices = await jax.init('webgpu');
    if (!devices.includes('webgpu')) throw new Error('jax-js: webgpu does not start');
    jax.defaultDevice('webgpu');
    const { queue } = jax.getWebGPUDevice();
    return {
      name: 'jax-js webgpu',
      threads: 1,
      prepare: async (benchmark, inputs) =>
        createJaxContender(jax, benchmark, inputs, sampleCalls, async (results) => {
          // Submits. `blockUntilReady` would also read each result.
          await Promise.all(results.map((result) => result.ref.gpuBuffer()));
          await queue.onSubmittedWorkDone();
        }),
      async close() {},
    };
  },
};
