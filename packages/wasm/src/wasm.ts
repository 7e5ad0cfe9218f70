import { argumentError, checkInteger, checkOptions } from '@thetagrad/core/backend';
import { ThreadPoolBackend, yieldToFinalizers, type WasmBackend } from './backend.ts';
import { availableThreads, detectFeatures } from './features.ts';
import { lower } from './lower/index.ts';
import { limits } from './memory/heap.ts';
import { maxThreads } from './threads/layout.ts';
import { chooseFeatures } from './wide/choose.ts';

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
  /**
   * Whether to use kernels shaped for engines that pair vectors of 128 bits into vectors of 256, which run up to twice as
   * fast there and give the same results. `'auto'` uses them where a probe shows that the engine pairs; `true` also
   * switches V8's flag for that on in Node 24 and later, for all modules of the process that are compiled from then on;
   * `false` does without. Where the engine does not pair, or gets the answers of the probe wrong, `describe()` says so.
   * Default: `'auto'`.
   */
  readonly wide?: 'auto' | boolean;
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
  const { deterministic = false, winograd = true, wide = 'auto', memoryLimit = limits.max } = options;
  const wanted = options.threads ?? Math.min(availableThreads(), maxThreads);
  const shared = engine.threads && wanted > 1;
  const relaxed = engine.relaxedSimd && !deterministic;
  const { features, reason } = chooseFeatures(relaxed, wide);
  const notes = [
    `relaxed SIMD ${relaxed ? 'on' : deterministic ? 'off (deterministic)' : 'off (the engine lacks it)'}`,
    features.wide ? '256-bit vectors' : `128-bit vectors (${reason})`,
  ];
  if (wanted > 1 && !shared) notes.push('one thread because memory cannot be shared here');
  if (shared) await yieldToFinalizers();
  return new ThreadPoolBackend({
    threads: shared ? wanted : 1,
    shared,
    memoryLimit: Math.min(memoryLimit, limits.max),
    lower: (kernel) => lower(kernel, { features, winograd }),
    notes,
  });
}

const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isNumber = (value: unknown): boolean => typeof value === 'number';

/** For each option what it must be. */
const kinds: { readonly [Name in keyof WasmOptions]-?: readonly [string, (value: unknown) => boolean] } = {
  threads: ['a number', isNumber],
  deterministic: ['a boolean', isBoolean],
  wide: ["'auto', true or false", (value) => value === 'auto' || isBoolean(value)],
  memoryLimit: ['a number', isNumber],
  winograd: ['a boolean', isBoolean],
};

function checkValues(options: WasmOptions): void {
  checkOptions('wasm', options, Object.keys(kinds) as (keyof WasmOptions)[]);
  for (const [name, [expected, isRight]] of Object.entries(kinds)) {
    const value = options[name as keyof WasmOptions];
    if (value !== undefined && !isRight(value)) throw argumentError('wasm', name, expected, value, false);
  }
  const { threads = 1, memoryLimit = limits.max } = options;
  checkInteger('wasm', 'threads', threads, { min: 1, max: maxThreads });
  if (!(memoryLimit >= limits.min && memoryLimit <= 2 ** 32)) {
    throw argumentError('wasm', 'memoryLimit', `from ${limits.min} to ${2 ** 32} bytes`, memoryLimit);
  }
}
