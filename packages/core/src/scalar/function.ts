import type { Scalar } from './scalar.ts';

/** An elementwise operation as kernels hold it: a function of scalars, without dtype rules and derivatives. */
export interface ScalarFunction {
  readonly name: string;
  /** Computes one element in double precision: the definition that every backend is tested against. */
  readonly value: (...elements: number[]) => number;
  /** Computes one int32 element, where double precision would lose the low bits. Default: `value`. */
  readonly integer?: (...elements: number[]) => number;
  /**
   * Builds the operation as a scalar expression, for backends that generate code. Inputs have one of the types that the
   * operation's dtype rule allows. If absent or if it returns `undefined`, backends use the float32 expression for
   * `value` of scalar/transcendental where there is one, and else call `value` for each element.
   */
  readonly lower?: (...inputs: Scalar[]) => Scalar | undefined;
}

/** A reduction as kernels hold it: a left fold of the elements in row-major order. */
export interface ScalarReduction {
  readonly name: string;
  /** The accumulator before the first element. */
  readonly initial: number;
  /** Folds one element into the accumulator, in double precision: the definition that every backend is tested against. */
  readonly combine: (accumulator: number, value: number) => number;
  /** `combine` for int32, where double precision would lose the low bits. Default: `combine`. */
  readonly integer?: (accumulator: number, value: number) => number;
  /** Whether the result is the index of the last element that changed the accumulator. Default: false. */
  readonly index?: boolean;
  /** Builds `combine` as a scalar expression; for a reduction to an index, the condition that replaces the accumulator. */
  readonly lower: (accumulator: Scalar, value: Scalar) => Scalar;
}
