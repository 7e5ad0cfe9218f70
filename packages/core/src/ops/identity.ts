// Identities: new graph nodes for the value of their input.
import { batchLeading } from '../graph/batching.ts';
import type { Movement } from '../graph/primitive.ts';
import type { NoAttributes } from '../graph/routines.ts';
import { applyMovement, type Tensor } from '../graph/tensor.ts';
import { checkTensor } from './define.ts';

/** A new node for the value of its input, by which transformations mark what they differentiate. */
export const Alias: Movement<NoAttributes> = {
  kind: 'movement',
  name: 'alias',
  view: (view) => view,
  vjp: (cotangent) => cotangent,
  jvp: (tangent) => tangent,
  batch: batchLeading,
};

/** The identity without derivative rules. */
export const StopGradient: Movement<NoAttributes> = {
  kind: 'movement',
  name: 'stopGradient',
  view: (view) => view,
  batch: batchLeading,
};

/**
 * Returns x as a constant: neither cotangents nor tangents flow through it (JAX's `stop_gradient`, PyTorch's `detach`).
 * @example
 * grad((x) => x.mul(stopGradient(x)))(tensor(3)); // tensor(3)
 */
export function stopGradient(x: Tensor): Tensor {
  checkTensor('stopGradient', x);
  return applyMovement(StopGradient, x, x.shape, {});
}
