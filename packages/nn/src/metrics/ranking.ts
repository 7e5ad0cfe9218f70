// How well scores rank what they should: areas under curves, and precision of retrieval.
import { arange, concat, full, type Tensor } from '@thetagrad/core';
import { checkTensor, formatShape, sameShape, toFloat } from '@thetagrad/core/backend';

/**
 * The area under the ROC curve: the probability that a positive has a higher score than a negative, where ties count half. NaN
 * without positives or without negatives.
 * @param scores [..., N]; rows are scored separately
 * @param targets [..., N], bool or 0 and 1
 * @returns [...]
 * @throws {TypeError} if scores or targets are not tensors.
 * @throws {RangeError} if their shapes differ, or they are scalars.
 */
export function rocAucScore(scores: Tensor, targets: Tensor): Tensor {
  const { hits, hitsToEnd, toEnd } = rank('rocAucScore', scores, targets);
  const misses = hits.mul(-1).add(1);
  // Pairs of a positive and a negative whose score is as high or higher, and the other way round.
  const wrong = hits.mul(toEnd.sub(hitsToEnd)).sum(-1);
  const right = misses.mul(hitsToEnd).sum(-1);
  return right
    .sub(wrong)
    .div(hits.sum(-1).mul(misses.sum(-1)).mul(2))
    .add(0.5);
}

/**
 * The average precision, Σ (Rₙ − Rₙ₋₁) Pₙ over the thresholds by descending score, where R is the recall and P the precision; equal
 * scores share a threshold. 0 without positives.
 * @param scores [..., N]; rows are scored separately
 * @param targets [..., N], bool or 0 and 1
 * @returns [...]
 * @throws {TypeError} if scores or targets are not tensors.
 * @throws {RangeError} if their shapes differ, or they are scalars.
 */
export function averagePrecisionScore(scores: Tensor, targets: Tensor): Tensor {
  return averagePrecision('averagePrecisionScore', scores, targets);
}

function averagePrecision(operation: string, scores: Tensor, targets: Tensor): Tensor {
  const { hits, hitsToEnd, toEnd } = rank(operation, scores, targets);
  const precision = hitsToEnd.div(toEnd);
  return hits.mul(precision).sum(-1).div(hits.sum(-1).maximum(1));
}

/**
 * The mean over queries of {@link averagePrecisionScore}, of those that have a relevant item.
 * @param scores [queries, items], higher for items that are retrieved earlier
 * @param relevant [queries, items], bool or 0 and 1
 * @returns a scalar
 * @throws {TypeError} if scores or flags are not tensors.
 * @throws {RangeError} if their shapes differ, or they are scalars.
 */
export function meanAveragePrecision(scores: Tensor, relevant: Tensor): Tensor {
  return meanOfQueries(averagePrecision('meanAveragePrecision', scores, relevant), relevant);
}

/**
 * The mean over queries of the average precision among the first R items, of which R is the number of relevant ones:
 * 1 / R · Σ P(i) over relevant items i ≤ R. (Musgrave et al., ECCV 2020.) Of queries that have a relevant item; equal scores
 * are in the order of the items.
 * @param scores [queries, items], higher for items that are retrieved earlier
 * @param relevant [queries, items], bool or 0 and 1
 * @returns a scalar
 * @throws {TypeError} if scores or flags are not tensors.
 * @throws {RangeError} if their shapes differ, or they are scalars.
 */
export function meanAveragePrecisionAtR(scores: Tensor, relevant: Tensor): Tensor {
  const { hits, position } = rank('meanAveragePrecisionAtR', scores, relevant);
  const count = hits.sum(-1, { keepdims: true });
  const precision = hits.cumsum(-1).div(position);
  const isCounted = position.lessEqual(count);
  return meanOfQueries(isCounted.where(hits.mul(precision), 0).div(count.maximum(1)).sum(-1), relevant);
}

function meanOfQueries(scores: Tensor, relevant: Tensor): Tensor {
  const isCounted = relevant.notEqual(0).any(-1);
  return scores.mul(isCounted).sum().div(isCounted.sum());
}

/** Rows by descending score. All but `position` are of floating point, [..., N]. */
interface Ranking {
  /** 1 for positives. */
  readonly hits: Tensor;
  /** From 1: [N]. */
  readonly position: Tensor;
  /** How many scores are as high or higher. */
  readonly toEnd: Tensor;
  /** How many of them are positives'. */
  readonly hitsToEnd: Tensor;
}

function rank(operation: string, scores: Tensor, targets: Tensor): Ranking {
  checkTensor(operation, scores);
  checkTensor(operation, targets);
  if (!sameShape(scores.shape, targets.shape) || scores.ndim === 0) {
    const shapes = `${formatShape(scores.shape)} and ${formatShape(targets.shape)}`;
    throw new RangeError(`${operation}: scores and targets must be [..., N], got ${shapes}`);
  }
  const length = scores.shape.at(-1)!;
  const dtype = toFloat(scores.dtype);
  const order = scores.argsort(-1, { descending: true });
  const sorted = scores.takeAlongAxis(order, -1);
  const hits = targets.notEqual(0).takeAlongAxis(order, -1).astype(dtype);
  const position = arange(1, length + 1);
  // The end of each group of equal scores: the next place at which the score changes.
  const isEnd = concat(
    [
      sorted.at('...', '1:').notEqual(sorted.at('...', ':-1')),
      full([...scores.shape.slice(0, -1), Math.min(1, length)], true),
    ],
    -1,
  );
  const toEnd = isEnd.where(position, length).cummin(-1, { reverse: true });
  const hitsToEnd = hits.cumsum(-1).takeAlongAxis(toEnd.sub(1), -1);
  return { hits, position, toEnd: toEnd.astype(dtype), hitsToEnd };
}
