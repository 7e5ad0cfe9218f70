import { Tensor, vjp, zerosLike } from '@thetagrad/core';
import {
  batchInput,
  batchType,
  checkFunction,
  checkTensor,
  formatShape,
  sameShape,
  show,
  type Movement,
} from '@thetagrad/core/backend';

/** The tangent of a value from the tangents of the arguments. Linear in them. */
type Tangent = (...tangents: Tensor[]) => Tensor;

/**
 * Gives a function a custom derivative rule in forward mode (JAX's `custom_jvp`). `f` returns the value and `jvp`, which maps the
 * tangents of the arguments to that of the value, and is linear in them. Reverse mode uses its transpose, so that one rule serves
 * both. `jvp` is differentiable itself if it consists of tensor operations on the arguments; `f` is not differentiated.
 * @throws {TypeError} if an argument is not a tensor, or `f` does not return `{ value, jvp }`.
 * @throws {RangeError} if `jvp`, when it is called, returns a tangent that is not of the value's shape.
 * @example
 * grad(customJvp((x) => ({ value: x.abs(), jvp: (t) => t.mul(x.tanh()) })))(tensor(0)); // tensor(0)
 */
export function customJvp<Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => { readonly value: Tensor; readonly jvp: (...tangents: Inputs) => Tensor },
): (...inputs: Inputs) => Tensor {
  checkFunction('customJvp', f);
  return (...inputs) => {
    for (const input of inputs) checkTensor('customJvp: an argument', input);
    const result = f(...inputs);
    if (!(result?.value instanceof Tensor) || typeof result.jvp !== 'function') {
      throw new TypeError(
        `customJvp: the function must return { value, jvp }, a tensor and a function, got ${show(result)}`,
      );
    }
    const { value, jvp: rule } = result;
    return new Tensor(createPrimitive(checkRule(rule as unknown as Tangent, value)), [value, ...inputs], value);
  };
}

/** Checks the shape of a rule's result. */
function checkRule(rule: Tangent, { shape }: Tensor): Tangent {
  return (...tangents) => {
    const tangent: unknown = rule(...tangents);
    if (tangent instanceof Tensor && sameShape(tangent.shape, shape)) return tangent;
    const got = tangent instanceof Tensor ? formatShape(tangent.shape) : show(tangent);
    throw new RangeError(
      `customJvp: jvp must return a tensor of the shape of the value, ${formatShape(shape)}, got ${got}`,
    );
  };
}

/** The primitive of one call. Its inputs are the value and the arguments. */
function createPrimitive(rule: Tangent): Movement {
  const argumentsOf = ({ inputs }: Tensor): readonly Tensor[] => inputs.slice(1);
  return {
    kind: 'movement',
    name: 'customJvp',
    view: (view) => view,
    jvpOfAll: ([, ...tangents], output) =>
      rule(...argumentsOf(output).map((argument, i) => tangents[i] ?? zerosLike(argument))),
    // The transpose of the rule, which is linear.
    vjpOfAll: (cotangent, output) => {
      const zeros = argumentsOf(output).map((argument) => zerosLike(argument));
      return [undefined, ...vjp(rule, ...zeros).pullback(cotangent)];
    },
    batch: (inputs, isBatched, example, size, batchTensors) => {
      const all = inputs.map((input, i) => batchInput(input, isBatched[i], size));
      const batched: Tangent = (...tangents) => {
        // A node of its own for the tangent of one example.
        const examples = argumentsOf(example).map((argument) => zerosLike(argument).add(0));
        const bindings = examples.map((each, i) => [each, tangents[i]!] as const);
        return batchTensors([rule(...examples)], bindings)[0]!;
      };
      return new Tensor(createPrimitive(batched), all, batchType(example, size));
    },
  };
}
