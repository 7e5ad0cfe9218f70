import { formatShape, sameShape } from '../data/shape.ts';
import type { Movement } from '../graph/primitive.ts';
import { applyMovement, Tensor } from '../graph/tensor.ts';
import { onesLike, zerosLike } from '../ops/creation.ts';
import { checkFunction, checkTensor } from '../ops/define.ts';
import { Alias } from '../ops/identity.ts';
import { pullBack } from './grad.ts';

/**
 * A function with a gradient of your own. `f` gives the value and `vjp`, from the value's cotangent to one cotangent
 * for each argument; written in tensor operations on the arguments, it can be differentiated again. What happens inside
 * `f` is not differentiated. Forward mode uses the transpose of the same rule.
 * @throws {TypeError} if an argument is not a tensor, or the function does not return a tensor and a rule.
 * @throws {RangeError} when the rule is used, if it gives cotangents of another number or shape than the arguments.
 */
export function customGradient<Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => { readonly value: Tensor; readonly vjp: (cotangent: Tensor) => readonly Tensor[] },
): (...inputs: Inputs) => Tensor {
  checkFunction('customGradient', f);
  return (...inputs) => {
    for (const input of inputs) checkTensor('customGradient: an argument', input);
    const { value, vjp: rule } = f(...inputs);
    if (!(value instanceof Tensor) || typeof rule !== 'function') {
      throw new TypeError('customGradient: the function must return { value, vjp }, a tensor and a function');
    }
    return new Tensor(customPrimitive(checkedRule(rule, inputs)), [value, ...inputs], value);
  };
}

type CustomRule = (cotangent: Tensor) => readonly Tensor[];

/** The primitive of one call. Its first input is the value; the others are the arguments, for the walks. */
function customPrimitive(rule: CustomRule): Movement {
  return {
    kind: 'movement',
    name: 'customGradient',
    view: (view) => view,
    vjp: (cotangent, _output, input) => (input === 0 ? undefined : rule(cotangent)[input - 1]),
    // The rule is linear in the cotangent u, so that ⟨rule(u), t⟩ = ⟨u, J t⟩, whose gradient in u is the tangent J t.
    jvp: (tangent, output, input) => {
      if (input === 0) return undefined;
      const u = applyMovement(Alias, zerosLike(output), output.shape, {});
      const pairing = rule(u)[input - 1]?.mul(tangent).sum();
      return pairing && pullBack([pairing], [onesLike(pairing)], [u])[0];
    },
  };
}

/** Checks what the user's rule gives, and asks it only once for each cotangent. */
function checkedRule(rule: CustomRule, inputs: readonly Tensor[]): CustomRule {
  const known = new WeakMap<Tensor, readonly Tensor[]>();
  return (cotangent) => {
    let parts = known.get(cotangent);
    if (!parts) {
      parts = rule(cotangent);
      if (!Array.isArray(parts) || !parts.every((part) => part instanceof Tensor)) {
        throw new TypeError('customGradient: the rule must return an array of tensors, one for each argument');
      }
      if (parts.length !== inputs.length || !parts.every((part, i) => sameShape(part.shape, inputs[i]!.shape))) {
        throw new RangeError(
          `customGradient: the rule must give one cotangent for each argument, of shapes ` +
            `${inputs.map(({ shape }) => formatShape(shape)).join(', ')}; it gave ${parts.map(({ shape }) => formatShape(shape)).join(', ')}`,
        );
      }
      known.set(cotangent, parts);
    }
    return parts;
  };
}
