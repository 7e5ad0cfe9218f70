// Primitives: the operations of graph nodes. A primitive defines how it is computed and how it is differentiated. Its rules
// are written in tensor operations, so that derivatives can be differentiated again.
import type { DType } from '../data/dtype.ts';
import type { Shape, View } from '../data/shape.ts';
import type { ScalarFunction, ScalarReduction } from '../scalar/function.ts';
import type { Scalar } from '../scalar/scalar.ts';
import type { AttributesOf, InputsOf, Repeat, RoutineDefinition, RoutineName } from './routines.ts';
import type { Tensor } from './tensor.ts';
import type { Variable } from './variable.ts';

/** Parameters of an operation other than tensors. Part of the graph's structure: different attributes need different plans. */
export type Attributes = Readonly<Record<string, Attribute>>;
export type Attribute = number | boolean | string | readonly Attribute[];

export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A tensor whose inputs and attributes have the types of its primitive, as the primitive's rules see it. */
export type Node<Inputs extends readonly Tensor[], NodeAttributes> = Tensor & {
  readonly inputs: Inputs;
  readonly attributes: NodeAttributes;
};

/** Derivative rules of a primitive. Without rules it is constant. */
export interface Rules<Inputs extends readonly Tensor[] = readonly Tensor[], NodeAttributes = Attributes> {
  /**
   * Vector-Jacobian product: the cotangent of input number `input` from that of the output. Its shape is the input's or one
   * that the input broadcasts to. `undefined` for inputs without a gradient (indices, masks).
   */
  vjp?(cotangent: Tensor, output: Node<Inputs, NodeAttributes>, input: number): Tensor | undefined;
  /** Jacobian-vector product: the contribution of input number `input` to the tangent of the output. */
  jvp?(tangent: Tensor, output: Node<Inputs, NodeAttributes>, input: number): Tensor | undefined;
  /** As `vjp`, for all inputs at once; `isNeeded` says for which. Default: `vjp` of each. */
  vjpOfAll?(
    cotangent: Tensor,
    output: Node<Inputs, NodeAttributes>,
    isNeeded: readonly boolean[],
  ): readonly (Tensor | undefined)[];
  /** As `jvp`, for all inputs at once, of which some have no tangent. Default: the sum of `jvp` of each. */
  jvpOfAll?(tangents: readonly (Tensor | undefined)[], output: Node<Inputs, NodeAttributes>): Tensor;
}

/** Maps tensors of one graph to those of another, such as a batch of it, given what stands for more of its tensors. */
export type MapTensors = (
  tensors: readonly Tensor[],
  more: readonly (readonly [tensor: Tensor, mapped: Tensor])[],
) => Tensor[];

/**
 * The batching rule of a primitive: how it computes a batch of examples at once (JAX's `vmap`). That of elementwise operations
 * and reductions follows from their kind.
 */
export interface BatchRules<Inputs extends readonly Tensor[] = readonly Tensor[], NodeAttributes = Attributes> {
  /**
   * The outputs of all examples, with the axis of examples first.
   * @param inputs the inputs of all examples, with the axis of examples first; or the one input that all share.
   * @param isBatched whether each input has an axis of examples. At least one has.
   * @param example the output of one example.
   * @param size the number of examples.
   */
  batch(
    this: void,
    inputs: Inputs,
    isBatched: readonly boolean[],
    example: Node<Inputs, NodeAttributes>,
    size: number,
    batchTensors: MapTensors,
  ): Tensor;
}

/** A leaf of the graph, whose value is bound when a plan runs. */
export type Source =
  /** Elements given by the user. */
  | { readonly kind: 'source'; readonly name: 'data' }
  /** A plain number in an operation. Bound when a plan runs, so that another number can reuse the plan. */
  | { readonly kind: 'source'; readonly name: 'scalar'; readonly value: number }
  /** A variable's value at one version. */
  | { readonly kind: 'source'; readonly name: 'variable'; readonly variable: Variable; readonly version: number };

export type Arity = 1 | 2 | 3;

/**
 * The derivative of an elementwise operation with respect to one input, as a linear map: `t · ∂f/∂x`. Serves forward mode
 * (`t` is a tangent) and reverse mode (`t` is a cotangent).
 */
export type Derivative<Inputs extends Arity> = (
  t: Tensor,
  ...inputsAndOutput: [...inputs: Repeat<Inputs, Tensor>, output: Tensor]
) => Tensor;

