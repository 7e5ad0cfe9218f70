// What a page or worker other than the tests' own computes, and on what.
import { setBackend, tensor } from '@thetagrad/core';
import { best, type WasmBackend } from '@thetagrad/wasm';

export interface Findings {
  readonly isolated: boolean;
  /** What computes, as said when its threads are up or have failed to start. */
  readonly description: string;
  /** Of the same expression, before that and afterwards. */
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
  const engine = backend.name === 'wasm' ? (backend as WasmBackend) : undefined;
  await engine?.ready();
  await compute();
  return { isolated: crossOriginIsolated, description: engine?.describe() ?? reason, values };
}
