// Plans and kernels: the form in which backends receive a graph.
import type { DType } from '../data/dtype.ts';
import type { Shape, View } from '../data/shape.ts';
import type { AttributesOf, InputsOf, RoutineDefinition, RoutineName } from '../graph/routines.ts';
import type { ScalarFunction, ScalarReduction } from '../scalar/function.ts';

/**
 * Memory that kernels read and write: a numbered input or output of the plan, or a range of the arena, which holds
 * intermediates.
 */
export type Slot =
  | { readonly kind: 'input' | 'output'; readonly index: number; readonly dtype: DType; readonly size: number }
  | { readonly kind: 'arena'; byteOffset: number; readonly dtype: DType; readonly size: number };

/** An input of a kernel: a slot and the view by which it is read. */
export interface Operand {
  readonly slot: Slot;
  readonly view: View;
}

/** An elementwise operation in a body. */
export interface Step {
  readonly operation: ScalarFunction;
  /** The numbers of the values that it takes. */
  readonly inputs: readonly number[];
  /** The dtype that the result is rounded to, as if it were stored. */
  readonly dtype: DType;
}

/**
 * A fused elementwise expression, computed for each element of its operands, whose views have equal shapes. Its values are
 * numbered: first the elements of the operands, then the results of the steps. The last value is the result; without steps
 * it is that of operand 0.
 */
export interface Body {
  readonly operands: readonly Operand[];
  readonly steps: readonly Step[];
}

/** Computes a body for each element. The output may share memory with operands that are read contiguously (in place). */
export interface MapKernel {
  readonly kind: 'map';
  readonly body: Body;
  readonly shape: Shape;
  readonly output: Slot;
}

/** Computes a body for each element and reduces the results over the last axes. */
export interface ReduceKernel {
  readonly kind: 'reduce';
  readonly operation: ScalarReduction;
  readonly body: Body;
  /** The shape of the body, before the reduction. */
  readonly shape: Shape;
  /** The number of leading axes that are kept; the axes from `kept` on are reduced. */
  readonly kept: number;
  readonly output: Slot;
}

/** Runs a routine, and an epilogue on its result. A union over the routines, discriminated by `name`. */
export type RoutineKernel<Name extends RoutineName = RoutineName> = {
  [N in Name]: {
    readonly kind: 'routine';
    readonly name: N;
    readonly definition: RoutineDefinition<N>;
    readonly operands: InputsOf<N, Operand>;
    readonly attributes: AttributesOf<N>;
    readonly shape: Shape;
    /** A body over the routine's result, which is operand 0: contiguous, in the output slot, and of the epilogue's dtype. */
    readonly epilogue?: Body;
    readonly output: Slot;
  };
}[Name];

/** A unit of work for a backend. Its output is contiguous and fills its slot. */
export type Kernel = MapKernel | ReduceKernel | RoutineKernel;

/** Kernels in execution order, and the memory for their intermediates. */
export interface Plan {
  readonly kernels: readonly Kernel[];
  /** The size of the arena in bytes. */
  readonly arenaBytes: number;
}