/** The interval from which tests draw an input, and kinks or poles in it to keep away from. */
export interface Domain {
  readonly from: number;
  readonly to: number;
  /** Points at which the operation is not differentiable. Default: none. */
  readonly avoid?: readonly number[];
}

/**
 * The dtype rule of an elementwise operation: how inputs are promoted to a common dtype, and the dtype of the result.
 * - `float`: promotes; integers and bool become float32. The result has the common dtype.
 * - `number`: promotes; bool becomes int32. The result has the common dtype.
 * - `comparison`: promotes as `number` does. The result is bool.
 * - `logical`: inputs are cast to bool. The result is bool.
 * - `bitwise`: promotes; inputs must promote to int32. The result is int32.
 * - `select`: the first input is cast to bool, the others are promoted. The result has their common dtype.
 */
export type DTypeRule = 'float' | 'number' | 'comparison' | 'logical' | 'bitwise' | 'select';

/** The definition of an elementwise operation of `Inputs` inputs. */
export interface Definition<Inputs extends Arity> {
  /** The operation's name in error messages, graphs and plans. */
  readonly name: string;
  readonly dtypes: DTypeRule;
  /** Computes one element in double precision: the definition that every backend is tested against. */
  readonly value: (...elements: Repeat<Inputs, number>) => number;
  /** Computes one int32 element, where double precision would lose the low bits. Default: `value`. */
  readonly integer?: (...elements: Repeat<Inputs, number>) => number;
  /**
   * Builds the operation as a scalar expression, for backends that generate code. Default: backends call `value` for each
   * element.
   */
  readonly lower?: (...inputs: Repeat<Inputs, Scalar>) => Scalar | undefined;
  /**
   * What a plain number stands for that is input number `index`, where all tensors are int32 or bool. Throws if there is no
   * result. Default: itself.
   */
  readonly fitNumber?: (value: number, index: number) => number;
  /**
   * The derivative with respect to each input, `null` for a condition; or `'zero'` if the operation is piecewise constant.
   */
  readonly derivatives: Repeat<Inputs, Derivative<Inputs> | null> | 'zero';
  /** The interval of test values for each input. */
  readonly domain: Repeat<Inputs, Domain>;
}

/** An elementwise operation, broadcast over tensors. `derivatives` define its vjp and jvp. */
export interface Elementwise extends ScalarFunction {
  readonly kind: 'elementwise';
  readonly dtypes: DTypeRule;
  readonly fitNumber?: (value: number, index: number) => number;
  readonly derivatives: readonly (((t: Tensor, ...inputsAndOutput: Tensor[]) => Tensor) | null)[] | 'zero';
  readonly domain: readonly Domain[];
}

export type ReduceAttributes = {
  /** The reduced axes, kept in the output with size 1. */
  readonly axes: readonly number[];
};

/** A reduction over axes. */
export interface Reduce extends ScalarReduction, Rules<readonly [Tensor], ReduceAttributes> {
  readonly kind: 'reduce';
}

/** An operation that only changes the view: it reorders, selects or repeats elements by strides, without copying. */
export interface Movement<NodeAttributes = Attributes>
  extends Rules<readonly [Tensor], NodeAttributes>, BatchRules<readonly [Tensor], NodeAttributes> {
  readonly kind: 'movement';
  readonly name: string;
  /** The view of the output, or `undefined` if the elements must first be copied into row-major order. */
  view(input: View, output: Node<readonly [Tensor], NodeAttributes>): View | undefined;
  /**
   * The primitive of a copy of the node in another graph, where rules close over tensors. Default: the same.
   * @param replace maps tensors that are computed from those of the node's graph to what they are in the copy's.
   */
  rebind?(this: void, output: Tensor, replace: MapTensors): Movement;
  /** Whether it selects a part. The start of a part of a leaf is an input of plans, so that other starts reuse the plan. */
  readonly isSlice?: boolean;
}

/** The view of a movement's output, for nodes whose inputs and attributes are not typed. */
export interface ViewRule {
  view(input: View, output: Tensor): View | undefined;
}

/** An operation with its own algorithm: neither elementwise, a reduction nor a movement. */
export type Routine<Name extends RoutineName = RoutineName> = {
  [N in Name]: RoutineDefinition<N> &
    Rules<InputsOf<N, Tensor>, AttributesOf<N>> &
    BatchRules<InputsOf<N, Tensor>, AttributesOf<N>> & { readonly kind: 'routine' };
}[Name];

/** The operation of a graph node. Rules use primitives only: the set is closed under differentiation. */
export type Primitive = Source | Elementwise | Reduce | Movement | Routine;
