import {
  getBackend,
  portable,
  setBackend,
  Tensor,
  vjp,
  type TensorTree,
  type TensorTreeOf,
  type TensorTreesOf,
  type VariableTree,
} from '@thetagrad/core';
import { DerivativeCheck, type Antiderivative } from './derivativeCheck.ts';
import type { ListFunction } from './functionAtPoint.ts';
import { functionName, resolveOptions, type GradientOptions, type Settings } from './options.ts';
import { describeValue, flattenInputs, flattenLeaves, isFloatTensor, type FlatLeaves, type Leaf } from './tree.ts';
import { VariableInputs } from './variableInputs.ts';

/**
 * Checks the derivatives of a function at a point, by independent computation in float64:
 * - reverse mode (`vjp`, and so `grad`) against central differences, element by element of every input;
 * - forward mode (`jvp`) against the difference along a random direction, element by element of every output;
 * - both against each other: ⟨vjp(u), v⟩ = ⟨u, jvp(v)⟩ for random u and v;
 * - with `order: 2`, all this for the gradient function too (reverse over reverse, forward over reverse), the symmetry
 *   of second derivatives, and reverse over forward.
 *
 * The differences are extrapolated by Ridders' method, whose error estimate is part of the tolerance:
 * `atol + rtol · |gradient| + 4 · estimate`, and an allowance for rounding. Differences that do not converge are an error.
 *
 * The function must be smooth within `step` of the inputs or a little more; at kinks and ties a gradient is a
 * convention that differences cannot confirm.
 *
 * @param f takes the inputs as arguments and returns floating-point tensors of any shape, alone or in arrays and plain
 *   objects. It must be deterministic.
 * @param inputs the arguments of f: floating-point tensors, alone or in arrays and plain objects; float32 is converted to
 *   float64.
 * @throws {GradientError} if a derivative is wrong, or cannot be judged.
 * @throws {TypeError} if an input or a result is not floating point, or there is nothing to differentiate.
 * @throws {RangeError} if f is not finite at the inputs or around them, or an option is out of range.
 * @throws {Error} if f returns different values or shapes for the same inputs.
 */
export function checkGradients<
  const Inputs extends TensorTreesOf<Inputs>,
  Result extends TensorTreeOf<Result> = TensorTree,
  Variables = VariableTree,
>(f: (...inputs: Inputs) => Result, inputs: Inputs, options: GradientOptions<Variables> = {}): void {
  const name = functionName(f, options);
  if (!Array.isArray(inputs))
    throw new TypeError(`checkGradients: the inputs of ${name} come in an array, got ${describeValue(inputs)}`);
  const tree = flattenInputs(inputs, (value, path): value is Tensor => {
    if (isFloatTensor(value)) return true;
    throw new TypeError(
      `${name}: ${path} is ${describeValue(value)}; inputs are floating-point tensors, so let the function close over anything else`,
    );
  });
  checkTree(f as unknown as (...inputs: unknown[]) => unknown, tree, options);
}

/** Checks f with respect to the leaves of its arguments and the variables of the options. */
export function checkTree<Variables>(
  f: (...inputs: unknown[]) => unknown,
  tree: FlatLeaves,
  options: GradientOptions<Variables>,
): void {
  const settings = resolveOptions(f, options);
  const before = getBackend();
  setBackend(options.backend ?? portable());
  try {
    const variables = new VariableInputs((options.variables ?? []) as VariableTree);
    const inputs = [...variables.leaves, ...tree.leaves].map(({ tensor, path }): Leaf => ({
      tensor: tensor.astype('float64'),
      path,
    }));
    if (inputs.length === 0)
      throw new TypeError(
        `${settings.name}: there is nothing to differentiate with respect to; give it a floating-point tensor`,
      );
    const count = variables.leaves.length;
    checkOrders(
      (tensors) => {
        const result = variables.bind(tensors.slice(0, count), () =>
          f(...(tree.rebuild(tensors.slice(count)) as unknown[])),
        );
        return outputLeaves(settings.name, result);
      },
      inputs,
      settings,
    );
  } finally {
    setBackend(before);
  }
}

/** Checks a function, then its gradient, and so on up to the order of the settings. */
function checkOrders(f: ListFunction, inputs: readonly Leaf[], settings: Settings): void {
  let current = f;
  let antiderivative: Antiderivative | undefined;
  for (let order = 1; order <= settings.order; order++) {
    const cotangents = new DerivativeCheck(current, inputs, order, settings).run(antiderivative);
    antiderivative = { f: current, cotangents };
    current = gradientOf(antiderivative, inputs);
  }
}

/** The function from the inputs to the gradients of ⟨cotangents, f⟩. */
function gradientOf({ f, cotangents }: Antiderivative, inputs: readonly Leaf[]): ListFunction {
  return (tensors) => {
    const outputs = (traced: readonly Tensor[]): Tensor[] => f(traced).map((output) => output.tensor);
    const [gradients] = vjp<[readonly Tensor[]], Tensor[]>(outputs, tensors).pullback([...cotangents]);
    return gradients.map((tensor, i) => ({ tensor, path: `the gradient of ${inputs[i]!.path}` }));
  };
}

function outputLeaves(name: string, result: unknown): readonly Leaf[] {
  const { leaves } = flattenLeaves(result, 'output', (value, path): value is Tensor => {
    if (value instanceof Tensor) return true;
    throw new TypeError(
      `${name}: ${path} is ${describeValue(value)}; the function must return tensors, alone or in arrays and objects`,
    );
  });
  if (leaves.length === 0) throw new TypeError(`${name}: the function returns no tensors`);
  return leaves;
}
