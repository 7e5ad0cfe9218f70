/** The ROC curve of a verification score, and what is read off it. A pair is accepted if score ≥ threshold. */

/**
 * The corners of the ROC curve, from the strictest threshold to the loosest. Scores that are equal are accepted
 * together, so a tie between genuine and impostor pairs is a slanted edge. Points between corners of a straight edge
 * are left out: they change no rate or area.
 */
export interface RocCurve {
  /** Falling; the first is Infinity (accept nothing), the last the lowest score (accept everything). */
  readonly thresholds: Float64Array;
  /** Share of impostor pairs accepted, rising from 0 to 1. */
  readonly falseAcceptRate: Float64Array;
  /** Share of genuine pairs accepted, rising from 0 to 1. */
  readonly trueAcceptRate: Float64Array;
  readonly genuineCount: number;
  readonly impostorCount: number;
}

/**
 * The exact ROC curve of scores (higher means more alike).
 *
 * @param scores one finite number per pair
 * @param genuine 1 or true for a genuine pair, 0 or false for an impostor pair
 * @throws RangeError if the lengths differ, a score is not finite, or there is no genuine or no impostor pair
 */
export function rocCurve(scores: ArrayLike<number>, genuine: ArrayLike<number | boolean>): RocCurve {
  const { genuineCount } = checkScores('rocCurve', scores, genuine);
  const split = { genuine: new Float64Array(genuineCount), impostor: new Float64Array(scores.length - genuineCount) };
  let g = 0;
  let n = 0;
  for (let p = 0; p < scores.length; p++) {
    if (genuine[p]) split.genuine[g++] = scores[p]!;
    else split.impostor[n++] = scores[p]!;
  }
  return rocOfSplit(split.genuine, split.impostor);
}

/**
 * The area under the ROC curve: the probability that a genuine pair scores above an impostor pair, ties counting half
 * (Mann-Whitney).
 */
export function areaUnderCurve({ falseAcceptRate: far, trueAcceptRate: tar }: RocCurve): number {
  let area = 0;
  for (let i = 1; i < far.length; i++) area += ((far[i]! - far[i - 1]!) * (tar[i]! + tar[i - 1]!)) / 2;
  return area;
}

export interface EqualErrorRate {
  /** The rate at which false accepts and false rejects are equal, on the straight edge between two corners. */
  readonly rate: number;
  /** The threshold of the corner next to the crossing whose larger error rate is smaller (the stricter if equal). */
  readonly threshold: number;
}

/** The equal error rate: where the curve crosses FAR = 1 − TAR, interpolated linearly between corners. */
export function equalErrorRate({ falseAcceptRate: far, trueAcceptRate: tar, thresholds }: RocCurve): EqualErrorRate {
  // FAR − FRR rises from −1 to 1 along the curve.
  let b = 1;
  while (far[b]! < 1 - tar[b]!) b++;
  const a = b - 1;
  const below = 1 - tar[a]! - far[a]!;
  const above = far[b]! - (1 - tar[b]!);
  const rate = far[a]! + (below / (below + above)) * (far[b]! - far[a]!);
  const stricter = Math.max(far[a]!, 1 - tar[a]!) <= Math.max(far[b]!, 1 - tar[b]!);
  return { rate, threshold: thresholds[stricter ? a : b]! };
}

export interface OperatingPoint {
  readonly trueAcceptRate: number;
  /** The rate reached, at most the one asked for. */
  readonly falseAcceptRate: number;
  readonly threshold: number;
  /**
   * False if the rate asked for is below 1 / impostor pairs: then not one false accept is allowed, and the result says
   * as much about the number of pairs as about the features.
   */
  readonly resolved: boolean;
}

/**
 * The highest true accept rate at a false accept rate of at most `far`, with no interpolation: a threshold that exists
 * reaches it.
 *
 * @param far in (0, 1)
 * @throws RangeError if far lies outside (0, 1)
 */
export function trueAcceptRateAt(roc: RocCurve, far: number): OperatingPoint {
  if (!(far > 0 && far < 1)) throw new RangeError(`trueAcceptRateAt: far must lie in (0, 1), got ${far}`);
  let i = 0;
  while (roc.falseAcceptRate[i + 1]! <= far) i++;
  return {
    trueAcceptRate: roc.trueAcceptRate[i]!,
    falseAcceptRate: roc.falseAcceptRate[i]!,
    threshold: roc.thresholds[i]!,
    resolved: far >= 1 / roc.impostorCount,
  };
}

/** {@link rocCurve} of scores that are split already; sorts both arrays in place. */
export function rocOfSplit(genuine: Float64Array, impostor: Float64Array): RocCurve {
  genuine.sort();
  impostor.sort();
  const thresholds = [Infinity];
  const far = [0];
  const tar = [0];
  let g = genuine.length;
  let n = impostor.length;
  let lastEdge = '';
  while (g > 0 || n > 0) {
    const threshold = Math.max(genuine[g - 1] ?? -Infinity, impostor[n - 1] ?? -Infinity);
    const before = { g, n };
    while (g > 0 && genuine[g - 1] === threshold) g--;
    while (n > 0 && impostor[n - 1] === threshold) n--;
    const edge = n === before.n ? 'vertical' : g === before.g ? 'horizontal' : 'slanted';
    if (edge === lastEdge && edge !== 'slanted') {
      thresholds.pop();
      far.pop();
      tar.pop();
    }
    lastEdge = edge;
    thresholds.push(threshold);
    far.push((impostor.length - n) / impostor.length);
    tar.push((genuine.length - g) / genuine.length);
  }
  return {
    thresholds: Float64Array.from(thresholds),
    falseAcceptRate: Float64Array.from(far),
    trueAcceptRate: Float64Array.from(tar),
    genuineCount: genuine.length,
    impostorCount: impostor.length,
  };
}

/** @throws RangeError if the lengths differ, a score is not finite, or there is no genuine or no impostor pair */
export function checkScores(
  operation: string,
  scores: ArrayLike<number>,
  genuine: ArrayLike<number | boolean>,
): { genuineCount: number } {
  if (scores.length !== genuine.length) {
    throw new RangeError(`${operation}: ${scores.length} scores need as many genuine flags, got ${genuine.length}`);
  }
  let genuineCount = 0;
  for (let p = 0; p < scores.length; p++) {
    if (!Number.isFinite(scores[p])) throw new RangeError(`${operation}: score ${p} must be finite, got ${scores[p]}`);
    if (genuine[p]) genuineCount++;
  }
  if (genuineCount === 0 || genuineCount === scores.length) {
    const missing = genuineCount === 0 ? 'genuine' : 'impostor';
    throw new RangeError(`${operation}: needs at least one ${missing} pair among the ${scores.length}`);
  }
  return { genuineCount };
}
