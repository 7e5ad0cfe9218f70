import { portable } from '@thetagrad/core';
import { type Backend } from '@thetagrad/core/backend';
import { wasm, type WasmOptions } from './wasm.ts';

/** A backend, and the reason for its choice. */
export interface Choice {
  readonly backend: Backend;
  /** One line for display: what was chosen, and why faster ones were not. */
  readonly reason: string;
}

/**
 * The fastest backend that works here: WebAssembly, or the portable backend where the engine lacks WebAssembly SIMD.
 * `const { backend, reason } = await best(); setBackend(backend);`
 * @throws {TypeError} for an option of a wrong type or unknown name.
 * @throws {RangeError} for a number of threads or a limit out of range, or if the engine grants no memory.
 */
export async function best(options: WasmOptions = {}): Promise<Choice> {
  try {
    const backend = await wasm(options);
    return { backend, reason: backend.describe() };
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw error;
    return { backend: portable(), reason: `portable: plain TypeScript on one thread; ${(error as Error).message}` };
  }
}
