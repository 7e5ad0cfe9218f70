// Identities: new graph nodes for the value of their input.
import type { Movement } from '../graph/primitive.ts';
import type { NoAttributes } from '../graph/routines.ts';
import { applyMovement, Tensor } from '../graph/tensor.ts';
import { checkTensor } from './define.ts';

/** A new node for the value of its input, by which transformations mark what they differentiate. */
export const Alias: Movement<NoAttributes> = {
  kind: 'movement',
  name: 'alias',
  view: (view) => view,
  vjp: (cotangent) => cotangent,
  jvp: (tangent) => tangent,
};

/** The identity without derivative rules. */
export const StopGradient: Movement<NoAttributes> = { kind: 'movement', name: 'stopGradient', view: (view) => view };

/** The values of the first input with the derivatives of the second. */
export const Surrogate: Movement<NoAttributes> = {
  kind: 'movement',
  name: 'surrogate',
  view: (view) => view,
  vjp: (cotangent, _output, input) => (input === 1 ? cotangent : undefined),
  jvp: (tangent, _output, input) => (input === 1 ? tangent : undefined),
};

/** The values of one tensor with the derivatives of another, of the same shape and dtype, whose values are less exact. */
export function withDerivativesOf(values: Tensor, differentiable: Tensor): Tensor {
  return new Tensor(Surrogate, [values, differentiable], values, {});
}

/** Returns x as a constant: neither cotangents nor tangents flow through it (JAX's `stop_gradient`, PyTorch's `detach`). */
export function stopGradient(x: Tensor): Tensor {
  checkTensor('stopGradient', x);
  return applyMovement(StopGradient, x, x.shape, {});
}
