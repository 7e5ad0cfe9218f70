import { evaluate, evaluateSync, type Tensor, Variable } from '@thetagrad/core';
import type { Case, Inputs } from './case.ts';
import type { Contender, Sampler, Values } from './contender.ts';

/** Evaluates the inputs of a case on the current backend. */
export function evaluateInputs(inputs: Inputs<Tensor>): Inputs<Tensor> {
  evaluateSync(inputs);
  return inputs;
}

/**
 * Prepares a case for ours, on the current backend.
 * @param waitForDevice Waits for the end of computations, for backends that compute asynchronously.
 */
export function createOurContender(
  benchmark: Case,
  inputs: Inputs<Tensor>,
  sample: Sampler,
  waitForDevice?: () => Promise<void>,
): Contender {
  const run = benchmark.ours(inputs);
  const call = async (): Promise<void> => {
    await evaluate(await run());
    await waitForDevice?.();
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
