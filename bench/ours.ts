import { type Backend, evaluate, evaluateSync, reference, setBackend, type Tensor, Variable } from '@thetagrad/core';
import type { Case, Inputs } from './case.ts';
import { type Contender, sampleAsync } from './contender.ts';

export const backendNames = ['wasm', 'reference'] as const;
export type BackendName = (typeof backendNames)[number];

const opened = new Map<string, Backend>();

/**
 * Makes a backend the current one. (The reference backend always has one thread.)
 * @throws {Error} if the wasm backend does not start.
 */
export async function useBackend(name: BackendName, threads: number): Promise<void> {
  const key = `${name} ${threads}`;
  const backend = opened.get(key) ?? (name === 'reference' ? reference() : await openWasm(threads));
  opened.set(key, backend);
  setBackend(backend);
}

async function openWasm(threads: number): Promise<Backend> {
  try {
    const { wasm } = await import('@thetagrad/wasm');
    return await wasm({ threads });
  } catch (error) {
    throw new Error(`the wasm backend does not start (--backend reference does without it): ${String(error)}`, {
      cause: error,
    });
  }
}

/** The inputs of a case, as values on the current backend. */
export function computed(inputs: Inputs<Tensor>): Inputs<Tensor> {
  evaluateSync(inputs);
  return inputs;
}

export function ours(benchmark: Case, inputs: Inputs<Tensor>): Contender {
  const run = benchmark.ours(inputs);
  return {
    async results() {
      const results = run();
      evaluateSync(results);
      return results
        .map((result) => (result instanceof Variable ? result.value : result))
        .map((tensor) => ({ shape: tensor.shape, values: tensor.dataSync() }));
    },
    sample: (seconds) => sampleAsync(() => evaluate(run()), seconds),
    async close() {},
  };
}
