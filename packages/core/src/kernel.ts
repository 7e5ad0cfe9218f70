import type { DType } from './dtype.ts';
import type { Attributes, Elementwise, Reduce, Routine } from './primitives/primitive.ts';
import type { Shape, View } from './shape.ts';

/** Where a kernel finds or puts elements: an input or output of the plan by its number, or a place in the arena. */
export type Slot =
  | { readonly kind: 'input' | 'output'; readonly index: number; readonly dtype: DType; readonly size: number }
  | { readonly kind: 'arena'; byteOffset: number; readonly dtype: DType; readonly size: number };

/** An input of a kernel: a slot seen through a view. */
export interface Operand {
  readonly slot: Slot;
  readonly view: View;
}

/** One unit of work for a backend. Its output is row-major and fills its slot. */
export type Kernel =
  /** An elementwise operation; all operands have the shape of the output. */
  | {
      readonly kind: 'map';
      readonly operation: Elementwise;
      readonly operands: readonly Operand[];
      readonly output: Slot;
    }
  /** A reduction over the last axes of the operand, from axis `kept` on. */
  | {
      readonly kind: 'reduce';
      readonly operation: Reduce;
      readonly operands: readonly [Operand];
      readonly kept: number;
      readonly output: Slot;
    }
  /** An algorithm of its own. */
  | {
      readonly kind: 'routine';
      readonly operation: Routine;
      readonly operands: readonly Operand[];
      readonly attributes: Attributes;
      readonly shape: Shape;
      readonly output: Slot;
    };

/** Kernels in order, with the memory they need beside inputs and outputs. */
export interface Plan {
  readonly kernels: readonly Kernel[];
  /** The size of the arena in bytes. */
  readonly arenaBytes: number;
}
