// Losses of the logits of independent classes.
import type { Tensor } from '@thetagrad/core';
import { checkFraction, checkNonnegative } from '@thetagrad/core/backend';
import type { BinaryCrossEntropyOptions } from './binaryCrossEntropy.ts';
import { type LossOptions, reduce, type Reduction, reductionOf, toPair, weigh } from './reduce.ts';

export interface BinaryCrossEntropyWithLogitsOptions extends BinaryCrossEntropyOptions {
  /** A factor for the losses of positive targets, broadcast to them: [C] for classes in the last axis. Default: none. */
  readonly posWeight?: Tensor | undefined;
}

/**
 * Cross entropy of sigmoid(logits) and targets, for each element, without overflow: posWeight · target · softplus(−logit) +
 * (1 − target) · softplus(logit), also for infinite logits.
 * @param logits floating point
 * @param targets of the shape of the logits, from 0 to 1
 * @returns a scalar, or the shape of the logits with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes differ, or a weight does not broadcast to them.
 */
export function binaryCrossEntropyWithLogits(
  logits: Tensor,
  targets: Tensor,
  options: BinaryCrossEntropyWithLogitsOptions = {},
): Tensor {
  const operation = 'binaryCrossEntropyWithLogits';
  const [x, t] = toPair(operation, logits, targets);
  const reduction = reductionOf(operation, options, ['weight', 'posWeight']);
  const { positive, negative } = logitLosses(x, t);
  const losses = weigh(operation, positive, options.posWeight, 'posWeight').add(negative);
  return reduce(operation, weigh(operation, losses, options.weight), reduction);
}

export interface SigmoidFocalLossOptions extends LossOptions {
  /** The weight of positive targets, from 0 to 1, where that of negative ones is 1 − alpha; null for none. Default: 0.25. */
  readonly alpha?: number | null;
  /** The exponent, ≥ 0, that lowers the weight of what is classified well. Default: 2. */
  readonly gamma?: number;
  /** Default: `'none'`, as in torchvision. */
  readonly reduction?: Reduction;
}

/**
 * Focal loss of sigmoid(logits) and targets (torchvision's `sigmoid_focal_loss`; Lin et al., ICCV 2017, equation 5), for each
 * element: the binary cross entropy times (1 − p)^gamma, where p is the probability of the target.
 * @param logits floating point
 * @param targets of the shape of the logits, from 0 to 1
 * @returns the shape of the logits, or a scalar with reduction `'mean'` or `'sum'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes differ, or an option is out of range.
 */
export function sigmoidFocalLoss(logits: Tensor, targets: Tensor, options: SigmoidFocalLossOptions = {}): Tensor {
  const operation = 'sigmoidFocalLoss';
  const [x, t] = toPair(operation, logits, targets);
  const reduction = reductionOf(operation, options, ['alpha', 'gamma']) ?? 'none';
  const { alpha = 0.25, gamma = 2 } = options;
  if (alpha !== null) checkFraction(operation, 'alpha', alpha);
  checkNonnegative(operation, 'gamma', gamma);
  const notT = t.neg().add(1);
  const { positive, negative } = logitLosses(x, t);
  const missed = t.mul(x.neg().sigmoid()).add(notT.mul(x.sigmoid()));
  const focused = missed.pow(gamma).strongMul(positive.add(negative));
  const losses =
    alpha === null
      ? focused
      : t
          .mul(alpha)
          .add(notT.mul(1 - alpha))
          .mul(focused);
  return reduce(operation, losses, reduction);
}

/** The parts of the cross entropy of positive and negative targets. */
function logitLosses(logits: Tensor, targets: Tensor): { positive: Tensor; negative: Tensor } {
  return {
    positive: targets.strongMul(logits.neg().softplus()),
    negative: targets.neg().add(1).strongMul(logits.softplus()),
  };
}
