// Backends of ours in Node.
import { type Backend, portable, setBackend } from '@thetagrad/core';

export const backendNames = ['wasm', 'portable'] as const;
export type BackendName = (typeof backendNames)[number];

const opened = new Map<string, Backend>();

/**
 * Sets the current backend, opening it once. The portable backend always has one thread.
 * @throws {Error} if the wasm backend does not start.
 */
export async function useBackend(name: BackendName, threads: number): Promise<void> {
  const key = `${name} ${threads}`;
  const backend = opened.get(key) ?? (name === 'portable' ? portable() : await openWasm(threads));
  opened.set(key, backend);
  setBackend(backend);
}

async function openWasm(threads: number): Promise<Backend> {
  try {
    const { wasm } = await import('@thetagrad/wasm');
    return await wasm({ threads });
  } catch (error) {
    throw new Error(`the wasm backend does not start; --backend portable works without it: ${String(error)}`, {
      cause: error,
    });
  }
}
