// The intermediate form between core's kernels and running code: commands, which lower/ makes and runtime/ links.
import type { Kernel, Slot } from '@thetagrad/core/backend';
import type { Code, FunctionRef, Local, ModuleBuilder } from './assembler/index.ts';

/** Features of the engine that generated code depends on. */
export interface Features {
  /** Relaxed SIMD: fused multiply-add, whose last bit may differ between machines. */
  readonly relaxed: boolean;
  /** Whether the engine pairs vectors into ones of 256 bits, for which kernels are shaped. Results do not depend on it. */
  readonly wide: boolean;
  /** The number of rows of a register tile. Results do not depend on it. */
  readonly tileRows: number;
}

/**
 * A kernel function, which a generated module defines: (args, chunk, workspace) → (), all i32. Computes chunk number
 * `chunk` of the work that the argument block at `args` describes. `workspace` is the address of memory that no other
 * thread uses. (An epilogue is (args, begin, end) → ().) Functions with equal keys are assembled once; see `kernelCode`
 * in emit/.
 */
export interface KernelCode {
  /** Appears in error messages. */
  readonly name: string;
  readonly key: string;
  /** The JavaScript functions that it imports from module `js`. Only the main thread can run it then. */
  readonly hostFunctions?: WebAssembly.ModuleImports;
  /** Imports functions, which must come first in a module, so it is assembled into a module of its own. */
  readonly alone?: boolean;
  assemble(module: ModuleBuilder): FunctionRef;
}

/** Memory for intermediates of a kernel, alive from the first to the last of its commands that use it. */
export interface Scratch {
  readonly kind: 'scratch';
  readonly bytes: number;
}

/** An address that is known once a plan runs: `byteOffset` bytes into a slot of core's or into scratch. */
export interface SlotAddress {
  readonly slot: Slot | Scratch;
  readonly byteOffset: number;
}

/** A 32-bit word of an argument block. */
export type Word =
  | number
  /** The bits of a float32. */
  | { readonly float: number }
  | SlotAddress
  /** A function's index in the shared table, for an indirect call. */
  | { readonly code: KernelCode }
  /** The address of another command's argument block. */
  | { readonly argsOf: Command };

/**
 * One step of a program, completed by all threads before the next begins. How it is cut into chunks never depends on
 * the number of threads, and each output element is computed by one chunk, so results do not depend on the threads
 * either.
 */
export interface Command {
  readonly code: KernelCode;
  /** The argument block. */
  readonly words: readonly Word[];
  readonly chunks: number;
  /** The size of each thread's workspace, aligned to 64 bytes and uninitialized. */
  readonly workspaceBytes: number;
  /** The same results, cut into `rows` equal rows, for a row chain; `undefined` where a row is more than a single loop. */
  readonly rowPart?: (rows: number) => RowPart | undefined;
}

/** What a kernel computes for each row, as a part of a row chain. */
export interface RowPart {
  readonly code: RowCode;
  /** The number of elements of a row that it reads. */
  readonly count: number;
  /** The number of operations for a row, approximately. */
  readonly work: number;
  /** The results. */
  readonly to: RowAddress;
  readonly operands: readonly RowOperand[];
}

/** Emits what a kernel computes for a row. Equal keys emit the same code. */
export interface RowCode {
  readonly key: string;
  readonly workspaceBytes: number;
  emit(code: Code, row: EmittedRow): void;
}

/** The locals of a row, which the part may change: addresses, and the distances of neighboring elements in bytes. */
export interface EmittedRow {
  readonly to: Local<'i32'>;
  readonly at: readonly Local<'i32'>[];
  readonly steps: readonly Local<'i32'>[];
  readonly count: Local<'i32'>;
  readonly workspace: Local<'i32'>;
}

/** Where the first row is, and the distance of the next, in bytes. */
export interface RowAddress {
  readonly at: SlotAddress;
  readonly rowStride: number;
}

export interface RowOperand extends RowAddress {
  /** The distance of neighbors in a row, in bytes. */
  readonly step: number;
}

/** Lowers a kernel to commands; `undefined` if it has to run on the host. */
export type Lower = (kernel: Kernel) => readonly Command[] | undefined;
