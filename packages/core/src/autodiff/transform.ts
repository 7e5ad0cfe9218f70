import { isFloat } from '../data/dtype.ts';
import { formatShape, sameShape } from '../data/shape.ts';
import { topologicalOrder } from '../graph/order.ts';
import { applyMovement, setInputs, Tensor } from '../graph/tensor.ts';
import { onesLike, zerosLike } from '../ops/creation.ts';
import { checkFunction } from '../ops/define.ts';
import { Alias } from '../ops/identity.ts';
import { pullBack, pushForward } from './grad.ts';
import { trace } from './trace.ts';
import { flatten, namedVariables, type Flattened, type TensorTree, type VariableTree } from '../graph/tree.ts';

/** The gradients of a function's first argument: its tensors replaced by their gradients. */
export type ValueAndGrads<Grads> = { readonly value: Tensor; readonly grads: Grads };

/** Gradients with respect to variables, by the names that {@link namedVariables} gives. */
export type NamedGrads = Record<string, Tensor>;

/**
 * The gradient of a scalar function: with respect to its first argument (a tensor, or tensors in arrays and objects:
 * the gradient has the same structure), or with respect to the trainable variables of modules when those come first.
 * Gradients are lazy tensors like any other and can be differentiated again: `grad(grad(f))`.
 * What the result does not depend on has a gradient of zeros.
 * @throws {TypeError} if the function is not synchronous, its result is no floating-point tensor, or an argument to
 *   differentiate is not floating point.
 * @throws {RangeError} if the result has more than one element.
 */
export function grad<Rest extends unknown[]>(
  f: (first: Tensor, ...rest: Rest) => Tensor,
): (first: Tensor, ...rest: Rest) => Tensor;
export function grad<First extends TensorTree, Rest extends unknown[]>(
  f: (first: First, ...rest: Rest) => Tensor,
): (first: First, ...rest: Rest) => First;
export function grad<Parameters extends unknown[]>(
  variables: VariableTree,
  f: (...parameters: Parameters) => Tensor,
): (...parameters: Parameters) => NamedGrads;
export function grad(first: unknown, second?: unknown): (...parameters: never[]) => unknown {
  const both = differentiate('grad', first, second);
  return (...parameters) => both(...parameters).grads;
}

/**
 * As {@link grad}, with the value of the function: `{ value, grads }`, which share their work when evaluated together.
 */
export function valueAndGrad<Rest extends unknown[]>(
  f: (first: Tensor, ...rest: Rest) => Tensor,
): (first: Tensor, ...rest: Rest) => ValueAndGrads<Tensor>;
export function valueAndGrad<First extends TensorTree, Rest extends unknown[]>(
  f: (first: First, ...rest: Rest) => Tensor,
): (first: First, ...rest: Rest) => ValueAndGrads<First>;
export function valueAndGrad<Parameters extends unknown[]>(
  variables: VariableTree,
  f: (...parameters: Parameters) => Tensor,
): (...parameters: Parameters) => ValueAndGrads<NamedGrads>;
export function valueAndGrad(first: unknown, second?: unknown): (...parameters: never[]) => ValueAndGrads<unknown> {
  return differentiate('valueAndGrad', first, second);
}

function differentiate(
  operation: string,
  first: unknown,
  second: unknown,
): (...parameters: unknown[]) => ValueAndGrads<unknown> {
  if (second === undefined) {
    checkFunction(operation, first);
    const f = first as (...parameters: unknown[]) => unknown;
    return (argument, ...rest) => {
      const { result, sources, tree } = traced(operation, [argument], ([traced]) => f(traced, ...rest));
      const value = scalarResult(operation, result);
      return { value, grads: (tree.rebuild(gradients(value, sources)) as unknown[])[0] };
    };
  }
  checkFunction(operation, second);
  const f = second as (...parameters: unknown[]) => unknown;
  return (...parameters) => {
    const variables = Object.entries(namedVariables(first as VariableTree)).filter(
      ([, variable]) => variable.trainable,
    );
    const sources: Tensor[] = [];
    const result = trace(() => {
      const restore = variables.map(([, variable]) => {
        const source = mark(variable.value);
        sources.push(source);
        return variable.substitute(source);
      });
      try {
        return f(...parameters);
      } finally {
        for (const undo of restore) undo();
      }
    });
    const value = scalarResult(operation, result);
    const found = gradients(value, sources);
    return { value, grads: Object.fromEntries(variables.map(([name], i) => [name, found[i]!])) };
  };
}

/**
 * The value of a function of tensors (or trees of them) at `primals`, and its pullback: from a cotangent of the value's
 * structure to the cotangents of all primals, as an array. It may be called at any time and more than once.
 * @throws {TypeError} if f is no synchronous function of tensors, or a primal is not floating point.
 * @throws {RangeError} (the pullback) if cotangents have other shapes than the value.
 */
