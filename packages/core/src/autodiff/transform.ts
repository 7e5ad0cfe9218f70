import { describe, show } from '../data/checks.ts';
import { isFloatingPoint } from '../data/dtype.ts';
import { formatShape, formatShapes, sameShape } from '../data/shape.ts';
import { topologicalOrder } from '../graph/order.ts';
import { applyMovement, checkNotDisposed, nextTensorId, setInputs, setStepStart, Tensor } from '../graph/tensor.ts';
import { onesLike, zerosLike } from '../ops/creation.ts';
import { checkFunction } from '../ops/define.ts';
import { Alias } from '../ops/identity.ts';
import { pullBack, pushForward } from './grad.ts';
import { recordOwners } from './owners.ts';
import { trace } from './trace.ts';
import { atomically } from '../graph/transaction.ts';
import { alignLeaves, collectVariables, flattenTensors, type FlatTree } from '../graph/tree.ts';
import type { TensorTreeOf, TensorTreesOf, VariableTree, VariableTreeOf } from '../graph/treeTypes.ts';

/** The value of a function and its gradients, in the structure of what it was differentiated by. */
export type ValueAndGrads<Grads> = { readonly value: Tensor; readonly grads: Grads };

/** Gradients with respect to variables, by the names that {@link namedVariables} gives. */
export type NamedGrads = Record<string, Tensor>;

/**
 * The gradient of a scalar function (JAX's `grad`). `grad(f)` differentiates with respect to the first argument, a tensor
 * or a tree of tensors; gradients have the same structure, shapes and dtypes. Numbers and strings in the tree are constants,
 * which gradients repeat. `grad(variables, f)` differentiates with
 * respect to the trainable variables of modules; gradients are named as by {@link namedVariables}. Gradients are lazy
 * tensors and can be differentiated again, as in `grad(grad(f))`. They are zeros for what the result does not depend on.
 * @throws {TypeError} if the function does not return a floating-point tensor synchronously, or a tensor to differentiate by
 *   is not floating-point.
 * @throws {RangeError} if the result has more than one element.
 */
export function grad<Rest extends unknown[]>(
  f: (first: Tensor, ...rest: Rest) => Tensor,
): (first: Tensor, ...rest: Rest) => Tensor;
export function grad<First extends TensorTreeOf<First>, Rest extends unknown[]>(
  f: (first: First, ...rest: Rest) => Tensor,
): (first: First, ...rest: Rest) => First;
export function grad<Parameters extends unknown[], Variables = VariableTree>(
  variables: Variables & VariableTreeOf<Variables>,
  f: (...parameters: Parameters) => Tensor,
): (...parameters: Parameters) => NamedGrads;
export function grad(first: unknown, second?: unknown): (...parameters: never[]) => unknown {
  const both = differentiate('grad', first, second);
  return (...parameters) => both(...parameters).grads;
}

/**
 * The value and the gradient of a scalar function (JAX's `value_and_grad`), see {@link grad}. Evaluate them together to share
 * work.
 * @throws {TypeError} if the function does not return a floating-point tensor synchronously, or a tensor to differentiate by
 *   is not floating-point.
 * @throws {RangeError} if the result has more than one element.
 */
export function valueAndGrad<Rest extends unknown[]>(
  f: (first: Tensor, ...rest: Rest) => Tensor,
): (first: Tensor, ...rest: Rest) => ValueAndGrads<Tensor>;
export function valueAndGrad<First extends TensorTreeOf<First>, Rest extends unknown[]>(
  f: (first: First, ...rest: Rest) => Tensor,
): (first: First, ...rest: Rest) => ValueAndGrads<First>;
export function valueAndGrad<Parameters extends unknown[], Variables = VariableTree>(
  variables: Variables & VariableTreeOf<Variables>,
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
  if (typeof (second === undefined ? first : second) !== 'function') {
    const got = [first, second].slice(0, second === undefined ? 1 : 2).map((value) => show(value));
    const expected = `${operation}(f) or ${operation}(variables, f)`;
    throw new TypeError(`${operation}: expected ${expected} with a function f, got ${operation}(${got.join(', ')})`);
  }
  if (second === undefined) {
    const f = first as (...parameters: unknown[]) => unknown;
    return (argument, ...rest) =>
      atomically(() => {
        const start = nextTensorId();
        const { result, sources, tree } = callTraced(operation, [argument], ([marked]) => f(marked, ...rest));
        const value = checkScalarResult(operation, result);
        const grads = computeGradients(operation, value, sources, start);
        return { value, grads: (tree.rebuild(grads) as unknown[])[0] };
      });
  }
  const f = second as (...parameters: unknown[]) => unknown;
  return (...parameters) =>
    atomically(() => {
      const variables = Object.entries(collectVariables(operation, first as VariableTree)).filter(
        ([, variable]) => variable.trainable,
      );
      const start = nextTensorId();
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
      const value = checkScalarResult(operation, result);
      const grads = computeGradients(operation, value, sources, start);
      const named = Object.fromEntries(variables.map(([name], i) => [name, grads[i]!]));
      return { value, grads: recordOwners(named, Object.fromEntries(variables)) };
    });
}

