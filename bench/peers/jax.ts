// jax-js with its WebAssembly backend, which has one thread in Node (its pool is made of Web workers).
import type { numpy } from '@jax-js/jax';
import { type Contender, sampleAsync } from '../contender.ts';
import { load, mapInputs, type PeerLibrary } from './peer.ts';

type Arrays = Record<string, numpy.Array>;

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
      async prepare(benchmark, inputs): Promise<Contender> {
        const own: Arrays = mapInputs(inputs, (input) =>
          jax.numpy.array(input.dataSync() as Float32Array<ArrayBuffer>).reshape([...input.shape]),
        );
        const compiled = jax.jit((x: Arrays) => [...benchmark.jax!(x, jax)]);
        // A call consumes a reference to each input.
        const call = async (): Promise<numpy.Array[]> => jax.blockUntilReady(compiled(jax.tree.ref(own)));
        return {
          async results() {
            // Reading consumes as well.
            return (await call()).map((result) => ({ shape: result.shape, values: result.dataSync() }));
          },
          sample: (seconds) => sampleAsync(async () => jax.tree.dispose(await call()), seconds),
          async close() {
            compiled.dispose();
            jax.tree.dispose(own);
          },
        };
      },
      async close() {},
    };
  },
};
