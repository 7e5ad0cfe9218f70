import { Tensor } from '@thetagrad/core';

/** What becomes of the losses of all samples: their mean, their sum, or nothing. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface LossOptions {
  /** `'mean'` unless said otherwise. */
  readonly reduction?: Reduction;
}

export interface CrossEntropyOptions extends LossOptions {
  /** How much of each target is spread evenly over all classes, from 0 (the default) to 1. */
  readonly labelSmoothing?: number;
  /** Samples with this label have loss 0 and do not count in the mean. */
  readonly ignoreIndex?: number;
}

/**
 * The cross entropy of softmax(logits) and class indices, −log softmax(logits)[label], without overflow.
 * With smoothing ε the target is (1 − ε) · one-hot + ε / C (Szegedy et al., CVPR 2016, section 7).
 * The mean over no samples, when all are ignored, is NaN, as in PyTorch.
 * @param logits [N, C], floating point
 * @param labels [N], int32, each from 0 to C − 1
 * @returns a scalar, or [N] with reduction `'none'`
 * @throws {RangeError} if the shapes do not fit, or (at evaluation) a label is out of range.
 * @throws {TypeError} if the labels are not int32.
 */
export function crossEntropy(logits: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { reduction = 'mean', labelSmoothing = 0, ignoreIndex } = options;
  checkLabels('crossEntropy', logits, labels);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new RangeError(`crossEntropy: labelSmoothing must be between 0 and 1, got ${labelSmoothing}`);
  }
  const classes = logits.shape[1]!;
  const counted = ignoreIndex === undefined ? undefined : labels.notEqual(ignoreIndex);
  const targets = counted ? counted.where(labels, 0) : labels;
  const logProbabilities = logits.logSoftmax(1);
  // takeAlongAxis would count a negative label from the end; pushed below −C it is an error instead.
  const strict = targets.less(0).where(targets.sub(classes), targets);
  let losses = logProbabilities.takeAlongAxis(strict.expandDims(1), 1).squeeze(1).neg();
  if (labelSmoothing > 0) {
    losses = losses.mul(1 - labelSmoothing).sub(logProbabilities.mean(1).mul(labelSmoothing));
  }
  if (!counted) return reduce('crossEntropy', losses, reduction);
  const kept = counted.where(losses, 0);
  return reduction === 'mean' ? kept.sum().div(counted.sum()) : reduce('crossEntropy', kept, reduction);
}

/**
 * The mean squared difference of predictions and targets of one shape.
 * @throws {RangeError} if the shapes differ.
 */
export function meanSquaredError(predictions: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  checkSameShape('meanSquaredError', predictions, targets);
  return reduce('meanSquaredError', predictions.sub(targets).square(), options.reduction ?? 'mean');
}

/**
 * The cross entropy of sigmoid(logits) and probabilities, for each element, without overflow:
 * softplus(logit) − logit · target.
 * @param targets of the logits' shape, from 0 to 1
 * @throws {RangeError} if the shapes differ.
 */
export function binaryCrossEntropy(logits: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  checkSameShape('binaryCrossEntropy', logits, targets);
  return reduce('binaryCrossEntropy', logits.softplus().sub(logits.mul(targets)), options.reduction ?? 'mean');
}

/**
 * The share of samples whose largest logit is at the label, a scalar of float32; with `topk`, whose label is among the
 * k largest.
 * @param logits [N, C]
 * @param labels [N], int32
 */
export function accuracy(logits: Tensor, labels: Tensor, { topk = 1 }: { readonly topk?: number } = {}): Tensor {
  checkLabels('accuracy', logits, labels);
  if (topk === 1) return logits.argmax(1).equal(labels).mean();
  return logits.topk(topk, 1).indices.equal(labels.expandDims(1)).any(1).mean();
}

function reduce(operation: string, losses: Tensor, reduction: Reduction): Tensor {
  switch (reduction) {
    case 'mean':
      return losses.mean();
    case 'sum':
      return losses.sum();
    case 'none':
      return losses;
    default:
      throw new TypeError(`${operation}: no reduction '${String(reduction)}'; use 'mean', 'sum' or 'none'`);
  }
}

function checkLabels(operation: string, logits: Tensor, labels: Tensor): void {
  if (!(logits instanceof Tensor && labels instanceof Tensor)) {
    throw new TypeError(`${operation}: logits and labels must be tensors`);
  }
  if (logits.ndim !== 2 || labels.ndim !== 1 || logits.shape[0] !== labels.shape[0]) {
    throw new RangeError(
      `${operation}: needs logits [N, C] and labels [N], got [${logits.shape.join(', ')}] and [${labels.shape.join(', ')}]`,
    );
  }
  if (labels.dtype !== 'int32') {
    throw new TypeError(
      `${operation}: labels must be int32 class indices, got ${labels.dtype}; convert with astype('int32')`,
    );
  }
}

function checkSameShape(operation: string, predictions: Tensor, targets: Tensor): void {
  if (predictions.shape.join() !== targets.shape.join()) {
    throw new RangeError(
      `${operation}: shapes [${predictions.shape.join(', ')}] and [${targets.shape.join(', ')}] must be equal`,
    );
  }
}