/**
 * The vector-Jacobian product of a function of tensors or trees of tensors (JAX's `vjp`): its value at `primals`, and the
 * pullback, which maps a cotangent with the value's structure and shapes to an array of the cotangents of all primals. The
 * pullback may be called at any time and repeatedly.
 * @throws {TypeError} if f is not a synchronous function from tensors to tensors, or a primal is not floating-point.
 * @throws {RangeError} (from the pullback) if the cotangents' shapes are not those of the value.
 */
export function vjp<Primals extends TensorTreesOf<Primals>, Value extends TensorTreeOf<Value>>(
  f: (...primals: Primals) => Value,
  ...primals: Primals
): { readonly value: Value; readonly pullback: (cotangent: Value) => Primals } {
  checkFunction('vjp', f);
  const { value, pullback } = differentiateAt('vjp', f, primals);
  return { value, pullback };
}

/**
 * The Jacobian-vector product of a function of tensors or trees of tensors (JAX's `jvp`), in forward mode: its value at
 * `primals`, and its directional derivative along `tangents`, with the value's structure and shapes.
 * @param tangents one for each primal, with its structure and shapes.
 * @throws {TypeError} if f is not a synchronous function from tensors to tensors, or a primal is not floating-point.
 * @throws {RangeError} if the tangents' shapes are not those of the primals.
 */
export function jvp<Primals extends TensorTreesOf<Primals>, Value extends TensorTreeOf<Value>>(
  f: (...primals: Primals) => Value,
  primals: Primals,
  tangents: Primals,
): { readonly value: Value; readonly tangent: Value } {
  checkFunction('jvp', f);
  if (!Array.isArray(primals) || !Array.isArray(tangents)) {
    const got = `${show(primals)} and ${show(tangents)}`;
    throw new TypeError(`jvp: primals and tangents must be arrays, as in jvp(f, [x], [dx]), got ${got}`);
  }
  const traced = callOnTrees('jvp', f, primals);
  return { value: traced.result, tangent: pushTangents('jvp', traced, tangents) };
}

/**
 * The value of a function at `primals` and its derivative there, a linear function of tangents (JAX's `linearize`): as
 * {@link jvp}, for many tangents. It may be called at any time and repeatedly.
 * @throws {TypeError} if f is not a synchronous function from tensors to tensors, or a primal is not floating-point.
 * @throws {RangeError} (from the derivative) if the tangents' shapes are not those of the primals.
 */
export function linearize<Primals extends TensorTreesOf<Primals>, Value extends TensorTreeOf<Value>>(
  f: (...primals: Primals) => Value,
  ...primals: Primals
): { readonly value: Value; readonly derivative: (...tangents: Primals) => Value } {
  checkFunction('linearize', f);
  const { value, derivative } = differentiateAt('linearize', f, primals);
  return { value, derivative };
}

/** The derivative of a function in both modes, as {@link vjp} and {@link linearize}, for an operation that messages name. */
export function differentiateAt<Primals extends readonly unknown[], Value>(
  operation: string,
  f: (...primals: Primals) => Value,
  primals: Primals,
): {
  readonly value: Value;
  readonly pullback: (cotangent: Value) => Primals;
  readonly derivative: (...tangents: Primals) => Value;
} {
  const traced = callOnTrees(operation, f, primals);
  const { result, sources, tree, outputs } = traced;
  const withGraph = retainGraph(outputs.leaves);
  return {
    value: result,
    pullback: (cotangent) => {
      const cotangents = flattenLike(operation, ['cotangent', 1], cotangent, outputs);
      const results = withGraph(() => pullBack(operation, outputs.leaves, cotangents, sources));
      return tree.rebuild(results.map((part, i) => part ?? zerosLike(sources[i]!))) as unknown as Primals;
    },
    derivative: (...tangents) => withGraph(() => pushTangents(operation, traced, tangents)),
  };
}

