import { div, stack, tensor, type Tensor } from '@thetagrad/core';
import {
  argumentError,
  checkBoolean,
  checkOptions,
  checkPositive,
  describeIndices,
  ownersOf,
  recordOwners,
  scaleSquares,
} from '@thetagrad/core/backend';
import { checkGrads } from './grads.ts';

/** Gradients by name, also where their type is an interface. */
type GradsOf<Grads> = Readonly<Record<keyof Grads, Tensor>>;
type Clipped<Grads> = Record<keyof Grads & string, Tensor>;

export interface ClipGradNormOptions {
  /** The order of the norm: 1 (sum of magnitudes), 2 (Euclidean) or Infinity (largest magnitude). Default: 2. */
  readonly normType?: number;
  /** Whether evaluation fails if the norm is NaN or infinite, so that the step leaves no trace. Default: false. */
  readonly errorIfNonfinite?: boolean;
}

/**
 * Scales gradients down together so that their norm, as one vector, is at most `maxNorm`. Gradients of a smaller norm are returned
 * unchanged. As PyTorch's `clip_grad_norm_`, but not in place, and right for finite gradients of any size, also where squares or the
 * norm are out of the range of the dtype.
 * @returns the gradients, and their norm before (a scalar)
 * @throws {RangeError} if there are no gradients, or `maxNorm` is not positive; at evaluation by `errorIfNonfinite`.
 */
export function clipGradNorm<Grads extends GradsOf<Grads>>(
  grads: Grads,
  maxNorm: number,
  options: ClipGradNormOptions = {},
): { grads: Clipped<Grads>; norm: Tensor } {
  checkGrads('clipGradNorm', grads);
  checkOptions('clipGradNorm', options, ['normType', 'errorIfNonfinite']);
  const { normType = 2, errorIfNonfinite = false } = options;
  if (![1, 2, Infinity].includes(normType)) {
    throw argumentError('clipGradNorm', 'normType', '1, 2 or Infinity', normType);
  }
  checkBoolean('clipGradNorm', 'errorIfNonfinite', errorIfNonfinite);
  // Infinity does not clip, for a caller that wants the norm alone.
  if (maxNorm !== Infinity) checkPositive('clipGradNorm', 'maxNorm', maxNorm);
  const values = Object.values<Tensor>(grads);
  if (values.length === 0) throw new RangeError('clipGradNorm: there are no gradients');
  const { scaledNorm, scale } = computeNorm(values, normType);
  const checked = errorIfNonfinite ? requireFinite(scaledNorm) : scaledNorm;
  const norm = checked.div(scale);
  // PyTorch's 1e-6 keeps a norm of 0 from being divided by.
  const isSmall = norm.add(1e-6).lessEqual(maxNorm);
  const factor = isSmall.where(1, div(maxNorm, checked.add(scale.mul(1e-6))));
  const power = isSmall.where(1, scale);
  // Two factors, since their product may be out of range.
  const clip = (grad: Tensor): Tensor => grad.mul(power.astype(grad.dtype)).mul(factor.astype(grad.dtype));
  return { grads: mapGrads(grads, clip), norm };
}

/** The norm of all gradients as one vector, times a power of two such that squares are in range. */
function computeNorm(grads: readonly Tensor[], normType: number): { scaledNorm: Tensor; scale: Tensor } {
  const parts = grads.filter(({ size }) => size > 0);
  if (parts.length === 0) return { scaledNorm: tensor(0), scale: tensor(1) };
  const peaks = stack(parts.map((grad) => grad.abs().max()));
  const scale = scaleSquares(peaks, [0]).scale.reshape([]);
  if (normType === Infinity) return { scaledNorm: peaks.max().mul(scale), scale };
  const scaled = parts.map((grad) => grad.astype(scale.dtype).mul(scale));
  if (normType === 1) return { scaledNorm: stack(scaled.map((grad) => grad.abs().sum())).sum(), scale };
  const squares = stack(scaled.map((grad) => grad.square().sum())).sum();
  const isZero = squares.equal(0);
  // The derivative at 0 is 0.
  return { scaledNorm: isZero.where(0, isZero.where(1, squares).sqrt()), scale };
}

/** The norm, whose evaluation fails unless it is finite. */
function requireFinite(norm: Tensor): Tensor {
  const index = describeIndices(
    norm.isfinite().logicalNot().astype('int32'),
    () => 'clipGradNorm: the norm of the gradients is not finite; detectAnomaly of @thetagrad/func finds the cause',
  );
  return norm.reshape([1]).take(index);
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
