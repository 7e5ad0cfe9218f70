// Prepares a case for jax-js on any device, in Node and in pages.
import type { Tensor } from '@thetagrad/core';
import type * as Jax from '@jax-js/jax';
import type { Case, Inputs } from '../case.ts';
import type { Contender, Sampler } from '../contender.ts';
import { mapInputs } from './peer.ts';

type Arrays = Record<string, Jax.numpy.Array>;

/** @param waitForResults Waits until results are computed. */
export function createJaxContender(
  jax: typeof Jax,
  benchmark: Case,
  inputs: Inputs<Tensor>,
  sample: Sampler,
  waitForResults: (results: readonly Jax.numpy.Array[]) => Promise<unknown>,
): Contender {
  const own: Arrays = mapInputs(inputs, (input) =>
    jax.numpy.array(input.dataSync() as Float32Array<ArrayBuffer>).reshape([...input.shape]),
  );
  const compiled = jax.jit((x: Arrays) => [...benchmark.jax!(x, jax)]);
  // A call consumes one reference to each input.
  const call = (): Jax.numpy.Array[] => compiled(jax.tree.ref(own));
  return {
    async results() {
      // Reading consumes the results.
      return Promise.all(call().map(async (result) => ({ shape: result.shape, values: await result.data() })));
    },
    sample: (seconds) =>
      sample(async () => {
        const results = call();
        await waitForResults(results);
        jax.tree.dispose(results);
      }, seconds),
    async close() {
      compiled.dispose();
      jax.tree.dispose(own);
    },
  };
}
