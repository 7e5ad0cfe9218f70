import type { DType, TypedArray } from '../data/dtype.ts';
import type { Scalar } from '../scalar/scalar.ts';
import type { Shape, View } from '../data/shape.ts';
import type { Tensor } from './tensor.ts';

/** What a primitive needs beside its inputs. Part of the graph's structure: another value is another plan. */
export type Attributes = Readonly<Record<string, Attribute>>;
export type Attribute = number | boolean | string | readonly Attribute[];

export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

interface Rule {
  readonly name: string;
  /**
   * The cotangent of input number `input`, from the cotangent of the output: a tensor of that input's shape, written in
   * tensor operations. `undefined` where nothing flows back (indices, masks). A primitive without the rule is constant.
   */
  vjp?(cotangent: Tensor, output: Tensor, input: number): Tensor | undefined;
  /** What the tangent of input number `input` adds to the tangent of the output. */
  jvp?(tangent: Tensor, output: Tensor, input: number): Tensor | undefined;
}

/** A leaf of the graph: data, a scalar, the value of a variable. Its value is bound when a plan runs. */
export interface Source extends Rule {
  readonly kind: 'source';
}

/** The derivative of an elementwise operation with respect to one input, as a map on tangents: `t · ∂f/∂x`. */
export type Derivative = (t: Tensor, ...inputsAndOutput: Tensor[]) => Tensor;

/** Where test inputs are drawn from: an interval, and points in it that are kinks or poles. */
export interface Domain {
  readonly from: number;
  readonly to: number;
  readonly avoid?: readonly number[];
}

/**
 * How inputs become one dtype, and the dtype of the result.
 * - `float`: integers become float32 first; - `number`: bool becomes int32 first;
 * - `comparison`: as `number`, the result is bool; - `logical`: bool to bool; - `bitwise`: int32 to int32;
 * - `select`: the first input is bool, the others are promoted together.
 */
export type DTypeRule = 'float' | 'number' | 'comparison' | 'logical' | 'bitwise' | 'select';

/** An operation on single elements, broadcast over tensors. vjp and jvp follow from `derivatives`. */
export interface Elementwise {
  readonly kind: 'elementwise';
  readonly name: string;
  readonly dtypes: DTypeRule;
  /** One element: the definition that every backend is tested against. */
  readonly value: (...elements: number[]) => number;
  /** The same for int32, where 64-bit floats would lose low bits. */
  readonly integer?: (x: number, y: number) => number;
  /**
   * The same in scalar expressions, for backends that generate code: from inputs of one of the types of the dtypes that the
   * rule allows. For types where it gives `undefined`, and without it, they call `value` for each element.
   */
  readonly lower?: (...inputs: Scalar[]) => Scalar | undefined;
  /** One for each input, `null` where the input is a condition; `'zero'` if the operation is constant between jumps. */
  readonly derivatives: readonly (Derivative | null)[] | 'zero';
  readonly domain: readonly Domain[];
}

/** A reduction of some axes to one value each: `combine` from `initial` over the elements in row-major order. */
export interface Reduce extends Rule {
  readonly kind: 'reduce';
  readonly initial: number;
  readonly combine: (accumulator: number, value: number) => number;
  /** The same for int32, where 64-bit floats would lose low bits. */
  readonly integer?: (accumulator: number, value: number) => number;
  /** The result is not the combined value but the index of the element that set it last. */
  readonly index?: boolean;
  /** `combine` in scalar expressions; of a reduction to an index, whether the value takes the accumulator's place. */
  readonly lower: (accumulator: Scalar, value: Scalar) => Scalar;
}

/** The same elements seen in another order: no work, only strides. */
export interface Movement extends Rule {
  readonly kind: 'movement';
  /** The view of the output, or `undefined` if the elements must first be copied into row-major order. */
  view(input: View, output: Tensor): View | undefined;
}

/** Elements in memory under a view. */
export interface Strided {
  readonly values: TypedArray;
  readonly view: View;
}

/** Anything else: an algorithm of its own from strided inputs to a row-major output. `run` is the reference. */
export interface Routine extends Rule {
  readonly kind: 'routine';
  run(output: TypedArray, shape: Shape, inputs: readonly Strided[], attributes: Attributes): void;
  /** The multiply-adds that it comes to, where that is what it is made of. */
  multiplyAdds?(shape: Shape, inputs: readonly Shape[]): number;
}

/** A node of the graph is one of these with inputs and attributes. The set is closed under differentiation. */
export type Primitive = Source | Elementwise | Reduce | Movement | Routine;
