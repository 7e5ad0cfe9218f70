import type { Axis, Tensor } from '@thetagrad/core';
import { checkNonnegative, checkPositive } from '@thetagrad/core/backend';
import { type LossOptions, reduce, reductionOf, toPair } from './reduce.ts';

/**
 * Squared difference of predictions and targets. Of integers it is float32, which does not wrap around.
 * @param targets of the shape of the predictions
 * @returns a scalar, or the shape of the predictions with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes differ.
 */
export function mseLoss(predictions: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  const difference = subtract('mseLoss', predictions, targets);
  return reduce('mseLoss', difference.square(), reductionOf('mseLoss', options));
}

/**
 * Absolute difference of predictions and targets. Of integers it is float32.
 * @param targets of the shape of the predictions
 * @returns a scalar, or the shape of the predictions with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes differ.
 */
export function l1Loss(predictions: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  const difference = subtract('l1Loss', predictions, targets);
  return reduce('l1Loss', difference.abs(), reductionOf('l1Loss', options));
}

export interface SmoothL1LossOptions extends LossOptions {
  /** The difference, ≥ 0, at which the loss turns from a square to a line of slope 1. Default: 1. */
  readonly beta?: number;
}

/**
 * The difference d of predictions and targets as d² / (2 · beta) where |d| < beta, else |d| − beta / 2 (Girshick, ICCV 2015,
 * equation 3). With beta 0 it is {@link l1Loss}. Of integers it is float32.
 * @param targets of the shape of the predictions
 * @returns a scalar, or the shape of the predictions with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes differ, or beta is not a finite number ≥ 0.
 */
export function smoothL1Loss(predictions: Tensor, targets: Tensor, options: SmoothL1LossOptions = {}): Tensor {
  const difference = subtract('smoothL1Loss', predictions, targets);
  const reduction = reductionOf('smoothL1Loss', options, ['beta']);
  const { beta = 1 } = options;
  checkNonnegative('smoothL1Loss', 'beta', beta);
  const distance = difference.abs();
  if (beta === 0) return reduce('smoothL1Loss', distance, reduction);
  const square = difference.mul(difference.mul(0.5 / beta));
  return reduce('smoothL1Loss', distance.less(beta).where(square, distance.sub(beta / 2)), reduction);
}

export interface HuberLossOptions extends LossOptions {
  /** The difference, > 0, at which the loss turns from a square to a line of slope delta. Default: 1. */
  readonly delta?: number;
}

/**
 * The difference d of predictions and targets as d² / 2 where |d| ≤ delta, else delta · (|d| − delta / 2) (Huber, Annals of
 * Mathematical Statistics, 1964). It is delta times {@link smoothL1Loss} with beta = delta. Of integers it is float32.
 * @param targets of the shape of the predictions
 * @returns a scalar, or the shape of the predictions with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes differ, or delta is not a finite number > 0.
 */
export function huberLoss(predictions: Tensor, targets: Tensor, options: HuberLossOptions = {}): Tensor {
  const difference = subtract('huberLoss', predictions, targets);
  const reduction = reductionOf('huberLoss', options, ['delta']);
  const { delta = 1 } = options;
  checkPositive('huberLoss', 'delta', delta);
  const distance = difference.abs();
  const line = distance.sub(delta / 2).mul(delta);
  return reduce('huberLoss', distance.lessEqual(delta).where(difference.square().mul(0.5), line), reduction);
}

export interface DiceLossOptions extends LossOptions {
  /** The axes that are summed over. Default: all but the first, for one loss per sample. */
  readonly axis?: Axis | undefined;
  /** What is added to numerator and denominator, ≥ 0, so that nothing predicted for nothing has loss 0. Default: 1. */
  readonly smooth?: number;
}

/**
 * Dice loss of probabilities p and targets t, 1 − (2 · Σ p · t + smooth) / (Σ p + Σ t + smooth) (Milletari et al., 3DV 2016,
 * section 3, with sums of p and t instead of their squares). For one loss per sample and class of [N, C, H, W], sum over
 * `axis: [2, 3]`.
 * @param probabilities floating point, from 0 to 1
 * @param targets of the shape of the probabilities, from 0 to 1
 * @returns a scalar, or the axes that are left with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes differ, an axis is out of range, or `smooth` is negative.
 */
export function diceLoss(probabilities: Tensor, targets: Tensor, options: DiceLossOptions = {}): Tensor {
  const [p, t] = toPair('diceLoss', probabilities, targets);
  const reduction = reductionOf('diceLoss', options, ['axis', 'smooth']);
  const { axis = p.shape.map((_, i) => i).slice(1), smooth = 1 } = options;
  checkNonnegative('diceLoss', 'smooth', smooth);
  const total = p.add(t).sum(axis).add(smooth);
  // 1 − (2 · Σ p · t + smooth) / total without the loss of digits where both are nearly equal.
  const missed = p.add(t).sub(p.mul(t).mul(2)).sum(axis);
  return reduce('diceLoss', missed.div(total), reduction);
}

function subtract(operation: string, predictions: Tensor, targets: Tensor): Tensor {
  const [x, y] = toPair(operation, predictions, targets);
  return x.sub(y);
}
