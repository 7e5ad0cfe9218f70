import { customGradient, promoteTypes, type Tensor } from '@thetagrad/core';
import {
  checkFraction,
  checkOptions,
  checkTensor,
  formatShape,
  sameShape,
  unknownValue,
} from '@thetagrad/core/backend';
import { checkLabels, checkLogits, toClassIndices } from './labels.ts';

/** How the losses of all samples become the result: their mean, their sum, or as they are. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface LossOptions {
  /** Default: `'mean'`. */
  readonly reduction?: Reduction;
}

export interface CrossEntropyOptions extends LossOptions {
  /** The share of each target, from 0 to 1, that is spread evenly over all classes. Default: 0. */
  readonly labelSmoothing?: number;
  /** Samples with this label have loss 0 and do not count in the mean. Default: none. */
  readonly ignoreIndex?: number;
}

/**
 * Cross entropy of softmax(logits) and class indices, −log softmax(logits)[label], without overflow.
 * With smoothing ε the target is (1 − ε) · one-hot + ε / C (Szegedy et al., CVPR 2016, section 7).
 * If all samples are ignored, the mean is NaN, as in PyTorch.
 * @param logits floating point, [N, C]
 * @param labels int32 [N], each from 0 to C − 1
 * @returns a scalar, or [N] with reduction `'none'`
 * @throws {TypeError} if logits or labels are not tensors, the labels are not int32, or the reduction is unknown.
 * @throws {RangeError} if the shapes do not fit, `labelSmoothing` is not in [0, 1], or (at evaluation) a label is out
 *   of range.
 */
export function crossEntropy(logits: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const operation = 'crossEntropy';
  checkOptions(operation, options, ['reduction', 'labelSmoothing', 'ignoreIndex']);
  const { reduction = 'mean', labelSmoothing = 0, ignoreIndex } = options;
  checkLogits(operation, logits);
  checkLabels(operation, labels, logits.shape[0]!, logits.shape[1], ignoreIndex);
  checkFraction(operation, 'labelSmoothing', labelSmoothing);
  const counted = ignoreIndex === undefined ? undefined : labels.notEqual(ignoreIndex);
  const targets = toClassIndices(operation, counted ? counted.where(labels, 0) : labels, logits.shape[1]!);
  const logProbabilities = logits.logSoftmax(1);
  let losses = logProbabilities.takeAlongAxis(targets.expandDims(1), 1).squeeze(1).neg();
  if (labelSmoothing > 0) {
    losses = losses.mul(1 - labelSmoothing).sub(logProbabilities.mean(1).mul(labelSmoothing));
  }
  if (!counted) return reduce(operation, losses, reduction);
  const kept = counted.where(losses, 0);
  return reduction === 'mean' ? kept.sum().div(counted.sum()) : reduce(operation, kept, reduction);
}

/**
 * Squared difference of predictions and targets. Of integers it is float32, which does not wrap around.
 * @param targets of the shape of the predictions
 * @returns a scalar, or the shape of the predictions with reduction `'none'`
 * @throws {TypeError} if the reduction is unknown.
 * @throws {RangeError} if the shapes differ.
 */
export function mseLoss(predictions: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  checkSameShape('mseLoss', predictions, targets);
  const dtype = promoteTypes(promoteTypes(predictions.dtype, targets.dtype), 'float32');
  return reduce('mseLoss', predictions.astype(dtype).sub(targets).square(), reductionOf('mseLoss', options));
}

/**
 * Cross entropy of probabilities p and targets t, −t · log p − (1 − t) · log(1 − p), for each element. Like PyTorch's,
 * it is finite for p = 0 and p = 1: logarithms are clamped to at least −100, so that the loss is at most 100, and the
 * gradient in p is (p − t) / max(p · (1 − p), 1e-12). Where p comes from a sigmoid, {@link
 * binaryCrossEntropyWithLogits} is more accurate and has no vanishing gradient.
 * @param probabilities floating point, from 0 to 1; the loss of others is NaN
 * @param targets of the shape of the probabilities, from 0 to 1
 * @returns a scalar, or the shape of the probabilities with reduction `'none'`
 * @throws {TypeError} if the reduction is unknown.
 * @throws {RangeError} if the shapes differ.
 */
export function binaryCrossEntropy(probabilities: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  checkSameShape('binaryCrossEntropy', probabilities, targets);
  const losses = customGradient(differentiableBinaryCrossEntropy)(probabilities, targets);
  return reduce('binaryCrossEntropy', losses, reductionOf('binaryCrossEntropy', options));
}

/**
 * Cross entropy of sigmoid(logits) and targets, for each element, without overflow: target · softplus(−logit) +
 * (1 − target) · softplus(logit), also for infinite logits.
 * @param logits floating point
 * @param targets of the shape of the logits, from 0 to 1
 * @returns a scalar, or the shape of the logits with reduction `'none'`
 * @throws {TypeError} if the reduction is unknown.
 * @throws {RangeError} if the shapes differ.
 */
export function binaryCrossEntropyWithLogits(logits: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  const operation = 'binaryCrossEntropyWithLogits';
  checkSameShape(operation, logits, targets);
  const positive = targets.strongMul(logits.neg().softplus());
  const negative = targets.neg().add(1).strongMul(logits.softplus());
  return reduce(operation, positive.add(negative), reductionOf(operation, options));
}

function reductionOf(operation: string, options: LossOptions): Reduction | undefined {
  checkOptions(operation, options, ['reduction']);
  return options.reduction;
}

function reduce(operation: string, losses: Tensor, reduction: Reduction = 'mean'): Tensor {
  switch (reduction) {
    case 'mean':
      return losses.mean();
    case 'sum':
      return losses.sum();
    case 'none':
      return losses;
    default:
      throw unknownValue(operation, 'reduction', reduction, `'mean', 'sum' or 'none'`);
  }
}

function checkSameShape(operation: string, predictions: Tensor, targets: Tensor): void {
  checkTensor(operation, predictions);
  checkTensor(operation, targets);
  if (!sameShape(predictions.shape, targets.shape)) {
    throw new RangeError(
      `${operation}: shapes ${formatShape(predictions.shape)} and ${formatShape(targets.shape)} must be equal`,
    );
  }
}

/** Values and PyTorch's gradient of the binary cross entropy, for {@link customGradient}. */
function differentiableBinaryCrossEntropy(
  p: Tensor,
  t: Tensor,
): { value: Tensor; vjp: (cotangent: Tensor) => readonly Tensor[] } {
  // At 0 each logarithm is taken of 1 instead, which keeps its derivative, needed at second order, from being NaN.
  const [isZero, isOne] = [p.equal(0), p.equal(1)];
  const logP = isZero.where(-100, isZero.where(1, p).log().maximum(-100));
  const logNotP = isOne.where(-100, isOne.where(0, p).neg().log1p().maximum(-100));
  return {
    value: t.sub(1).mul(logNotP).sub(t.mul(logP)),
    vjp: (cotangent) => [
      cotangent.mul(p.sub(t)).div(p.neg().add(1).mul(p).maximum(1e-12)),
      cotangent.mul(logNotP.sub(logP)),
    ],
  };
}
