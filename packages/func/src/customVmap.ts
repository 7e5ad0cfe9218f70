import { Tensor, zerosLike } from '@thetagrad/core';
import {
  batchType,
  checkFunction,
  checkTensor,
  describe,
  sameShape,
  type MapTensors,
  type Movement,
} from '@thetagrad/core/backend';
import { formatType } from './checks.ts';

/**
 * How a function computes many examples at once.
 * @param size the number of examples.
 * @param isBatched whether each argument has an axis of examples, which comes first; else all examples share it.
 * @returns the values of all examples, with their axis first.
 */
export type BatchRule<Inputs extends readonly Tensor[]> = (
  size: number,
  isBatched: readonly boolean[],
  ...inputs: Inputs
) => Tensor;

/**
 * Gives a function a custom rule for `vmap` (JAX's `custom_vmap`): where examples differ in an argument, `rule` computes all of
 * them. Outside of `vmap` the function is f. The rule is differentiated where `vmap` is inside of `grad`; of gradients inside of
 * `vmap` the operations are batched one by one, unless f is a `customGradient` whose rule is a `customVmap` function itself.
 * @throws {TypeError} if an argument is not a tensor, or `f` or `rule` does not return one.
 * @throws {RangeError} (from `vmap`) if the result of the rule differs from f's in shape or dtype, with the axis of examples first.
 * @example
 * vmap(customVmap((x) => x.mul(2), (size, isBatched, x) => x.add(x)))(tensor([0, 1])); // tensor([0, 2])
 */
export function customVmap<Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => Tensor,
  rule: BatchRule<Inputs>,
): (...inputs: Inputs) => Tensor {
  checkFunction('customVmap', f);
  checkFunction('customVmap: the rule', rule);
  return (...inputs) => {
    for (const input of inputs) checkTensor('customVmap: an argument', input);
    const value: unknown = f(...inputs);
    if (!(value instanceof Tensor)) {
      throw new TypeError(`customVmap: the function must return a tensor, got ${describe(value)}`);
    }
    return new Tensor(createPrimitive(rule as unknown as Rule), [value, ...inputs], value);
  };
}

type Rule = BatchRule<readonly Tensor[]>;

/** The primitive of one call. Its inputs are the value, which derivatives are those of, and the arguments. */
function createPrimitive(rule: Rule): Movement {
  return {
    kind: 'movement',
    name: 'customVmap',
    view: (view) => view,
    vjp: (cotangent, _output, input) => (input === 0 ? cotangent : undefined),
    jvp: (tangent, _output, input) => (input === 0 ? tangent : undefined),
    batch: (inputs, isBatched, example, size) => {
      const [value, ...all] = inputs as readonly Tensor[];
      // f captures what differs between examples: the rule, which does not get it, cannot compute them.
      if (!isBatched.slice(1).includes(true)) return value!;
      const result: unknown = rule(size, isBatched.slice(1), ...all);
      if (!(result instanceof Tensor)) {
        throw new TypeError(`customVmap: the rule must return a tensor, got ${describe(result)}`);
      }
      const expected = batchType(example, size);
      if (sameShape(result.shape, expected.shape) && result.dtype === expected.dtype) return result;
      throw new RangeError(
        `customVmap: the rule must return ${formatType(expected)}, the values of all examples, got ${formatType(result)}`,
      );
    },
    rebind: (_output, replace) => createPrimitive(mapRule(rule, replace)),
  };
}

/** The rule in another graph: it closes over tensors of its own graph, where it is applied to stand-ins. */
function mapRule(rule: Rule, map: MapTensors): Rule {
  return (size, isBatched, ...inputs) => {
    const standIns = inputs.map((input) => zerosLike(input).add(0));
    const result = rule(size, isBatched, ...standIns);
    return map(
      [result],
      standIns.map((standIn, i) => [standIn, inputs[i]!]),
    )[0]!;
  };
}
