import { evaluate, evaluateSync, type Tensor, Variable } from '@thetagrad/core';
import type { Case, Inputs } from './case.ts';
import type { Contender, Sampler, Values } from './contender.ts';

/** The inputs of a case, as values on the current backend. */
export function computed(inputs: Inputs<Tensor>): Inputs<Tensor> {
  evaluateSync(inputs);
  return inputs;
}

/**
 * Ours, on the current backend.
 * @param finished settles when what was evaluated is computed, for backends that compute elsewhere.
 */
export function ours(
  benchmark: Case,
  inputs: Inputs<Tensor>,
  sample: Sampler,
  finished?: () => Promise<void>,
): Contender {
  const run = benchmark.ours(inputs);
  const call = async (): Promise<void> => {
    await evaluate(await run());
    await finished?.();
  };
  return {
    async results() {
      const results = await run();
      await evaluate(results);
      const tensors = results.map((result) => (result instanceof Variable ? result.value : result));
      return Promise.all(
        tensors.map(async (tensor): Promise<Values> => ({ shape: tensor.shape, values: await tensor.data() })),
      );
    },
    sample: (seconds) => sample(call, seconds),
    async close() {},
  };
}
