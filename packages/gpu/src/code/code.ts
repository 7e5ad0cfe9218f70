// What kernels come to: source code over arrays, and the places in memory that the arrays are.
import type { DType, View } from '@thetagrad/core/backend';

/** Memory of a plan: a slot of the core's, or a temporary of one kernel. Two of them are one place if they are one object. */
export interface Place {
  readonly dtype: DType;
  readonly size: number;
}

export function temporaryPlace(dtype: DType, size: number): Place {
  return { dtype, size };
}

/** A function in gpu.js' JavaScript that kernels call, with its types. */
export interface Helper {
  readonly name: string;
  readonly source: string;
  readonly argumentNames: readonly string[];
  readonly argumentTypes: readonly ('Number' | 'Integer')[];
  readonly returnType: 'Number' | 'Integer';
}

/** A program for the device. Equal sources with equal sizes are one program. */
export interface Code {
  /** For messages: the operations in it. */
  readonly name: string;
  readonly source: string;
  /** Of the arrays that it reads, which are called a, b, c… in it. */
  readonly inputs: readonly DType[];
  readonly output: { readonly dtype: DType; readonly size: number };
  /** JavaScript: how many threads a row has, if they are in rows. */
  readonly width?: number;
  /** WGSL: how many workgroups to start. */
  readonly workgroups?: readonly [number, number, number];
  /** WGSL: whether it reports indices out of range, in one more array. */
  readonly reports?: boolean;
  /** JavaScript: the functions that it calls, those first that others call. */
  readonly helpers?: readonly Helper[];
}

/** Indices that may turn out to be out of range, which is found when they are used. */
export interface IndexCheck {
  readonly operation: string;
  readonly axis: number;
  readonly length: number;
  /** The input that holds them, by its number, and which of its elements they are. */
  readonly input: number;
  readonly indices: Place;
  readonly view: View;
}

/** One program to run, and what its arrays are. */
export interface Command {
  readonly code: Code;
  readonly inputs: readonly Place[];
  readonly output: Place;
  readonly check?: IndexCheck;
}

/** The error of the reference backend. */
export function outOfRange(operation: string, index: number, axis: number, length: number): RangeError {
  return new RangeError(
    `${operation}: index ${index} is out of range for axis ${axis} of length ${length}; use ${-length} to ${length - 1}`,
  );
}

/** a, b, …, z, a1, b1, … */
export function arrayName(i: number): string {
  const letter = String.fromCharCode(97 + (i % 26));
  return i < 26 ? letter : `${letter}${Math.floor(i / 26)}`;
}
