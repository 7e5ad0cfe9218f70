// jax-js with its WebAssembly backend, which has one thread in Node, because its pool needs Web workers.
import { sampleAsync } from '../sampling.ts';
import { createJaxContender } from './jaxContender.ts';
import { load, type PeerLibrary } from './peer.ts';

export const jaxJs: PeerLibrary = {
  name: 'jax-js wasm',
  canRun: ({ jax }) => jax !== undefined,
  async open() {
    const jax = await load('jax-js', import('@jax-js/jax'));
    await jax.init('wasm');
    jax.defaultDevice('wasm');
    return {
      name: 'jax-js wasm',
      threads: 1,
      prepare: async (benchmark, inputs) =>
        createJaxContender(jax, benchmark, inputs, sampleAsync, (results) => jax.blockUntilReady([...results])),
      async close() {},
    };
  },
};
