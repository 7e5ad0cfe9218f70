// Counts of predicted and true classes, and what is computed from them.
import { onesLike, Tensor, where, zeros } from '@thetagrad/core';
import {
  argumentError,
  checkInteger,
  checkOptions,
  describeIndices,
  formatShape,
  unknownValue,
} from '@thetagrad/core/backend';
import { checkLabels } from '../labels.ts';

/**
 * The number of samples of each true and predicted class.
 * @param predictions the predicted classes, int32 [N], such as `logits.argmax(1)`
 * @param labels the true ones, int32 [N]
 * @param classes C
 * @returns int32 [C, C], a row for each true class
 * @throws {TypeError} if predictions or labels are not int32 tensors.
 * @throws {RangeError} if their shapes differ, or a class is not from 0 to C − 1 (of computed ones at evaluation).
 */
export function confusionMatrix(predictions: Tensor, labels: Tensor, classes: number): Tensor {
  return countClasses('confusionMatrix', predictions, labels, classes);
}

function countClasses(operation: string, predictions: Tensor, labels: Tensor, classes: number): Tensor {
  if (!(predictions instanceof Tensor)) throw argumentError(operation, 'predictions', 'a tensor', predictions, false);
  if (predictions.dtype !== 'int32' || predictions.ndim !== 1) {
    const Kind = predictions.dtype === 'int32' ? RangeError : TypeError;
    throw new Kind(
      `${operation}: predictions must be classes, int32 [N], got ${predictions.dtype} ${formatShape(predictions.shape)}; ` +
        'of logits take argmax(1)',
    );
  }
  checkInteger(operation, 'classes', classes, { min: 1 });
  checkLabels(operation, labels, predictions.shape, classes);
  const isOutside = (x: Tensor): Tensor => x.less(0).logicalOr(x.greaterEqual(classes));
  const cells = labels.mul(classes).add(predictions);
  const indices = describeIndices(
    where(isOutside(labels).logicalOr(isOutside(predictions)), classes ** 2, cells),
    (_index, position) =>
      `${operation}: the label or prediction at index ${position} is out of range for ${classes} classes; use 0 to ${classes - 1}`,
  );
  const counts = zeros([classes ** 2], { dtype: 'int32' }).scatterAdd(indices, onesLike(labels));
  return counts.reshape([classes, classes]);
}

export interface ScoreOptions {
  /**
   * How the scores of classes are averaged: `'macro'` with equal weights, `'weighted'` by the number of their samples, `'micro'` over
   * all samples (which is the accuracy), or `'none'`, a score for each class. Default: `'macro'`.
   */
  readonly average?: 'macro' | 'weighted' | 'micro' | 'none';
  /** The score of a class where it would be 0 / 0. Default: 0. */
  readonly zeroDivision?: number;
}

/**
 * The share of the samples predicted to be of a class that are of it.
 * @param predictions the predicted classes, int32 [N]
 * @param labels the true ones, int32 [N]
 * @param classes C
 * @returns a float32 scalar, or [C] with `average: 'none'`
 * @throws {TypeError | RangeError} as {@link confusionMatrix}, or if an option is unknown.
 */
export function precisionScore(
  predictions: Tensor,
  labels: Tensor,
  classes: number,
  options: ScoreOptions = {},
): Tensor {
  const counts = countClasses('precisionScore', predictions, labels, classes);
  return score('precisionScore', counts, options, ({ hits, predicted }) => [hits, predicted]);
}

/**
 * The share of the samples of a class that are predicted to be of it.
 * @param predictions the predicted classes, int32 [N]
 * @param labels the true ones, int32 [N]
 * @param classes C
 * @returns a float32 scalar, or [C] with `average: 'none'`
 * @throws {TypeError | RangeError} as {@link confusionMatrix}, or if an option is unknown.
 */
export function recallScore(predictions: Tensor, labels: Tensor, classes: number, options: ScoreOptions = {}): Tensor {
  const counts = countClasses('recallScore', predictions, labels, classes);
  return score('recallScore', counts, options, ({ hits, actual }) => [hits, actual]);
}

/**
 * The harmonic mean of precision and recall.
 * @param predictions the predicted classes, int32 [N]
 * @param labels the true ones, int32 [N]
 * @param classes C
 * @returns a float32 scalar, or [C] with `average: 'none'`
 * @throws {TypeError | RangeError} as {@link confusionMatrix}, or if an option is unknown.
 */
export function f1Score(predictions: Tensor, labels: Tensor, classes: number, options: ScoreOptions = {}): Tensor {
  const counts = countClasses('f1Score', predictions, labels, classes);
  return score('f1Score', counts, options, ({ hits, predicted, actual }) => [hits.mul(2), predicted.add(actual)]);
}

/** Numbers of samples by class, int32 [C]. */
interface ClassCounts {
  readonly hits: Tensor;
  readonly predicted: Tensor;
  readonly actual: Tensor;
}

function score(
  operation: string,
  matrix: Tensor,
  options: ScoreOptions,
  fractionOf: (counts: ClassCounts) => readonly [numerator: Tensor, denominator: Tensor],
): Tensor {
  checkOptions(operation, options, ['average', 'zeroDivision']);
  const { average = 'macro', zeroDivision = 0 } = options;
  if (typeof zeroDivision !== 'number') throw argumentError(operation, 'zeroDivision', 'a number', zeroDivision);
  const classes = matrix.shape[0]!;
  const hits = matrix.reshape([-1]).at(`::${classes + 1}`);
  const actual = matrix.sum(1);
  const divide = (numerator: Tensor, denominator: Tensor): Tensor =>
    where(denominator.equal(0), zeroDivision, numerator.div(denominator.maximum(1)));
  const [numerator, denominator] = fractionOf({ hits, predicted: matrix.sum(0), actual });
  switch (average) {
    case 'micro':
      return divide(numerator.sum(), denominator.sum());
    case 'none':
      return divide(numerator, denominator);
    case 'macro':
      return divide(numerator, denominator).mean();
    case 'weighted':
      return divide(divide(numerator, denominator).mul(actual).sum(), actual.sum());
    default:
      throw unknownValue(operation, 'average', average, "'macro', 'weighted', 'micro' or 'none'");
  }
}
