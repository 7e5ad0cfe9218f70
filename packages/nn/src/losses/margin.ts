// Margin losses of scores of classes.
import { arange, type Tensor } from '@thetagrad/core';
import { argumentError, checkTensor, formatShape, last } from '@thetagrad/core/backend';
import { checkLabels, toClassIndices } from '../labels.ts';
import {
  checkClassWeight,
  checkNumbers,
  checkSigns,
  type LossOptions,
  reduce,
  reductionOf,
  toFloats,
  toPair,
} from './reduce.ts';

export interface MultiMarginLossOptions extends LossOptions {
  /** The exponent, 1 or 2. Default: 1. */
  readonly p?: number;
  /** How much greater the score of the label should be. Default: 1. */
  readonly margin?: number;
  /** [C], a factor for the losses of each class. Default: none. */
  readonly weight?: Tensor | undefined;
}

/**
 * Hinge loss of several classes: the sum of max(0, margin − x[label] + x[i])^p over the other classes i, divided by their number
 * C with that of the label.
 * @param scores [N, C], or [C] for one sample
 * @param labels int32 [N], or a scalar for one sample, each from 0 to C − 1
 * @returns a scalar, or the shape of the labels with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, the labels are not int32, or the reduction is unknown.
 * @throws {RangeError} if the shapes do not fit, p is neither 1 nor 2, or a label is out of range: at once where labels are
 *   plain data, at evaluation otherwise.
 */
export function multiMarginLoss(scores: Tensor, labels: Tensor, options: MultiMarginLossOptions = {}): Tensor {
  const operation = 'multiMarginLoss';
  const { x, classes } = toScores(operation, scores);
  const reduction = reductionOf(operation, options, ['p', 'margin', 'weight']);
  const { p = 1, margin = 1, weight } = options;
  if (p !== 1 && p !== 2) throw argumentError(operation, 'p', '1 or 2', p);
  checkNumbers(operation, { margin });
  checkClassWeight(operation, weight, classes);
  checkLabels(operation, labels, scores.shape.slice(0, -1), classes);
  const targets = toClassIndices(operation, labels, classes);
  const index = targets.expandDims(-1);
  const shortfall = x.sub(x.takeAlongAxis(index)).add(margin).relu();
  const powers = p === 1 ? shortfall : shortfall.square();
  const others = arange(classes).notEqual(index).where(powers, 0).sum(-1);
  const losses = others.div(classes);
  return reduce(operation, weight ? weight.astype(x.dtype).take(targets).strongMul(losses) : losses, reduction);
}

/**
 * Hinge loss of several classes and several labels per sample: the sum of max(0, 1 − x[label] + x[i]) over the labels and over
 * the classes i that are no label, divided by C.
 * @param scores [N, C], or [C] for one sample
 * @param labels int32, of the shape of the scores: the labels of a sample, then −1
 * @returns a scalar, or [N] with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, the labels are not int32, or the reduction is unknown.
 * @throws {RangeError} if the shapes differ, or (at evaluation) a label before the first −1 is out of range.
 */
export function multilabelMarginLoss(scores: Tensor, labels: Tensor, options: LossOptions = {}): Tensor {
  const operation = 'multilabelMarginLoss';
  const { x, classes } = toScores(operation, scores);
  const reduction = reductionOf(operation, options);
  checkLabels(operation, labels, scores.shape);
  const isListed = labels.notEqual(-1).astype('int32').cumprod(-1).astype('bool');
  const targets = toClassIndices(operation, isListed.where(labels, 0), classes);
  // [..., label, class]
  const isLabel = isListed.expandDims(-1).logicalAnd(arange(classes).equal(targets.expandDims(-1)));
  const isOther = isLabel.any(-2, { keepdims: true }).logicalNot();
  const chosen = x.takeAlongAxis(targets).expandDims(-1);
  const shortfall = x.expandDims(-2).sub(chosen).add(1).relu();
  const losses = isListed.expandDims(-1).logicalAnd(isOther).where(shortfall, 0).sum([-2, -1]);
  return reduce(operation, losses.div(classes), reduction);
}

export interface MultilabelSoftMarginLossOptions extends LossOptions {
  /** [C], a factor for the losses of each class. Default: none. */
  readonly weight?: Tensor | undefined;
}

/**
 * Binary cross entropy of sigmoid(logits) and targets, as a mean over the classes of the last axis.
 * @param logits [..., C]
 * @param targets of the shape of the logits, from 0 to 1
 * @returns a scalar, or the shape of the logits without the last axis with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes differ, or the weight is not [C].
 */
export function multilabelSoftMarginLoss(
  logits: Tensor,
  targets: Tensor,
  options: MultilabelSoftMarginLossOptions = {},
): Tensor {
  const operation = 'multilabelSoftMarginLoss';
  const [x, t] = toPair(operation, logits, targets);
  const reduction = reductionOf(operation, options, ['weight']);
  const { weight } = options;
  if (x.ndim === 0) throw new RangeError(`${operation}: logits must be [..., C], got a scalar`);
  checkClassWeight(operation, weight, last(x.shape));
  const positive = t.strongMul(x.neg().softplus());
  const losses = positive.add(t.neg().add(1).strongMul(x.softplus()));
  return reduce(operation, (weight ? weight.astype(x.dtype).strongMul(losses) : losses).mean(-1), reduction);
}

/**
 * Logistic loss of scores and targets that are 1 or −1, log(1 + exp(−target · score)), without overflow.
 * @param targets of the shape of the scores
 * @returns a scalar, or the shape of the scores with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes differ, or a target that is plain data is neither 1 nor −1.
 */
export function softMarginLoss(scores: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  const [x, t] = toPair('softMarginLoss', scores, targets);
  checkSigns('softMarginLoss', targets);
  return reduce('softMarginLoss', t.neg().mul(x).softplus(), reductionOf('softMarginLoss', options));
}

/** Checks the scores of samples, [N, C] or [C]. */
function toScores(operation: string, scores: Tensor): { x: Tensor; classes: number } {
  checkTensor(operation, scores);
  if (scores.ndim !== 1 && scores.ndim !== 2) {
    throw new RangeError(`${operation}: scores must be [N, C] or [C], got ${formatShape(scores.shape)}`);
  }
  const [x] = toFloats(operation, scores);
  return { x, classes: last(scores.shape) };
}
