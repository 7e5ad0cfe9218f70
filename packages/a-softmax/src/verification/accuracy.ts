/** Verification accuracy with a threshold that is chosen on other data: the LFW protocol. */

import { checkScores } from './roc.ts';
import { requireInteger } from './rows.ts';

export interface CrossValidatedAccuracy {
  /** Mean of the accuracies of the folds. */
  readonly accuracy: number;
  /** Their standard deviation (n − 1) divided by the root of the number of folds. */
  readonly standardError: number;
  /** Per fold: the share of its pairs that are judged rightly. */
  readonly foldAccuracies: Float64Array;
  /** Per fold: the threshold chosen on the other folds; a pair is accepted if score ≥ threshold. */
  readonly thresholds: Float64Array;
}

/**
 * Accuracy by cross-validated threshold (Huang et al., "Labeled Faces in the Wild", technical report 07-49, 2007, which
 * has 10 folds): each fold is judged with the threshold that is best on all others, and the mean and its standard error
 * are reported.
 *
 * The candidates are the midpoints between neighbouring different scores of the other folds, Infinity (accept nothing)
 * and −Infinity (accept everything). Of several that are equally good the highest is taken, the one that accepts the
 * fewest impostors.
 *
 * @param scores one finite number per pair, higher means more alike
 * @param genuine 1 or true for a genuine pair, 0 or false for an impostor pair
 * @param fold the fold of each pair: integers 0 … folds − 1, every one of them used
 * @throws RangeError if the lengths differ, a score is not finite, there is no genuine or no impostor pair, fewer than
 *   2 folds, or a fold is negative, not an integer or empty
 */
export function crossValidatedAccuracy(
  scores: ArrayLike<number>,
  genuine: ArrayLike<number | boolean>,
  fold: ArrayLike<number>,
): CrossValidatedAccuracy {
  const operation = 'crossValidatedAccuracy';
  checkScores(operation, scores, genuine);
  if (fold.length !== scores.length) {
    throw new RangeError(`${operation}: ${scores.length} scores need as many fold numbers, got ${fold.length}`);
  }
  const sizes: number[] = [];
  for (let p = 0; p < fold.length; p++) {
    requireInteger(operation, `fold ${p}`, fold[p]!, 0, fold.length - 1);
    sizes[fold[p]!] = (sizes[fold[p]!] ?? 0) + 1;
  }
  const folds = sizes.length;
  if (folds < 2) throw new RangeError(`${operation}: needs at least 2 folds, got ${folds}`);
  for (let f = 0; f < folds; f++) if (!sizes[f]) throw new RangeError(`${operation}: fold ${f} of ${folds} is empty`);

  const descending = Int32Array.from({ length: scores.length }, (_, p) => p).sort((p, q) => scores[q]! - scores[p]!);
  const thresholds = Float64Array.from({ length: folds }, (_, f) =>
    bestThreshold(
      descending.filter((p) => fold[p] !== f),
      scores,
      genuine,
    ),
  );
  const right = new Float64Array(folds);
  for (let p = 0; p < scores.length; p++) {
    const f = fold[p]!;
    if (scores[p]! >= thresholds[f]! === Boolean(genuine[p])) right[f] = right[f]! + 1;
  }
  const foldAccuracies = right.map((count, f) => count / sizes[f]!);
  const accuracy = foldAccuracies.reduce((sum, value) => sum + value, 0) / folds;
  const variance = foldAccuracies.reduce((sum, value) => sum + (value - accuracy) ** 2, 0) / (folds - 1);
  return { accuracy, standardError: Math.sqrt(variance / folds), foldAccuracies, thresholds };
}

/** The threshold with the most right judgements on some pairs, given from the highest score to the lowest. */
function bestThreshold(
  descending: Int32Array,
  scores: ArrayLike<number>,
  genuine: ArrayLike<number | boolean>,
): number {
  // Counted from the threshold that accepts nothing: every genuine pair accepted gains one, every impostor pair loses
  // one.
  let gain = 0;
  let best = 0;
  let threshold = Infinity;
  descending.forEach((p, i) => {
    gain += genuine[p] ? 1 : -1;
    const next = descending[i + 1];
    if (next !== undefined && scores[next] === scores[p]) return;
    if (gain > best) {
      best = gain;
      threshold = next === undefined ? -Infinity : midpoint(scores[next]!, scores[p]!);
    }
  });
  return threshold;
}

/** A number t with low < t ≤ high, halfway where rounding allows: between neighbouring doubles it does not. */
function midpoint(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  return middle > low && middle <= high ? middle : high;
}
