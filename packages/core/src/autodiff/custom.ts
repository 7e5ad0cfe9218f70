import { show } from '../data/checks.ts';
import { formatShapes, sameShape } from '../data/shape.ts';
import { batchInput, batchType } from '../graph/batching.ts';
import type { MapTensors, Movement } from '../graph/primitive.ts';
import { applyMovement, Tensor } from '../graph/tensor.ts';
import { onesLike, zerosLike } from '../ops/creation.ts';
import { checkFunction, checkTensor } from '../ops/define.ts';
import { Alias } from '../ops/identity.ts';
import { pullBack } from './grad.ts';

/**
 * Gives a function a custom derivative rule (JAX's `custom_gradient`). `f` returns the value and `vjp`, which maps the value's
 * cotangent to one cotangent for each argument. `vjp` is differentiable itself if it consists of tensor operations on the
 * arguments; `f` is not differentiated. Forward mode uses the transpose of `vjp`.
 * @throws {TypeError} if an argument is not a tensor, `f` does not return `{ value, vjp }`, or `vjp`, when it is called, does
 *   not return an array of tensors.
 * @throws {RangeError} if `vjp` returns cotangents of other number or shapes than the arguments.
 */
export function customGradient<Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => { readonly value: Tensor; readonly vjp: (cotangent: Tensor) => readonly Tensor[] },
): (...inputs: Inputs) => Tensor {
  checkFunction('customGradient', f);
  return (...inputs) => {
    for (const input of inputs) checkTensor('customGradient: an argument', input);
    const result = f(...inputs);
    const { value, vjp: rule } = result;
    if (!(value instanceof Tensor) || typeof rule !== 'function') {
      throw new TypeError(
        `customGradient: the function must return { value, vjp }, a tensor and a function, got ${show(result)}`,
      );
    }
    return new Tensor(createPrimitive(checkRule(rule, inputs)), [value, ...inputs], value);
  };
}

type CustomRule = (cotangent: Tensor) => readonly Tensor[];

/** Creates the primitive of one call. Its inputs are the value and, for differentiation, the arguments. */
function createPrimitive(rule: CustomRule): Movement {
  return {
    kind: 'movement',
    name: 'customGradient',
    view: (view) => view,
    vjp: (cotangent, _output, input) => (input === 0 ? undefined : rule(cotangent)[input - 1]),
    // Transposes the rule: it is linear in the cotangent u, and the gradient of ⟨rule(u), t⟩ = ⟨u, J t⟩ by u is J t.
    jvp: (tangent, output, input) => {
      if (input === 0) return undefined;
      const u = applyMovement(Alias, zerosLike(output), output.shape, {});
      const pairing = rule(u)[input - 1]?.mul(tangent).sum();
      return pairing && pullBack('customGradient', [pairing], [onesLike(pairing)], [u])[0];
    },
    batch: (inputs, isBatched, example, size, batchTensors) => {
      const all = inputs.map((input, i) => batchInput(input, isBatched[i], size));
      const batchedRule = checkRule(mapRule(rule, example, batchTensors), all.slice(1));
      return new Tensor(createPrimitive(batchedRule), all, batchType(example, size));
    },
    rebind: (output, replace) => createPrimitive(checkRule(mapRule(rule, output, replace), output.inputs.slice(1))),
  };
}

/** The rule in another graph. The rule closes over tensors: it is applied in its own graph, and the results are mapped. */
function mapRule(rule: CustomRule, output: Tensor, map: MapTensors): CustomRule {
  return (mapped) => {
    const cotangent = applyMovement(Alias, zerosLike(output), output.shape, {});
    return map(rule(cotangent), [[cotangent, mapped]]);
  };
}

/** Wraps a rule: checks its result, and calls it once for each cotangent. */
function checkRule(rule: CustomRule, inputs: readonly Tensor[]): CustomRule {
  const cache = new WeakMap<Tensor, readonly Tensor[]>();
  return (cotangent) => {
    let results = cache.get(cotangent);
    if (!results) {
      results = rule(cotangent);
      if (!Array.isArray(results) || !results.every((result) => result instanceof Tensor)) {
        throw new TypeError(`customGradient: vjp must return one tensor for each argument, got ${show(results)}`);
      }
      if (
        results.length !== inputs.length ||
        !results.every((result, i) => sameShape(result.shape, inputs[i]!.shape))
      ) {
        const expected = `cotangents of the shapes of the arguments, ${formatShapes(inputs)}`;
        throw new RangeError(`customGradient: vjp must return ${expected}, got ${formatShapes(results)}`);
      }
      cache.set(cotangent, results);
    }
    return results;
  };
}
