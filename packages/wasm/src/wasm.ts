import { WasmBackend } from './backend.ts';
import { availableThreads, detectFeatures } from './features.ts';
import { importedFunctions } from './emit/imports.ts';
import { lower } from './lower/index.ts';
import { limits } from './runtime/heap.ts';
import { mostThreads } from './threads/runtimeModule.ts';

export interface WasmOptions {
  /**
   * How many threads compute, the calling one included; all that the machine has unless said otherwise. More than one
   * need shared memory, which browsers grant to cross-origin isolated pages only: elsewhere there is one thread.
   */
  readonly threads?: number;
  /** Leaves relaxed SIMD unused, whose last bit may differ between machines. False unless said otherwise. */
  readonly deterministic?: boolean;
  /** The most memory in bytes: from 1 MiB to 4 GiB, which is the default. */
  readonly memoryLimit?: number;
  /** Whether 3×3 convolutions may use Winograd's algorithm, which is faster and rounds a little more. True unless said otherwise. */
  readonly winograd?: boolean;
}

/**
 * A backend that computes in SIMD WebAssembly, on all cores where memory can be shared. Results are the same for any
 * number of threads.
 * @throws {TypeError} for an option of a wrong type or unknown name.
 * @throws {RangeError} for a number of threads or a limit out of range, or if the engine grants no memory.
 * @throws {Error} where WebAssembly lacks SIMD.
 */
export async function wasm(options: WasmOptions = {}): Promise<WasmBackend> {
  checkOptions(options);
  const engine = detectFeatures();
  if (!engine.simd) {
    throw new Error('wasm: this engine lacks WebAssembly SIMD; use the reference backend: setBackend(reference())');
  }
  const { deterministic = false, winograd = true, memoryLimit = limits.most } = options;
  const wanted = options.threads ?? Math.min(availableThreads(), mostThreads);
  const shared = engine.threads && wanted > 1;
  const relaxed = engine.relaxedSimd && !deterministic;
  const notes = [
    `relaxed SIMD ${relaxed ? 'on' : deterministic ? 'off (deterministic)' : 'off (the engine lacks it)'}`,
  ];
  if (wanted > 1 && !shared) notes.push('one thread because memory cannot be shared here');
  const features = { relaxed };
  return new WasmBackend({
    threads: shared ? wanted : 1,
    shared,
    memoryLimit: Math.min(memoryLimit, limits.most),
    features,
    lower: (kernel) => lower(kernel, { features: { relaxed }, winograd }),
    imported: importedFunctions,
    notes,
  });
}

const optionTypes: { readonly [Name in keyof WasmOptions]-?: string } = {
  threads: 'number',
  deterministic: 'boolean',
  memoryLimit: 'number',
  winograd: 'boolean',
};

function checkOptions(options: WasmOptions): void {
  for (const [name, value] of Object.entries(options)) {
    const type = (optionTypes as Record<string, string>)[name];
    if (type === undefined) {
      throw new TypeError(`wasm: there is no option '${name}', only ${Object.keys(optionTypes).join(', ')}`);
    }
    if (value !== undefined && typeof value !== type) {
      throw new TypeError(`wasm: the option ${name} is a ${type}, got ${String(value)}`);
    }
  }
  const { threads = 1, memoryLimit = limits.most } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads) {
    throw new RangeError(`wasm: threads is an integer from 1 to ${mostThreads}, got ${threads}`);
  }
  if (!(memoryLimit >= limits.least && memoryLimit <= 2 ** 32)) {
    throw new RangeError(`wasm: memoryLimit is from ${limits.least} to ${2 ** 32} bytes, got ${memoryLimit}`);
  }
}