function pushTangents<Value>(
  operation: string,
  { sources, tree, outputs: { leaves, rebuild } }: Traced<Value> & { readonly outputs: FlatTree },
  tangents: readonly unknown[],
): Value {
  const results = pushForward(operation, leaves, sources, flattenLike(operation, ['tangent', 2], tangents, tree));
  return rebuild(results.map((part, i) => part ?? zerosLike(leaves[i]!))) as Value;
}

interface Traced<Result> {
  readonly result: Result;
  /** The marked inputs, in the order of the tree's leaves. */
  readonly sources: readonly Tensor[];
  readonly tree: FlatTree;
}

/** Calls f on a tree whose tensors are marked as what to differentiate by. */
function callTraced<Result>(
  operation: string,
  tree: readonly unknown[],
  f: (tree: readonly unknown[]) => Result,
): Traced<Result> {
  const flat = flattenTensors(operation, tree, 2);
  const sources = flat.leaves.map((leaf) => {
    checkNotDisposed(operation, leaf);
    if (!isFloatingPoint(leaf.dtype)) {
      throw new TypeError(
        `${operation}: cannot differentiate with respect to a tensor of ${leaf.dtype}; convert with astype('float32')`,
      );
    }
    return mark(leaf);
  });
  return { result: trace(() => f(flat.rebuild(sources) as readonly unknown[])), sources, tree: flat };
}

/** As {@link callTraced}, for a function of several trees to a tree, whose tensors are `outputs`. */
function callOnTrees<Primals extends readonly unknown[], Value>(
  operation: string,
  f: (...primals: Primals) => Value,
  primals: Primals,
): Traced<Value> & { readonly outputs: FlatTree } {
  return atomically(() => {
    const traced = callTraced(operation, primals, (inputs) => f(...(inputs as unknown as Primals)));
    return { ...traced, outputs: flattenTensors(`${operation}: the result`, traced.result) };
  });
}

/**
 * Retains the graph behind tensors for a pullback: evaluation detaches tensors from their inputs, which the returned
 * function restores while `use` runs.
 */
function retainGraph(tensors: readonly Tensor[]): <Result>(use: () => Result) => Result {
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

/** Creates a new node for the tensor, to differentiate by. */
function mark(tensor: Tensor): Tensor {
  return applyMovement(Alias, tensor, tensor.shape, {});
}

/** The gradients of a value whose step begins with the tensor of the id `start`. */
function computeGradients(operation: string, value: Tensor, sources: readonly Tensor[], start: number): Tensor[] {
  const grads = pullBack(operation, [value], [onesLike(value)], sources).map(
    (part, i) => part ?? zerosLike(sources[i]!),
  );
  for (const result of [value, ...grads]) setStepStart(result, start);
  return grads;
}

/**
 * @throws {TypeError} if the result of a function is not a floating-point tensor.
 * @throws {RangeError} if it has more than one element.
 */
export function checkScalarResult(operation: string, result: unknown): Tensor {
  if (!(result instanceof Tensor)) {
    throw new TypeError(`${operation}: the function must return a tensor, got ${describe(result)}`);
  }
  if (!isFloatingPoint(result.dtype)) {
    throw new TypeError(`${operation}: the function must return float32 or float64, got ${result.dtype}`);
  }
  if (result.size !== 1) {
    throw new RangeError(
      `${operation}: the function must return one element, got shape ${formatShape(result.shape)}; reduce it with sum() or mean(), or use vjp`,
    );
  }
  return result;
}

/**
 * Flattens a tree of tangents or cotangents, and casts them to the dtypes of the tensors of another.
 * @param name what messages call one of them, and the depth from which on settings are allowed.
 * @throws {TypeError} if the tree contains anything but tensors.
 * @throws {RangeError} if structures or shapes differ.
 */
export function flattenLike(
  operation: string,
  [name, depth]: readonly [name: string, depth: number],
  tree: unknown,
  like: FlatTree,
): Tensor[] {
  const given = flattenTensors(`${operation}: the ${name}`, tree, depth);
  const leaves = alignLeaves(given, like);
  if (!leaves && given.leaves.length === like.leaves.length) {
    throw new RangeError(`${operation}: expected ${name}s at ${like.paths.join(', ')}, got ${given.paths.join(', ')}`);
  }
  if (!leaves?.every((leaf, i) => sameShape(leaf.shape, like.leaves[i]!.shape))) {
    const shapes = `${formatShapes(like.leaves)}, got ${formatShapes(given.leaves)}`;
    throw new RangeError(`${operation}: expected ${name}s of shapes ${shapes}`);
  }
  return leaves.map((leaf, i) => leaf.astype(like.leaves[i]!.dtype));
}
