// What backends see of a graph: a plan of kernels.
import type { DType } from '../data/dtype.ts';
import type { Shape, View } from '../data/shape.ts';
import type { AttributesOf, InputsOf, RoutineDefinition, RoutineName } from '../graph/routines.ts';
import type { ScalarFunction, ScalarReduction } from '../scalar/function.ts';

/** Where a kernel reads or writes elements: an input or output of the plan by its number, or a range of the arena. */
export type Slot =
  | { readonly kind: 'input' | 'output'; readonly index: number; readonly dtype: DType; readonly size: number }
  | { readonly kind: 'arena'; byteOffset: number; readonly dtype: DType; readonly size: number };

/** An input of a kernel: a slot read through a view. */
export interface Operand {
  readonly slot: Slot;
  readonly view: View;
}

/** An elementwise operation inside a body. */
export interface Step {
  readonly operation: ScalarFunction;
  /** Numbers of earlier values of the body. */
  readonly inputs: readonly number[];
  /** The result is rounded to this dtype as if it had been stored. */
  readonly dtype: DType;
}

/**
 * Fused elementwise work: an expression over one element of each operand, all of one shape. Values 0, 1, … are the
 * operands' elements, followed by the steps' results; the last value is the result. Without steps it is operand 0.
 */
export interface Body {
  readonly operands: readonly Operand[];
  readonly steps: readonly Step[];
}

/** Computes a body for each element. The output may be the slot of an operand with the same view: work in place. */
export interface MapKernel {
  readonly kind: 'map';
  readonly body: Body;
  readonly shape: Shape;
  readonly output: Slot;
}

/** Computes a body for each element and reduces the results over the last axes, from axis `kept` on. */
export interface ReduceKernel {
  readonly kind: 'reduce';
  readonly operation: ScalarReduction;
  readonly body: Body;
  readonly shape: Shape;
  readonly kept: number;
  readonly output: Slot;
}

/** Runs a routine and passes its result through a body. A union over the names: `name` decides inputs and attributes. */
export type RoutineKernel<Name extends RoutineName = RoutineName> = {
  [N in Name]: {
    readonly kind: 'routine';
    readonly name: N;
    readonly definition: RoutineDefinition<N>;
    readonly operands: InputsOf<N, Operand>;
    readonly attributes: AttributesOf<N>;
    readonly shape: Shape;
    /** Operand 0 is the routine's result, row-major, in the output slot. The body's result has the same dtype. */
    readonly epilogue?: Body;
    readonly output: Slot;
  };
}[Name];

/** One unit of work for a backend. Its output is row-major and fills its slot. */
export type Kernel = MapKernel | ReduceKernel | RoutineKernel;

/** Kernels in order, with the memory they need besides inputs and outputs. */
export interface Plan {
  readonly kernels: readonly Kernel[];
  /** The size of the arena in bytes. */
  readonly arenaBytes: number;
}
