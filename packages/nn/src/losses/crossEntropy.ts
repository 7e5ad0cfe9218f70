import { isFloatingPoint, Tensor } from '@thetagrad/core';
import { at, checkFraction, checkOptions, checkTensor, formatShape, sameShape, toFloat } from '@thetagrad/core/backend';
import { checkClassAxis, checkLabels, toClassIndices } from '../labels.ts';
import { checkClassWeight, type LossOptions, reduce, type Reduction } from './reduce.ts';

export interface NllLossOptions extends LossOptions {
  /** [C], a factor for the losses of each class. The mean is divided by the sum of the factors. Default: none. */
  readonly weight?: Tensor | undefined;
  /** Samples with this label have loss 0 and do not count in the mean. Default: none. */
  readonly ignoreIndex?: number | undefined;
}

export interface CrossEntropyOptions extends NllLossOptions {
  /** The share of each target, from 0 to 1, that is spread evenly over all classes. Default: 0. */
  readonly labelSmoothing?: number;
}

/**
 * Cross entropy of softmax(logits) and class indices, −log softmax(logits)[label], or probabilities, Σ −target · log
 * softmax(logits), without overflow. With smoothing ε the target is (1 − ε) · target + ε / C (Szegedy et al., CVPR 2016,
 * section 7). If all samples are ignored, the mean is NaN, as in PyTorch.
 * @param logits floating point, [N, C] or [N, C, d1, …]
 * @param targets int32 [N] or [N, d1, …], each from 0 to C − 1; or floating-point probabilities of the shape of the logits,
 *   whose mean is over all samples whatever the weights
 * @returns a scalar, or the shape of the labels with reduction `'none'`
 * @throws {TypeError} if logits or targets are not tensors, labels are not int32, `ignoreIndex` is given with probabilities,
 *   or the reduction is unknown.
 * @throws {RangeError} if the shapes do not fit, `labelSmoothing` is not in [0, 1], or a label is out of range: at once where
 *   labels are plain data, at evaluation otherwise.
 */
export function crossEntropy(logits: Tensor, targets: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const operation = 'crossEntropy';
  checkOptions(operation, options, ['reduction', 'weight', 'labelSmoothing', 'ignoreIndex']);
  const { reduction, weight, labelSmoothing = 0 } = options;
  const classes = checkClassAxis(operation, logits);
  checkFraction(operation, 'labelSmoothing', labelSmoothing);
  checkClassWeight(operation, weight, classes);
  if (areProbabilities(operation, logits, targets)) {
    return probabilityLoss(logits.logSoftmax(1), targets, options);
  }
  const samples = pickSamples(operation, logits.logSoftmax(1), targets, options);
  const { logProbabilities } = samples;
  let { losses } = samples;
  if (labelSmoothing > 0) {
    const spread = weight ? weighClasses(logProbabilities, weight).mean(1) : logProbabilities.mean(1);
    losses = losses.mul(1 - labelSmoothing).sub(spread.mul(labelSmoothing));
  }
  return reduceSamples(operation, { ...samples, losses }, reduction);
}

/**
 * Negative log-likelihood of class indices, −logProbabilities[label]. Of log softmax it is {@link crossEntropy}. If all samples
 * are ignored, the mean is NaN, as in PyTorch.
 * @param logProbabilities floating point, [N, C] or [N, C, d1, …]
 * @param labels int32 [N] or [N, d1, …], each from 0 to C − 1
 * @returns a scalar, or the shape of the labels with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, the labels are not int32, or the reduction is unknown.
 * @throws {RangeError} if the shapes do not fit, or a label is out of range: at once where labels are plain data, at
 *   evaluation otherwise.
 */
export function nllLoss(logProbabilities: Tensor, labels: Tensor, options: NllLossOptions = {}): Tensor {
  checkOptions('nllLoss', options, ['reduction', 'weight', 'ignoreIndex']);
  checkTensor('nllLoss', logProbabilities);
  const classes = checkClassAxis('nllLoss', logProbabilities, 'log-probabilities');
  checkClassWeight('nllLoss', options.weight, classes);
  const values = logProbabilities.astype(toFloat(logProbabilities.dtype));
  const samples = pickSamples('nllLoss', values, labels, options);
  return reduceSamples('nllLoss', samples, options.reduction);
}

/** The losses of labels. */
interface Samples {
  readonly logProbabilities: Tensor;
  /** Of the shape of the labels. */
  readonly losses: Tensor;
  /** The weights of the labels' classes, if there are weights. */
  readonly factors: Tensor | undefined;
  /** bool: which samples are not ignored. Default: all. */
  readonly counted: Tensor | undefined;
}

/** The loss of each sample without smoothing: the negative log-probability of its label, times the weight of its class. */
function pickSamples(
  operation: string,
  logProbabilities: Tensor,
  labels: Tensor,
  { weight, ignoreIndex }: NllLossOptions,
): Samples {
  const classes = at(logProbabilities.shape, 1);
  checkLabels(operation, labels, logProbabilities.shape.toSpliced(1, 1), classes, ignoreIndex);
  const counted = ignoreIndex === undefined ? undefined : labels.notEqual(ignoreIndex);
  const targets = toClassIndices(operation, counted ? counted.where(labels, 0) : labels, classes);
  const losses = logProbabilities.takeAlongAxis(targets.expandDims(1), 1).squeeze(1).neg();
  const factors = weight?.astype(logProbabilities.dtype).take(targets);
  return { logProbabilities, losses: factors ? factors.strongMul(losses) : losses, factors, counted };
}

function reduceSamples(
  operation: string,
  { losses, factors, counted }: Samples,
  reduction: Reduction | undefined,
): Tensor {
  const kept = counted ? counted.where(losses, 0) : losses;
  const divisors = factors && counted ? counted.where(factors, 0) : (factors ?? counted);
  if ((reduction ?? 'mean') !== 'mean' || !divisors) return reduce(operation, kept, reduction);
  return kept.sum().div(divisors.sum());
}

/** Cross entropy of probabilities, which are of the shape of the logits. */
function probabilityLoss(
  logProbabilities: Tensor,
  probabilities: Tensor,
  { reduction, weight, labelSmoothing = 0, ignoreIndex }: CrossEntropyOptions,
): Tensor {
  if (ignoreIndex !== undefined) {
    throw new TypeError('crossEntropy: ignoreIndex is for class indices; give probabilities the weight 0 instead');
  }
  const classes = at(logProbabilities.shape, 1);
  const smoothed = probabilities.mul(1 - labelSmoothing).add(labelSmoothing / classes);
  const targets = labelSmoothing > 0 ? smoothed : probabilities;
  const terms = targets.strongMul(logProbabilities);
  const losses = (weight ? weighClasses(terms, weight) : terms).sum(1).neg();
  return reduce('crossEntropy', losses, reduction);
}

/** Multiplies values of classes, [N, C, …], by their weights, [C]. */
function weighClasses(values: Tensor, weight: Tensor): Tensor {
  return weight.reshape([-1, ...values.shape.slice(2).map(() => 1)]).strongMul(values);
}

/** Whether targets are probabilities; if not, they are labels. */
function areProbabilities(operation: string, logits: Tensor, targets: Tensor): boolean {
  if (!(targets instanceof Tensor) || !isFloatingPoint(targets.dtype)) return false;
  if (sameShape(targets.shape, logits.shape)) return true;
  // Treats floats of the labels' rank as labels of the wrong dtype.
  if (targets.ndim < logits.ndim) return false;
  throw new RangeError(
    `${operation}: probabilities must have the shape of the logits, ${formatShape(logits.shape)}, got ${formatShape(targets.shape)}`,
  );
}
