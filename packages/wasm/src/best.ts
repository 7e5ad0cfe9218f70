import { reference } from '@thetagrad/core';
import { type Backend } from '@thetagrad/core/backend';
import { wasm, type WasmOptions } from './wasm.ts';

/** A backend, and why it is this one. */
export interface Choice {
  readonly backend: Backend;
  /** One line, to be shown: what was chosen, and what spoke against faster ones. */
  readonly reason: string;
}

/**
 * The fastest backend that works here: WebAssembly, or the reference backend where the engine lacks what that needs.
 * `const { backend, reason } = await best(); setBackend(backend);`
 * @throws as {@link wasm} for options that are wrong anywhere.
 */
export async function best(options: WasmOptions = {}): Promise<Choice> {
  try {
    const backend = await wasm(options);
    return { backend, reason: backend.describe() };
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw error;
    return { backend: reference(), reason: `reference: plain TypeScript on one thread; ${(error as Error).message}` };
  }
}
