// Features of the engine, detected by validating tiny modules.
import { f32, f32x4, i32, ModuleBuilder, type Code } from './assembler/index.ts';

export interface EngineFeatures {
  readonly simd: boolean;
  readonly relaxedSimd: boolean;
  /** Memory shared by threads, and atomic accesses. */
  readonly threads: boolean;
}

export function detectFeatures(): EngineFeatures {
  const vector = f32x4.splat(f32.const(0));
  return {
    simd: validates((code) => code.drop(f32x4.add(vector, vector))),
    relaxedSimd: validates((code) => code.drop(f32x4.relaxedMadd(vector, vector, vector))),
    threads:
      // Pages without cross-origin isolation cannot share memory with workers.
      typeof SharedArrayBuffer === 'function' &&
      (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false &&
      validates((code) => code.drop(i32.atomic.load(i32.const(0))), true),
  };
}

function validates(body: (code: Code) => void, shared = false): boolean {
  const module = new ModuleBuilder({ memory: { minimum: 1, maximum: 1, shared } });
  module.function([], [], body);
  return WebAssembly.validate(module.toBytes());
}

/** The number of threads that the machine runs at once. */
export function availableThreads(): number {
  const os = globalThis.process?.getBuiltinModule?.('node:os');
  return os ? os.availableParallelism() : (globalThis.navigator?.hardwareConcurrency ?? 1);
}
