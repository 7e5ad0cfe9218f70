// All measures of open-set recognition for a set of features.
import { checkOptions } from '@thetagrad/core/backend';
import { crossValidatedAccuracy } from './accuracy.ts';
import { computeCosines, computeFisherScore, findExtremeAngles } from './compactness.ts';
import { cumulativeMatchCurve, distractorMatchCurve, selectRows, splitGallery } from './identification.ts';
import { balancedPairs, cosineSimilarities } from './pairs.ts';
import { areaUnderCurve, equalErrorRate, type RocCurve, computeRocCurve, trueAcceptRateAt } from './roc.ts';
import { denseClasses, type FeatureArray, type Labels, checkGenuinePair, checkTwoClasses, unitRows } from './rows.ts';

export interface VerifyOptions {
  /** The seed of the choice of pairs and gallery, an integer in [0, 2³²). Default: 0. */
  readonly seed?: number;
  /** Folds of the cross-validated accuracy, at least 2. Default: 10. */
  readonly folds?: number;
  /** Genuine pairs per fold, and as many impostor pairs. Default: 300, or fewer where a fold has fewer. */
  readonly pairsPerFold?: number;
  /** False accept rates in (0, 1) at which to report the true accept rate. Default: 0.1, 0.01 and 0.001. */
  readonly far?: readonly number[];
  /** Gallery samples per class for rank-1 identification. Default: 1. */
  readonly galleryPerClass?: number;
  /** Features of other identities, row-major, for identification with distractors. Default: none. */
  readonly distractors?: FeatureArray;
}

/** Rates are in [0, 1], angles in radians. */
export interface VerificationReport {
  /** Mean accuracy over folds of balanced random pairs, with thresholds chosen on the other folds. */
  readonly accuracy: number;
  readonly accuracyStandardError: number;
  /** Whether no identity occurs in two of those folds; see {@link balancedPairs}. */
  readonly identityDisjoint: boolean;
  /** The equal error rate over all pairs. */
  readonly eer: number;
  /** The area under the ROC curve over all pairs. */
  readonly auc: number;
  /** The true accept rate over all pairs for each requested false accept rate: `tarAtFar[0.01]`. */
  readonly tarAtFar: Readonly<Record<number, number>>;
  /** The requested false accept rates below 1 / impostorCount, too small for the number of pairs. */
  readonly unresolvedFar: readonly number[];
  /** The share of probes whose best match in a gallery of all classes is of their own class. */
  readonly rank1: number;
  /** The share of trials in which the mate is the best match among all distractors; only if distractors are given. */
  readonly rank1WithDistractors?: number;
  readonly angularFisherScore: number;
  readonly largestIntraClassAngle: number;
  readonly smallestInterClassAngle: number;
  /** The angles of all pairs of one class, in unspecified order, for histograms. */
  readonly genuineAngles: Float32Array;
  /** The angles of all pairs of two classes, in unspecified order, for histograms. */
  readonly impostorAngles: Float32Array;
  /** The ROC curve over all pairs, with cosines as scores. */
  readonly roc: RocCurve;
}

const optionNames = ['seed', 'folds', 'pairsPerFold', 'far', 'galleryPerClass', 'distractors'] as const;

/**
 * Measures verification, identification and compactness of features. ROC, EER and TAR use all n(n − 1)/2 pairs, at 20
 * bytes each; accuracy uses {@link balancedPairs}, rank-1 {@link splitGallery}.
 * @param features n features, row-major
 * @param dimension the dimension of a feature
 * @param labels the class of each feature
 * @throws {TypeError} if the features are not a Float32Array or Float64Array.
 * @throws {RangeError} if the sizes do not fit, a feature is not finite or zero, a label is not an integer, there are
 *   fewer than 2 classes, no class with 2 samples or too few pairs for the folds, or an option is out of range.
 */
export function verify(
  features: FeatureArray,
  dimension: number,
  labels: Labels,
  options: VerifyOptions = {},
): VerificationReport {
  checkOptions('verify', options, optionNames);
  const { seed = 0, folds = 10, pairsPerFold, far = [0.1, 0.01, 0.001], galleryPerClass = 1, distractors } = options;
  const rows = unitRows('verify', features, dimension);
  const classes = denseClasses('verify', labels, rows.count);
  checkTwoClasses('verify', classes);
  checkGenuinePair('verify', classes);

  const pairs = balancedPairs(labels, { folds, seed, ...(pairsPerFold === undefined ? {} : { pairsPerFold }) });
  const accuracy = crossValidatedAccuracy(cosineSimilarities(features, dimension, pairs), pairs.genuine, pairs.fold);

  const { genuine, impostor } = computeCosines(rows, classes);
  const genuineAngles = computeAngles(genuine);
  const impostorAngles = computeAngles(impostor);
  const roc = computeRocCurve(genuine, impostor);
  const points = far.map((rate) => ({ rate, ...trueAcceptRateAt(roc, rate) }));

  const split = splitGallery(labels, { perClass: galleryPerClass, seed });
  if (split.probes.length === 0) {
    throw new RangeError(`verify: galleryPerClass ${galleryPerClass} leaves no probe, as no class has more samples`);
  }
  const subset = (indices: Int32Array) => ({
    features: selectRows(features, dimension, indices),
    labels: indices.map((i) => classes.indices[i]!),
  });
  const match = { dimension, maxRank: 1 };
  const { largestIntra, smallestInter } = findExtremeAngles(rows, classes);
  return {
    accuracy: accuracy.accuracy,
    accuracyStandardError: accuracy.standardError,
    identityDisjoint: pairs.identityDisjoint,
    eer: equalErrorRate(roc).rate,
    auc: areaUnderCurve(roc),
    tarAtFar: Object.fromEntries(points.map((point) => [point.rate, point.trueAcceptRate])),
    unresolvedFar: points.filter((point) => !point.resolved).map((point) => point.rate),
    rank1: cumulativeMatchCurve(subset(split.gallery), subset(split.probes), match)[0]!,
    ...(distractors && { rank1WithDistractors: distractorMatchCurve({ features, labels }, distractors, match)[0]! }),
    angularFisherScore: computeFisherScore(rows, classes),
    largestIntraClassAngle: largestIntra,
    smallestInterClassAngle: smallestInter,
    genuineAngles,
    impostorAngles,
    roc,
  };
}

function computeAngles(cosines: Float64Array): Float32Array {
  // A loop: Float32Array.from with a function is ten times slower.
  const angles = new Float32Array(cosines.length);
  for (let i = 0; i < angles.length; i++) angles[i] = Math.acos(cosines[i]!);
  return angles;
}
