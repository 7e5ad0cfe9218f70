import { checkOptions } from '@thetagrad/core/backend';
import type { Tensor } from '@thetagrad/core';
import { checkLabels, checkLogits } from '../labels.ts';

export interface AccuracyOptions {
  /** A sample counts if its label is among the k largest logits. Default: 1. */
  readonly topk?: number;
}

/**
 * The share of samples whose label is the class with the largest logit.
 * @param logits [N, C]
 * @param labels int32 [N]
 * @returns a float32 scalar from 0 to 1
 * @throws {TypeError} if logits or labels are not tensors, or the labels are not int32.
 * @throws {RangeError} if the shapes do not fit.
 */
export function accuracy(logits: Tensor, labels: Tensor, options: AccuracyOptions = {}): Tensor {
  checkOptions('accuracy', options, ['topk']);
  const { topk = 1 } = options;
  checkLogits('accuracy', logits);
  checkLabels('accuracy', labels, logits.shape[0]!);
  if (topk === 1) return logits.argmax(1).equal(labels).mean();
  return logits.topk(topk, 1).indices.equal(labels.expandDims(1)).any(1).mean();
}