export function vjp<Primals extends readonly TensorTree[], Value extends TensorTree>(
  f: (...primals: Primals) => Value,
  ...primals: Primals
): { readonly value: Value; readonly pullback: (cotangent: Value) => Primals } {
  checkFunction('vjp', f);
  const { result, sources, tree } = traced('vjp', primals, (inputs) => f(...(inputs as unknown as Primals)));
  const outputs = flatten('vjp: the result', result);
  const withGraph = remember(outputs.leaves);
  return {
    value: result,
    pullback: (cotangent) => {
      const cotangents = matching('vjp', 'cotangent', cotangent, outputs.leaves);
      const found = withGraph(() => pullBack(outputs.leaves, cotangents, sources));
      return tree.rebuild(found.map((part, i) => part ?? zerosLike(sources[i]!))) as unknown as Primals;
    },
  };
}

/**
 * The value of a function of tensors (or trees of them) at `primals`, and its directional derivative: the tangent of
 * the value when the primals move along `tangents`. By forward mode: the cost of one or two evaluations.
 * @throws {TypeError} if f is no synchronous function of tensors, or a primal is not floating point.
 * @throws {RangeError} if tangents have other shapes than the primals.
 */
export function jvp<Primals extends readonly TensorTree[], Value extends TensorTree>(
  f: (...primals: Primals) => Value,
  primals: Primals,
  tangents: Primals,
): { readonly value: Value; readonly tangent: Value } {
  checkFunction('jvp', f);
  if (!Array.isArray(primals) || !Array.isArray(tangents)) {
    throw new TypeError('jvp: primals and tangents are arrays with one entry for each argument: jvp(f, [x], [dx])');
  }
  const { result, sources } = traced('jvp', primals, (inputs) => f(...(inputs as unknown as Primals)));
  const outputs = flatten('jvp: the result', result);
  const found = pushForward(outputs.leaves, sources, matching('jvp', 'tangent', tangents, sources));
  const tangent = outputs.rebuild(found.map((part, i) => part ?? zerosLike(outputs.leaves[i]!)));
  return { value: result, tangent: tangent as Value };
}

interface Traced<Result> {
  readonly result: Result;
  /** The marked inputs, in the order of the tree's leaves. */
  readonly sources: readonly Tensor[];
  readonly tree: Flattened;
}

/** Calls f on marked copies of all tensors of a tree. */
function traced<Result>(
  operation: string,
  tree: readonly unknown[],
  f: (tree: readonly unknown[]) => Result,
): Traced<Result> {
  const flat = flatten(operation, tree);
  const sources = flat.leaves.map((leaf) => {
    if (!isFloat(leaf.dtype)) {
      throw new TypeError(
        `${operation}: cannot differentiate with respect to a tensor of ${leaf.dtype}; cast it to float32 or float64`,
      );
    }
    return mark(leaf);
  });
  return { result: trace(() => f(flat.rebuild(sources) as readonly unknown[])), sources, tree: flat };
}

/**
 * Keeps the graph behind tensors for later: a tensor that is evaluated lets go of its inputs, but a pullback that is
 * called afterwards still walks them.
 */
function remember(tensors: readonly Tensor[]): <Result>(use: () => Result) => Result {
  const links = topologicalOrder(tensors).map((tensor) => [tensor, tensor.inputs] as const);
  return (use) => {
    const evaluated = links.filter(([tensor, inputs]) => tensor.inputs !== inputs);
    for (const [tensor, inputs] of evaluated) setInputs(tensor, inputs);
    try {
      return use();
    } finally {
      for (const [tensor] of evaluated) setInputs(tensor, []);
    }
  };
}

function mark(tensor: Tensor): Tensor {
  return applyMovement(Alias, tensor, tensor.shape, {});
}

function gradients(value: Tensor, sources: readonly Tensor[]): Tensor[] {
  return pullBack([value], [onesLike(value)], sources).map((part, i) => part ?? zerosLike(sources[i]!));
}

function scalarResult(operation: string, result: unknown): Tensor {
  if (!(result instanceof Tensor)) {
    const what = result instanceof Promise ? 'a Promise; it must be synchronous' : String(result);
    throw new TypeError(`${operation}: the function must return a tensor, got ${what}`);
  }
  if (!isFloat(result.dtype))
    throw new TypeError(`${operation}: the function returns ${result.dtype}, which has no gradient`);
  if (result.size !== 1) {
    throw new RangeError(
      `${operation}: the function must return one number, got shape ${formatShape(result.shape)}; reduce it with sum() or mean(), or use vjp`,
    );
  }
  return result;
}

/** The leaves of a user's tangents or cotangents, checked against the tensors they belong to. */
function matching(operation: string, what: string, tree: unknown, tensors: readonly Tensor[]): Tensor[] {
  const { leaves } = flatten(`${operation}: the ${what}`, tree);
  if (leaves.length !== tensors.length || !leaves.every((leaf, i) => sameShape(leaf.shape, tensors[i]!.shape))) {
    throw new RangeError(
      `${operation}: the ${what}s have shapes ${leaves.map(({ shape }) => formatShape(shape)).join(', ')}, expected ` +
        `${tensors.map(({ shape }) => formatShape(shape)).join(', ')}`,
    );
  }
  return leaves.map((leaf, i) => leaf.astype(tensors[i]!.dtype));
}
