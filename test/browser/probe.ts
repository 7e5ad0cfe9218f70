// Computes in a page or worker other than that of the tests, and reports the backend.
import { setBackend, tensor } from '@thetagrad/core';
import { best, type WasmBackend } from '@thetagrad/wasm';

export interface Findings {
  readonly isolated: boolean;
  /** The backend's description after its threads have started or failed. */
  readonly description: string;
  /** The values of one expression, before and after that. */
  readonly values: readonly number[];
}

export async function probe(): Promise<Findings> {
  const { backend, reason } = await best({ threads: 2 });
  setBackend(backend);
  const values: number[] = [];
  const compute = async (): Promise<void> => {
    values.push(...(await tensor([1, 2, 3]).square().add(0.5).cumsum(0).data()));
  };
  await compute();
  const wasm = backend.name === 'wasm' ? (backend as WasmBackend) : undefined;
  await wasm?.ready();
  await compute();
  return { isolated: crossOriginIsolated, description: wasm?.describe() ?? reason, values };
}
