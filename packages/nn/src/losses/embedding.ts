// Losses of similarities and distances between samples.
import { minimum, type Tensor } from '@thetagrad/core';
import {
  argumentError,
  broadcastShapes,
  checkFunction,
  checkNonnegative,
  checkTensor,
  formatShape,
  sameShape,
} from '@thetagrad/core/backend';
import { checkNumbers, checkSigns, type LossOptions, reduce, reductionOf, toFloats } from './reduce.ts';

export interface MarginOptions extends LossOptions {
  /** The distance or difference that suffices. Default: 0. */
  readonly margin?: number;
}

/**
 * Cosine distance of pairs of vectors along the last axis: 1 − cos where the target is 1, max(0, cos − margin) where it is −1.
 * Lengths count as at least 1e-6, so that the cosine of a vector of zeros is 0.
 * @param x [N, D], or [D] for one pair
 * @param y broadcasts with x
 * @param targets the shape of x without its last axis, 1 for similar pairs, −1 for others
 * @returns a scalar, or the shape of the targets with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes do not fit, or a target that is plain data is neither 1 nor −1.
 */
export function cosineEmbeddingLoss(x: Tensor, y: Tensor, targets: Tensor, options: MarginOptions = {}): Tensor {
  const operation = 'cosineEmbeddingLoss';
  const [a, b] = toFloats(operation, x, y);
  checkSigns(operation, targets);
  const reduction = reductionOf(operation, options, ['margin']);
  const { margin = 0 } = options;
  checkNumbers(operation, { margin });
  const pairs = broadcastShapes(operation, a.shape, b.shape).slice(0, -1);
  if (a.ndim === 0 || b.ndim === 0) throw new RangeError(`${operation}: expected vectors [..., D], got a scalar`);
  if (!sameShape(targets.shape, pairs)) {
    throw new RangeError(
      `${operation}: targets must be ${formatShape(pairs)}, one per pair, got ${formatShape(targets.shape)}`,
    );
  }
  const cosine = toUnit(a).mul(toUnit(b)).sum(-1);
  const apart = cosine.sub(margin).clip(0, null);
  return reduce(operation, targets.equal(1).where(cosine.neg().add(1), apart), reduction);
}

/** Scales vectors along the last axis to length 1. */
function toUnit(x: Tensor): Tensor {
  return x.div(x.norm(-1, { keepdims: true }).maximum(1e-6));
}

export interface HingeEmbeddingLossOptions extends LossOptions {
  /** The distance that suffices where the target is −1. Default: 1. */
  readonly margin?: number;
}

/**
 * Loss of distances of pairs: the distance where the target is 1, max(0, margin − distance) where it is −1.
 * @param targets 1 for similar pairs, −1 for others; broadcast with the distances
 * @returns a scalar, or the broadcast shape with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes do not broadcast, or a target that is plain data is neither 1 nor −1.
 */
export function hingeEmbeddingLoss(
  distances: Tensor,
  targets: Tensor,
  options: HingeEmbeddingLossOptions = {},
): Tensor {
  const operation = 'hingeEmbeddingLoss';
  const [x] = toFloats(operation, distances);
  checkSigns(operation, targets);
  broadcastShapes(operation, x.shape, targets.shape);
  const reduction = reductionOf(operation, options, ['margin']);
  const { margin = 1 } = options;
  checkNumbers(operation, { margin });
  return reduce(operation, targets.equal(1).where(x, x.neg().add(margin).clip(0, null)), reduction);
}

/**
 * Ranking of pairs of scores, max(0, −target · (x − y) + margin): x should be greater than y where the target is 1, and less
 * where it is −1.
 * @param y broadcasts with x
 * @param targets broadcast with x and y
 * @returns a scalar, or the broadcast shape with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes do not broadcast, or a target that is plain data is neither 1 nor −1.
 */
