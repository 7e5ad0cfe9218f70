// What kernels are lowered to: commands, each a piece of source code with the arrays that it reads and writes.
import { indexError, positions, type DType, type Slot, type View } from '@thetagrad/core/backend';

/** Memory of a temporary, written by one command of a kernel and read by later ones. */
export interface Scratch {
  readonly kind: 'scratch';
  readonly dtype: DType;
  readonly size: number;
  /** GLSL: the number of layers, each of four numbers for each element. Default: one number for each element. */
  readonly layers?: Layers | undefined;
}

/** At most as many as fragment shaders can write everywhere. A power of two, so that textures are as wide as without layers. */
export type Layers = 1 | 4;

/** Where a command reads or writes elements. Compared by identity. */
export type Location = Slot | Scratch;

export function createScratch(dtype: DType, size: number, layers?: Layers): Scratch {
  return { kind: 'scratch', dtype, size, layers };
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
  readonly output: Pick<Scratch, 'dtype' | 'size' | 'layers'>;
  /** JavaScript: the number of threads in a row, if they are in rows. */
  readonly width?: number;
  /** WGSL: the number of workgroups along each dimension. */
  readonly workgroups?: readonly [number, number, number];
  /** JavaScript: the functions that it calls, each after those that it calls itself. */
  readonly helpers?: readonly Helper[];
}

/** Indices that a kernel uses, and their range: from −length to length − 1. */
export interface IndexCheck {
  readonly operation: string;
  readonly axis: number;
  readonly length: number;
  readonly indices: Slot;
  /** The view through which they are read, without the axes along which they repeat. */
  readonly view: View;
}

/**
 * Checks indices on the host, in order.
 * @param at the index at a position.
 * @throws {RangeError} for the first index out of range.
 */
export function checkIndices(at: (position: number) => number, { operation, axis, length, view }: IndexCheck): void {
  for (const position of positions(view)) {
    const index = at(position);
    if (index < -length || index >= length) throw indexError(operation, index, length, axis);
  }
}

/** One run of a program on the device. */
export interface Command {
  readonly code: Code;
  readonly inputs: readonly Location[];
  readonly output: Location;
}

/** The names of arrays in sources: a, b, …, z, a1, b1, … */
export function arrayName(i: number): string {
  const letter = String.fromCharCode(97 + (i % 26));
  return i < 26 ? letter : `${letter}${Math.floor(i / 26)}`;
}
