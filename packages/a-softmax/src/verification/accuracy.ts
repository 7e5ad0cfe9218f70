// Verification accuracy with thresholds chosen on other data: the LFW protocol.
import { checkInteger } from '@thetagrad/core/backend';
import { checkScores } from './roc.ts';

export interface CrossValidatedAccuracy {
  /** Mean of the accuracies of the folds. */
  readonly accuracy: number;
  /** Their sample standard deviation divided by the root of the number of folds. */
  readonly standardError: number;
  /** Per fold: the share of its pairs that are classified correctly. */
  readonly foldAccuracies: Float64Array;
  /** Per fold: the threshold chosen on the other folds; a pair is accepted if score ≥ threshold. */
  readonly thresholds: Float64Array;
}

/**
 * Accuracy by cross-validated threshold (Huang et al., "Labeled Faces in the Wild", technical report 07-49, 2007, with
 * 10 folds): each fold is classified with the threshold that is best on all others. Returns the mean and its standard
 * error.
 *
 * Candidates are the midpoints between adjacent distinct scores of the other folds, Infinity (accept nothing) and
 * −Infinity (accept everything). Among equally good thresholds the highest is chosen, which accepts the fewest
 * impostors.
 * @param scores a finite number per pair, higher for more similar samples
 * @param genuine 1 or true for a genuine pair, 0 or false for an impostor pair
 * @param fold the fold of each pair, an integer from 0 to folds − 1; no fold may be empty
 * @throws {RangeError} if the lengths differ, a score is not finite, there is no genuine or no impostor pair, there are
 *   fewer than 2 folds, or a fold is negative, not an integer or empty.
 */
export function crossValidatedAccuracy(
  scores: ArrayLike<number>,
  genuine: ArrayLike<number | boolean>,
  fold: ArrayLike<number>,
): CrossValidatedAccuracy {
  const operation = 'crossValidatedAccuracy';
  checkScores(operation, scores, genuine);
  if (fold.length !== scores.length) {
    throw new RangeError(
      `${operation}: ${scores.length} scores need ${scores.length} fold numbers, got ${fold.length}`,
    );
  }
  const sizes: number[] = [];
  for (let p = 0; p < fold.length; p++) {
    checkInteger(operation, `fold ${p}`, fold[p]!, { min: 0, max: fold.length - 1 });
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
  const correct = new Float64Array(folds);
  for (let p = 0; p < scores.length; p++) {
    const f = fold[p]!;
    if (scores[p]! >= thresholds[f]! === Boolean(genuine[p])) correct[f] = correct[f]! + 1;
  }
  const foldAccuracies = correct.map((count, f) => count / sizes[f]!);
  const accuracy = foldAccuracies.reduce((sum, value) => sum + value, 0) / folds;
  const variance = foldAccuracies.reduce((sum, value) => sum + (value - accuracy) ** 2, 0) / (folds - 1);
  return { accuracy, standardError: Math.sqrt(variance / folds), foldAccuracies, thresholds };
}

/** The threshold that classifies most of the given pairs correctly. They are sorted by descending score. */
function bestThreshold(
  descending: Int32Array,
  scores: ArrayLike<number>,
  genuine: ArrayLike<number | boolean>,
): number {
  // Relative to accepting nothing, each accepted genuine pair gains one and each impostor pair loses one.
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

/** A number in (low, high]: the midpoint, or `high` where it rounds to `low`. */
function midpoint(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  return middle > low && middle <= high ? middle : high;
}
