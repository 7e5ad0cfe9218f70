// Primitives: the operations that nodes of the graph are made of. A primitive says how it is computed and how it is
// differentiated; every rule is written in tensor operations, so that derivatives can be differentiated again.
import type { DType } from '../data/dtype.ts';
import type { Shape, View } from '../data/shape.ts';
import type { ScalarFunction, ScalarReduction } from '../scalar/function.ts';
import type { Scalar } from '../scalar/scalar.ts';
import type { AttributesOf, InputsOf, Repeat, RoutineDefinition, RoutineName } from './routines.ts';
import type { Tensor } from './tensor.ts';
import type { Variable } from './variable.ts';

/** What an operation needs besides its inputs. Part of the graph's structure: another value makes another plan. */
export type Attributes = Readonly<Record<string, Attribute>>;
export type Attribute = number | boolean | string | readonly Attribute[];

export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A tensor as the rules of its primitive see it: with inputs and attributes of known types. */
export type Node<Inputs extends readonly Tensor[], NodeAttributes> = Tensor & {
  readonly inputs: Inputs;
  readonly attributes: NodeAttributes;
};

/** How derivatives pass a node. A primitive without rules is constant. */
export interface Rules<Inputs extends readonly Tensor[] = readonly Tensor[], NodeAttributes = Attributes> {
  /**
   * The cotangent of input number `input`, from the cotangent of the output: of that input's shape, or of a shape that it
   * broadcasts to. `undefined` where no gradient flows (indices, masks).
   */
  vjp?(cotangent: Tensor, output: Node<Inputs, NodeAttributes>, input: number): Tensor | undefined;
  /** What the tangent of input number `input` adds to the tangent of the output. */
  jvp?(tangent: Tensor, output: Node<Inputs, NodeAttributes>, input: number): Tensor | undefined;
}

/** A leaf of the graph. Its value is bound when a plan runs. */
export type Source =
  /** Elements given by the user. */
  | { readonly kind: 'source'; readonly name: 'data' }
  /** A plain number in an operation. Bound at run time, so that it may change without a new plan. */
  | { readonly kind: 'source'; readonly name: 'scalar'; readonly value: number }
  /** The value of a variable as of one version. */
  | { readonly kind: 'source'; readonly name: 'variable'; readonly variable: Variable; readonly version: number };

export type Arity = 1 | 2 | 3;

/** The derivative of an elementwise operation with respect to one input, as a map on tangents: `t · ∂f/∂x`. */
export type Derivative<Inputs extends Arity> = (
  t: Tensor,
  ...inputsAndOutput: [...inputs: Repeat<Inputs, Tensor>, output: Tensor]
) => Tensor;

/** Where test inputs are drawn from: an interval, and points in it that are kinks or poles. */
export interface Domain {
  readonly from: number;
  readonly to: number;
  readonly avoid?: readonly number[];
}

/**
 * How inputs are promoted to one dtype, and the dtype of the result.
 * - `float`: integers become float32 first; - `number`: bool becomes int32 first;
 * - `comparison`: as `number`, the result is bool; - `logical`: bool to bool; - `bitwise`: int32 to int32;
 * - `select`: the first input is bool, the others are promoted together.
 */
export type DTypeRule = 'float' | 'number' | 'comparison' | 'logical' | 'bitwise' | 'select';

/** What the definition of an elementwise operation says; every part has the operation's number of inputs. */
export interface Definition<Inputs extends Arity> {
  readonly name: string;
  readonly dtypes: DTypeRule;
  /** One element, in double precision: the definition that every backend is tested against. */
  readonly value: (...elements: Repeat<Inputs, number>) => number;
  /** The same for int32, where double precision would lose the low bits. */
  readonly integer?: (...elements: Repeat<Inputs, number>) => number;
  /** See {@link ScalarFunction.lower}. */
  readonly lower?: (...inputs: Repeat<Inputs, Scalar>) => Scalar | undefined;
  /** One for each input, `null` where the input is a condition; `'zero'` if the operation is constant between jumps. */
  readonly derivatives: Repeat<Inputs, Derivative<Inputs> | null> | 'zero';
  readonly domain: Repeat<Inputs, Domain>;
}

/** An operation on single elements, broadcast over tensors. vjp and jvp follow from `derivatives`. */
export interface Elementwise extends ScalarFunction {
  readonly kind: 'elementwise';
  readonly dtypes: DTypeRule;
  readonly derivatives: readonly (((t: Tensor, ...inputsAndOutput: Tensor[]) => Tensor) | null)[] | 'zero';
  readonly domain: readonly Domain[];
}

export type ReduceAttributes = {
  /** The reduced axes, kept in the output with size 1. */
  readonly axes: readonly number[];
};

/** A reduction of some axes to one value each. */
export interface Reduce extends ScalarReduction, Rules<readonly [Tensor], ReduceAttributes> {
  readonly kind: 'reduce';
}

/** The same elements in another order: no work, only strides. */
export interface Movement<NodeAttributes = Attributes> extends Rules<readonly [Tensor], NodeAttributes> {
  readonly kind: 'movement';
  readonly name: string;
  /** The view of the output, or `undefined` if the elements must first be copied into row-major order. */
  view(input: View, output: Node<readonly [Tensor], NodeAttributes>): View | undefined;
}

/** An operation with an algorithm of its own. */
export type Routine<Name extends RoutineName = RoutineName> = {
  [N in Name]: RoutineDefinition<N> & Rules<InputsOf<N, Tensor>, AttributesOf<N>> & { readonly kind: 'routine' };
}[Name];

/** Nodes of the graph are primitives with inputs and attributes. The set is closed under differentiation. */
export type Primitive = Source | Elementwise | Reduce | Movement | Routine;
