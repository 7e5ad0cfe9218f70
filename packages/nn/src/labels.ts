// Class labels, as losses and metrics take them.
import { type Shape, Tensor } from '@thetagrad/core';
import {
  argumentError,
  describeIndices,
  formatShape,
  HostBuffer,
  sameShape,
  unravelIndex,
} from '@thetagrad/core/backend';

/**
 * Checks class labels, for losses and metrics outside this package. Whether they are from 0 to C − 1 is checked where
 * they are plain data; {@link toClassIndices} lets evaluation check those that are computed or on a device.
 * @param labels int32 [N], or of another shape
 * @param samples N, the number of samples, or the shape of the labels
 * @param classes C. Default: any label is right.
 * @param ignored a label that is right as well. Default: none.
 * @throws {TypeError} if the labels are not an int32 tensor.
 * @throws {RangeError} if their shape is not [N], or a label is out of range.
 */
export function checkLabels(
  operation: string,
  labels: Tensor,
  samples: number | Shape,
  classes?: number,
  ignored?: number,
): void {
  if (!(labels instanceof Tensor)) throw argumentError(operation, 'labels', 'a tensor', labels, false);
  if (labels.dtype !== 'int32') {
    throw new TypeError(
      `${operation}: labels must be int32 class indices, got ${labels.dtype}; convert with astype('int32')`,
    );
  }
  const shape = typeof samples === 'number' ? [samples] : samples;
  if (!sameShape(labels.shape, shape)) {
    throw new RangeError(
      `${operation}: labels must be ${formatShape(shape)}, one per sample, got ${formatShape(labels.shape)}`,
    );
  }
  if (classes === undefined || !(labels.buffer instanceof HostBuffer)) return;
  const { values } = labels.buffer;
  const wrong = values.findIndex((label) => (label < 0 || label >= classes) && label !== ignored);
  if (wrong >= 0) throw new RangeError(labelMessage(operation, values[wrong]!, unravelIndex(wrong, shape), classes));
}

/**
 * Labels as indices into an axis of C classes, whose evaluation fails on labels out of range with an error that names
 * the operation. Indexing counts negative numbers from the end of the axis; negative labels are moved below −C.
 */
export function toClassIndices(operation: string, labels: Tensor, classes: number): Tensor {
  const indices = labels.less(0).where(labels.sub(classes), labels);
  return describeIndices(indices, (index, position) =>
    labelMessage(operation, index < 0 ? index + classes : index, unravelIndex(position, labels.shape), classes),
  );
}

/** The message for a label out of range at an index, one number for each axis. */
export function labelMessage(operation: string, label: number, index: readonly number[], classes: number): string {
  return `${operation}: label ${label}${formatPosition(index)} is out of range for ${classes} classes; use 0 to ${classes - 1}`;
}

/** Formats the index of an element for messages, after a space; that of a scalar is nothing. */
export function formatPosition(index: readonly number[]): string {
  return index.length === 0 ? '' : ` at index ${index.length === 1 ? index[0] : formatShape(index)}`;
}

/** Checks the logits of samples, [N, C]. */
export function checkLogits(operation: string, logits: Tensor): void {
  if (!(logits instanceof Tensor)) throw argumentError(operation, 'logits', 'a tensor', logits, false);
  if (logits.ndim !== 2) throw new RangeError(`${operation}: logits must be [N, C], got ${formatShape(logits.shape)}`);
}

/** Checks the scores of samples, [N, C, …]; returns C. */
export function checkClassAxis(operation: string, scores: Tensor, name = 'logits'): number {
  if (!(scores instanceof Tensor)) throw argumentError(operation, name, 'a tensor', scores, false);
  const classes = scores.shape[1];
  if (classes !== undefined) return classes;
  throw new RangeError(`${operation}: ${name} must be [N, C, …], got ${formatShape(scores.shape)}`);
}
