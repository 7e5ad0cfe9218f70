import { isFloatingPoint, Tensor, vjp, zerosLike } from '@thetagrad/core';
import {
  batchInput,
  batchType,
  checkFunction,
  checkTensor,
  describe,
  formatShape,
  sameShape,
  type MapTensors,
  type Movement,
} from '@thetagrad/core/backend';

/** The tangent of a value from the tangents of the arguments. Linear in them. */
type Tangent = (...tangents: Tensor[]) => Tensor;

/**
 * Gives a function a custom derivative rule in forward mode (JAX's `custom_jvp`). `f` returns the value and `jvp`, which maps the
 * tangents of the arguments to that of the value, and is linear in them. Reverse mode uses its transpose, so that one rule serves
 * both. `jvp` is differentiable itself if it consists of tensor operations on the arguments; `f` is not differentiated.
 * @throws {TypeError} if an argument is not a floating-point tensor, `f` does not return `{ value, jvp }`, or `jvp` no tensor.
 * @throws {RangeError} if `jvp`, when it is called, returns a tangent that is not of the value's shape.
 * @example
 * grad(customJvp((x) => ({ value: x.abs(), jvp: (t) => t.mul(x.tanh()) })))(tensor(0)); // tensor(0)
 */
export function customJvp<Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => { readonly value: Tensor; readonly jvp: (...tangents: Inputs) => Tensor },
): (...inputs: Inputs) => Tensor {
  checkFunction('customJvp', f);
  return (...inputs) => {
    for (const input of inputs) {
      checkTensor('customJvp: an argument', input);
      if (isFloatingPoint(input.dtype)) continue;
      throw new TypeError(`customJvp: arguments must be float32 or float64, got ${input.dtype}; close over others`);
    }
    const result = f(...inputs);
    if (!(result?.value instanceof Tensor) || typeof result.jvp !== 'function') {
      throw new TypeError(
        `customJvp: the function must return { value, jvp }, a tensor and a function, got ${describe(result)}`,
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
    const expected = `customJvp: jvp must return a tensor of the shape of the value, ${formatShape(shape)}`;
    if (!(tangent instanceof Tensor)) throw new TypeError(`${expected}, got ${describe(tangent)}`);
    throw new RangeError(`${expected}, got ${formatShape(tangent.shape)}`);
  };
}

/** The rule in another graph. The rule closes over tensors: it is applied in its own graph, and the result is mapped. */
function mapRule(rule: Tangent, output: Tensor, map: MapTensors): Tangent {
  return (...mapped) => {
    // Creates a separate node for each tangent.
    const tangents = output.inputs.slice(1).map((argument) => zerosLike(argument).add(0));
    return map(
      [rule(...tangents)],
      tangents.map((tangent, i) => [tangent, mapped[i]!]),
    )[0]!;
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
      return new Tensor(createPrimitive(mapRule(rule, example, batchTensors)), all, batchType(example, size));
    },
    rebind: (output, replace) => createPrimitive(mapRule(rule, output, replace)),
  };
}
