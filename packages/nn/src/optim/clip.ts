import { div, stack, type Tensor } from '@thetagrad/core';
import { checkPositive, ownersOf, recordOwners } from '@thetagrad/core/backend';
import { checkGrads } from './grads.ts';

/** Gradients by name, also where their type is an interface. */
type GradsOf<Grads> = Readonly<Record<keyof Grads, Tensor>>;
type Clipped<Grads> = Record<keyof Grads & string, Tensor>;

/**
 * Scales gradients down together so that their Euclidean norm, as one vector, is at most `maxNorm`. Gradients of a
 * smaller norm are returned unchanged. As PyTorch's `clip_grad_norm_`, but not in place.
 * @returns the gradients, and their norm before (a scalar)
 * @throws {RangeError} if there are no gradients, or `maxNorm` is not positive.
 */
export function clipGradNorm<Grads extends GradsOf<Grads>>(
  grads: Grads,
  maxNorm: number,
): { grads: Clipped<Grads>; norm: Tensor } {
  checkGrads('clipGradNorm', grads);
  // Infinity does not clip, for a caller that wants the norm alone.
  if (maxNorm !== Infinity) checkPositive('clipGradNorm', 'maxNorm', maxNorm);
  const norms = Object.values<Tensor>(grads).map((grad) => grad.norm());
  if (norms.length === 0) throw new RangeError('clipGradNorm: there are no gradients');
  const norm = stack(norms).norm();
  // PyTorch's 1e-6 keeps a norm of 0 from being divided by.
  const scale = div(maxNorm, norm.add(1e-6)).minimum(1);
  return { grads: mapGrads(grads, (grad) => grad.mul(scale.astype(grad.dtype))), norm };
}

/**
 * Clips each element of the gradients to [−clipValue, clipValue]. As PyTorch's `clip_grad_value_`, but not in place.
 * @throws {RangeError} if `clipValue` is not positive.
 */
export function clipGradValue<Grads extends GradsOf<Grads>>(grads: Grads, clipValue: number): Clipped<Grads> {
  checkGrads('clipGradValue', grads);
  if (clipValue !== Infinity) checkPositive('clipGradValue', 'clipValue', clipValue);
  return mapGrads(grads, (grad) => grad.clip(-clipValue, clipValue));
}

function mapGrads<Grads extends GradsOf<Grads>>(grads: Grads, f: (grad: Tensor) => Tensor): Clipped<Grads> {
  const mapped = Object.fromEntries(
    Object.entries<Tensor>(grads).map(([name, grad]) => [name, f(grad)]),
  ) as Clipped<Grads>;
  const owners = ownersOf(grads);
  return owners ? recordOwners(mapped, owners) : mapped;
}
