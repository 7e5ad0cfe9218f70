// The same elements as another node of the graph.
import type { Movement } from '../graph/primitive.ts';
import type { NoAttributes } from '../graph/routines.ts';
import { applyMovement, type Tensor } from '../graph/tensor.ts';
import { checkTensor } from './define.ts';

/** A new node for the same value: how a transformation marks what it differentiates. */
export const Alias: Movement<NoAttributes> = {
  kind: 'movement',
  name: 'alias',
  view: (view) => view,
  vjp: (cotangent) => cotangent,
  jvp: (tangent) => tangent,
};

export const StopGradient: Movement<NoAttributes> = { kind: 'movement', name: 'stopGradient', view: (view) => view };

/** The tensor as a constant: no gradient flows back through it and no tangent forward (as `jax.lax.stop_gradient`). */
export function stopGradient(x: Tensor): Tensor {
  checkTensor('stopGradient', x);
  return applyMovement(StopGradient, x, x.shape, {});
}
