// Class labels, as losses and metrics take them.
import { Tensor } from '@thetagrad/core';
import { argumentError, formatShape } from '@thetagrad/core/backend';

/**
 * Checks class labels, for losses and metrics outside this package.
 * @param labels int32 [N]
 * @param count N, the number of samples
 * @throws {TypeError} if the labels are not an int32 tensor.
 * @throws {RangeError} if their shape is not [N].
 */
export function checkLabels(operation: string, labels: Tensor, count: number): void {
  if (!(labels instanceof Tensor)) throw argumentError(operation, 'labels', 'a tensor', labels, false);
  if (labels.dtype !== 'int32') {
    throw new TypeError(
      `${operation}: labels must be int32 class indices, got ${labels.dtype}; convert with astype('int32')`,
    );
  }
  if (labels.ndim !== 1 || labels.shape[0] !== count) {
    throw new RangeError(`${operation}: labels must be [${count}], one per sample, got ${formatShape(labels.shape)}`);
  }
}

/**
 * Labels as indices into an axis of C classes. Indexing counts negative numbers from the end of the axis; negative
 * labels are moved below −C, so that evaluation fails on them as on labels ≥ C.
 */
export function toClassIndices(labels: Tensor, classes: number): Tensor {
  return labels.less(0).where(labels.sub(classes), labels);
}

/** Checks the logits of samples, [N, C]. */
export function checkLogits(operation: string, logits: Tensor): void {
  if (!(logits instanceof Tensor)) throw argumentError(operation, 'logits', 'a tensor', logits, false);
  if (logits.ndim !== 2) throw new RangeError(`${operation}: logits must be [N, C], got ${formatShape(logits.shape)}`);
}
