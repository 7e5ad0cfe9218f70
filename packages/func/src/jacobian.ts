// Derivatives as arrays: Jacobians, Hessians and Hessian-vector products.
import { eye, grad, type Shape, type Static, type Tensor, type TensorTreeOf } from '@thetagrad/core';
import {
  argumentError,
  checkFunction,
  checkOptions,
  checkScalarResult,
  differentiateAt,
  flattenLike,
  flattenTensors,
  type FlatTree,
} from '@thetagrad/core/backend';
import { moveAxis } from './axes.ts';
import { vmap } from './vmap.ts';

export interface JacobianOptions {
  /**
   * How to differentiate: 'forward' costs as much as f for each element of the input, 'reverse' for each element of the output.
   * Default: the cheaper one.
   */
  readonly mode?: 'forward' | 'reverse' | undefined;
}

/** A tree of Jacobians: in the structure of the value, trees in the structure of the input. */
export type Jacobian<Input, Value> = Value extends Tensor
  ? Input
  : Value extends Static
    ? Value
    : Value extends ReadonlyMap<infer Key, infer Part>
      ? ReadonlyMap<Key, Jacobian<Input, Part>>
      : { readonly [Key in keyof Value]: Jacobian<Input, Value[Key]> };

/**
 * The Jacobian of a function of one tensor or tree of tensors (JAX's `jacfwd` and `jacrev`): all partial derivatives, of shape
 * [...value, ...input] and of the input's dtype for each tensor of the value and each of the input. One plan computes all of it.
 * @throws {TypeError} if f is not a synchronous function from tensors to tensors, the input is not floating-point, or an option
 *   is unknown.
 * @example
 * jacobian((x) => x.square())(tensor([1, 2])); // tensor([[2, 0], [0, 4]])
 */
export function jacobian<Input extends TensorTreeOf<Input>, Value extends TensorTreeOf<Value>>(
  f: (input: Input) => Value,
  options: JacobianOptions = {},
): (input: Input) => Jacobian<Input, Value> {
  checkFunction('jacobian', f);
  checkOptions('jacobian', options, ['mode']);
  const { mode } = options;
  if (mode !== undefined && mode !== 'forward' && mode !== 'reverse') {
    throw argumentError('jacobian', 'mode', `'forward' or 'reverse'`, mode, typeof mode === 'string');
  }
  return (input) => computeJacobian('jacobian', f, input, mode);
}

/** The Jacobian, of the dtypes of the input in both modes. */
function computeJacobian<Input, Value>(
  operation: string,
  f: (input: Input) => Value,
  input: Input,
  mode: JacobianOptions['mode'],
): Jacobian<Input, Value> {
  const inputs = flattenTensors(operation, input);
  const { value, pullback, derivative } = differentiateAt(operation, f, [input]);
  const outputs = flattenTensors(operation, value);
  if (mode === 'reverse' || (mode === undefined && sizeOfAll(outputs) <= sizeOfAll(inputs))) {
    const rows = leavesOfAll((cotangent) => pullback(cotangent as Value)[0], outputs);
    return outputs.rebuild(
      partsOf(outputs).map(({ start, end, shape }) =>
        inputs.rebuild(rows.map((all, i) => all.slice([[start, end]]).reshape([...shape, ...inputs.leaves[i]!.shape]))),
      ),
    ) as Jacobian<Input, Value>;
  }
  const columns = leavesOfAll((tangent) => derivative(tangent as Input), inputs);
  return outputs.rebuild(
    columns.map((all) =>
      inputs.rebuild(
        partsOf(inputs).map(({ start, end, shape }, i) => {
          const part = all.slice([[start, end]]).astype(inputs.leaves[i]!.dtype);
          return moveAxis(part, 0, part.ndim - 1).reshape([...part.shape.slice(1), ...shape]);
        }),
      ),
    ),
  ) as Jacobian<Input, Value>;
}

/** The tensors that a linear function gives for all vectors of the standard basis of a tree, with an axis of these first. */
function leavesOfAll(linear: (vector: unknown) => unknown, tree: FlatTree): readonly Tensor[] {
  return flattenTensors('jacobian', vmap((vector: Tensor) => linear(vector))(standardBasis(tree))).leaves;
}

/**
 * The Hessian of a scalar function of one tensor or tree of tensors (JAX's `hessian`): the Jacobian of its gradient, of shape
 * [...input, ...input] for each pair of tensors. Forward over reverse mode, in one plan.
 * @throws {TypeError} if f does not return a floating-point tensor synchronously, or the input is not floating-point.
 * @throws {RangeError} if the result of f has more than one element.
 * @example
 * hessian((x) => x.prod())(tensor([2, 3])); // tensor([[0, 1], [1, 0]])
 */
export function hessian<Input extends TensorTreeOf<Input>>(
  f: (input: Input) => Tensor,
): (input: Input) => Jacobian<Input, Input> {
  checkFunction('hessian', f);
  return (input) => computeJacobian('hessian', gradientOf('hessian', f), input, 'forward');
}

/**
 * The product of the Hessian of a scalar function with a vector, without computing the Hessian (PyTorch's `hvp`). Costs a few
 * times as much as f.
 * @param vector in the structure and shapes of the input.
 * @throws {TypeError} if f does not return a floating-point tensor synchronously, or the input is not floating-point.
 * @throws {RangeError} if the result of f has more than one element, or the vector's shapes are not those of the input.
 * @example
 * hvp((x) => x.prod(), tensor([2, 3]), tensor([1, 0])); // tensor([0, 1])
 */
export function hvp<Input extends TensorTreeOf<Input>>(
  f: (input: Input) => Tensor,
  input: Input,
  vector: Input,
): Input {
  checkFunction('hvp', f);
  flattenLike('hvp', ['vector', 1], vector, flattenTensors('hvp', input));
  return differentiateAt('hvp', gradientOf('hvp', f), [input]).derivative(vector);
}

/** The gradient of a scalar function, for an operation that messages name. */
function gradientOf<Input extends TensorTreeOf<Input>>(
  operation: string,
  f: (input: Input) => Tensor,
): (input: Input) => Input {
  return grad<Input, []>((input) => checkScalarResult(operation, f(input)));
}

interface Part {
  readonly start: number;
  readonly end: number;
  readonly shape: Shape;
}

/** The ranges of the tensors of a tree in a vector of all their elements. */
function partsOf({ leaves }: FlatTree): Part[] {
  let end = 0;
  return leaves.map(({ shape, size }) => ({ start: end, end: (end += size), shape }));
}

function sizeOfAll({ leaves }: FlatTree): number {
  return leaves.reduce((sum, { size }) => sum + size, 0);
}

/** The vectors of the standard basis of a tree, as examples. */
function standardBasis(tree: FlatTree): Tensor {
  const count = sizeOfAll(tree);
  return tree.rebuild(
    partsOf(tree).map(({ start, end, shape }, i) =>
      eye(count, { dtype: tree.leaves[i]!.dtype })
        .slice([null, [start, end]])
        .reshape([count, ...shape]),
    ),
  ) as Tensor;
}
