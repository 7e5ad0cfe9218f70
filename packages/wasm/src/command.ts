import type { Kernel, Slot } from '@thetagrad/core/backend';
import type { FunctionRef, ModuleBuilder } from './assembler/index.ts';

/** What the engine can do, as far as generated code depends on it. */
export interface Features {
  /** Relaxed SIMD: fused multiply-add, whose last bit may differ from machine to machine. */
  readonly relaxed: boolean;
}

/**
 * A function of a generated module, of type (args, chunk, scratch) → (), all i32: does piece `chunk` of the work that the
 * argument block at `args` describes. `scratch` is memory of the thread's own. (A tail is (args, begin, end) → ().)
 * Equal keys are one function: a key says everything that `assemble` depends on.
 */
export interface KernelCode {
  readonly key: string;
  /** It imports JavaScript functions (module `js`, see lower/imports.ts): only the main thread runs it. */
  readonly hostOnly?: boolean;
  /** It imports functions (of `Math`, or of ours): these come first in a module, so it has one of its own. */
  readonly alone?: boolean;
  assemble(module: ModuleBuilder, features: Features): FunctionRef;
}

/** Memory of a program's own, alive from the first to the last of its commands that names it. */
export interface Temporary {
  readonly kind: 'temporary';
  readonly bytes: number;
}

/** A 32-bit word of an argument block. */
export type Word =
  | number
  /** The bits of a float32. */
  | { readonly float: number }
  /** An address: so many bytes into a slot or temporary. */
  | { readonly place: Slot | Temporary; readonly byteOffset: number }
  /** A function's index in the shared table, for an indirect call. */
  | { readonly code: KernelCode }
  /** The address of another command's argument block. */
  | { readonly argsOf: Command };

/**
 * One step of a program, done by all threads together before the next begins. Its cutting into chunks never depends on
 * the number of threads, and every output element is computed by one chunk: results do not depend on who computes what.
 */
export interface Command {
  readonly code: KernelCode;
  readonly words: readonly Word[];
  readonly chunks: number;
  /** What `scratch` points to: so many bytes, aligned to 64, with any contents. */
  readonly scratchBytes: number;
}

/** The commands that compute a kernel, or `undefined` where WebAssembly has no code for it. */
export type Lower = (kernel: Kernel) => readonly Command[] | undefined;
