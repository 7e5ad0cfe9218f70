import type { DType } from '../data/dtype.ts';
import type { Attributes, Elementwise, Reduce, Routine } from '../graph/records.ts';
import type { Shape, View } from '../data/shape.ts';

/** Where a kernel finds or puts elements: an input or output of the plan by its number, or a place in the arena. */
export type Slot =
  | { readonly kind: 'input' | 'output'; readonly index: number; readonly dtype: DType; readonly size: number }
  | { readonly kind: 'arena'; byteOffset: number; readonly dtype: DType; readonly size: number };

/** An input of a kernel: a slot seen through a view. */
export interface Operand {
  readonly slot: Slot;
  readonly view: View;
}

/** An elementwise operation inside a body, on values with smaller numbers. */
export interface Step {
  readonly operation: Elementwise;
  readonly inputs: readonly number[];
  /** Of the result, which is rounded to it as if it had been stored. */
  readonly dtype: DType;
}

/**
 * Fused elementwise work: an expression over one element of each operand, all of one shape. Values 0, 1, … are the
 * operands' elements, the next ones the steps' results, the last one is the body's. Without steps it is operand 0.
 */
export interface Body {
  readonly operands: readonly Operand[];
  readonly steps: readonly Step[];
}

/** One unit of work for a backend. Its output is row-major and fills its slot. */
export type Kernel =
  /** A body for each element. The output may be the slot of an operand with the same view: work in place. */
  | {
      readonly kind: 'map';
      readonly body: Body;
      readonly shape: Shape;
      readonly output: Slot;
    }
  /** A body for each element, reduced over the last axes, from axis `kept` on. */
  | {
      readonly kind: 'reduce';
      readonly operation: Reduce;
      readonly body: Body;
      readonly shape: Shape;
      readonly kept: number;
      readonly output: Slot;
    }
  /** An algorithm of its own, and a body that its result goes through. */
  | {
      readonly kind: 'routine';
      readonly operation: Routine;
      readonly operands: readonly Operand[];
      readonly attributes: Attributes;
      readonly shape: Shape;
      /** Operand 0 is the routine's result, row-major, in the output slot; the body's result has the same dtype. */
      readonly tail?: Body;
      readonly output: Slot;
    };

/** Kernels in order, with the memory they need beside inputs and outputs. */
export interface Plan {
  readonly kernels: readonly Kernel[];
  /** The size of the arena in bytes. */
  readonly arenaBytes: number;
}
