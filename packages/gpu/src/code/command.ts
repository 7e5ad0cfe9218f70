// What kernels are lowered to: commands, each a piece of source code with the arrays that it reads and writes.
import type { DType, Slot, View } from '@thetagrad/core/backend';

/** Memory of a temporary, written by one command of a kernel and read by later ones. */
export interface Scratch {
  readonly kind: 'scratch';
  readonly dtype: DType;
  readonly size: number;
}

/** Where a command reads or writes elements. Compared by identity. */
export type Location = Slot | Scratch;

export function createScratch(dtype: DType, size: number): Scratch {
  return { kind: 'scratch', dtype, size };
}

/** A function in gpu.js' JavaScript that kernels call, with its types. */
export interface Helper {
  readonly name: string;
  readonly source: string;
  readonly argumentNames: readonly string[];
  readonly argumentTypes: readonly ('Number' | 'Integer')[];
  readonly returnType: 'Number' | 'Integer';
}

/** A program for the device. Devices compile equal sources with equal sizes once. */
export interface Code {
  /** The names of its operations, for messages. */
  readonly name: string;
  readonly source: string;
  /** The dtypes of the arrays that it reads, which it calls a, b, c… */
  readonly inputs: readonly DType[];
  readonly output: { readonly dtype: DType; readonly size: number };
  /** JavaScript: the number of threads in a row, if they are in rows. */
  readonly width?: number;
  /** WGSL: the number of workgroups along each dimension. */
  readonly workgroups?: readonly [number, number, number];
  /** WGSL: whether it reports indices out of range, in one more array. */
  readonly reports?: boolean;
  /** JavaScript: the functions that it calls, each after those that it calls itself. */
  readonly helpers?: readonly Helper[];
}

/** Indices that a command uses, for devices that check them before or after it runs. */
export interface IndexCheck {
  readonly operation: string;
  readonly axis: number;
  readonly length: number;
  /** The number of the command's input that holds the indices, and the view through which they are read. */
  readonly input: number;
  readonly indices: Location;
  readonly view: View;
}

/** One run of a program on the device. */
export interface Command {
  readonly code: Code;
  readonly inputs: readonly Location[];
  readonly output: Location;
  readonly check?: IndexCheck;
}

/** The names of arrays in sources: a, b, …, z, a1, b1, … */
export function arrayName(i: number): string {
  const letter = String.fromCharCode(97 + (i % 26));
  return i < 26 ? letter : `${letter}${Math.floor(i / 26)}`;
}
