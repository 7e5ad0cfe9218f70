// Libraries on WebGPU. A call ends when the queue of the library's own device says that all that was submitted is done.
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { sampleCalls } from '../../calls.ts';
import { jaxContender } from '../../peers/jaxContender.ts';
import { load, type PeerLibrary } from '../../peers/peer.ts';
import { tfjsContender } from '../../peers/tfjsContender.ts';

export const tfjsWebGpu: PeerLibrary = {
  name: 'TensorFlow.js webgpu',
  canRun: ({ tfjs }) => tfjs !== undefined,
  async open() {
    const tf = await load('TensorFlow.js', import('@tensorflow/tfjs-core'));
    await load('TensorFlow.js webgpu', import('@tensorflow/tfjs-backend-webgpu'));
    await import('@tensorflow/tfjs-core/dist/register_all_gradients.js');
    tf.enableProdMode();
    const finished = async (): Promise<void> => {
      const backend = tf.backend() as WebGPUBackend;
      // What it has collected for one submission.
      backend.ensureCommandEncoderReady();
      backend.endComputePassEncoder();
      backend.submitQueue();
      await backend.device.queue.onSubmittedWorkDone();
    };
    return {
      name: `TensorFlow.js webgpu ${tf.version_core}`,
      threads: 1,
      prepare: (benchmark, inputs) =>
        tfjsContender(tf, 'webgpu', benchmark, inputs, (call, seconds) =>
          sampleCalls(() => {
            call();
            return finished();
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
        jaxContender(jax, benchmark, inputs, sampleCalls, async (results) => {
          // Submits; `blockUntilReady` would add a read of each.
          await Promise.all(results.map((result) => result.ref.gpuBuffer()));
          await queue.onSubmittedWorkDone();
        }),
      async close() {},
    };
  },
};