export function marginRankingLoss(x: Tensor, y: Tensor, targets: Tensor, options: MarginOptions = {}): Tensor {
  const operation = 'marginRankingLoss';
  checkSigns(operation, targets);
  const [a, b, sign] = toFloats(operation, x, y, targets);
  broadcastShapes(operation, broadcastShapes(operation, a.shape, b.shape), sign.shape);
  const reduction = reductionOf(operation, options, ['margin']);
  const { margin = 0 } = options;
  checkNumbers(operation, { margin });
  return reduce(operation, sign.neg().mul(a.sub(b)).add(margin).clip(0, null), reduction);
}

export interface TripletOptions extends LossOptions {
  /** How much further than the positive the negative should be. Default: 1. */
  readonly margin?: number;
  /** Whether the distance of positive and negative counts, too, if it is less (Balntas et al., BMVC 2016). Default: false. */
  readonly swap?: boolean;
}

export interface TripletMarginLossOptions extends TripletOptions {
  /** The order of the norm: 1, 2 or Infinity. Default: 2. */
  readonly p?: number;
  /** What is added to each difference, so that no distance is 0. Default: 1e-6. */
  readonly eps?: number;
}

/**
 * max(0, d(anchor, positive) − d(anchor, negative) + margin), where d(x, y) = ‖x − y + eps‖ along the last axis.
 * @param anchor [N, D], or [D] for one triplet
 * @param positive broadcasts with the anchor, as does negative
 * @returns a scalar, or the shape of the anchors without the last axis with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes do not broadcast, operands are scalars, p is not 1, 2 or Infinity, or eps is negative.
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginLossOptions = {},
): Tensor {
  const operation = 'tripletMarginLoss';
  const triplet = toFloats(operation, anchor, positive, negative);
  const reduction = reductionOf(operation, options, ['margin', 'swap', 'p', 'eps']);
  const { p = 2, eps = 1e-6 } = options;
  if (p !== 1 && p !== 2 && p !== Infinity) throw argumentError(operation, 'p', '1, 2 or Infinity', p);
  checkNonnegative(operation, 'eps', eps);
  const shape = triplet.reduce((all, x) => broadcastShapes(operation, all, x.shape), anchor.shape);
  if (shape.length === 0) throw new RangeError(`${operation}: expected vectors [..., D], got a scalar`);
  const distance = (x: Tensor, y: Tensor): Tensor => x.sub(y).add(eps).norm(-1, { ord: p });
  return reduce(operation, tripletLosses(operation, triplet, distance, options), reduction);
}

export interface TripletMarginWithDistanceLossOptions extends TripletOptions {
  /** The distances of vectors. Default: the Euclidean norm of x − y + 1e-6 along the last axis. */
  readonly distanceFunction?: (x: Tensor, y: Tensor) => Tensor;
}

/**
 * {@link tripletMarginLoss} with a distance of your own.
 * @returns a scalar, or the shape of the distances with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, `distanceFunction` is not a function to tensors, or the reduction is unknown.
 * @throws {RangeError} if the shapes do not fit.
 */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginWithDistanceLossOptions = {},
): Tensor {
  const operation = 'tripletMarginWithDistanceLoss';
  const triplet = toFloats(operation, anchor, positive, negative);
  const reduction = reductionOf(operation, options, ['margin', 'swap', 'distanceFunction']);
  const { distanceFunction = (x, y) => x.sub(y).add(1e-6).norm(-1) } = options;
  checkFunction(`${operation}: distanceFunction`, distanceFunction);
  const distance = (x: Tensor, y: Tensor): Tensor => {
    const result = distanceFunction(x, y);
    checkTensor(`${operation}: distanceFunction`, result);
    return result;
  };
  return reduce(operation, tripletLosses(operation, triplet, distance, options), reduction);
}

function tripletLosses(
  operation: string,
  [anchor, positive, negative]: readonly [Tensor, Tensor, Tensor],
  distance: (x: Tensor, y: Tensor) => Tensor,
  { margin = 1, swap = false }: TripletOptions,
): Tensor {
  checkNumbers(operation, { margin });
  const near = distance(anchor, positive);
  const toAnchor = distance(anchor, negative);
  const far = swap ? minimum(toAnchor, distance(positive, negative)) : toAnchor;
  return near.sub(far).add(margin).clip(0, null);
}
