import { argumentError, checkInteger, checkOptions } from '@thetagrad/core/backend';
import { ThreadPoolBackend, yieldToFinalizers, type WasmBackend } from './backend.ts';
import { availableThreads, detectFeatures } from './features.ts';
import { lower } from './lower/index.ts';
import { limits } from './memory/heap.ts';
import { maxThreads } from './threads/layout.ts';

export interface WasmOptions {
  /**
   * The number of threads that compute, including the calling one. More than one need shared memory, which browsers
   * grant to cross-origin isolated pages only: elsewhere there is one thread. Default: all that the machine has.
   */
  readonly threads?: number;
  /** Avoids relaxed SIMD, whose last bit may differ between machines. Default: false. */
  readonly deterministic?: boolean;
  /** The maximum memory in bytes, from 1 MiB to 4 GiB. Default: 4 GiB. */
  readonly memoryLimit?: number;
  /** Allows Winograd's algorithm for 3×3 convolutions, which is faster and rounds a little more. Default: true. */
  readonly winograd?: boolean;
}

/**
 * Creates a backend that computes in SIMD WebAssembly, on all cores where memory can be shared. Results do not depend
 * on the number of threads.
 * @throws {TypeError} for an option of a wrong type or unknown name.
 * @throws {RangeError} for a number of threads or a limit out of range, or if the engine grants no memory.
 * @throws {Error} where WebAssembly lacks SIMD.
 */
export async function wasm(options: WasmOptions = {}): Promise<WasmBackend> {
  checkValues(options);
  const engine = detectFeatures();
  if (!engine.simd) {
    throw new Error('wasm: this engine lacks WebAssembly SIMD; use the portable backend: setBackend(portable())');
  }
  const { deterministic = false, winograd = true, memoryLimit = limits.max } = options;
  const wanted = options.threads ?? Math.min(availableThreads(), maxThreads);
  const shared = engine.threads && wanted > 1;
  const relaxed = engine.relaxedSimd && !deterministic;
  const notes = [
    `relaxed SIMD ${relaxed ? 'on' : deterministic ? 'off (deterministic)' : 'off (the engine lacks it)'}`,
  ];
  if (wanted > 1 && !shared) notes.push('one thread because memory cannot be shared here');
  if (shared) await yieldToFinalizers();
  return new ThreadPoolBackend({
    threads: shared ? wanted : 1,
    shared,
    memoryLimit: Math.min(memoryLimit, limits.max),
    lower: (kernel) => lower(kernel, { features: { relaxed }, winograd }),
    notes,
  });
}

const optionTypes: { readonly [Name in keyof WasmOptions]-?: string } = {
  threads: 'number',
  deterministic: 'boolean',
  memoryLimit: 'number',
  winograd: 'boolean',
};

function checkValues(options: WasmOptions): void {
  checkOptions('wasm', options, Object.keys(optionTypes) as (keyof WasmOptions)[]);
  for (const [name, value] of Object.entries(options)) {
    const type = optionTypes[name as keyof WasmOptions];
    if (value !== undefined && typeof value !== type) {
      throw argumentError('wasm', name, `a ${type}`, value, false);
    }
  }
  const { threads = 1, memoryLimit = limits.max } = options;
  checkInteger('wasm', 'threads', threads, { min: 1, max: maxThreads });
  if (!(memoryLimit >= limits.min && memoryLimit <= 2 ** 32)) {
    throw argumentError('wasm', 'memoryLimit', `from ${limits.min} to ${2 ** 32} bytes`, memoryLimit);
  }
}
