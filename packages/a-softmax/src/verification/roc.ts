// The ROC curve of a verification score, and measures of it. A pair is accepted if score ≥ threshold.
import { argumentError } from '@thetagrad/core/backend';

/**
 * The corners of the ROC curve, by descending threshold. Equal scores are accepted together, so that a tie between
 * genuine and impostor pairs is a slanted edge. Points inside straight edges are omitted; they change no rate or area.
 */
export interface RocCurve {
  /** Descending, from Infinity (accept nothing) to the lowest score (accept everything). */
  readonly thresholds: Float64Array;
  /** The share of impostor pairs accepted, ascending from 0 to 1. */
  readonly falseAcceptRate: Float64Array;
  /** The share of genuine pairs accepted, ascending from 0 to 1. */
  readonly trueAcceptRate: Float64Array;
  readonly genuineCount: number;
  readonly impostorCount: number;
}

/**
 * The exact ROC curve of scores.
 * @param scores a finite number per pair, higher for more similar samples
 * @param genuine 1 or true for a genuine pair, 0 or false for an impostor pair
 * @throws {RangeError} if the lengths differ, a score is not finite, or there is no genuine or no impostor pair.
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
  return computeRocCurve(split.genuine, split.impostor);
}

/**
 * The area under the ROC curve: the probability that a genuine pair has a higher score than an impostor pair, where
 * ties count half (Mann–Whitney).
 */
export function areaUnderCurve({ falseAcceptRate: far, trueAcceptRate: tar }: RocCurve): number {
  let area = 0;
  for (let i = 1; i < far.length; i++) area += ((far[i]! - far[i - 1]!) * (tar[i]! + tar[i - 1]!)) / 2;
  return area;
}

export interface EqualErrorRate {
  /** The common rate of false accepts and false rejects, interpolated linearly between corners. */
  readonly rate: number;
  /** The threshold of the adjacent corner with the smaller maximum of both error rates (the higher one if equal). */
  readonly threshold: number;
}

/** The equal error rate, where FAR = 1 − TAR. */
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
  /** The rate at the threshold, at most the requested one. */
  readonly falseAcceptRate: number;
  readonly threshold: number;
  /**
   * Whether the requested rate is at least 1 / impostorCount. A smaller rate allows no false accept at all, and the
   * result depends on the number of pairs as much as on the features.
   */
  readonly resolved: boolean;
}

/**
 * The highest true accept rate with a false accept rate of at most `far`, without interpolation between thresholds.
 * @param far in (0, 1)
 * @throws {RangeError} if `far` is not in (0, 1).
 */
export function trueAcceptRateAt(roc: RocCurve, far: number): OperatingPoint {
  if (!(far > 0 && far < 1)) throw argumentError('trueAcceptRateAt', 'far', 'in (0, 1)', far);
  let i = 0;
  while (roc.falseAcceptRate[i + 1]! <= far) i++;
  return {
    trueAcceptRate: roc.trueAcceptRate[i]!,
    falseAcceptRate: roc.falseAcceptRate[i]!,
    threshold: roc.thresholds[i]!,
    resolved: far >= 1 / roc.impostorCount,
  };
}

/** {@link rocCurve} of separate genuine and impostor scores. Sorts both arrays in place. */
export function computeRocCurve(genuine: Float64Array, impostor: Float64Array): RocCurve {
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

/** @throws {RangeError} if the lengths differ, a score is not finite, or there is no genuine or no impostor pair. */
export function checkScores(
  operation: string,
  scores: ArrayLike<number>,
  genuine: ArrayLike<number | boolean>,
): { genuineCount: number } {
  if (scores.length !== genuine.length) {
    throw new RangeError(
      `${operation}: ${scores.length} scores need ${scores.length} genuine flags, got ${genuine.length}`,
    );
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
