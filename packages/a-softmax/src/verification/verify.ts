/** All the measures of open-set recognition for one set of features. */

import { crossValidatedAccuracy } from './accuracy.ts';
import { extremeAngles, fisherScore, splitCosines } from './compactness.ts';
import { cumulativeMatchCurve, distractorMatchCurve, selectRows, splitGallery } from './identification.ts';
import { balancedPairs, cosineSimilarities } from './pairs.ts';
import { areaUnderCurve, equalErrorRate, type RocCurve, rocOfSplit, trueAcceptRateAt } from './roc.ts';
import {
  denseClasses,
  type FeatureArray,
  type Labels,
  requireGenuinePair,
  requireTwoClasses,
  unitRows,
} from './rows.ts';

export interface VerifyOptions {
  /** Seed of the choice of pairs and gallery, an integer in [0, 2³²); default 0. */
  readonly seed?: number;
  /** Folds of the cross-validated accuracy, at least 2; default 10. */
  readonly folds?: number;
  /** Genuine pairs per fold, and as many impostor pairs; default 300, or as many as every fold has. */
  readonly pairsPerFold?: number;
  /** False accept rates, each in (0, 1), at which to report the true accept rate; default 0.1, 0.01 and 0.001. */
  readonly far?: readonly number[];
  /** Gallery samples per class for rank-1 identification; default 1. */
  readonly galleryPerClass?: number;
  /** Features of other identities, row after row, for identification with distractors. */
  readonly distractors?: FeatureArray;
}

/** Rates are shares in [0, 1], angles radians. */
export interface VerificationReport {
  /** Mean accuracy over folds of balanced random pairs, the threshold chosen on the other folds. */
  readonly accuracy: number;
  readonly accuracyStandardError: number;
  /** Whether no identity occurs in two of those folds (there must be at least two per fold). */
  readonly identityDisjoint: boolean;
  /** Equal error rate over all pairs. */
  readonly eer: number;
  /** Area under the ROC curve over all pairs. */
  readonly auc: number;
  /** True accept rate for each false accept rate asked for, over all pairs: `tarAtFar[0.01]`. */
  readonly tarAtFar: Readonly<Record<number, number>>;
  /** Those false accept rates that are below 1 / impostor pairs, too fine for the number of pairs. */
  readonly unresolvedFar: readonly number[];
  /** Share of probes whose best match in a gallery of every class is of their own class. */
  readonly rank1: number;
  /** Share of trials in which the mate is matched before all distractors; only if distractors were given. */
  readonly rank1WithDistractors?: number;
  readonly angularFisherScore: number;
  readonly largestIntraClassAngle: number;
  readonly smallestInterClassAngle: number;
  /** The angles of all pairs of one class, in no particular order, for histograms. */
  readonly genuineAngles: Float32Array;
  /** The angles of all pairs of two classes, in no particular order, for histograms. */
  readonly impostorAngles: Float32Array;
  /** ROC curve over all pairs; the scores are cosines. */
  readonly roc: RocCurve;
}

/**
 * Verification, identification and compactness of features of classes that the network has (or has not) seen. ROC, EER
 * and TAR use all n(n − 1)/2 pairs, at 20 bytes each; accuracy uses {@link balancedPairs}, rank-1 {@link splitGallery}.
 *
 * @param features n features, row after row
 * @param dimension numbers per feature
 * @param labels the class of each feature
 * @throws TypeError or RangeError on features or labels of the wrong kind or number, not finite or zero features, fewer
 *   than 2 classes, no class with 2 samples, too few pairs for the folds, or an option out of range
 */
export function verify(
  features: FeatureArray,
  dimension: number,
  labels: Labels,
  {
    seed = 0,
    folds = 10,
    pairsPerFold,
    far = [0.1, 0.01, 0.001],
    galleryPerClass = 1,
    distractors,
  }: VerifyOptions = {},
): VerificationReport {
  const rows = unitRows('verify', features, dimension);
  const classes = denseClasses('verify', labels, rows.count);
  requireTwoClasses('verify', classes);
  requireGenuinePair('verify', classes);

  const pairs = balancedPairs(labels, { folds, seed, ...(pairsPerFold === undefined ? {} : { pairsPerFold }) });
  const accuracy = crossValidatedAccuracy(cosineSimilarities(features, dimension, pairs), pairs.genuine, pairs.fold);

  const { genuine, impostor } = splitCosines(rows, classes);
  const genuineAngles = anglesOf(genuine);
  const impostorAngles = anglesOf(impostor);
  const roc = rocOfSplit(genuine, impostor);
  const points = far.map((rate) => ({ rate, ...trueAcceptRateAt(roc, rate) }));

  const split = splitGallery(labels, { perClass: galleryPerClass, seed });
  if (split.probes.length === 0) {
    throw new RangeError(`verify: galleryPerClass ${galleryPerClass} leaves no probe; no class has more samples`);
  }
  const subset = (indices: Int32Array) => ({
    features: selectRows(features, dimension, indices),
    labels: indices.map((i) => classes.of[i]!),
  });
  const options = { dimension, maxRank: 1 };
  const { largestIntra, smallestInter } = extremeAngles(rows, classes);
  return {
    accuracy: accuracy.accuracy,
    accuracyStandardError: accuracy.standardError,
    identityDisjoint: pairs.identityDisjoint,
    eer: equalErrorRate(roc).rate,
    auc: areaUnderCurve(roc),
    tarAtFar: Object.fromEntries(points.map((point) => [point.rate, point.trueAcceptRate])),
    unresolvedFar: points.filter((point) => !point.resolved).map((point) => point.rate),
    rank1: cumulativeMatchCurve(subset(split.gallery), subset(split.probes), options)[0]!,
    ...(distractors && { rank1WithDistractors: distractorMatchCurve({ features, labels }, distractors, options)[0]! }),
    angularFisherScore: fisherScore(rows, classes),
    largestIntraClassAngle: largestIntra,
    smallestInterClassAngle: smallestInter,
    genuineAngles,
    impostorAngles,
    roc,
  };
}

function anglesOf(cosines: Float64Array): Float32Array {
  // A loop, because Float32Array.from with a function is ten times slower.
  const angles = new Float32Array(cosines.length);
  for (let i = 0; i < angles.length; i++) angles[i] = Math.acos(cosines[i]!);
  return angles;
}
