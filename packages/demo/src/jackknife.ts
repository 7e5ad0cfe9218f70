// Scores of a verification with parts of the test classes left out, from which the report estimates noise.
import {
  angularFisherScore,
  balancedPairs,
  crossValidatedAccuracy,
  cosineSimilarities,
  cumulativeMatchCurve,
  selectRows,
  splitGallery,
} from '@thetagrad/a-softmax';
import type { Scores } from './report/contents.ts';

/** Number of parts, or fewer where there are fewer classes. */
const maxParts = 10;
/** Fewer classes say nothing about noise between them. */
const minClasses = 4;
/** Number of intervals of [−1, 1] to which cosines are rounded; a thousandth changes no estimate of noise. */
const binCount = 2048;

type RateScores = Pick<Scores, 'eer' | 'auc' | 'tarAtFar'>;

/** Features to verify, as for `verify`. */
export interface LabeledRows {
  readonly values: Float32Array;
  readonly dimension: number;
  readonly labels: Int32Array;
}

/**
 * Computes the scores of `verify` ten times, each time without a tenth of the classes (delete-a-group jackknife).
 * Accuracy leaves out its folds. Extreme angles have no such estimate and are omitted. Methods that are given the same
 * labels and seed get the same parts, so that they can be compared part by part.
 * @param far the false accept rates at which to report the true accept rate
 * @returns one entry per part; accuracy alone for fewer than 4 classes, of which leaving one out says little
 */
export function leavePartsOut(rows: LabeledRows, far: readonly number[], seed: number): Partial<Scores>[] {
  const { values, dimension, labels } = rows;
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  const parts = classes.length < minClasses ? 0 : Math.min(maxParts, classes.length);
  const partOfClass = new Map(classes.map((label, i) => [label, parts > 0 ? i % parts : 0]));
  const partOf = Int32Array.from(labels, (label) => partOfClass.get(label)!);
  const rates = parts > 0 ? leaveRatesOut(rows, partOf, parts, far) : [];
  const rank1 = leaveProbesOut(rows, partOf, parts, seed);
  const accuracy = leaveFoldsOut(rows, seed);
  return Array.from({ length: Math.max(parts, accuracy.length) }, (_, part) => {
    const kept = Int32Array.from(labels.keys()).filter((i) => partOf[i] !== part);
    return {
      ...(part < parts && {
        ...rates[part]!,
        rank1: rank1[part]!,
        angularFisherScore: angularFisherScore(
          selectRows(values, dimension, kept),
          dimension,
          kept.map((i) => labels[i]!),
        ),
      }),
      ...(part < accuracy.length && { accuracy: accuracy[part]! }),
    };
  });
}

/** Rates over all pairs without an image of a part. */
function leaveRatesOut(
  { values, dimension, labels }: LabeledRows,
  partOf: Int32Array,
  parts: number,
  far: readonly number[],
): RateScores[] {
  const counts = () => new Float64Array(binCount);
  const all = { genuine: counts(), impostor: counts() };
  const touching = Array.from({ length: parts }, () => ({ genuine: counts(), impostor: counts() }));
  const units = toUnitRows(values, dimension);
  for (let i = 0; i < labels.length; i++) {
    for (let j = i + 1; j < labels.length; j++) {
      let cosine = 0;
      for (let k = 0; k < dimension; k++) cosine += units[i * dimension + k]! * units[j * dimension + k]!;
      const bin = Math.max(0, Math.min(binCount - 1, Math.floor(((cosine + 1) / 2) * binCount)));
      const kind = labels[i] === labels[j] ? 'genuine' : 'impostor';
      all[kind][bin]!++;
      touching[partOf[i]!]![kind][bin]!++;
      if (partOf[i] !== partOf[j]) touching[partOf[j]!]![kind][bin]!++;
    }
  }
  return touching.map(({ genuine, impostor }) =>
    computeRates(
      all.genuine.map((n, bin) => n - genuine[bin]!),
      all.impostor.map((n, bin) => n - impostor[bin]!),
      far,
    ),
  );
}

/** Rates of histograms of cosines, interpolated linearly within a bin. */
export function computeRates(genuine: Float64Array, impostor: Float64Array, far: readonly number[]): RateScores {
  const total = (counts: Float64Array) => counts.reduce((sum, n) => sum + n, 0);
  const [genuineCount, impostorCount] = [total(genuine), total(impostor)];
  const tarAtFar: Record<number, number> = {};
  let [eer, auc, accepted, falselyAccepted] = [1, 0, 0, 0];
  for (let bin = genuine.length - 1; bin >= 0; bin--) {
    const [fromTar, fromFar] = [accepted, falselyAccepted];
    accepted += genuine[bin]! / genuineCount;
    falselyAccepted += impostor[bin]! / impostorCount;
    const [dTar, dFar] = [accepted - fromTar, falselyAccepted - fromFar];
    auc += dFar * (fromTar + dTar / 2);
    for (const rate of far) {
      if (fromFar <= rate && falselyAccepted > rate) tarAtFar[rate] = fromTar + (dTar * (rate - fromFar)) / dFar;
    }
    const below = 1 - fromTar - fromFar;
    if (below >= 0 && below <= dTar + dFar && dTar + dFar > 0) eer = fromFar + (dFar * below) / (dTar + dFar);
  }
  return { eer, auc, tarAtFar };
}

function toUnitRows(values: Float32Array, dimension: number): Float32Array {
  const units = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += dimension) {
    const row = values.subarray(start, start + dimension);
    const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    units.set(
      row.map((x) => x / length),
      start,
    );
  }
  return units;
}

/** Rank-1 rate without the probes of each part. */
function leaveProbesOut(
  { values, dimension, labels }: LabeledRows,
  partOf: Int32Array,
  parts: number,
  seed: number,
): number[] {
  const { gallery, probes } = splitGallery(labels, { seed });
  const select = (indices: Int32Array) => ({
    features: selectRows(values, dimension, indices),
    labels: indices.map((i) => labels[i]!),
  });
  const enrolled = select(gallery);
  const hits = Array.from({ length: parts }, (_, part) => {
    const own = probes.filter((i) => partOf[i] === part);
    if (own.length === 0) return { count: 0, hits: 0 };
    const rate = cumulativeMatchCurve(enrolled, select(own), { dimension, maxRank: 1 })[0]!;
    return { count: own.length, hits: rate * own.length };
  });
  const sum = (pick: (part: (typeof hits)[number]) => number) => hits.reduce((total, part) => total + pick(part), 0);
  const [allHits, allCount] = [sum((part) => part.hits), sum(({ count }) => count)];
  return hits.map((part) => (allHits - part.hits) / (allCount - part.count));
}

/** Accuracy without each fold, by the pairs and folds of `verify`. */
function leaveFoldsOut({ values, dimension, labels }: LabeledRows, seed: number): number[] {
  const pairs = balancedPairs(labels, { folds: 10, seed });
  const scores = cosineSimilarities(values, dimension, pairs);
  const { foldAccuracies } = crossValidatedAccuracy(scores, pairs.genuine, pairs.fold);
  const sum = foldAccuracies.reduce((total, accuracy) => total + accuracy, 0);
  return Array.from(foldAccuracies, (accuracy) => (sum - accuracy) / (foldAccuracies.length - 1));
}
