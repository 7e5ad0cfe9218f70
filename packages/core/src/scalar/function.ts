import type { Scalar } from './scalar.ts';

/** What an elementwise operation does to single elements. Kernels hold these; they know no tensors and no gradients. */
export interface ScalarFunction {
  readonly name: string;
  /** One element, in double precision: the definition that every backend is tested against. */
  readonly value: (...elements: number[]) => number;
  /** The same for int32, where double precision would lose the low bits. */
  readonly integer?: (...elements: number[]) => number;
  /**
   * The same as a scalar expression, for backends that generate code. Inputs have one of the types that the operation's
   * dtype rule allows. Where it is absent or returns `undefined`, backends call `value` for each element.
   */
  readonly lower?: (...inputs: Scalar[]) => Scalar | undefined;
}

/** How a reduction combines elements: `combine` from `initial`, in row-major order. */
export interface ScalarReduction {
  readonly name: string;
  readonly initial: number;
  readonly combine: (accumulator: number, value: number) => number;
  /** The same for int32, where double precision would lose the low bits. */
  readonly integer?: (accumulator: number, value: number) => number;
  /** The result is the index of the element that last changed the combined value. */
  readonly index?: boolean;
  /** `combine` as a scalar expression; for a reduction to an index, whether the value replaces the accumulator. */
  readonly lower: (accumulator: Scalar, value: Scalar) => Scalar;
}
