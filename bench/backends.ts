// Backends of ours in Node.
import { type Backend, portable, setBackend } from '@thetagrad/core';

export const backendNames = ['wasm', 'portable'] as const;
export type BackendName = (typeof backendNames)[number];

const opened = new Map<string, Backend>();

/**
 * Sets the current backend, opening it once. The portable backend always has one thread.
 * @param wide whether wasm switches 256-bit vectors on; otherwise it does without.
 * @throws {Error} if the wasm backend does not start.
 */
export async function useBackend(name: BackendName, threads: number, wide: boolean): Promise<Backend> {
  const key = `${name} ${threads}`;
  const backend = opened.get(key) ?? (name === 'portable' ? portable() : await openWasm(threads, wide));
  opened.set(key, backend);
  setBackend(backend);
  return backend;
}

/** Describes a backend in one line. */
export function describeBackend(backend: Backend): string {
  return (backend as { describe?(): string }).describe?.() ?? backend.name;
}

async function openWasm(threads: number, wide: boolean): Promise<Backend> {
  try {
    const { wasm } = await import('@thetagrad/wasm');
    return await wasm({ threads, wide });
  } catch (error) {
    throw new Error(`the wasm backend does not start; --backend portable works without it: ${String(error)}`, {
      cause: error,
    });
  }
}
